//! The doors of DCSA Track & Trace: signed notifications of 2.2 and events of 3.0.

use std::net::SocketAddr;

use quaywatch_domain::{RawMessage, Sha256};
use quaywatch_gateway::Doors;

use crate::common::*;

fn hmac(secret: &[u8], body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(body);
    format!("sha256={}", Sha256(mac.finalize().into_bytes().into()))
}

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
const SUBSCRIPTION: &str = "0b8b1c4e-7c3f-4a7e-9c55-0a4f6f1a2b3c";

/// A gateway whose feed `carrier` takes signed notifications of one subscription.
async fn open_signed() -> (Door, tempfile::TempDir) {
    use base64::Engine as _;
    let dir = tempfile::tempdir().unwrap();
    let secret = base64::engine::general_purpose::STANDARD.encode(SECRET);
    std::fs::write(dir.path().join("carrier.secret"), secret).unwrap();
    let text = format!(
        "[feeds.carrier.http]\nsignature_secret_files = [\"carrier.secret\"]\nsubscription_ids = [\"{SUBSCRIPTION}\"]\n"
    );
    let doors = Doors::parse(&text, dir.path()).unwrap();
    (open_with(99, doors, |_| {}).await, dir)
}

async fn notify(address: SocketAddr, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let mut head =
        "POST /feeds/carrier/dcsa/v2/notifications HTTP/1.1\r\nContent-Type: application/json\r\n".to_owned();
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    raw(address, head, body.to_vec()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_notification_is_stored_once_and_a_replay_is_answered_alike() {
    let (door, _dir) = open_signed().await;
    let body = b"[ {\"eventType\": \"EQUIPMENT\"} ]";
    let mac = hmac(SECRET, body);
    let headers = [
        ("Notification-Signature", mac.as_str()),
        ("Subscription-ID", SUBSCRIPTION),
        ("API-Version", "2.2.0"),
    ];
    for _ in 0..3 {
        assert_eq!(notify(door.address, &headers, body).await.0, 204);
    }
    assert_eq!(door.broker.len(), 1, "a replay within the window is not stored again");
    let record = door.broker.stored.lock().unwrap()[0].clone();
    let message: RawMessage = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    assert_eq!((message.body.as_slice(), message.signature.as_deref()), (&body[..], Some("hmac-sha256 ok")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_is_not_rightly_signed_is_refused_without_a_reason() {
    let (door, _dir) = open_signed().await;
    let body = b"[{\"eventType\":\"EQUIPMENT\"}]";
    let (right, other) = (hmac(SECRET, body), hmac(SECRET, b"[{\"eventType\": \"EQUIPMENT\"}]"));
    let plain = right.replace("sha256=", "plain=");
    let subscription = ("Subscription-ID", SUBSCRIPTION);
    let refused: [&[(&str, &str)]; 6] = [
        &[subscription],
        &[subscription, ("Notification-Signature", &other)],
        &[subscription, ("Notification-Signature", &plain)],
        &[subscription, ("Notification-Signature", &right), ("Notification-Signature", &right)],
        &[subscription, ("Signature", &right)],
        &[("Subscription-ID", "not-a-uuid"), ("Notification-Signature", &right)],
    ];
    let mut answers = Vec::new();
    for headers in refused {
        let (status, text) = notify(door.address, headers, body).await;
        assert_eq!(status, 401, "{headers:?}");
        answers.push(text.split("\r\n\r\n").nth(1).unwrap().to_owned());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let unknown = "11111111-2222-3333-4444-555555555555";
    let headers = [("Subscription-ID", unknown), ("Notification-Signature", right.as_str())];
    let (status, text) = notify(door.address, &headers, body).await;
    assert_eq!(status, 503, "a subscription that is not known yet");
    assert!(text.to_lowercase().contains("retry-after: 5"), "{text}");
    assert_eq!(door.broker.len(), 0);
    // The bearer door of a feed without a token is closed.
    assert_eq!(post_async(door.address, "carrier", TOKEN, b"[]".to_vec()).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_path_answers_head_unsigned() {
    let (door, _dir) = open_signed().await;
    let head = |path: &str| format!("HEAD {path} HTTP/1.1\r\n");
    assert_eq!(raw(door.address, head("/feeds/carrier/dcsa/v2/notifications"), vec![]).await.0, 204);
    assert_eq!(raw(door.address, head("/feeds/nobody/dcsa/v2/notifications"), vec![]).await.0, 204);
    assert_eq!(raw(door.address, "GET /nowhere HTTP/1.1\r\n".into(), vec![]).await.0, 404);
    let (status, text) = raw(door.address, "GET /feeds/carrier/messages HTTP/1.1\r\n".into(), vec![]).await;
    assert_eq!(status, 405);
    assert!(text.to_lowercase().contains("allow: post"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_3_0_are_stored_and_remarked_upon() {
    let door = open(99, |_| {}).await;
    let send = |body: &str| {
        let head = format!(
            "POST /feeds/gate/dcsa/v3/events HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        );
        raw(door.address, head, body.as_bytes().to_vec())
    };
    let event = |id: &str, number: &str| {
        format!(
            r#"{{"eventID":"{id}","eventDateTime":"2026-03-02T10:00:00Z","eventUpdatedDateTime":"2026-03-02T10:05:00Z","eventClassification":{{"eventType":"EQUIPMENT","eventClassifier":"ACTUAL","equipmentEventType":"GATED_OUT"}},"equipmentDetails":{{"equipmentReference":"{number}"}}}}"#
        )
    };
    let json = |text: &str| -> serde_json::Value {
        serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    };
    let (status, text) = send(&format!("{{\"events\":[{}]}}", event("a", "CSQU3054383"))).await;
    assert_eq!((status, json(&text)), (200, serde_json::json!({ "feedbackElements": [] })));
    let mixed = format!("{{\"events\":[{},{},{{}}]}}", event("b", "CSQU3054383"), event("c", "CSQU3054380"));
    let (status, text) = send(&mixed).await;
    let told = json(&text);
    assert_eq!(status, 200);
    let told: Vec<(&str, &str)> = told["feedbackElements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["severity"].as_str().unwrap(), e["propertyPath"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("ERROR", "$.events[2]"), ("WARN", "$.events[1]")]);
    assert_eq!(door.broker.len(), 2, "stored although one event cannot be used");
    for bad in ["not json", "[]", "{\"events\":{}}"] {
        assert_eq!(send(bad).await.0, 400, "{bad}");
    }
    assert_eq!(door.broker.len(), 2);
}

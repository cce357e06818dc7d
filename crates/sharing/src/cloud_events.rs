//! CloudEvents 1.0 attributes of an agency's alert, as Kafka headers in binary mode.

use std::borrow::Cow;

use quaywatch_domain::{AgencyAlert, AlertState};

/// The headers `ce_specversion`, `ce_id`, `ce_source`, `ce_type` and `ce_time`. Source and id together are unique to the
/// version of the view. Nothing personal, and no container number: headers are logged by many tools.
#[must_use]
pub fn cloud_event_headers(view: &AgencyAlert) -> Vec<(Cow<'static, str>, Vec<u8>)> {
    let header = |name: &'static str, value: String| (Cow::Borrowed(name), value.into_bytes());
    vec![
        header("ce_specversion", "1.0".to_owned()),
        header("ce_id", format!("{}.{}", view.alert_id, view.revision)),
        header("ce_source", format!("/quaywatch/agencies/{}", view.agency)),
        header("ce_type", event_type(view).to_owned()),
        header("ce_time", view.produced_at.to_string()),
    ]
}

const fn event_type(view: &AgencyAlert) -> &'static str {
    match view.state {
        _ if view.withdrawn => "quaywatch.alert.withdrawn.v1",
        AlertState::Raised => "quaywatch.alert.raised.v1",
        AlertState::Updated => "quaywatch.alert.updated.v1",
        AlertState::Retracted => "quaywatch.alert.retracted.v1",
        AlertState::Closed => "quaywatch.alert.closed.v1",
    }
}

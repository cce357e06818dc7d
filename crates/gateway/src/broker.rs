//! The sink that is a Kafka cluster.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use quaywatch_codec::Codec;
use quaywatch_domain::{RawMessage, Sha256, Timestamp};
use quaywatch_kafka::{AckedProducer, NewRecord, Reader, Settings};
use quaywatch_service::Clock;

use crate::sink::{NotStored, Place, Probing, Sending, Sink};
use crate::{Error, Intake, RAW};

struct Broker {
    producer: AckedProducer,
    settings: Settings,
}

impl Sink for Broker {
    fn send(&self, record: NewRecord) -> Sending {
        let producer = self.producer.clone();
        let mut sending: Sending = Box::pin(async move {
            let placed = producer.send(record).await.map_err(|e| not_stored(&e))?;
            Ok(Place { partition: placed.0, offset: placed.1 })
        });
        // The producer queues the record at the first poll: done here, the order is that of the calls.
        match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Box::pin(std::future::ready(result)),
            Poll::Pending => sending,
        }
    }

    fn probe(&self) -> Probing {
        let settings = self.settings.clone();
        Box::pin(async move {
            let looked =
                tokio::task::spawn_blocking(move || Reader::follow(&settings, &[RAW]).map(drop)).await;
            match looked {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the broker does not answer");
                    false
                }
                Err(_) => false,
            }
        })
    }
}

fn not_stored(error: &quaywatch_kafka::Error) -> NotStored {
    match error {
        quaywatch_kafka::Error::RecordTooLarge { .. } => NotStored::TooLarge(error.to_string()),
        _ => NotStored::Unavailable(error.to_string()),
    }
}

/// An intake that stores into Kafka, with receipt times from `clock`; `name` tells its client apart in the brokers' logs.
///
/// # Errors
/// When the settings are refused. Brokers that are away show when a message is sent.
pub fn connect(settings: &Settings, codec: Codec, clock: Clock, name: &str) -> Result<Intake, Error> {
    let producer = AckedProducer::connect(settings, name)?;
    let broker = Broker { producer, settings: settings.clone() };
    let encode = move |message: &RawMessage| codec.encode(RAW, message).map_err(|e| unencoded(&e));
    // A schema registry is asked now, not by the first message.
    let sample = RawMessage {
        feed: String::new(),
        content_type: None,
        received_at: Timestamp::from_millis(0),
        sha256: Sha256::of(b""),
        body: Vec::new(),
        sender: None,
        path: None,
        signature: None,
    };
    if let Err(error) = encode(&sample) {
        tracing::warn!(%error, "messages cannot be encoded yet");
    }
    Ok(Intake::new(Arc::new(broker), Arc::new(encode), clock))
}

fn unencoded(error: &quaywatch_codec::Error) -> NotStored {
    use quaywatch_codec::Error as E;
    match error {
        E::Unreachable { .. } | E::Refused { .. } | E::NotRegistered { .. } => {
            NotStored::Unavailable(error.to_string())
        }
        _ => NotStored::Unencodable(error.to_string()),
    }
}

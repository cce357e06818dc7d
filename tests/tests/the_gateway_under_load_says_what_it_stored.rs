//! Goal: a sender that got a 2xx may forget its message; one that did not knows that it must send it again.
//!
//! Method: messages at a steady pace, over HTTP, while the only broker is stopped and started again. In the end every 2xx is
//! compared with the topic, and every other answer must be 429 or 503 with Retry-After. `make bench` does the same with 2,000
//! messages of 20 kB a second for a minute.

use anyhow::{Result, ensure};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::load::{self, Load};

#[test]
fn the_gateway_under_load_says_what_it_stored() -> Result<()> {
    let broker = Broker::start()?;
    let report = load::run(&broker, Load { per_second: 300, seconds: 12, bytes: 4_000 })?;
    report.must_be_honest()?;
    let accepted = report.answers.get(&202).copied().unwrap_or_default();
    ensure!(accepted > 1_000, "only {accepted} of 3,600 were accepted: {:?}", report.answers);
    Ok(())
}

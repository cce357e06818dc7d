//! Goal: what turns out wrong is taken back by itself, on the topic where the agency read it; a changed list finds the
//! containers that are already in the port; feedback closes an alert; a DISCREET hit leaves no trace at a terminal.
//!
//! Method: one step after the other on a running port, each waited for on the agency topics: a gate-out under hold that
//! a correction takes back; `quaywatch watchlist import` of a list with an entry for a container in the port, then of
//! one without it; a DISCREET entry, with an alert that the terminal must see behind it as proof that it would have seen
//! the other by then; an outage that explains a silence, and its denial; baselines of what was recorded; `quaywatch seal` of
//! a number that was read; and an agency's verdict.

use anyhow::{Context as _, Result, ensure};
use quaywatch_domain::{Feedback, Timestamp, Verdict};
use quaywatch_kafka::NewRecord;
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT};
use quaywatch_tests::snapshot::{Snapshot, settled};
use quaywatch_tests::traffic::{Message, container, event, with};
use quaywatch_tests::{now_ms, wait_for};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;
const HEADER: &str = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,review_on,reason,source_ref";

struct World {
    port: Port,
    begun: i64,
}

#[test]
fn corrections_and_list_changes_raise_and_retract() -> Result<()> {
    let broker = Broker::start()?;
    let mut port = Port::new(broker.brokers(), "changes")?;
    port.start_all("0")?;
    let mut world = World { port, begun: now_ms() - 180 * MINUTE_MS };
    let [held, wanted, secret, last] = [1, 2, 3, 4].map(|n| container("CHGU", n));
    world.stay(&held)?;
    world.stay(&wanted)?;
    world.stay(&secret)?;

    // A correction takes an alert back.
    world.tell(&[
        event("customs_held", &held, world.begun + 30 * MINUTE_MS),
        world.gate_out(&held, 1, false),
    ])?;
    world.until("the gate-out under hold to be raised", &held, "police-koper", "RAISED")?;
    world.tell(&[world.gate_out(&held, 2, true)])?;
    world.until("its correction to take it back", &held, "police-koper", "RETRACTED")?;

    // A list finds what is already in the port, and lets it go again.
    world.import(&[("a", &wanted, "STOP")])?;
    world.until("the listed container to be raised", &wanted, "customs-koper", "RAISED")?;
    world.import(&[])?;
    world.until("the removed entry to take it back", &wanted, "customs-koper", "RETRACTED")?;

    // What is DISCREET is the owner's alone. The terminal sees the one behind it, so it has read past the place.
    world.import(&[("b", &secret, "DISCREET")])?;
    world.until("the owner to see its discreet hit", &secret, "police-koper", "RAISED")?;
    world.stay(&last)?;
    world.tell(&[
        event("customs_held", &last, world.begun + 30 * MINUTE_MS),
        world.gate_out(&last, 1, false),
    ])?;
    let snapshot = world.until("the terminal to see the next alert", &last, "terminal-koper", "RAISED")?;
    ensure!(state(&snapshot, &secret, "terminal-koper").is_none(), "the terminal saw a discreet hit");
    let seen = snapshot.records.iter().filter(|r| r.topic == "agency.terminal-koper.alerts");
    let named = |r: &&quaywatch_kafka::OwnedRecord| contains(r.value.as_deref(), &secret);
    ensure!(seen.filter(named).count() == 0, "the terminal's topic names the container");

    // An outage explains the silence of customs; when it turns out that there was none, it does not.
    world.tell(&[world.outage(1, false)])?;
    world.until("the outage to take it back", &last, "customs-koper", "RETRACTED")?;
    world.tell(&[world.outage(2, true)])?;
    let snapshot = world.until("its denial to raise it again", &last, "customs-koper", "RAISED")?;

    // What the port has recorded becomes what is usual.
    world.learn()?;

    // The seal ledger can be asked.
    world.see_seal(&held)?;

    // A verdict closes the alert for everyone.
    world.answer(&snapshot, &last)?;
    world.until("the verdict to close the alert", &last, "customs-koper", "CLOSED")?;
    Ok(())
}

impl World {
    /// A container that stands in the yard.
    fn stay(&mut self, number: &str) -> Result<()> {
        let events =
            [event("discharged", number, self.begun), event("yard_move", number, self.begun + MINUTE_MS)];
        self.tell(&events)
    }

    fn gate_out(&self, number: &str, revision: i64, retracted: bool) -> Value {
        let fields = json!({ "revision": revision, "retracted": retracted });
        with(event("gate_out", number, self.begun + 60 * MINUTE_MS), &fields)
    }

    /// An outage of the whole port community system, before the gate-out.
    fn outage(&self, revision: i64, retracted: bool) -> Value {
        let fields = json!({ "event_id": "outage", "revision": revision, "retracted": retracted });
        let mut outage = with(event("system_outage_started", "", self.begun + 50 * MINUTE_MS), &fields);
        if let Some(fields) = outage.as_object_mut() {
            fields.remove("equipment");
        }
        outage
    }

    /// Builds baselines of what was recorded and hands them to the detector.
    fn learn(&self) -> Result<()> {
        let file = self.port.dir().join("baselines.json").display().to_string();
        for command in [["build", "--recorded", "--out", &file].as_slice(), &["publish", &file], &["status"]]
        {
            let (code, told, said) = self.port.run(&[["baseline"].as_slice(), command].concat())?;
            ensure!(code == 0, "{said}");
            ensure!(command != ["status"] || told.contains("1 feeds"), "{told}");
        }
        let built: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
        let version = built.get("version").and_then(Value::as_str).context("no version")?;
        wait_for("the detector to know what is usual", SETTLE_LIMIT, || {
            Ok(std::fs::read_to_string(self.port.log("detector", "0"))?.contains(version))
        })
    }

    /// A seal that is read on a container is found there by the command.
    fn see_seal(&mut self, number: &str) -> Result<()> {
        let seals = json!({ "seals": [{ "number": "EC 0048213" }] });
        let read = event("seal_inspected", number, self.begun + 10 * MINUTE_MS);
        self.tell(&[with(read, &seals)])?;
        wait_for("the ledger to know the seal", SETTLE_LIMIT, || {
            let (code, told, said) = self.port.run(&["seal", "EC0048213"])?;
            ensure!(code == 0, "{said}");
            Ok(told.contains(number) && said.contains("one container"))
        })
    }

    fn tell(&mut self, events: &[Value]) -> Result<()> {
        let received = self.begun + 90 * MINUTE_MS;
        self.port.put(&[Message::lines("gate", received, events)], |_, _| Ok(()))
    }

    /// Publishes the whole list by the command that an operator uses.
    fn import(&self, entries: &[(&str, &str, &str)]) -> Result<()> {
        let rows = entries.iter().map(|(id, number, action)| {
            format!(
                "wanted,{id},CONTAINER,CONTAINER,{number},,{action},HIGH,AMBER/H1,police-koper,,,,test,\n"
            )
        });
        // An entry that never comes keeps the list from being empty, which is refused as an accident.
        let never = "wanted,z,CONTAINER,CONTAINER,ZZZU0000000,,INFORM,LOW,AMBER/H1,police-koper,,,,test,\n";
        let text: String = std::iter::once(format!("{HEADER}\n{never}")).chain(rows).collect();
        let file = self.port.dir().join("wanted.csv");
        std::fs::write(&file, text)?;
        let file = file.display().to_string();
        let (code, _, said) =
            self.port.run(&["watchlist", "import", &file, "--list", "wanted", "--confirm"])?;
        ensure!(code == 0, "{said}");
        Ok(())
    }

    /// Waits until an agency's view of the container is in a state.
    fn until(&self, what: &str, number: &str, agency: &str, wanted: &str) -> Result<Snapshot> {
        let mut last = None;
        wait_for(what, SETTLE_LIMIT, || {
            let snapshot = settled(&self.port, SETTLE_LIMIT)?;
            let reached = state(&snapshot, number, agency).as_deref() == Some(wanted);
            last = Some(snapshot);
            Ok(reached)
        })?;
        last.context("never looked")
    }

    fn answer(&self, snapshot: &Snapshot, number: &str) -> Result<()> {
        let alert = snapshot.alerts.iter().rfind(|a| *a.subject.id == *number).context("no alert")?;
        let feedback = Feedback {
            alert_id: Some(alert.alert_id),
            subject: None,
            agency: "customs-koper".to_owned(),
            verdict: Verdict::FalsePositive,
            quantity: None,
            unit: None,
            note: None,
            by: None,
            at: Timestamp::from_millis(now_ms()),
            alert_revision: Some(alert.revision),
        };
        let topic = "agency.customs-koper.feedback";
        let value = self.port.codec.encode(topic, &feedback)?;
        self.port.send(NewRecord::new(topic, alert.alert_id.to_string(), value))?;
        Ok(())
    }
}

/// The state of an agency's last view of a container.
fn state(snapshot: &Snapshot, number: &str, agency: &str) -> Option<String> {
    let subject = format!("container/{number}");
    let of = |(key, _): &(&(String, String), &Vec<Value>)| key.0 == agency;
    let last = snapshot.views.iter().filter(of).filter_map(|(_, views)| views.last());
    let view = last.rev().find(|view| view["subject"] == subject.as_str())?;
    Some(view["state"].as_str()?.to_owned())
}

fn contains(value: Option<&[u8]>, text: &str) -> bool {
    value.is_some_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

//! What a ledger lets go to stay within its bounds takes nothing back, what is corrected does, and memory stays bounded.

use quaywatch_domain::EventKind::{Discharged, GateOut, RecordViewed};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::EquipmentStatus;
use quaywatch_domain::identifiers::ContainerNumber;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{PortEvent, Subject};

use crate::common::{Says, World, at, event};

/// The n-th of a row of containers.
fn numbered(n: usize) -> String {
    (0..10)
        .map(|check| format!("CSQU{:06}{check}", 305_000 + n))
        .find(|text| ContainerNumber::parse(text).is_some_and(|number| number.check_digit_ok()))
        .unwrap_or_default()
}

fn view(n: usize) -> PortEvent {
    let at = at(2, "03:00").plus_millis(n as i64 * 10_000);
    event(RecordViewed, &numbered(n), at).user("usr:1", "ACME").id(&format!("view/{n}"))
}

fn standing(world: &World, code: &str) -> usize {
    world.standing().values().filter(|a| a.indicators.iter().any(|i| i.code == code)).count()
}

#[test]
fn a_user_who_goes_on_and_on_takes_nothing_back() {
    const VIEWS: usize = 240;
    let here = (0..VIEWS).map(|n| event(Discharged, &numbered(n), at(2, "01:00")).id(&format!("here/{n}")));
    let mut world = World::with_people().and(here).and((0..VIEWS).map(view));
    assert_eq!(standing(&world, "MO-16e"), VIEWS);
    assert!(world.published.iter().all(|a| a.state != AlertState::Retracted));
    // A look-up that never was is taken back all the same.
    world.see(&view(VIEWS - 1).revision(2).retracted());
    assert_eq!(standing(&world, "MO-16e"), VIEWS - 1);
    let user = world.states.get(&Subject::new(SubjectKind::Actor, "usr:1".to_owned()));
    assert!(user.is_some_and(|state| state.emitted.len() < 200), "{:?}", user.map(|s| s.emitted.len()));
}

#[test]
fn a_haulier_that_takes_out_export_after_export_is_remembered_within_bounds() {
    const OUT: usize = 300;
    let taken = |n: usize| {
        let at = at(2, "03:00").plus_millis(n as i64 * 600_000);
        event(GateOut, &numbered(n), at)
            .status(EquipmentStatus::Export)
            .haulier("333")
            .id(&format!("out/{n}"))
    };
    let world = World::after((0..OUT).map(taken));
    let biggest = world.states.values().map(|state| state.emitted.len()).max();
    assert!(biggest.is_some_and(|n| (60..140).contains(&n)), "{biggest:?}");
}

//! What goes wrong with single letters, by feed: corrections, typing errors, late word, things said twice or never.
//!
//! Rates are working values, chosen so that a day has some of each. Only a showcase is kept free of what would change its
//! stories; they too are told twice now and then.

use quaywatch_domain::Timestamp;
use serde_json::json;

use crate::background::one_digit_off;
use crate::chance::{Chance, MINUTE_MS};
use crate::letter::{Body, Function, GateMove, Letter};
use crate::numbers::{Numbers, SealTag, Sealer};
use crate::write::json::extend;
use crate::write::sheets::Sheet;
use crate::{Crimes, Options};

/// How a feed errs: something happens once in so many letters; 0: never.
#[derive(Debug, Clone, Copy)]
struct Model {
    late: i64,
    /// Minutes by which late word is late.
    late_minutes: (i64, i64),
    twice: i64,
    lost: i64,
    /// Said again, corrected or only more precise.
    again: i64,
    /// The container's number mistyped, cancelled and said anew.
    mistyped: i64,
    /// Seals spelt in the clerk's own way, or a placeholder among them.
    respelt: i64,
    /// A digit of a seal mistyped and never corrected.
    seal_mistyped: i64,
}

const fn model(body: &Body) -> Model {
    let quiet = Model {
        late: 80,
        late_minutes: (20, 300),
        twice: 200,
        lost: 0,
        again: 0,
        mistyped: 0,
        respelt: 0,
        seal_mistyped: 0,
    };
    match body {
        Body::Carrier(..) => Model { late: 60, late_minutes: (30, 600), lost: 400, again: 60, ..quiet },
        Body::Quay(_) => Model { twice: 0, respelt: 30, seal_mistyped: 400, ..quiet },
        Body::Gate(_) => {
            Model { lost: 2_000, again: 90, mistyped: 150, respelt: 30, seal_mistyped: 400, ..quiet }
        }
        Body::Line(..) => Model { late_minutes: (15, 240), again: 60, ..quiet },
        // The barrier writes it down as it opens.
        Body::Row(Sheet::Trucks, ..) => Model { late: 400, lost: 4_000, ..quiet },
        Body::Row(..) => Model { late: 50, lost: 1_000, ..quiet },
        Body::Smart(_) => Model { late: 20, late_minutes: (30, 720), lost: 100, ..quiet },
        Body::Right(_) | Body::Copino(_) => quiet,
        // One document about many containers: it comes or it does not.
        Body::Edi(_) => Model { late: 0, twice: 0, ..quiet },
    }
}

/// Disturbs letters of the day; what is before its start stays.
pub(crate) fn disturb(
    options: &Options,
    letters: Vec<Letter>,
    numbers: &mut Numbers,
    chance: &mut Chance,
) -> Vec<Letter> {
    let happens = |one_in: i64, chance: &mut Chance| one_in > 0 && chance.one_in(one_in);
    // In a showcase nothing is lost, so that everything in it can be followed.
    let loses = options.crimes != Crimes::Showcase;
    let mut disturbed = Vec::with_capacity(letters.len() + 2);
    for mut letter in letters {
        let model = model(&letter.body);
        let correction = letter.told.plus_millis(chance.minutes(15, 90));
        if letter.told < options.start || correction > options.end() {
            disturbed.push(letter);
            continue;
        }
        if loses && happens(model.twice, chance) {
            let mut again = letter.clone();
            again.told = if matches!(again.body, Body::Carrier(..) | Body::Gate(_)) {
                correction
            } else {
                letter.told
            };
            disturbed.push(again);
        }
        if letter.solid {
            disturbed.push(letter);
            continue;
        }
        if loses && happens(model.lost, chance) {
            continue;
        }
        if let Body::Quay(quay) = &mut letter.body {
            respell(&mut quay.seals, &model, loses, chance);
        }
        if let Body::Gate(gate) = &mut letter.body {
            respell(&mut gate.seals, &model, loses, chance);
        }
        if happens(model.late, chance) {
            let (low, high) = model.late_minutes;
            letter.told = letter.told.plus_millis(chance.minutes(low, high)).min(options.end());
        } else if let Body::Gate(gate) = &letter.body
            && happens(model.mistyped, chance)
        {
            let wrong = mistyped(gate);
            let document = format!("{}G{:010}", gate.site.code(), numbers.serial());
            let anew = GateMove { document, ..(**gate).clone() };
            let cancel = GateMove { function: Function::Cancel, ..wrong.clone() };
            disturbed.push(said(letter.told, wrong));
            disturbed.push(said(correction, cancel));
            disturbed.push(said(correction.plus_millis(MINUTE_MS), anew));
            continue;
        } else if happens(model.again, chance) {
            disturbed.extend(again(&letter, correction));
        }
        disturbed.push(letter);
    }
    disturbed
}

/// The same, said again with a small correction.
fn again(letter: &Letter, told: Timestamp) -> Option<Letter> {
    let body = match &letter.body {
        Body::Gate(gate) => {
            let mut corrected = (**gate).clone();
            corrected.function = Function::Replace;
            corrected.kg += 10;
            Body::Gate(Box::new(corrected))
        }
        Body::Carrier(carrier, event) => {
            let mut event = event.clone();
            extend(event.get_mut("transportCall")?, json!({"carrierServiceCode": "EXTRA"}));
            Body::Carrier(*carrier, event)
        }
        body => body.clone(),
    };
    Some(Letter { told, solid: false, body })
}

/// Now and then writes a seal with a space and in lower case, puts a placeholder beside it, or mistypes it.
fn respell(seals: &mut Vec<SealTag>, model: &Model, mistypes: bool, chance: &mut Chance) {
    if seals.is_empty() {
        return;
    }
    if chance.one_in(model.respelt) {
        if chance.one_in(4) {
            seals.push(SealTag::sound("NOSEAL".to_owned(), Sealer::Unsaid));
        } else if let Some(seal) = seals.first_mut() {
            let (letters, digits) =
                seal.number.split_at(seal.number.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
            seal.number = format!("{} {digits}", letters.to_ascii_lowercase());
        }
    } else if mistypes
        && chance.one_in(model.seal_mistyped)
        && let Some(seal) = seals.first_mut()
    {
        seal.number = one_digit_off(&seal.number);
    }
}

fn said(told: Timestamp, gate: GateMove) -> Letter {
    Letter { told, solid: false, body: Body::Gate(Box::new(gate)) }
}

/// The same passage under a number whose check digit is wrong.
fn mistyped(gate: &GateMove) -> GateMove {
    let mut wrong = gate.clone();
    wrong.unit.number = one_digit_off(&gate.unit.number);
    wrong
}

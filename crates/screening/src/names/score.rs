//! How well two names agree.

use super::align::{Alignment, Link, Slot, align};
use super::dictionary::{Family, Role};
use super::distance::cost;
use super::explain::{Explanation, Step, WordMatch};
use super::prepare::{NameKind, Prepared, Words};

/// Scores from here on are worth a person's look.
pub const DEFAULT_THRESHOLD: f64 = 0.7;

/// How the parts of a disagreement count.
struct Policy {
    /// Words of each side that met nothing while the other side has such words as well: another name.
    contradiction: f32,
    /// Words that only one side has.
    extra: f32,
}

const fn policy(kind: NameKind) -> Policy {
    match kind {
        NameKind::Person => Policy { contradiction: 2.3, extra: 0.36 },
        NameKind::Company => Policy { contradiction: 2.3, extra: 1.0 },
        NameKind::Vessel => Policy { contradiction: 2.5, extra: 1.2 },
    }
}

/// One known name of a person is anybody's who shares it.
pub(crate) const ONE_NAME_OF_SEVERAL: f32 = 0.6;
/// Companies of the same name under different legal forms are sisters.
pub(crate) const OTHER_LEGAL_FORM: f32 = 0.69;
/// A number that differs by a digit, all else equal: the least that is shown.
const NEAR_NUMBER: f32 = 0.72;
/// A number that only one side has.
const MISSING_NUMBER: f32 = 0.8;
/// Other numbers: another thing.
const OTHER_NUMBER: f32 = 0.4;
/// What comes after the place where the other name is cut off.
const AFTER_CUT: f32 = 0.15;
/// Longest rest of a word at the end of a full line that says nothing: LT of LTD, JOI of JOINT STOCK.
const LONGEST_STUMP: usize = 3;
/// A father's name that only one side has.
const PATRONYMIC: f32 = 0.5;
/// Trade words that only one side has, beside names of so many letters that agree so well.
const TRADE_WORDS: f32 = 0.7;
const LONG_NAME: usize = 7;
const SURE: f32 = 0.8;
/// Father and son changed places.
const REVERSED_LINE: f32 = 0.6;

/// The score of an alignment, from 0 to 1, and what qualified it.
pub(crate) fn judge(alignment: &Alignment<'_>, mut note: impl FnMut(&'static str)) -> f32 {
    let kind = alignment.kind;
    let policy = policy(kind);
    let mut agreed = 0.0;
    let mut met = 0.0;
    for (at, link) in alignment.links.iter().enumerate().filter(|(_, link)| link.live) {
        let of = |slots: &[Slot<'_>]| -> f32 {
            slots.iter().filter(|slot| slot.link.map(usize::from) == Some(at)).map(|slot| slot.weight).sum()
        };
        let both = match link.step {
            Step::Acronym => of(&alignment.query).min(of(&alignment.listed)).max(1.0),
            Step::Initial => 0.5,
            _ => of(&alignment.query).max(of(&alignment.listed)),
        };
        agreed += both * link.likeness;
        met += both;
    }
    let extra_query = left_over(kind, &alignment.query, &alignment.listed);
    let extra_listed = left_over(kind, &alignment.listed, &alignment.query);
    if met == 0.0 {
        return if same_words(alignment) { 1.0 } else { 0.0 };
    }
    let contradiction = extra_query.min(extra_listed);
    let mut extra = (extra_query - extra_listed).abs();
    if contradiction == 0.0 {
        extra *= one_sided(alignment);
    }
    let mut score = agreed / (met + policy.contradiction * contradiction + policy.extra * extra);
    if kind == NameKind::Person {
        score = score.min(person_limit(alignment));
        if line_is_reversed(alignment) {
            note("father and son changed places");
            score *= REVERSED_LINE;
        }
    } else {
        score *= number_factor(alignment, &mut note);
        score *= legal_factor(alignment, &mut note);
    }
    score.clamp(0.0, 1.0)
}

/// The most that names can score of which so much met, agreed so well, and so much of each side was left over.
pub(crate) fn highest(kind: NameKind, agreed: f32, met: f32, left: (f32, f32), is_cut: bool) -> f32 {
    let policy = policy(kind);
    // Either may be what comes after the place where the other is cut off.
    let least = if is_cut { AFTER_CUT } else { 1.0 };
    let contradiction = left.0.min(left.1) * least;
    let mut extra = (left.0 - left.1).abs() * least;
    if contradiction == 0.0 {
        extra *= match kind {
            NameKind::Person => PATRONYMIC,
            NameKind::Company => TRADE_WORDS,
            NameKind::Vessel => 1.0,
        };
    }
    agreed / (met + policy.contradiction * contradiction + policy.extra * extra)
}

/// The weight of the words of `these` that met nothing. What comes after the place where the other name is cut off
/// counts little; numbers that stand against numbers are judged apart.
fn left_over(kind: NameKind, these: &[Slot<'_>], others: &[Slot<'_>]) -> f32 {
    let is_cut = others.iter().any(|slot| slot.word.place.is_cut());
    // What is left of the last word may say nothing.
    let says = |slot: &&Slot<'_>| slot.weight > 0.0 && !(slot.word.place.is_cut() && slot.link.is_none());
    let last = others.iter().rev().find(says).filter(|_| is_cut).and_then(|slot| slot.link);
    let end = last.and_then(|link| these.iter().rposition(|slot| slot.link == Some(link)));
    let against =
        kind != NameKind::Person && others.iter().any(|slot| is_number(slot) && slot.link.is_none());
    let left =
        these.iter().enumerate().filter(|(_, slot)| slot.link.is_none() && !(against && is_number(slot)));
    left.map(|(at, slot)| {
        let stump = slot.word.place.is_cut() && slot.word.text.len() <= LONGEST_STUMP;
        let after_cut = if stump || end.is_some_and(|end| at > end) { AFTER_CUT } else { 1.0 };
        slot.weight * repeated(these, at) * after_cut
    })
    .sum()
}

/// How much of what only one side has counts: a father's name says less there, and so do trade words beside a name that
/// is a long word.
fn one_sided(alignment: &Alignment<'_>) -> f32 {
    let slots = || alignment.query.iter().chain(&alignment.listed);
    let mut left = slots().filter(|slot| slot.link.is_none() && slot.weight >= 0.45).peekable();
    if left.peek().is_none() {
        return 1.0;
    }
    match alignment.kind {
        NameKind::Person if left.all(|slot| is_patronymic(slot.word.text)) => PATRONYMIC,
        NameKind::Company if left.all(|slot| slot.word.traits.role == Role::Generic) => {
            let sure = alignment.links.iter().filter(|link| link.live).all(|link| link.likeness >= SURE);
            let names = alignment.query.iter().filter(|slot| slot.link.is_some() && is_own_name(slot));
            let letters: usize = names.map(|slot| slot.word.text.len()).sum();
            if sure && letters >= LONG_NAME { TRADE_WORDS } else { 1.0 }
        }
        _ => 1.0,
    }
}

fn is_own_name(slot: &Slot<'_>) -> bool {
    slot.word.traits.role == Role::Name
}

/// Ivanovich, Ivanovna: usually left out in trade.
fn is_patronymic(word: &[u8]) -> bool {
    const ENDS: [&[u8]; 6] = [b"ovich", b"evich", b"ovna", b"evna", b"ovitch", b"evitch"];
    word.len() > 6 && ENDS.iter().any(|end| word.ends_with(end))
}

fn is_number(slot: &Slot<'_>) -> bool {
    slot.word.traits.role == Role::Number
}

/// A word said twice says nothing the second time.
fn repeated(slots: &[Slot<'_>], at: usize) -> f32 {
    let Some(this) = slots.get(at) else { return 1.0 };
    let again = slots
        .iter()
        .enumerate()
        .any(|(i, slot)| i != at && slot.link.is_some() && slot.word.text == this.word.text);
    if again { 0.2 } else { 1.0 }
}

/// Names of nothing that counts (only legal forms, or a number) agree when they are the same.
fn same_words(alignment: &Alignment<'_>) -> bool {
    alignment.query.len() == alignment.listed.len()
        && !alignment.query.is_empty()
        && alignment.query.iter().zip(&alignment.listed).all(|(a, b)| a.word.text == b.word.text)
}

fn is_name(slot: &Slot<'_>) -> bool {
    matches!(slot.word.traits.role, Role::Name | Role::Generic | Role::Place)
}

/// One word in common is not enough when either side has more, whatever the rest weighs.
fn person_limit(alignment: &Alignment<'_>) -> f32 {
    let met = |slots: &[Slot<'_>]| slots.iter().filter(|s| s.link.is_some() && s.weight >= 0.5).count();
    let names = |slots: &[Slot<'_>]| slots.iter().filter(|s| is_name(s)).count();
    let shared = met(&alignment.query).max(met(&alignment.listed));
    let most = names(&alignment.query).max(names(&alignment.listed));
    if shared < 2 && most > 1 { ONE_NAME_OF_SEVERAL } else { 1.0 }
}

/// `a bin b` against `b bin a`.
fn line_is_reversed(alignment: &Alignment<'_>) -> bool {
    let lines = |slots: &[Slot<'_>]| -> Vec<(u8, u8)> {
        let mut son = None;
        let mut lines = Vec::new();
        for slot in slots.iter().filter(|slot| is_name(slot)) {
            if slot.word.place.is_father()
                && let Some(line) = son.zip(slot.link)
            {
                lines.push(line);
            }
            son = slot.link;
        }
        lines
    };
    let query = lines(&alignment.query);
    !query.is_empty() && lines(&alignment.listed).iter().any(|(son, father)| query.contains(&(*father, *son)))
}

fn number_factor(alignment: &Alignment<'_>, note: &mut impl FnMut(&'static str)) -> f32 {
    let numbers = |slots: &'_ [Slot<'_>]| -> Vec<Vec<u8>> {
        let numbers =
            slots.iter().filter(|slot| slot.word.traits.role == Role::Number && slot.link.is_none());
        numbers.map(|slot| slot.word.text.to_vec()).collect()
    };
    let has = |slots: &[Slot<'_>]| slots.iter().any(|slot| slot.word.traits.role == Role::Number);
    if !has(&alignment.query) && !has(&alignment.listed) {
        return 1.0;
    }
    let (query, listed) = (numbers(&alignment.query), numbers(&alignment.listed));
    match (query.as_slice(), listed.as_slice()) {
        ([], []) => 1.0,
        ([], _) | (_, []) => {
            note("a number on one side only");
            if alignment.kind == NameKind::Vessel { MISSING_NUMBER } else { 1.0 }
        }
        ([a], [b]) if cost(a, b, 15).is_some() => {
            note("numbers differ by a digit");
            NEAR_NUMBER
        }
        _ => {
            note("other numbers");
            OTHER_NUMBER
        }
    }
}

fn legal_factor(alignment: &Alignment<'_>, note: &mut impl FnMut(&'static str)) -> f32 {
    let families = |slots: &[Slot<'_>]| slots.iter().fold(0, |all, slot| all | slot.word.traits.family);
    let (query, listed) = (families(&alignment.query), families(&alignment.listed));
    if Family::are_other(query, listed) {
        note("another legal form");
        return OTHER_LEGAL_FORM;
    }
    if (query ^ listed) & Family::GROUP != 0 { 0.97 } else { 1.0 }
}

/// The score of two prepared names of one kind.
#[must_use]
pub fn score_prepared(query: &Prepared, listed: &Prepared) -> f32 {
    score_words(query.kind(), query, listed)
}

pub(crate) fn score_words(kind: NameKind, query: &impl Words, listed: &impl Words) -> f32 {
    judge(&align(kind, query, listed), |_| {})
}

/// The score of two names as written. Without a kind the better of person and company counts.
#[must_use]
pub fn score_pair(kind: Option<NameKind>, query: &str, listed: &str) -> f32 {
    explain_pair(kind, query, listed).0
}

/// The score of two names as written, and why.
#[must_use]
pub fn explain_pair(kind: Option<NameKind>, query: &str, listed: &str) -> (f32, Explanation) {
    let kinds: &[NameKind] = match &kind {
        Some(kind) => std::slice::from_ref(kind),
        None => &[NameKind::Person, NameKind::Company],
    };
    let mut best: Option<(f32, Explanation)> = None;
    for &kind in kinds {
        let (query, listed) = (Prepared::new(kind, query), Prepared::new(kind, listed));
        let found = explain_words(kind, &query, &listed);
        if best.as_ref().is_none_or(|(score, _)| found.0 > *score) {
            best = Some(found);
        }
    }
    best.unwrap_or_default()
}

pub(crate) fn explain_words(kind: NameKind, query: &impl Words, listed: &impl Words) -> (f32, Explanation) {
    let alignment = align(kind, query, listed);
    let mut qualified = Vec::new();
    let score = judge(&alignment, |what| qualified.push(what.to_owned()));
    let mut explanation = Explanation { qualified, ..Explanation::default() };
    let text = |slot: &Slot<'_>| String::from_utf8_lossy(slot.word.text).into_owned();
    let word_order: Vec<String> = alignment.query.iter().map(text).collect();
    for (at, Link { likeness, step, .. }) in alignment.links.iter().enumerate().filter(|(_, link)| link.live)
    {
        let of = |slots: &[Slot<'_>]| -> Vec<String> {
            slots.iter().filter(|slot| slot.link.map(usize::from) == Some(at)).map(text).collect()
        };
        explanation.matched.push(WordMatch {
            query: of(&alignment.query).join(" "),
            listed: of(&alignment.listed).join(" "),
            step: *step,
            likeness: *likeness,
        });
    }
    let place =
        |word: &WordMatch| word_order.iter().position(|first| word.query.split(' ').next() == Some(first));
    explanation.matched.sort_by_key(place);
    for (slots, left, aside) in [
        (&alignment.query, &mut explanation.left_over_query, &mut explanation.set_aside_query),
        (&alignment.listed, &mut explanation.left_over_listed, &mut explanation.set_aside_listed),
    ] {
        for slot in slots.iter().filter(|slot| slot.link.is_none()) {
            let list = if slot.weight > 0.0 || slot.word.traits.role == Role::Number {
                &mut *left
            } else {
                &mut *aside
            };
            list.push(text(slot));
        }
    }
    explanation.settle();
    (score, explanation)
}

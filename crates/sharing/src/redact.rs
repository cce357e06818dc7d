//! Cleaning of what is told: keys, sentences and ids without the parts that an agency may not see.
//!
//! Two lines of defence. A sentence of which a part is withheld is replaced by one that says the same without
//! particulars; and no text keeps a withheld key of the alert, wherever it comes from.

use quaywatch_domain::alert::{Evidence, Keys, Visit};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Alert, Id, Indicator};

use crate::agencies::Agency;
use crate::field::Field;

/// Shorter keys would match by chance.
const MIN_SCRUBBED_CHARACTERS: usize = 4;
/// Stands for what is withheld.
const WITHHELD: &str = "(withheld)";

/// A code with the parts that its sentence names, and the same without them.
struct Plain {
    code: &'static str,
    names: &'static [Field],
    sentence: &'static str,
}

const PLAIN: &[Plain] = &[
    Plain { code: "MO-01a", names: &[], sentence: "Release right and haulier do not fit together." },
    Plain {
        code: "MO-01b",
        names: &[],
        sentence: "Release transferred to a stranger and picked up quickly.",
    },
    Plain { code: "MO-01e", names: &[], sentence: "Several hauliers or trucks announced its pick-up." },
    Plain { code: "MO-01g", names: &[], sentence: "Left the terminal after its release was stopped." },
    Plain {
        code: "MO-03a",
        names: &[Field::Seals],
        sentence: "A seal of the journey's start is gone, unexplained.",
    },
    Plain {
        code: "MO-03b",
        names: &[Field::Seals],
        sentence: "It carries a seal that is on no earlier report.",
    },
    Plain {
        code: "MO-03c",
        names: &[Field::Seals],
        sentence: "A seal on the laden container is not in order.",
    },
    Plain { code: "MO-03t", names: &[Field::Seals], sentence: "A seal number differs by a typing error." },
    Plain {
        code: "MO-04a",
        names: &[Field::Seals, Field::Related],
        sentence: "Its seal number is also reported on another container.",
    },
    Plain {
        code: "MO-08a",
        names: &[Field::Terminal, Field::Related],
        sentence: "Gate-in while the container is known to be elsewhere.",
    },
    Plain { code: "MO-08b", names: &[], sentence: "Left by gate twice without coming in between." },
    Plain { code: "MO-08c", names: &[], sentence: "Seen at two places too far apart for the time between." },
    Plain { code: "MO-25a", names: &[], sentence: "Left the terminal under a customs hold or selection." },
    Plain {
        code: "WL-identifier",
        names: &[Field::Bills, Field::Seals, Field::Vessel, Field::Parties],
        sentence: "An identifier of the container is on a watchlist.",
    },
];

/// The same for rules whose sentences are alike in what they name, by the beginning of the code.
const PLAIN_RULES: &[Plain] = &[
    Plain {
        code: "CONTAGION",
        names: Field::ALL,
        sentence: "Something was found in a container that it has to do with.",
    },
    Plain { code: "MO-15", names: &[], sentence: "Customs have selected it, and something happened." },
    Plain { code: "MO-16", names: &[Field::Parties], sentence: "It was looked up in an unusual way." },
    Plain { code: "MO-17", names: &[Field::Parties], sentence: "Its importer is little known." },
    Plain { code: "MO-18", names: &[Field::Parties], sentence: "Its importer or delivery is not as usual." },
    Plain { code: "MO-19", names: &[], sentence: "Its cooling unit does not behave as it should." },
    Plain { code: "MO-20", names: &[], sentence: "Something happened while it stands emptied in a depot." },
    Plain {
        code: "MO-21",
        names: &[],
        sentence: "Lists and reports of its vessel call do not fit together.",
    },
    Plain { code: "MO-22", names: &[], sentence: "It was shifted on board, and nobody ordered it." },
    Plain { code: "MO-23", names: &[Field::Parties], sentence: "A message about it is not as usual." },
    Plain { code: "MO-24", names: &[Field::Parties], sentence: "Its driver or truck is not as announced." },
    Plain { code: "MO-25", names: &[], sentence: "Its customs status does not fit what happened." },
];

/// For codes that are not in the table and therefore may name anything.
const PLAIN_UNKNOWN: &str = "A rule applies; particulars are withheld.";

/// What an agency may not see of one alert.
pub(crate) struct Redaction<'a> {
    agency: &'a Agency,
    hidden: Vec<&'a str>,
}

impl<'a> Redaction<'a> {
    pub(crate) fn new(agency: &'a Agency, alert: &'a Alert) -> Self {
        let keys = &alert.keys;
        let mut hidden: Vec<&str> = Vec::new();
        let mut hide = |field, values: &mut dyn Iterator<Item = &'a String>| {
            if !agency.sees(field) {
                hidden.extend(values.map(String::as_str).filter(|v| v.len() >= MIN_SCRUBBED_CHARACTERS));
            }
        };
        hide(Field::Release, &mut keys.release.iter());
        hide(Field::Bills, &mut keys.bills.iter());
        hide(Field::Seals, &mut keys.seals.iter());
        hide(Field::Vessel, &mut keys.vessel.iter());
        hide(Field::Call, &mut keys.call.iter().chain(&alert.visit.call));
        hide(Field::Terminal, &mut keys.terminal.iter().chain(&alert.visit.terminal));
        // Longest first, so that no rest of a longer key stays behind a shorter one.
        hidden.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        hidden.dedup();
        Self { agency, hidden }
    }

    pub(crate) fn keys(&self, keys: &Keys) -> Keys {
        let see = |field| self.agency.sees(field);
        Keys {
            container: keys.container.clone(),
            release: keys.release.clone().filter(|_| see(Field::Release)),
            bills: if see(Field::Bills) { keys.bills.clone() } else { Vec::new() },
            seals: if see(Field::Seals) { keys.seals.clone() } else { Vec::new() },
            vessel: keys.vessel.clone().filter(|_| see(Field::Vessel)),
            call: keys.call.clone().filter(|_| see(Field::Call)),
            terminal: keys.terminal.clone().filter(|_| see(Field::Terminal)),
        }
    }

    pub(crate) fn visit(&self, visit: &Visit) -> Visit {
        Visit {
            number: visit.number,
            terminal: visit.terminal.clone().filter(|_| self.agency.sees(Field::Terminal)),
            started_at: visit.started_at,
            call: visit.call.clone().filter(|_| self.agency.sees(Field::Call)),
        }
    }

    /// The indicator as the agency may see it. Its own list entries are no secret to an owner.
    pub(crate) fn indicator(&self, indicator: &Indicator) -> Indicator {
        let is_own = indicator.owner.as_deref() == Some(self.agency.id.as_str());
        let see = |field| self.agency.sees(field);
        let lists = is_own || see(Field::Lists);
        let others = see(Field::Related);
        let carried: Vec<&str> = indicator.carried.iter().map(|e| e.fact_id.as_str()).collect();
        let evidence = indicator.evidence.iter().filter(|id| others || !carried.contains(&id.as_str()));
        Indicator {
            sentence: self.sentence(indicator, is_own),
            evidence: if see(Field::Evidence) {
                evidence.map(|id| self.fact_id(id, lists)).collect()
            } else {
                Vec::new()
            },
            owner: indicator.owner.clone().filter(|_| lists),
            legal_basis: indicator.legal_basis.clone().filter(|_| is_own || see(Field::LegalBasis)),
            list: indicator.list.clone().filter(|_| lists),
            origin: indicator.origin.clone().filter(|origin| others && see(field_of(origin.kind))),
            carried: if others && see(Field::Evidence) {
                indicator.carried.iter().map(|e| self.evidence(e, lists)).collect()
            } else {
                Vec::new()
            },
            ..indicator.clone()
        }
    }

    fn sentence(&self, indicator: &Indicator, is_own: bool) -> String {
        let of_rule = || PLAIN_RULES.iter().find(|plain| indicator.code.starts_with(plain.code));
        let plain = PLAIN.iter().find(|plain| plain.code == indicator.code).or_else(of_rule);
        let names = plain.map_or(Field::ALL, |plain| plain.names);
        // An owner has put the identifier on the list and knows it.
        if is_own || names.iter().all(|field| self.agency.sees(*field)) {
            return if is_own { indicator.sentence.clone() } else { self.scrub(&indicator.sentence) };
        }
        let plain = self.scrub(plain.map_or(PLAIN_UNKNOWN, |plain| plain.sentence));
        if indicator.ended_at.is_some() { format!("{plain} The watch has ended.") } else { plain }
    }

    /// Evidence without what its ids may tell.
    pub(crate) fn evidence(&self, evidence: &Evidence, lists: bool) -> Evidence {
        Evidence {
            fact_id: self.fact_id(&evidence.fact_id, lists),
            event_id: evidence.event_id.as_deref().map(|id| self.scrub(id).into()),
            path: self.scrub(&evidence.path).into(),
            ..evidence.clone()
        }
    }

    /// `hit/LIST/ENTRY/SCHEME` names a list, `ind/SUBJECT/CODE` another subject.
    pub(crate) fn fact_id(&self, id: &str, lists: bool) -> Id {
        let mut parts = id.split('/');
        match parts.next() {
            Some("hit") if !lists => format!("hit/{WITHHELD}").into(),
            Some("ind") if !self.agency.sees(Field::Related) => format!("ind/{WITHHELD}").into(),
            _ => self.scrub(id).into(),
        }
    }

    /// The text without any withheld key of the alert, in whatever case.
    fn scrub(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, hidden| replace_ignoring_case(&text, hidden))
    }
}

const fn field_of(kind: SubjectKind) -> Field {
    match kind {
        SubjectKind::Seal | SubjectKind::SealRun => Field::Seals,
        SubjectKind::Party | SubjectKind::Actor => Field::Parties,
        SubjectKind::Bill => Field::Bills,
        SubjectKind::Call => Field::Call,
        SubjectKind::Container
        | SubjectKind::Sender
        | SubjectKind::Yard
        | SubjectKind::Origin
        | SubjectKind::Alert => Field::Related,
    }
}

fn replace_ignoring_case(text: &str, hidden: &str) -> String {
    let (upper, hidden) = (text.to_ascii_uppercase(), hidden.to_ascii_uppercase());
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // Upper-casing ASCII letters moves no byte, so places in one text are places in the other.
    while let Some(found) = upper.get(at..).and_then(|rest| rest.find(&hidden)) {
        out.push_str(text.get(at..at + found).unwrap_or_default());
        out.push_str(WITHHELD);
        at += found + hidden.len();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withheld_text_is_replaced_in_any_case_and_wherever_it_stands() {
        assert_eq!(
            replace_ignoring_case("Seal ml123 and ML123é.", "ML123"),
            "Seal (withheld) and (withheld)é."
        );
        assert_eq!(replace_ignoring_case("é nothing", "ML123"), "é nothing");
    }

    #[test]
    fn plain_sentences_hold_no_digits() {
        assert!(PLAIN.iter().all(|plain| !plain.sentence.contains(|c: char| c.is_ascii_digit())));
    }
}

//! Profiles: an analyst's own criteria, in the Common Expression Language, beside the built-in rules.
//!
//! A profile is a table `[profiles.NAME]` of the rule file, as customs write selectivity criteria: an owner, a period, a
//! severity and weight, a label, and an expression over one `event` of a visit, its whole `timeline` and the `visit`. It
//! holds for a visit when the expression is true of at least one of its events; these are the evidence, and the code is
//! `PROFILE-NAME`. A field that an event does not have makes a comparison neither true nor false, and the profile does
//! not hold. Times are compared and subtracted; `duration("2h")`, `timestamp("2026-03-01T00:00:00Z")` and
//! `event.occurred_at.getHours("Europe/Ljubljana")` are there.
//!
//! An expression is checked when the rule file is read: names against the schema of events, types, and the number of
//! steps in the worst case. One that passes cannot fail on a type. When profiles run they have so many steps for all of them
//! and all visits of a container together; what is beyond is not looked at, and is counted as the shadow code
//! `PROFILE-LIMIT`.

mod check;
mod codes;
mod schema;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators as op};
use cel::{Context, Env, Program, Value};
use quaywatch_domain::{Action, Handling, Severity, Timestamp};
use serde::Deserialize;

use crate::settings::{Error, SubRule, Weights};
use crate::timeline;
use crate::view::{Findings, Seen, View};

/// Most profiles in one rule file.
const MAX_PROFILES: usize = 128;
/// Steps that all of them have over the timeline of a container, each about two microseconds. A container has some thirty
/// events, and takes hundreds or thousands.
const STEPS: u64 = 500_000;
/// Code that counts containers for which these are not enough.
const LIMIT: &str = "PROFILE-LIMIT";
/// Longest name, characters.
const MAX_NAME: usize = 48;
/// Events that an indicator names, earliest first.
const MAX_EVIDENCE: usize = 8;

/// Table `[profiles.NAME]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// When an event is of interest.
    when: String,
    /// What it says to a duty officer.
    sentence: String,
    severity: Severity,
    action: Action,
    /// Points; those of the severity when not set.
    weight: Option<f64>,
    /// Agency that wrote it and sees it in any case.
    owner: Option<String>,
    /// Label of what follows from it, such as `AMBER/H1`; at least that of the events.
    handling: Option<String>,
    /// Whether only the owner, and who else may see such, notices it.
    #[serde(default)]
    discreet: bool,
    legal_basis: Option<String>,
    /// Events from this time on.
    from: Option<Timestamp>,
    /// Events before this time.
    to: Option<Timestamp>,
    #[serde(default)]
    shadow: bool,
}

/// One profile, ready to run.
#[derive(Debug)]
struct Profile {
    code: String,
    settings: Settings,
    sub: SubRule,
    weight: f64,
    handling: Option<Handling>,
    program: Program,
    /// Steps for one event in the worst case.
    steps: u64,
    /// Kinds of event that alone can satisfy it, when it says so on top.
    kinds: Option<Vec<String>>,
    needs_timeline: bool,
}

/// Every profile of a rule file.
#[derive(Clone, Default)]
pub(crate) struct Profiles {
    all: Arc<Vec<Profile>>,
    /// Names of fields that any expression speaks of.
    fields: Arc<BTreeSet<String>>,
    env: Option<Arc<Env>>,
}

impl std::fmt::Debug for Profiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all.iter().map(|p| &p.code)).finish()
    }
}

impl PartialEq for Profiles {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Profile, &Profile)| a.code == b.code && a.settings == b.settings;
        self.all.len() == other.all.len() && self.all.iter().zip(other.all.iter()).all(same)
    }
}

impl Profiles {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Checks and compiles the profiles of a rule file.
    pub(crate) fn compile(tables: BTreeMap<String, Settings>, weights: &Weights) -> Result<Self, Error> {
        if tables.len() > MAX_PROFILES {
            let what = format!("there are {} profiles and the limit is {MAX_PROFILES}", tables.len());
            return Err(Error::Profile { name: "*".to_owned(), what });
        }
        let mut all = Vec::with_capacity(tables.len());
        let mut fields = BTreeSet::new();
        for (name, settings) in tables {
            let profile =
                Profile::compile(&name, settings, weights).map_err(|what| Error::Profile { name, what })?;
            collect_fields(profile.program.expression(), &mut fields);
            all.push(profile);
        }
        let env = (!all.is_empty()).then(|| Arc::new(Env::stdlib()));
        Ok(Self { all: Arc::new(all), fields: Arc::new(fields), env })
    }
}

impl Profile {
    fn compile(name: &str, settings: Settings, weights: &Weights) -> Result<Self, String> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(good) {
            return Err(format!("the name must be of a-z, 0-9 and -, at most {MAX_NAME} characters"));
        }
        if settings.sentence.trim().is_empty() {
            return Err("`sentence` is empty, and it is what a duty officer reads".to_owned());
        }
        let weight = values::weight_of(settings.weight, settings.severity, weights);
        if !(0.0..=100.0).contains(&weight) {
            return Err(format!("weight is {weight}; use a value between 0 and 100"));
        }
        if settings.from.zip(settings.to).is_some_and(|(from, to)| from >= to) {
            return Err("`from` is not before `to`".to_owned());
        }
        let handling = settings
            .handling
            .as_deref()
            .map(|text| {
                Handling::parse(text).ok_or(format!("handling '{text}' is none; write it like AMBER/H1"))
            })
            .transpose()?;
        let (program, steps) = check::compile(&settings.when)
            .map_err(|f| format!("`when`, line {}, column {}: {}", f.line, f.column, f.what))?;
        let needs_timeline = program.references().has_variable("timeline");
        Ok(Self {
            code: format!("PROFILE-{name}"),
            sub: SubRule { severity: settings.severity, action: settings.action, shadow: settings.shadow },
            weight,
            handling,
            kinds: kinds(program.expression()),
            needs_timeline,
            program,
            steps,
            settings,
        })
    }

    fn may_hold(&self, seen: &Seen<'_>) -> bool {
        let known = timeline::known_at(seen.fact);
        self.settings.from.is_none_or(|from| known >= from)
            && self.settings.to.is_none_or(|to| known < to)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| k == seen.kind().as_str()))
    }
}

/// Runs every profile over every visit, as far as the steps go.
pub(crate) fn run(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let profiles = &rules.profiles;
    let Some(env) = &profiles.env else { return };
    let mut root = Context::with_env(Arc::clone(env));
    if values::add_functions(&mut root).is_err() {
        return;
    }
    let mut steps = Steps { left: STEPS };
    let mut cut: Option<Seen<'_>> = None;
    for stay in view.stays() {
        let mut is_cut = false;
        let mut built: Vec<Option<Value>> = vec![None; stay.len()];
        let mut event = |n: usize, seen: &Seen<'_>| match built.get_mut(n) {
            Some(slot) => slot.get_or_insert_with(|| values::event(seen.event, &profiles.fields)).clone(),
            None => Value::Null,
        };
        let open = |p: &Profile| stay.iter().any(|s| p.may_hold(s));
        let mut scope = root.new_inner_scope();
        if profiles.fields.contains("visit") {
            scope.add_variable_from_value("visit", values::visit(view, stay));
        }
        if profiles.all.iter().any(|p| p.needs_timeline && open(p)) {
            let all: Vec<Value> =
                stay.iter().enumerate().take(schema::MAX_EVENTS).map(|(n, s)| event(n, s)).collect();
            scope.add_variable_from_value("timeline", all);
        }
        for profile in profiles.all.iter() {
            let holds = |(n, seen): &(usize, &Seen<'_>)| {
                if !steps.take(profile, stay.len()) {
                    is_cut = true;
                    return false;
                }
                let mut inner = scope.new_inner_scope();
                inner.add_variable_from_value("event", event(*n, seen));
                matches!(profile.program.execute(&inner), Ok(Value::Bool(true)))
            };
            let may = stay.iter().enumerate().filter(|(_, s)| profile.may_hold(s));
            let evidence: Vec<Seen<'_>> = may.filter(holds).take(MAX_EVIDENCE).map(|(_, s)| *s).collect();
            if !evidence.is_empty() {
                add(profile, evidence, findings);
            }
        }
        cut = cut.or(stay.first().copied().filter(|_| is_cut));
    }
    if let Some(seen) = cut {
        let sub = SubRule { severity: Severity::Low, action: Action::Inform, shadow: true };
        findings.add(LIMIT, &sub, "Not all of it was compared with the profiles.".to_owned(), vec![seen]);
    }
}

/// What is left of the steps.
struct Steps {
    left: u64,
}

impl Steps {
    /// Takes what a profile may need for one of so many events; whether there was enough.
    fn take(&mut self, profile: &Profile, events: usize) -> bool {
        // No loop over the timeline is longer than the visit.
        let share = if profile.needs_timeline { events } else { schema::MAX_EVENTS };
        let share = share.clamp(1, schema::MAX_EVENTS) as u64;
        let needed = (profile.steps * share / schema::MAX_EVENTS as u64).max(1);
        let is_enough = needed <= self.left;
        self.left = self.left.saturating_sub(needed);
        is_enough
    }
}

fn add(profile: &Profile, evidence: Vec<Seen<'_>>, findings: &mut Findings<'_>) {
    let settings = &profile.settings;
    findings.add(&profile.code, &profile.sub, settings.sentence.clone(), evidence);
    let Some(indicator) = findings.found.last_mut().map(|f| &mut f.indicator) else { return };
    indicator.rule = "PROFILE".to_owned();
    indicator.weight = profile.weight;
    indicator.owner.clone_from(&settings.owner);
    indicator.legal_basis.clone_from(&settings.legal_basis);
    indicator.discreet = settings.discreet;
    if let Some(label) = &profile.handling {
        indicator.handling = indicator.handling.strictest(label);
    }
}

/// Every field and variable that the expression names.
fn collect_fields(node: &IdedExpr, into: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Ident(name) => {
            into.insert(name.clone());
        }
        Expr::Select(select) => {
            into.insert(select.field.clone());
            collect_fields(&select.operand, into);
        }
        Expr::Call(call) => {
            call.target.iter().for_each(|target| collect_fields(target, into));
            call.args.iter().for_each(|arg| collect_fields(arg, into));
        }
        Expr::List(list) => list.elements.iter().for_each(|e| collect_fields(e, into)),
        Expr::Comprehension(of) => {
            for part in [&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result] {
                collect_fields(part, into);
            }
        }
        Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

/// The kinds that the expression asks of the event on top: `event.kind == "x"` or `event.kind in [...]` that must hold.
fn kinds(node: &IdedExpr) -> Option<Vec<String>> {
    let Expr::Call(call) = &node.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (op::LOGICAL_AND, parts) => parts.iter().find_map(kinds),
        (op::EQUALS, [a, b]) if is_event_kind(a) => Some(vec![text(b)?]),
        (op::EQUALS, [a, b]) if is_event_kind(b) => Some(vec![text(a)?]),
        (op::IN, [a, b]) if is_event_kind(a) => match &b.expr {
            Expr::List(list) => list.elements.iter().map(text).collect(),
            _ => None,
        },
        _ => None,
    }
}

fn is_event_kind(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Select(s) if !s.test && s.field == "kind"
        && matches!(&s.operand.expr, Expr::Ident(name) if name == "event"))
}

fn text(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

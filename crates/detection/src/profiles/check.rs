//! Reads an expression, checks it against the schema and bounds its cost before it ever runs.
//!
//! Types are found by walking the syntax tree once; the cost is the number of steps in the worst case, with every list as
//! long as it may be. What passes here cannot fail on a type.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators as op,
};
use cel::{Env, Program};
use quaywatch_domain::Timestamp;

use super::schema::{self, Type};
use crate::unknown::suggestion;

/// Longest expression, bytes.
const MAX_BYTES: usize = 4_096;
/// Deepest nesting of brackets; the parser descends with each.
const MAX_BRACKETS: usize = 24;
/// Most steps over one visit in the worst case. What profiles really take is bounded when they run, see `super::run`.
const MAX_STEPS: u64 = 4_000_000;
/// Items of a growing list that are copied in the time of one step.
const COPIES_PER_STEP: u64 = 8;
/// Stack of the thread that parses: the parser's frames are large in builds without optimisation.
const PARSER_STACK_BYTES: usize = 64 << 20;

/// What is wrong, and where: line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) what: String,
}

/// Compiles an expression that is true or false of an event, and counts its steps for one event in the worst case.
pub(crate) fn compile(source: &str) -> Result<(Program, u64), Fault> {
    bounded(source)?;
    let program = parse(source)?;
    let mut walker = Walker { info: program.source_info(), scopes: Vec::new(), speaks_of_event: false };
    let (found, steps) = walker.walk(program.expression())?;
    if found != Type::Bool {
        return Err(
            walker.fault(program.expression().id, format!("the whole must be true or false, and is {found}"))
        );
    }
    if !walker.speaks_of_event {
        let what = "it never speaks of `event`; the events for which it is true are the evidence".to_owned();
        return Err(Fault { line: 1, column: 1, what });
    }
    let in_all = steps.saturating_mul(schema::MAX_EVENTS as u64);
    if in_all > MAX_STEPS {
        let what = format!(
            "it could take {in_all} steps over one visit and the limit is {MAX_STEPS}; nest fewer exists, all, map and filter"
        );
        return Err(Fault { line: 1, column: 1, what });
    }
    Ok((program, steps))
}

fn bounded(source: &str) -> Result<(), Fault> {
    if source.len() > MAX_BYTES {
        let what = format!("it has {} bytes and the limit is {MAX_BYTES}", source.len());
        return Err(Fault { line: 1, column: 1, what });
    }
    // Brackets in texts count as well: a wrong guess here only refuses what nobody writes.
    let mut depth = 0_usize;
    let (mut line, mut column) = (1, 0);
    let mut run = 0_usize;
    for c in source.chars() {
        column += 1;
        run = if matches!(c, '!' | '-') { run + 1 } else { 0 };
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '\n' => (line, column) = (line + 1, 0),
            _ => {}
        }
        if depth > MAX_BRACKETS || run > MAX_BRACKETS {
            let what = format!("brackets or signs nest deeper than {MAX_BRACKETS}");
            return Err(Fault { line, column, what });
        }
    }
    Ok(())
}

/// Parses on a thread of its own, whose stack is large enough for the deepest nesting allowed.
fn parse(source: &str) -> Result<Program, Fault> {
    let parsed = std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(PARSER_STACK_BYTES);
        let handle = parser.spawn_scoped(scope, || Env::stdlib().compile(source));
        handle.ok().and_then(|h| h.join().ok())
    });
    let broken = |what: &str| Fault { line: 1, column: 1, what: what.to_owned() };
    match parsed {
        Some(Ok(program)) => Ok(program),
        Some(Err(errors)) => Err(errors.errors.first().map_or_else(
            || broken("it cannot be read"),
            |e| Fault {
                line: usize::try_from(e.pos.0).unwrap_or(1).max(1),
                column: usize::try_from(e.pos.1).unwrap_or(0) + 1,
                what: format!("it cannot be read: {}", e.msg),
            },
        )),
        None => Err(broken("it cannot be read by the parser")),
    }
}

struct Walker<'p> {
    info: &'p SourceInfo,
    /// Names that macros bind, innermost last.
    scopes: Vec<(String, Type)>,
    speaks_of_event: bool,
}

type Found = Result<(Type, u64), Fault>;

impl Walker<'_> {
    fn fault(&self, id: u64, what: String) -> Fault {
        let start = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        // A selection starts at its dot; the name is what is wrong.
        let start = start + usize::from(self.info.source.as_bytes().get(start) == Some(&b'.'));
        let before = self.info.source.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Fault { line, column, what }
    }

    fn walk(&mut self, node: &IdedExpr) -> Found {
        match &node.expr {
            Expr::Literal(literal) => Ok((literal_type(literal), 1)),
            Expr::Ident(name) => Ok((self.variable(node.id, name)?, 1)),
            Expr::Select(select) => {
                let (of, steps) = self.walk(&select.operand)?;
                let field = self.field(node.id, &of, &select.field)?;
                Ok((if select.test { Type::Bool } else { field }, steps + 1))
            }
            Expr::List(list) => {
                let mut item = Type::Any;
                let mut steps = 1;
                for element in &list.elements {
                    let (found, cost) = self.walk(element)?;
                    if !agree(&item, &found) {
                        return Err(
                            self.fault(element.id, format!("the list holds {item}, and this is {found}"))
                        );
                    }
                    item = found;
                    steps += cost;
                }
                Ok((Type::List(Box::new(item), list.elements.len()), steps))
            }
            Expr::Call(call) => self.call(node.id, call),
            Expr::Comprehension(of) => self.comprehension(node.id, of),
            Expr::Map(map) => {
                let first = map.entries.first().map(|e| match &e.expr {
                    EntryExpr::MapEntry(entry) => entry.key.id,
                    EntryExpr::StructField(field) => field.value.id,
                });
                Err(self.fault(first.unwrap_or(node.id), "profiles have no use for { : }".to_owned()))
            }
            Expr::Struct(_) | Expr::Unspecified => {
                Err(self.fault(node.id, "profiles have no use for this form".to_owned()))
            }
        }
    }

    fn variable(&mut self, id: u64, name: &str) -> Result<Type, Fault> {
        if let Some((_, bound)) = self.scopes.iter().rev().find(|(known, _)| known == name) {
            return Ok(bound.clone());
        }
        self.speaks_of_event |= name == "event";
        schema::variable(name).ok_or_else(|| {
            let known = self.scopes.iter().map(|(n, _)| n.as_str()).filter(|n| !n.starts_with('@'));
            let near = suggestion(name, known.chain(schema::VARIABLES));
            self.fault(id, format!("'{name}' is not known{near}; there are event, timeline and visit"))
        })
    }

    fn field(&self, id: u64, of: &Type, name: &str) -> Result<Type, Fault> {
        let Type::Section(section, fields) = of else {
            return Err(self.fault(id, format!("{of} has no fields, so no '{name}'")));
        };
        fields.iter().find(|f| f.name == name).map(schema::Field::of).ok_or_else(|| {
            let near = suggestion(name, fields.iter().map(|f| f.name));
            let all: Vec<&str> = fields.iter().map(|f| f.name).collect();
            self.fault(id, format!("'{section}' has no field '{name}'{near}; it has {}", all.join(", ")))
        })
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Found {
        let mut steps = 1_u64;
        let mut given = Vec::with_capacity(call.args.len() + 1);
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            let (found, cost) = self.walk(part)?;
            given.push(found);
            steps = steps.saturating_add(cost);
        }
        if let [one, other] = call.args.as_slice()
            && matches!(call.func_name.as_str(), op::EQUALS | op::NOT_EQUALS | op::IN)
        {
            for (of, text) in given.iter().zip([other, one]) {
                self.words(of, text)?;
            }
        }
        let given: Vec<Type> = given.into_iter().map(Type::plain).collect();
        let is_member = call.target.is_some();
        let result = match (call.func_name.as_str(), is_member, given.as_slice()) {
            (op::LOGICAL_AND | op::LOGICAL_OR, _, [Type::Bool, Type::Bool])
            | (op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, _, [Type::Bool]) => Type::Bool,
            (op::EQUALS | op::NOT_EQUALS, _, [a, b]) if agree(a, b) && is_plain(a) && is_plain(b) => {
                steps = steps.saturating_add(length(a).min(length(b)));
                Type::Bool
            }
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, _, [a, b])
                if is_ordered(a) && agree(a, b) =>
            {
                Type::Bool
            }
            (op::CONDITIONAL, _, [Type::Bool, a, b]) if agree(a, b) => a.clone(),
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, _, [Type::Double, Type::Double]) => {
                Type::Double
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY, _, [Type::Int, Type::Int]) => Type::Int,
            (op::ADD, _, [Type::List(a, n), Type::List(b, m)]) if agree(a, b) => {
                steps = steps.saturating_add((n + m) as u64);
                let item = if **a == Type::Any { b } else { a };
                Type::List(item.clone(), n + m)
            }
            (op::SUBSTRACT, _, [Type::Time, Type::Time])
            | (op::ADD | op::SUBSTRACT, _, [Type::Span, Type::Span]) => Type::Span,
            (op::ADD | op::SUBSTRACT, _, [Type::Time, Type::Span]) => Type::Time,
            (op::NEGATE, _, [a @ (Type::Int | Type::Double | Type::Span)]) => a.clone(),
            (op::IN, _, [a, Type::List(b, n)]) if agree(a, b) && is_plain(a) && is_plain(b) => {
                steps = steps.saturating_add(*n as u64);
                Type::Bool
            }
            (op::INDEX, _, [Type::List(item, _), Type::Int]) => (**item).clone(),
            ("size", _, [Type::List(..) | Type::String]) => Type::Int,
            ("startsWith" | "endsWith" | "contains", true, [Type::String, Type::String]) => Type::Bool,
            ("timestamp", false, [Type::String]) => {
                self.literal(call, |text| Timestamp::parse(text).is_ok(), "2026-03-01T14:05:00Z")?;
                Type::Time
            }
            ("duration", false, [Type::String]) => {
                self.literal(call, |text| super::values::duration_ms(text).is_some(), "1h30m")?;
                Type::Span
            }
            ("getHours", true, [Type::Time, Type::String]) => {
                self.literal(call, super::values::is_zone, "Europe/Ljubljana")?;
                Type::Int
            }
            ("double", false, [Type::Int | Type::Double]) => Type::Double,
            _ => return Err(self.no_such_call(id, call, &given)),
        };
        Ok((result, steps))
    }

    /// The literal texts that a field with a list of words is compared with must be among them.
    fn words(&self, of: &Type, with: &IdedExpr) -> Result<(), Fault> {
        let codes = match of {
            Type::Code(codes) => *codes,
            _ => return Ok(()),
        };
        match &with.expr {
            Expr::Literal(LiteralValue::String(text)) => match codes.fault(text.inner()) {
                Some(what) => Err(self.fault(with.id, what)),
                None => Ok(()),
            },
            Expr::List(list) => list.elements.iter().try_for_each(|one| self.words(of, one)),
            _ => Ok(()),
        }
    }

    /// The last argument must be a literal text of a certain form, so that reading it cannot fail later.
    fn literal(&self, call: &CallExpr, is_good: impl Fn(&str) -> bool, like: &str) -> Result<(), Fault> {
        let Some(last) = call.args.last() else { return Ok(()) };
        match &last.expr {
            Expr::Literal(LiteralValue::String(text)) if is_good(text.inner()) => Ok(()),
            _ => Err(self.fault(last.id, format!("{} takes a text such as \"{like}\"", call.func_name))),
        }
    }

    fn no_such_call(&self, id: u64, call: &CallExpr, given: &[Type]) -> Fault {
        const FUNCTIONS: [&str; 13] = [
            "exists",
            "all",
            "exists_one",
            "filter",
            "map",
            "has",
            "size",
            "startsWith",
            "endsWith",
            "contains",
            "timestamp",
            "duration",
            "getHours",
        ];
        let name = call.func_name.as_str();
        let of: Vec<String> = given.iter().map(ToString::to_string).collect();
        let symbol = name.trim_matches(|c| c == '_' || c == '@');
        let what = if FUNCTIONS.contains(&name) || name.contains(|c: char| !c.is_alphanumeric()) {
            format!("'{symbol}' does not fit {}", of.join(" and "))
        } else {
            let near = suggestion(name, FUNCTIONS.into_iter());
            format!("there is no function '{name}'{near}; there are {}", FUNCTIONS.join(", "))
        };
        self.fault(id, what)
    }

    fn comprehension(&mut self, id: u64, of: &ComprehensionExpr) -> Found {
        let (range, mut steps) = self.walk(&of.iter_range)?;
        let Type::List(item, most) = range else {
            return Err(self.fault(of.iter_range.id, format!("{range} is no list to go through")));
        };
        let (start, cost) = self.walk(&of.accu_init)?;
        steps += cost;
        let outer = self.scopes.len();
        self.scopes.push((of.accu_var.clone(), start.clone()));
        self.scopes.push((of.iter_var.clone(), *item));
        let (_, turn) = self.walk(&of.loop_cond)?;
        let (next, step) = self.walk(&of.loop_step)?;
        self.scopes.truncate(outer);
        let per_item = turn.saturating_add(step);
        // A list that grows is copied as it grows.
        let grows = matches!(start, Type::List(..));
        let growth = if grows { most as u64 / COPIES_PER_STEP } else { 0 };
        steps = steps.saturating_add((most as u64).saturating_mul(per_item.saturating_add(growth)));
        let after = match next {
            Type::List(item, _) => Type::List(item, most),
            other => other,
        };
        if !agree(&start, &after) {
            return Err(self.fault(id, format!("the condition must be true or false, and is {after}")));
        }
        self.scopes.push((of.accu_var.clone(), after));
        let (result, cost) = self.walk(&of.result)?;
        self.scopes.truncate(outer);
        Ok((result, steps.saturating_add(cost)))
    }
}

const fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
        LiteralValue::String(_) | LiteralValue::Bytes(_) => Type::String,
        LiteralValue::Null => Type::Any,
    }
}

/// Whether two values may be compared or stand in one list.
fn agree(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Any, _) | (_, Type::Any) | (Type::Int, Type::Double) | (Type::Double, Type::Int) => true,
        (Type::List(a, _), Type::List(b, _)) => agree(a, b),
        (Type::Code(_), Type::String | Type::Code(_)) | (Type::String, Type::Code(_)) => true,
        _ => a == b,
    }
}

/// Whether it is neither a section nor a list of lists or sections: comparing those goes through all that they hold.
fn is_plain(of: &Type) -> bool {
    match of {
        Type::Section(..) => false,
        Type::List(item, _) => !matches!(**item, Type::Section(..) | Type::List(..)),
        _ => true,
    }
}

/// Items of a list; one of anything else.
const fn length(of: &Type) -> u64 {
    match of {
        Type::List(_, most) => *most as u64,
        _ => 1,
    }
}

const fn is_ordered(of: &Type) -> bool {
    matches!(of, Type::Int | Type::Double | Type::String | Type::Code(_) | Type::Time | Type::Span)
}

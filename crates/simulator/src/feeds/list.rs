//! The agency's list: entries for the stories among entries for things that never come.

use quaywatch_domain::Timestamp;

use crate::chance::DAY_MS;

/// Id of the list.
pub const LIST_ID: &str = "si-police-containers";

/// One row of the list.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) scheme: &'static str,
    pub(crate) value: String,
    pub(crate) severity: &'static str,
    pub(crate) reason: &'static str,
    /// In the list from then on.
    pub(crate) added_at: Option<Timestamp>,
    /// In the list until then.
    pub(crate) removed_at: Option<Timestamp>,
    /// Written into the entry as its end.
    pub(crate) valid_to: Option<Timestamp>,
}

impl Row {
    /// A row that stands throughout.
    pub(crate) fn standing(
        kind: &'static str,
        scheme: &'static str,
        value: &str,
        reason: &'static str,
    ) -> Self {
        Self {
            kind,
            scheme,
            value: value.to_owned(),
            severity: "HIGH",
            reason,
            added_at: None,
            removed_at: None,
            valid_to: None,
        }
    }
}

/// The versions of the list from `start` on: one there, and one at every addition or removal.
pub(crate) fn versions(rows: &[Row], start: Timestamp) -> Vec<(Timestamp, String)> {
    let changes = rows.iter().flat_map(|row| [row.added_at, row.removed_at]).flatten();
    let mut times: Vec<Timestamp> = changes.filter(|at| *at > start).chain([start]).collect();
    times.sort_unstable();
    times.dedup();
    times.into_iter().map(|at| (at, csv(rows, at, start))).collect()
}

fn csv(rows: &[Row], at: Timestamp, start: Timestamp) -> String {
    let mut text = String::from(
        "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,review_on,reason,source_ref\n",
    );
    for (n, row) in rows.iter().enumerate() {
        if row.added_at.is_some_and(|added| at < added) || row.removed_at.is_some_and(|removed| at >= removed)
        {
            continue;
        }
        let valid_from = row.added_at.unwrap_or(start.plus_millis(-180 * DAY_MS));
        let valid_to = row.valid_to.map(|t| t.to_string()).unwrap_or_default();
        let (kind, scheme, value, severity, reason) =
            (row.kind, row.scheme, &row.value, row.severity, row.reason);
        text += &format!(
            "{LIST_ID},KP-{n:04},{kind},{scheme},{value},,SPECIFIC,{severity},AMBER/H1,police-koper,{valid_from},{valid_to},,{reason},KP-2026/{n:04}\n"
        );
    }
    text
}

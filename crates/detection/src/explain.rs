//! What a rule is about, for those who read its alerts: the words of its own file, and its table of the rule file.

use crate::Rules;
use crate::rules::DOCS;

/// Beginnings of codes whose rule is in no file of the folder of rules, with the tables that they are set in.
const OTHERS: &[(&str, &str, &str)] = &[
    ("COMBO-", "combinations", include_str!("combinations.rs")),
    ("CONTAGION", "contagion", include_str!("contagion.rs")),
    ("CONTROL", "control", include_str!("control.rs")),
    ("PROFILE", "profiles", include_str!("profiles/mod.rs")),
];

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Pattern, sources, inputs and false positives.
    pub text: String,
    /// The table of the rule file: what is common to the rule, and of its codes the one that was asked for.
    pub settings: String,
}

impl Rules {
    /// What a code, a rule or a table of the rule file stands for (`MO-12a`, `MO-12`, `weight`); none for what is unknown.
    /// The settings are those of `file`, the text of a rule file.
    #[must_use]
    pub fn explain(asked: &str, file: &str) -> Option<Explanation> {
        let built_in = Sections::of(Self::built_in());
        let table = built_in.table_of(asked).or_else(|| other_table(asked))?;
        let mut docs = DOCS.iter().copied().chain(OTHERS.iter().map(|(_, table, source)| (*table, *source)));
        let (_, source) = docs.find(|(name, _)| *name == table)?;
        let settings = Sections::of(file).about(table, asked);
        Some(Explanation { text: words(source), settings })
    }
}

fn other_table(asked: &str) -> Option<&'static str> {
    let named = DOCS.iter().map(|(name, _)| *name).chain(OTHERS.iter().map(|(_, table, _)| *table));
    let begins = OTHERS.iter().map(|(begin, table, _)| (*begin, *table)).chain([("WL-", "watchlist_hit")]);
    let mut begins = begins.filter(|(begin, _)| asked.starts_with(begin)).map(|(_, table)| table);
    named.into_iter().find(|name| *name == asked).or_else(|| begins.next())
}

/// The comment at the head of a file.
fn words(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

/// A rule file, cut where its tables begin.
struct Sections<'a>(Vec<&'a str>);

impl<'a> Sections<'a> {
    fn of(file: &'a str) -> Self {
        let begins = file.match_indices("\n[").map(|(at, _)| at + 1);
        let mut begins: Vec<usize> = std::iter::once(0).chain(begins).collect();
        begins.push(file.len());
        Self(begins.windows(2).filter_map(|w| file.get(*w.first()?..*w.last()?)).collect())
    }

    /// The rule in whose table this code is set.
    fn table_of(&self, code: &str) -> Option<&'a str> {
        let set = self.0.iter().find(|section| is_set_in(section, code))?;
        Some(name_of(set)?.split('.').next().unwrap_or_default())
    }

    /// The sections of a table, but for those of other codes than `asked` where one of them is.
    fn about(&self, table: &str, asked: &str) -> String {
        let of_table = |section: &&&str| {
            name_of(section).is_some_and(|name| name == table || name.starts_with(&format!("{table}.")))
        };
        let all: Vec<&str> = self.0.iter().filter(of_table).copied().collect();
        let tells = |section: &&str| {
            let suffix = name_of(section).and_then(|name| name.split_once('.')).map(|(_, rest)| rest);
            is_set_in(section, asked) || suffix.is_some_and(|suffix| asked.ends_with(&format!("-{suffix}")))
        };
        let one = all.iter().any(tells);
        let is_wanted = |section: &&str| !one || tells(section) || name_of(section) == Some(table);
        all.into_iter().filter(is_wanted).map(str::trim_end).collect::<Vec<_>>().join("\n\n")
    }
}

/// The name in the head of a section.
fn name_of(section: &str) -> Option<&str> {
    Some(section.strip_prefix('[')?.split_once(']')?.0)
}

/// Whether the remark in the head of a section names this code, or a code of this rule.
fn is_set_in(section: &str, code: &str) -> bool {
    let head = section.lines().next().unwrap_or_default();
    let Some((_, remark)) = head.split_once('#') else { return false };
    let first = remark.split_whitespace().next().unwrap_or_default().trim_end_matches([':', ';', ',']);
    let is_rule =
        || first.strip_prefix(code).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_lowercase()));
    !code.is_empty() && first.starts_with(|c: char| c.is_ascii_uppercase()) && (first == code || is_rule())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(asked: &str) -> Option<Explanation> {
        Rules::explain(asked, Rules::built_in())
    }

    #[test]
    fn every_code_of_the_rule_file_is_explained_by_the_file_that_names_it() {
        let heads = Rules::built_in().lines().filter(|line| line.starts_with('[') && line.contains("# MO-"));
        let codes = heads.filter_map(|line| line.split_once("# ")?.1.split([' ', ':']).next());
        let codes: Vec<&str> = codes.collect();
        assert!(codes.len() > 90, "{codes:?}");
        for code in codes {
            let found = explain(code).unwrap_or_else(|| panic!("{code} is not explained"));
            let rule = code.trim_end_matches(|c: char| c.is_ascii_lowercase());
            assert!(found.text.contains(rule) && found.text.contains("**False positives.**"), "{code}");
            assert!(found.settings.contains(&format!("# {code}")), "{code}: {}", found.settings);
        }
    }

    #[test]
    fn a_code_shows_its_own_settings_and_a_rule_all_of_them() {
        let one = explain("MO-12a").unwrap_or_else(|| panic!("MO-12a is a code"));
        assert!(one.settings.starts_with("[weight]") && one.settings.contains("[weight.a]"));
        assert!(!one.settings.contains("[weight.b]"));
        for all in ["MO-12", "weight"] {
            let all = explain(all).unwrap_or_else(|| panic!("{all} is a rule"));
            assert!(all.settings.contains("[weight.a]") && all.settings.contains("[weight.e]"));
        }
        let own = Rules::explain("MO-12a", "[weight]\nfactor = 2.0\n\n[dwell]\nx = 1\n");
        assert_eq!(own.map(|own| own.settings).as_deref(), Some("[weight]\nfactor = 2.0"));
    }

    #[test]
    fn what_has_no_file_of_its_own_is_explained_too() {
        for (asked, table) in [
            ("WL-identifier", "[watchlist_hit.identifier]"),
            ("CONTAGION-seal", "[contagion.seal]"),
            ("COMBO-switch", "[combinations.switch]"),
            ("MO-07", "[combinations.switch]"),
            ("CONTROL", "[control]"),
        ] {
            let found = explain(asked).unwrap_or_else(|| panic!("{asked} is not explained"));
            assert!(found.settings.contains(table), "{asked}: {}", found.settings);
        }
        for unknown in ["", "MO", "MO-99", "a", "alert", "no such rule"] {
            assert_eq!(explain(unknown), None, "{unknown}");
        }
    }
}

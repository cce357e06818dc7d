//! Why two names agree, for a person: which word met which, by which step, what was left over, what qualified.

use std::fmt;

use serde::Serialize;

/// How a word met its listed word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The same letters.
    Exact,
    /// Another spelling of the same name.
    Spelling,
    /// Short form, or the form of another language.
    ShortForm,
    /// Abbreviation of a common word.
    Abbreviation,
    /// A few letters differ.
    Typo,
    /// Sounds alike.
    Sound,
    /// Same consonants, written in different scripts.
    Script,
    /// First letter.
    Initial,
    /// First letters of several words.
    Acronym,
    /// Words written together or apart.
    Joined,
    /// Cut off where the line ends.
    Cut,
    /// Numbers that differ by one digit.
    NearNumber,
    /// Identifier of the party.
    Identifier,
}

impl Step {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Spelling => "spelling",
            Self::ShortForm => "short form",
            Self::Abbreviation => "abbreviation",
            Self::Typo => "typo",
            Self::Sound => "sound",
            Self::Script => "script",
            Self::Initial => "initial",
            Self::Acronym => "acronym",
            Self::Joined => "joined",
            Self::Cut => "cut off",
            Self::NearNumber => "near number",
            Self::Identifier => "identifier",
        }
    }
}

/// Words that met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordMatch {
    /// Words of the name that was asked about, as normalised.
    pub query: String,
    /// Words of the listed name, as normalised.
    pub listed: String,
    /// How they met.
    pub step: Step,
    /// From 0 to 1.
    pub likeness: f32,
}

/// Why two names agree as far as they do. Every word of both names stands in exactly one of the lists.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Explanation {
    /// One line for a person.
    pub text: String,
    /// Words that met.
    pub matched: Vec<WordMatch>,
    /// Words that met nothing.
    pub left_over_query: Vec<String>,
    /// Listed words that met nothing.
    pub left_over_listed: Vec<String>,
    /// Words that do not tell names apart (titles, legal forms, stopwords) and met nothing.
    pub set_aside_query: Vec<String>,
    /// The same of the listed name.
    pub set_aside_listed: Vec<String>,
    /// What raised or lowered the score: legal forms, numbers, order, country, date of birth.
    pub qualified: Vec<String>,
}

impl Explanation {
    /// A party whose identifier is listed.
    #[must_use]
    pub fn of_identifier(scheme: &str, value: &str) -> Self {
        let matched = WordMatch {
            query: value.to_owned(),
            listed: format!("{scheme} {value}"),
            step: Step::Identifier,
            likeness: 1.0,
        };
        let mut explanation = Self { matched: vec![matched], ..Self::default() };
        explanation.settle();
        explanation
    }

    /// Writes the one line.
    pub(crate) fn settle(&mut self) {
        self.text = self.to_string();
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parted = "";
        for word in &self.matched {
            match word.step {
                Step::Exact => write!(f, "{parted}{}", word.query)?,
                step => write!(
                    f,
                    "{parted}{} ~ {} ({} {:.2})",
                    word.query,
                    word.listed,
                    step.as_str(),
                    word.likeness
                )?,
            }
            parted = ", ";
        }
        if self.matched.is_empty() {
            write!(f, "no word met")?;
        }
        for (what, words) in
            [("left over", &self.left_over_query), ("listed left over", &self.left_over_listed)]
        {
            if !words.is_empty() {
                write!(f, "; {what}: {}", words.join(" "))?;
            }
        }
        for qualified in &self.qualified {
            write!(f, "; {qualified}")?;
        }
        Ok(())
    }
}

//! Owns the rules for one field in a recipe: one rule, or several with conditions.
//! Must not know how a rule is carried out.

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::time::PeriodForm;

/// The most bytes of a compiled pattern, and of what it remembers while it searches.
const PATTERN_BYTES: usize = 1 << 20;

/// The rules for a field: one rule, or the first of several whose `when` matches.
#[derive(Clone, Debug)]
pub enum FieldRules {
    /// One rule.
    One(Box<FieldRule>),
    /// Several rules.
    Several(Vec<FieldRule>),
}

impl FieldRules {
    /// The rules, in order.
    pub fn as_slice(&self) -> &[FieldRule] {
        match self {
            FieldRules::One(rule) => std::slice::from_ref(rule),
            FieldRules::Several(rules) => rules,
        }
    }
}

/// Reads a table as one rule and a list as several, so that an error is that of the rule; an untagged enum hides it.
impl<'de> Deserialize<'de> for FieldRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldRulesVisitor)
    }
}

struct FieldRulesVisitor;

impl<'de> Visitor<'de> for FieldRulesVisitor {
    type Value = FieldRules;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule, or a list of rules")
    }

    fn visit_map<A: MapAccess<'de>>(self, rule: A) -> Result<FieldRules, A::Error> {
        FieldRule::deserialize(MapAccessDeserializer::new(rule)).map(|rule| FieldRules::One(Box::new(rule)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, rules: A) -> Result<FieldRules, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(rules)).map(FieldRules::Several)
    }
}

/// A rule for the value of a field: the source of its text, then the conversions, in the order of these members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRule {
    /// A column, by its header. The levels of a header are joined by ` / `.
    pub column: Option<String>,
    /// A column, by its letters.
    pub letter: Option<String>,
    /// The text of the current cell's header at a level, from 1.
    pub header: Option<usize>,
    /// The current cell of a wide table.
    pub cell: bool,
    /// A column of the second file.
    pub joined: Option<String>,
    /// A constant.
    pub constant: Option<String>,
    /// A template with `{line}`, `{sheet}`, `{letter}`, `{file}`, `{header 1}` or `{name of a column}`.
    pub template: Option<String>,
    /// Whether an empty text is a fault.
    pub required: bool,
    /// The pattern of the texts to which the rule applies.
    #[serde(deserialize_with = "pattern")]
    pub when: Option<Regex>,
    /// Marks at the end of the text, which are removed, and the statuses that they stand for.
    pub marks: BTreeMap<String, String>,
    /// A pattern that is removed.
    #[serde(deserialize_with = "pattern")]
    pub strip: Option<Regex>,
    /// A pattern whose first group is kept.
    #[serde(deserialize_with = "pattern")]
    pub extract: Option<Regex>,
    /// Replacements of whole texts. A text without one is a fault.
    pub map: BTreeMap<String, String>,
    /// Whether texts without a replacement in `map` are kept.
    pub keep: bool,
    /// The length to which the text is filled with leading zeros.
    pub pad: Option<usize>,
    /// A prefix that is added.
    pub prefix: Option<String>,
    /// The text is the name of a territory of one of these kinds. The value is its code.
    pub named: Vec<String>,
    /// The text is a day in this format of chrono's `strftime`.
    pub date: Option<String>,
    /// The text is a period in this form.
    pub period: Option<PeriodForm>,
    /// The power of ten that the number is multiplied by.
    pub scale: i32,
    /// The number of decimals that the number is rounded to.
    pub decimals: Option<u32>,
    /// A rule for the name that the territory must have.
    pub agrees: Option<Box<FieldRule>>,
}

/// Reads a pattern of bounded size.
///
/// # Errors
/// Returns what is wrong with it.
pub fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let build = |text: String| RegexBuilder::new(&text).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).build();
    text.map(|text| build(text).map_err(serde::de::Error::custom)).transpose()
}

//! Owns the notices of a response: corrections, breaks of series, figures that are not final, codes that select nothing.
//! Must not know how they are found.

use serde::Serialize;
use utoipa::ToSchema;

use super::code_notices::{CodeFinding, CodeNotice, explain};
use crate::db::read::notices;
use crate::db::read::unselected::Unselected;
use crate::query::model::value::instant;

/// A notice on some of the observations in an answer, or on a code of the request that selects nothing. Members that do not
/// apply are absent.
#[derive(Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeText {
    /// `correction`: a release revised the value or the statuses of observations; `break`: a break of the series, status `B`;
    /// `provisional`: status `P`; `estimated`: status `E`; `withdrawn`: the row with a code of the request was withdrawn;
    /// `not_yet_published`: it is of a later release; `not_in_geography`: the territory did not exist on the day of
    /// `geography`; `other_spelling`: no row has the text, but rows have it in another case or with other accents; `two_numbers`:
    /// a comma separates two values, where a decimal number may be meant. The list may grow.
    #[schema(example = "correction")]
    pub kind: String,
    /// The text, in French.
    #[schema(example = "2 observations corrigées par la publication 4, « Chiffres définitifs ».")]
    pub what: String,
    /// The number of observations that it concerns, among those that the answer has or aggregates.
    #[schema(example = 2, minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// The release that corrected or withdrew; null for the other kinds.
    #[schema(example = 4)]
    pub release: Option<i32>,
    /// When that release was published.
    #[schema(format = DateTime)]
    pub published_at: Option<String>,
    /// The notes of that release, in French.
    pub notes: Option<String>,
    /// What it says of a code of the request.
    #[serde(flatten)]
    #[schema(value_type = CodeNotice)]
    pub code: Option<CodeNotice>,
}

impl From<&notices::Notice> for NoticeText {
    fn from(found: &notices::Notice) -> Self {
        let (rows, many) = (found.rows, found.rows > 1);
        let form = |one: &str, several: &str| format!("{rows} {}", if many { several } else { one });
        let what = match (found.kind.as_str(), &found.correction) {
            (_, Some(by)) => {
                let corrected = form("observation corrigée", "observations corrigées");
                format!("{corrected} par la publication {}, « {} ».", by.release, by.title)
            }
            ("break", None) => form(
                "observation marque une rupture de série : elle n’est pas comparable à celles d’avant.",
                "observations marquent une rupture de série : elles ne sont pas comparables à celles d’avant.",
            ),
            ("provisional", None) => form(
                "observation provisoire : elle peut encore être révisée.",
                "observations provisoires : elles peuvent encore être révisées.",
            ),
            _ => form("observation estimée.", "observations estimées."),
        };
        Self {
            kind: found.kind.clone(),
            what,
            rows: Some(rows),
            release: found.correction.as_ref().map(|by| by.release),
            published_at: found.correction.as_ref().map(|by| by.published_at.clone()),
            notes: found.correction.as_ref().and_then(|by| by.notes.clone()),
            code: None,
        }
    }
}

impl From<CodeFinding> for NoticeText {
    fn from(found: CodeFinding) -> Self {
        Self {
            kind: found.kind.to_owned(),
            what: found.what,
            rows: None,
            release: found.release.as_ref().map(|release| release.number),
            published_at: found.release.map(|release| instant(release.published_at)),
            notes: None,
            code: Some(found.about),
        }
    }
}

/// The notices of a response: those on its observations, if its dataset has such notices, and those on codes that select
/// nothing.
pub fn all(found: Option<&Vec<notices::Notice>>, unselected: &[Unselected]) -> Option<Vec<NoticeText>> {
    if found.is_none() && unselected.is_empty() {
        return None;
    }
    let rows = found.into_iter().flatten().map(NoticeText::from);
    Some(rows.chain(unselected.iter().map(explain).map(NoticeText::from)).collect())
}

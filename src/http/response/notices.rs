//! Owns what is said to readers of the figures in an answer: corrections, breaks, figures that are not final.
//! Must not know how it was found.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::read::notices;

/// What the reader of an answer must know of some of its observations.
#[derive(Serialize, ToSchema)]
#[schema(title = "Notice")]
pub struct Notice {
    /// `correction`: their value or statuses were revised after they were first published; `break`: the series is broken
    /// there, status `B`; `provisional`: status `P`; `estimated`: status `E`.
    #[schema(example = "correction")]
    pub kind: String,
    /// What is to be known, in French.
    #[schema(example = "2 observations corrigées par la publication 4, « Chiffres définitifs ».")]
    pub what: String,
    /// How many of the observations that the answer shows or puts together it concerns.
    #[schema(example = 2, minimum = 1)]
    pub rows: i64,
    /// The release that corrected them; null for the other kinds.
    #[schema(example = 4)]
    pub release: Option<i32>,
    /// When that release was published.
    #[schema(format = DateTime)]
    pub published_at: Option<String>,
    /// What the release says of itself, in French.
    pub notes: Option<String>,
}

impl From<&notices::Notice> for Notice {
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
            rows,
            release: found.correction.as_ref().map(|by| by.release),
            published_at: found.correction.as_ref().map(|by| by.published_at.clone()),
            notes: found.correction.as_ref().and_then(|by| by.notes.clone()),
        }
    }
}

/// The notices of an answer.
pub fn all(found: Option<&Vec<notices::Notice>>) -> Option<Vec<Notice>> {
    found.map(|found| found.iter().map(Notice::from).collect())
}

//! Owns the values of a request of which an answer says something: codes that select nothing although a release knows them, since
//! their rows are withdrawn or come later, or they named no territory on the day of the geography; texts that are spelled otherwise.
//! Must not know how the answer says so.

use chrono::NaiveDate;
use diesel::QueryResult;
use futures_util::future::try_join_all;

use super::geography::Absent;
use super::withdrawn::{self, RowWithdrawal};
use crate::db::ReadingConnection;
use crate::query::Dataset;

/// A value of a request that selects nothing, or something else than it looks like.
#[derive(Clone, Debug)]
pub struct Unselected {
    /// The parameter that names it.
    pub parameter: String,
    /// The code, or the text.
    pub code: String,
    /// The dataset in which it was looked up.
    pub dataset: &'static str,
    /// Why it selects nothing.
    pub why: UnselectedReason,
}

/// Why a value selects nothing, or what else it means.
#[derive(Clone, Debug)]
pub enum UnselectedReason {
    /// Its row was withdrawn.
    Withdrawn(RowWithdrawal),
    /// Its row is of this release, which comes later.
    Later(i32),
    /// It named no territory on a day.
    OutsideGeography {
        /// The day.
        day: NaiveDate,
        /// The spans in which it named one. The end is excluded, and `None` for a span that lasts.
        spans: Vec<(NaiveDate, Option<NaiveDate>)>,
        /// The codes of its predecessors or successors.
        instead: Vec<String>,
    },
    /// No row has the text, but rows have these: the same letters in another case, or with other accents.
    SpelledOtherwise(Vec<String>),
    /// A comma separates values: these two are read, not a decimal number.
    TwoNumbers(String, String),
}

/// Explains known codes that no row has at a release, each with the parameters that name it.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn explained(
    connection: &ReadingConnection,
    codes: Vec<(&'static Dataset, String, Vec<String>)>,
    release: i32,
) -> QueryResult<Vec<Unselected>> {
    let found = codes.into_iter().map(async |(dataset, code, parameters)| {
        let why = match withdrawn::known_code(connection, dataset, &code, release).await? {
            Ok(withdrawal) => UnselectedReason::Withdrawn(withdrawal),
            Err(Some(later)) => UnselectedReason::Later(later),
            Err(None) => return Ok(Vec::new()),
        };
        let unselected = |parameter| Unselected { parameter, code: code.clone(), dataset: dataset.name, why: why.clone() };
        QueryResult::Ok(parameters.into_iter().map(unselected).collect::<Vec<_>>())
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// Adds the territories that did not exist on the day of the geography, unless their code selects nothing anyway.
pub fn add_absent(found: &mut Vec<Unselected>, absent: Vec<Absent>, dataset: &'static str, day: NaiveDate) {
    for Absent { parameter, code, spans, instead } in absent {
        let Some(parameter) = parameter else { continue };
        if !found.iter().any(|one| one.parameter == parameter && one.code == code) {
            let why = UnselectedReason::OutsideGeography { day, spans, instead };
            found.push(Unselected { parameter, code, dataset, why });
        }
    }
}

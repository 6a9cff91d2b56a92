//! Owns the 404 or 410 of a code that no row has at a release: never published, published later, or withdrawn.
//! Must not know SQL.

use std::rc::Rc;

use crate::db::read::withdrawn::{self, MissingCode, RowWithdrawal};
use crate::http::state::State;
use crate::problem::{self, Kind, Problem, echo};
use crate::query::model::value::instant;
use crate::query::{Dataset, ReadCost, Release};

/// The problem of a code that no row has at a release: 410 if an earlier release has the row, else 404; 503 if the database
/// does not answer.
pub async fn absent(state: &State, dataset: &'static Dataset, code: &str, at: &Release) -> Problem {
    let (release, newest) = (at.number, state.release_watcher.newest());
    // Only a replica with the newest release can find a row of a later release.
    let newest = newest.as_ref().filter(|newest| newest.number > release).unwrap_or(at);
    let missing =
        |connection: Rc<_>| async move { withdrawn::missing_code(&connection, dataset, code.to_owned(), release).await };
    let missing = match state.read(Some(newest), ReadCost::Light, missing).await {
        Ok(missing) => missing,
        Err(problem) => return problem,
    };
    let (what, code) = (dataset.singular, echo(code));
    let key = dataset.code_field().map_or("code", |field| field.name);
    match missing {
        MissingCode::Withdrawn(RowWithdrawal { release, reason, successor_code }) => {
            let number = release.number;
            let detail = format!("Release {number} withdrew the {what} `{code}`; `release={}` still has it.", number - 1);
            let closest = successor_code.iter().cloned().collect();
            let published_at = instant(release.published_at);
            let withdrawal = problem::Withdrawal { release: number, published_at, reason, successor_code };
            Problem::new(Kind::Gone, detail).withdrawal(withdrawal).closest(closest)
        }
        MissingCode::Later(first, closest) => {
            let detail = format!("No {what} has the {key} `{code}` in release {release}; one has it from release {first} on.");
            Problem::new(Kind::UnknownCode, detail).closest(closest)
        }
        MissingCode::Never(closest) => {
            let detail = match dataset.is_newest_first() {
                true => format!("No {what} has the {key} `{code}`; the newest is {}.", newest.number),
                false => format!("No {what} has the {key} `{code}` in release {release}."),
            };
            Problem::new(Kind::UnknownCode, detail).closest(closest)
        }
    }
}

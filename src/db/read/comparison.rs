//! Owns the comparison of figures: the same figure of the territories that contain the one shown, and its rank among the
//! territories of the same kind.
//! Must not know how it is shown.

use std::collections::BTreeSet;

use diesel::QueryResult;
use futures_util::future::try_join;

use super::figures::{self, CONTAINING_FIGURES, RANKED_FIGURES};
use super::ranking::{Rank, RankedGroup, RankingCache};
use crate::db::ReadingConnection;
use crate::query::{Plan, Release, Row};

/// The same figure of a territory that contains the one shown.
#[derive(Clone, Debug)]
pub struct ComparedFigure {
    /// `parent`, `region` or `country`.
    pub comparator: String,
    /// The territory.
    pub territory_code: String,
    /// The value, if there is one.
    pub value: Option<String>,
    /// The qualifier of the value, such as `about` or `at_least`.
    pub qualifier: Option<String>,
    /// Its statuses, a JSON array; `None` if there is no such observation.
    pub statuses: Option<String>,
}

/// The comparison of one row.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The same figure of containing territories.
    pub figures: Vec<ComparedFigure>,
    /// The rank; `None` for a row without a value.
    pub rank: Option<Rank>,
}

/// Reads the comparison of each row of a page, in the order of the rows.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn compare(
    connection: &ReadingConnection,
    rankings: &RankingCache,
    plan: &Plan,
    release: &Release,
    rows: &[&Row],
) -> QueryResult<Vec<Comparison>> {
    let columns = plan.read_columns();
    let key = plan.selection.context.dataset.key.iter().map(|key| {
        let at = columns.iter().position(|column| column.name == *key).unwrap_or(usize::MAX);
        rows.iter().map(|row| row.cell(at).unwrap_or_default().to_owned()).collect()
    });
    let key: Vec<Vec<String>> = key.collect();
    let mut compared = vec![Comparison::default(); rows.len()];
    let (containing, ranked) = try_join(
        figures::load(connection, CONTAINING_FIGURES, &key, release.number),
        figures::load(connection, RANKED_FIGURES, &key, release.number),
    )
    .await?;
    for (row, found) in containing {
        let owned = |at: usize| found.cell(at).map(str::to_owned);
        if let (Some(comparison), Some(comparator), Some(territory_code)) = (compared.get_mut(row), owned(1), owned(2)) {
            comparison.figures.push(ComparedFigure {
                comparator,
                territory_code,
                value: owned(3),
                qualifier: owned(4),
                statuses: owned(5),
            });
        }
    }
    let cell = |name: &str, row: usize| {
        let at = plan.selection.context.dataset.key.iter().position(|key| *key == name)?;
        key.get(at)?.get(row).cloned()
    };
    let ranked = ranked.iter().filter_map(|(row, found)| {
        let [indicator, period, breakdown, nature, source] =
            ["indicator_code", "period", "breakdown_code", "nature", "source_code"].map(|name| cell(name, *row));
        let group = [indicator?, period?, breakdown?, nature?, source?, found.cell(1)?.to_owned()];
        Some((*row, group, found.cell(2)?))
    });
    let ranked: Vec<(usize, RankedGroup, &str)> = ranked.collect();
    let wanted: BTreeSet<RankedGroup> = ranked.iter().map(|(_, group, _)| group.clone()).collect();
    let rankings = rankings.of(connection, release, wanted.into_iter().collect()).await?;
    for (row, group, value) in ranked {
        compared[row].rank = rankings.get(&group).and_then(|distribution| distribution.rank(value));
    }
    Ok(compared)
}

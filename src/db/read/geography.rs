//! Owns the question whether the geography of a day is known, and whether the territories that a request names were
//! there on it.
//! Must not know what is read of that day.

use chrono::NaiveDate;
use diesel::QueryResult;
use diesel::prelude::QueryableByName;
use diesel::sql_types::{Array, Date, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::query::{Dataset, Plan, Via};

/// Why the geography of a day cannot be read.
#[derive(Debug)]
pub enum Untimely {
    /// The release holds no history of the geography.
    NoHistory,
    /// It is known from the first of these days to the last.
    OutOfRange(NaiveDate, NaiveDate),
    /// These territories were not there on the day.
    NotThere(Vec<Absent>),
}

/// A territory that was not there on a day.
#[derive(Debug)]
pub struct Absent {
    /// The parameter that names it; none when the address does.
    pub parameter: Option<String>,
    /// Its code.
    pub code: String,
    /// From which day to which the code named a territory, as far as is known.
    pub spans: Vec<(NaiveDate, Option<NaiveDate>)>,
    /// What it came from, when the day lies before it, or became, when it lies after.
    pub instead: Vec<String>,
}

#[derive(QueryableByName)]
struct Range {
    #[diesel(sql_type = Nullable<Date>)]
    first: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    last: Option<NaiveDate>,
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    territory_code: String,
    #[diesel(sql_type = Date)]
    valid_from: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    valid_to: Option<NaiveDate>,
    #[diesel(sql_type = Array<Text>)]
    predecessor_codes: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    successor_codes: Vec<String>,
}

/// Why the day of a plan cannot be read at a release; nothing when it can, or when the plan names no day.
///
/// # Errors
/// The database's.
pub async fn untimely(
    mut connection: &AsyncPgConnection,
    parent: Option<&'static Dataset>,
    plan: &Plan,
    release: i32,
) -> QueryResult<Option<Untimely>> {
    const VISIBLE: &str = "first_release <= $1 AND (last_release IS NULL OR last_release >= $1)";
    let Some(day) = plan.selection.geography else { return Ok(None) };
    let range = format!(
        "SELECT (SELECT min(valid_from) FROM territory_versions WHERE territory_code = 'FR' AND {VISIBLE}) AS first, \
         (SELECT make_date(geography_year, 12, 31) FROM territories WHERE code = 'FR' AND {VISIBLE}) AS last"
    );
    let range: Range = diesel::sql_query(range).bind::<Integer, _>(release).get_result(&mut connection).await?;
    let (Some(first), Some(last)) = (range.first, range.last) else { return Ok(Some(Untimely::NoHistory)) };
    if !(first..=last).contains(&day) {
        return Ok(Some(Untimely::OutOfRange(first, last)));
    }
    let named = named(parent, plan);
    let codes: Vec<&str> = named.iter().map(|(_, code)| *code).collect();
    let states = format!(
        "SELECT territory_code, valid_from, valid_to, coalesce(predecessor_codes, '{{}}') AS predecessor_codes, \
         coalesce(successor_codes, '{{}}') AS successor_codes \
         FROM territory_versions WHERE territory_code = ANY($2) AND {VISIBLE} ORDER BY valid_from"
    );
    let query = diesel::sql_query(states).bind::<Integer, _>(release).bind::<Array<Text>, _>(codes);
    let states: Vec<State> = query.load(&mut connection).await?;
    let absent: Vec<Absent> = named.into_iter().filter_map(|(parameter, code)| absent(parameter, code, day, &states)).collect();
    Ok((!absent.is_empty()).then_some(Untimely::NotThere(absent)))
}

/// The territories that a plan names, by the parameter that does.
fn named<'a>(parent: Option<&'static Dataset>, plan: &'a Plan) -> Vec<(Option<String>, &'a str)> {
    let dated = plan.selection.context.link.is_some_and(|link| matches!(link.via, Via::Containment(_)));
    let start = plan.selection.parent.as_deref().filter(|_| parent.is_some() && dated).map(|code| (None, code));
    let scopes =
        plan.selection.scopes.iter().flat_map(|scope| {
            scope.territories.iter().map(|code| (Some(scope.kind.parameter().name().into_owned()), code.as_str()))
        });
    start.into_iter().chain(scopes).collect()
}

fn absent(parameter: Option<String>, code: &str, day: NaiveDate, states: &[State]) -> Option<Absent> {
    let own: Vec<&State> = states.iter().filter(|state| state.territory_code == code).collect();
    if own.iter().any(|state| state.valid_from <= day && state.valid_to.is_none_or(|end| day < end)) {
        return None;
    }
    let before = own.iter().rev().find(|state| state.valid_to.is_some_and(|end| end <= day));
    let instead = match (before, own.as_slice()) {
        (Some(earlier), _) => earlier.successor_codes.clone(),
        (None, [later, ..]) => later.predecessor_codes.clone(),
        (None, []) => Vec::new(),
    };
    let mut spans: Vec<(NaiveDate, Option<NaiveDate>)> = Vec::new();
    for state in own {
        match spans.last_mut() {
            Some((_, end)) if *end == Some(state.valid_from) => *end = state.valid_to,
            _ => spans.push((state.valid_from, state.valid_to)),
        }
    }
    Some(Absent { parameter, code: code.to_owned(), spans, instead })
}

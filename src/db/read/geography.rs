//! Owns the check of a date in the geography: whether it is in the known range, and whether the territories that a request
//! names existed on it.
//! Must not know what is read.

use chrono::NaiveDate;
use diesel::dsl::min;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::{territories, territory_states};
use crate::db::sql::functions::make_date;
use crate::query::{Dataset, Plan, Via};

/// Why the geography of a date cannot be read.
#[derive(Debug)]
pub enum DateError {
    /// The release holds no history of the geography.
    NoHistory,
    /// The date is not between these two.
    OutOfRange(NaiveDate, NaiveDate),
    /// These territories did not exist on the date.
    NotThere(Vec<Absent>),
}

/// A territory that did not exist on a date.
#[derive(Debug)]
pub struct Absent {
    /// The parameter that names it; `None` if the path does.
    pub parameter: Option<String>,
    /// Its code.
    pub code: String,
    /// The known spans in which the code named a territory. The end is excluded, and `None` for a span that lasts.
    pub spans: Vec<(NaiveDate, Option<NaiveDate>)>,
    /// The codes of its predecessors if the date is before its first span, of its successors if it is after one.
    pub instead: Vec<String>,
}

/// The code of France, whose history is that of the geography.
const COUNTRY: &str = "FR";

#[derive(Queryable, Selectable)]
#[diesel(table_name = territory_states)]
struct TerritoryState {
    territory_code: String,
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
    predecessor_codes: Option<Vec<Option<String>>>,
    successor_codes: Option<Vec<Option<String>>>,
}

/// Checks the date of a plan at a release. Returns `None` if it can be read, or if the plan has no date.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn check_date(
    mut connection: &AsyncPgConnection,
    parent: Option<&'static Dataset>,
    plan: &Plan,
    release: i32,
) -> QueryResult<Option<DateError>> {
    let Some(day) = plan.selection.geography else { return Ok(None) };
    let visible = territory_states::first_release
        .le(release)
        .and(territory_states::last_release.is_null().or(territory_states::last_release.ge(release)));
    let first = territory_states::table
        .filter(territory_states::territory_code.eq(COUNTRY))
        .filter(visible)
        .select(min(territory_states::valid_from));
    let last = territories::table
        .filter(territories::code.eq(COUNTRY))
        .filter(territories::first_release.le(release))
        .filter(territories::last_release.is_null().or(territories::last_release.ge(release)))
        .select(make_date(territories::geography_year, 12, 31));
    let range = diesel::select((first.single_value(), last.single_value()));
    let (first, last): (Option<NaiveDate>, Option<NaiveDate>) = range.get_result(&mut connection).await?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(Some(DateError::NoHistory)) };
    if !(first..=last).contains(&day) {
        return Ok(Some(DateError::OutOfRange(first, last)));
    }
    let named = named(parent, plan);
    let codes: Vec<&str> = named.iter().map(|(_, code)| *code).collect();
    let states = territory_states::table
        .filter(territory_states::territory_code.eq_any(codes))
        .filter(visible)
        .order(territory_states::valid_from)
        .select(TerritoryState::as_select());
    let states: Vec<TerritoryState> = states.load(&mut connection).await?;
    let absent: Vec<Absent> = named.into_iter().filter_map(|(parameter, code)| absent(parameter, code, day, &states)).collect();
    Ok((!absent.is_empty()).then_some(DateError::NotThere(absent)))
}

/// The territories that a plan names, each with its parameter.
fn named<'a>(parent: Option<&'static Dataset>, plan: &'a Plan) -> Vec<(Option<String>, &'a str)> {
    let dated = plan.selection.context.link.is_some_and(|link| matches!(link.via, Via::Containment(_)));
    let start = plan.selection.parent.as_deref().filter(|_| parent.is_some() && dated).map(|code| (None, code));
    let scopes =
        plan.selection.scopes.iter().flat_map(|scope| {
            scope.territories.iter().map(|code| (Some(scope.kind.parameter().name().into_owned()), code.as_str()))
        });
    start.into_iter().chain(scopes).collect()
}

fn absent(parameter: Option<String>, code: &str, day: NaiveDate, states: &[TerritoryState]) -> Option<Absent> {
    let own: Vec<&TerritoryState> = states.iter().filter(|state| state.territory_code == code).collect();
    if own.iter().any(|state| state.valid_from <= day && state.valid_until.is_none_or(|end| day < end)) {
        return None;
    }
    let before = own.iter().rev().find(|state| state.valid_until.is_some_and(|end| end <= day));
    let instead = match (before, own.as_slice()) {
        (Some(earlier), _) => earlier.successor_codes.as_deref(),
        (None, [later, ..]) => later.predecessor_codes.as_deref(),
        (None, []) => None,
    };
    let instead = instead.unwrap_or_default().iter().flatten().cloned().collect();
    let mut spans: Vec<(NaiveDate, Option<NaiveDate>)> = Vec::new();
    for state in own {
        match spans.last_mut() {
            Some((_, end)) if *end == Some(state.valid_from) => *end = state.valid_until,
            _ => spans.push((state.valid_from, state.valid_until)),
        }
    }
    Some(Absent { parameter, code: code.to_owned(), spans, instead })
}

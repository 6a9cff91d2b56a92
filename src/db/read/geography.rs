//! Owns the check of a date in the geography: whether it is in the known range, and whether the territories that a request
//! names existed on it.
//! Must not know what is read.

use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::schema::{territories, territory_states};
use crate::query::{Dataset, Parameter, Plan, Via};

/// Why the geography of a date cannot be read.
#[derive(Debug)]
pub enum DateError {
    /// No release holds a history of the geography.
    NoHistory,
    /// The date is not between these two, in any release.
    OutOfRange(NaiveDate, NaiveDate),
    /// The territory in the path did not exist on the date.
    NotThere(Absent),
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

/// Checks the date of a plan: some release must know it. Returns the territories of the request that did not exist on it
/// according to the release that is read.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn check_date(
    mut connection: &ReadingConnection,
    parent: Option<&'static Dataset>,
    plan: &Plan,
    release: i32,
) -> QueryResult<Result<Vec<Absent>, DateError>> {
    let Some(day) = plan.selection.geography else { return Ok(Ok(Vec::new())) };
    let visible = territory_states::first_release
        .le(release)
        .and(territory_states::last_release.is_null().or(territory_states::last_release.ge(release)));
    let first =
        territory_states::table.filter(territory_states::territory_code.eq(COUNTRY)).select(min(territory_states::valid_from));
    let last = territories::table.filter(territories::code.eq(COUNTRY)).select(max(territories::geography_year));
    let range = diesel::select((first.single_value(), last.single_value()));
    let (first, year): (Option<NaiveDate>, Option<i32>) = range.get_result(&mut connection).await?;
    let last = year.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31));
    let (Some(first), Some(last)) = (first, last) else { return Ok(Err(DateError::NoHistory)) };
    if !(first..=last).contains(&day) {
        return Ok(Err(DateError::OutOfRange(first, last)));
    }
    let named = named(parent, plan);
    let codes: Vec<&str> = named.iter().map(|(_, code)| *code).chain([COUNTRY]).collect();
    let states = territory_states::table
        .filter(territory_states::territory_code.eq_any(codes))
        .filter(visible)
        .order(territory_states::valid_from)
        .select(TerritoryState::as_select());
    let states: Vec<TerritoryState> = states.load(&mut connection).await?;
    let absent = named.into_iter().filter_map(|(parameter, code)| absent(parameter, code, day, &states));
    // A release without the country on that day has no geography of it at all.
    let parameter = Some(Parameter::Geography.name().into_owned());
    let country = self::absent(parameter, COUNTRY, day, &states).map(|one| Absent { code: day.to_string(), ..one });
    let absent = absent.chain(country);
    let (in_path, named): (Vec<Absent>, Vec<Absent>) = absent.partition(|one| one.parameter.is_none());
    Ok(in_path.into_iter().next().map_or(Ok(named), |one| Err(DateError::NotThere(one))))
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

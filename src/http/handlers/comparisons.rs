//! Owns comparisons (`compare`): pages whose rows have the same figure of other territories, and their rank.
//! Must not know SQL.

use actix_web::HttpResponse;

use super::exports;
use crate::db::read::comparison::{self, Comparison};
use crate::db::read::page::{self, Page};
use crate::format::json;
use crate::http::response::envelope::{self, Meta};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Problem, Reason};
use crate::query::ResolvedPlan;
use crate::query::model::column::CellSource;
use crate::query::model::cube::STATUSES;
use crate::query::{Column, Dataset, Kind, Parameter, Representation, Row};

/// The most rows of a page: a rank needs all figures of the territories of one kind.
const MAX_ROWS: i64 = 100;

/// The most rows of a file, each of which may need a rank of its own.
const MAX_FILE_ROWS: i64 = 500;

/// Answers a plan with comparators.
///
/// # Errors
/// Returns 400 for an unknown code or a page of more than 100 rows; 404 for an unknown parent; 503 if the database does not
/// answer.
pub async fn answer(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let (page, compared) = read(state, plan, parent).await?;
    let mut data = vec![b'['];
    for (at, (row, comparison)) in page.rows.iter().zip(&compared).enumerate() {
        data.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        member(&mut data, plan, row, comparison);
        data.push(b'}');
    }
    data.push(b']');
    let meta = Meta::of_page(plan, &page, &plan.licences);
    Ok(envelope::answer(&data, &meta, &links::links(plan, parent, &page), &page.included))
}

/// Answers a plan with comparators in a representation other than JSON: a page if the request has `limit`, else all rows.
///
/// # Errors
/// Returns 400 for an unknown code, a page of more than 100 rows, or a file of more than 500; 404 for an unknown parent; 503 if
/// the database does not answer.
pub async fn file(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let mut read_plan = plan.clone();
    if !plan.is_page() {
        read_plan.plan.reading.limit = Some(MAX_FILE_ROWS);
    }
    let (mut page, compared) = read(state, &read_plan, parent).await?;
    if page.more && !plan.is_page() {
        let detail =
            format!("With `compare` a file has at most {MAX_FILE_ROWS} rows; filter more, or ask for pages with `limit`.");
        return Err(Problem::invalid_parameters(vec![Fault::new(Reason::TooManyRows, Parameter::Compare.name(), detail)]));
    }
    let next = links::links(plan, parent, &page).next;
    // The geometry stays last.
    let is_geometry = |column: &Column| matches!(column.source, CellSource::Contour | CellSource::Centre);
    let own = &plan.reading.columns;
    let before = own.iter().filter(|column| !is_geometry(column)).count();
    let objects = matches!(plan.presentation.representation, Representation::Ndjson | Representation::GeoJson);
    let more = if objects { vec![Column::computed("comparison", Kind::Json { array: false }, true)] } else { columns(plan) };
    page.rows = page
        .rows
        .iter()
        .zip(&compared)
        .map(|(row, comparison)| {
            let cells: Vec<Option<String>> = match objects {
                true => {
                    let mut text = Vec::new();
                    write(&mut text, &plan.selection.compare, comparison);
                    vec![String::from_utf8(text).ok()]
                }
                false => cells(&plan.selection.compare, comparison),
            };
            let own_cells = |range: std::ops::Range<usize>| range.map(|at| row.cell(at));
            own_cells(0..before).chain(cells.iter().map(Option::as_deref)).chain(own_cells(before..own.len())).collect()
        })
        .collect();
    let shown = own[..before].iter().cloned().chain(more).chain(own[before..].iter().cloned()).collect();
    exports::written(plan, parent, &page, (shown, next))
}

/// Reads a page and its comparisons.
async fn read(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<(Page, Vec<Comparison>), Problem> {
    if plan.page_limit() > MAX_ROWS && plan.has(Parameter::Limit) || plan.page_limit() > MAX_FILE_ROWS {
        let detail = format!("With `compare` a page has at most {MAX_ROWS} rows; follow `links.next` for more.");
        return Err(Problem::invalid_parameters(vec![Fault::new(Reason::OutOfRange, Parameter::Limit.name(), detail)]));
    }
    let read = state.read(Some(&plan.release), plan.cost(), |connection| async move {
        let page = match page::read_page(&connection, &state.named_cells, parent, plan).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        let rows: Vec<&Row> = page.rows.iter().collect();
        let compared = comparison::compare(&connection, &state.rankings, plan, &page.release, &rows).await?;
        Ok(Ok((page, compared)))
    });
    match read.await? {
        Ok(read) => Ok(read),
        Err(refused) => Err(refusal(state, plan, parent, refused).await),
    }
}

/// The columns of comparisons in a table: the figure of each comparator, then the rank.
fn columns(plan: &ResolvedPlan) -> Vec<Column> {
    let statuses = plan.selection.context.field(STATUSES).map_or(Kind::Text, |field| field.kind);
    let figure = |comparator: &String| {
        [("territory_code", Kind::Text), ("value", Kind::Decimal), ("qualifier", Kind::Text), ("statuses", statuses)]
            .map(|(name, kind)| Column::computed(format!("{comparator}_{name}"), kind, false))
    };
    let number = Kind::Integer { minimum: 0, maximum: i64::MAX };
    let rank = ["position", "of", "tied", "suppressed"].map(|name| Column::computed(format!("rank_{name}"), number, false));
    plan.selection.compare.iter().flat_map(figure).chain(rank).collect()
}

/// The cells of [`columns`].
fn cells(comparators: &[String], comparison: &Comparison) -> Vec<Option<String>> {
    let figure = |comparator: &String| {
        let found = comparison.figures.iter().find(|figure| figure.comparator == *comparator);
        found.map_or_else(Default::default, |figure| {
            [Some(figure.territory_code.clone()), figure.value.clone(), figure.qualifier.clone(), figure.statuses.clone()]
        })
    };
    let rank = comparison.rank.as_ref();
    let rank =
        [rank.map(|rank| rank.position), rank.map(|rank| rank.of), rank.map(|rank| rank.tied), rank.map(|rank| rank.suppressed)];
    comparators.iter().flat_map(figure).chain(rank.map(|number| number.map(|number| number.to_string()))).collect()
}

/// Appends the members of a row, then its comparison.
fn member(out: &mut Vec<u8>, plan: &ResolvedPlan, row: &Row, comparison: &Comparison) {
    json::members(out, &plan.reading.columns, row.view());
    out.extend_from_slice(b",\"comparison\":");
    write(out, &plan.selection.compare, comparison);
}

/// Appends a comparison as JSON: one member for each comparator, null if the territory lies in none, and the rank.
pub fn write(out: &mut Vec<u8>, comparators: &[String], comparison: &Comparison) {
    let figure = |comparator: &String| {
        let found = comparison.figures.iter().find(|figure| figure.comparator == *comparator);
        let raw = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let shown = found.map(|figure| {
            serde_json::json!({
                "territory_code": figure.territory_code,
                "value": raw(&figure.value),
                "qualifier": figure.qualifier,
                "statuses": raw(&figure.statuses),
            })
        });
        (comparator.clone(), shown.unwrap_or(serde_json::Value::Null))
    };
    let mut all: serde_json::Map<String, serde_json::Value> = comparators.iter().map(figure).collect();
    let rank = comparison.rank.as_ref().map(
        |rank| serde_json::json!({"position": rank.position, "of": rank.of, "tied": rank.tied, "suppressed": rank.suppressed}),
    );
    all.insert("rank".to_owned(), rank.unwrap_or(serde_json::Value::Null));
    serde_json::to_writer(out, &all).expect("writing plain structures to memory cannot fail");
}

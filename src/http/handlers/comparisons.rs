//! Owns comparisons (`compare`): pages whose rows have the same figure of other territories, and their rank.
//! Must not know SQL.

use actix_web::HttpResponse;

use crate::db::read::comparison::{self, Comparison};
use crate::db::read::page;
use crate::format::json;
use crate::http::response::envelope::{self, Meta};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Problem, Reason};
use crate::query::ResolvedPlan;
use crate::query::{Dataset, Parameter, Row};

/// The most rows of a page: a rank needs all figures of the territories of one kind.
const MAX_ROWS: i64 = 100;

/// Answers a plan with comparators.
///
/// # Errors
/// Returns 400 for an unknown code or a page of more than 100 rows; 404 for an unknown parent; 503 if the database does not
/// answer.
pub async fn answer(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    if plan.page_limit() > MAX_ROWS {
        let detail = format!("With `compare` a page has at most {MAX_ROWS} rows; follow `links.next` for more.");
        return Err(Problem::invalid_parameters(vec![Fault::new(Reason::OutOfRange, Parameter::Limit.name(), detail)]));
    }
    let read = state.pool.read_at(Some(&plan.release), |connection| async move {
        let page = match page::read_page(&connection, parent, plan).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        let rows: Vec<&Row> = page.rows.iter().collect();
        let compared = comparison::compare(&connection, &state.rankings, plan, &page.release, &rows).await?;
        Ok(Ok((page, compared)))
    });
    let (page, compared) = match read.await? {
        Ok(read) => read,
        Err(refused) => return Err(refusal(state, plan, parent, refused).await),
    };
    let mut data = vec![b'['];
    for (at, (row, comparison)) in page.rows.iter().zip(&compared).enumerate() {
        data.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        member(&mut data, plan, row, comparison);
        data.push(b'}');
    }
    data.push(b']');
    let meta = Meta::of_page(plan.selection.context.dataset.name, &page);
    Ok(envelope::answer(&data, &meta, &links::links(plan, parent, &page), &page.included))
}

/// Appends the members of a row, then its comparison.
fn member(out: &mut Vec<u8>, plan: &ResolvedPlan, row: &Row, comparison: &Comparison) {
    json::members(out, &plan.reading.columns, row);
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

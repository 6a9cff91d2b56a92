//! Owns the representations other than JSON: a page if the request has `limit`, else an export of every row as a stream.
//! Must not know how rows are written or read.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::page::{self, Page};
use crate::format::{AnySpace, writer};
use crate::http::cache::compression::Coding;
use crate::http::export_places::Demand;
use crate::http::request::public_address::PublicAddress;
use crate::http::response::file::{about, headers, unwritable, write};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::response::row_stream::{self, CHUNK_BYTES};
use crate::http::state::State;
use crate::problem::{Fault, Problem, Reason};
use crate::query::{Column, Dataset, Parameter, Plan, Representation, ResolvedPlan};

/// The most rows of an export in an order other than the key's: the database sorts again for each chunk.
const MAX_SORTED_ROWS: i64 = 100_000;

/// The most rows of an export with included rows: the database looks up each of their fields for each row.
const MAX_INCLUDING_ROWS: i64 = 100_000;

/// The most rows of a workbook: a sheet of Excel has 1,048,576 lines, and one is the header.
pub const MAX_SHEET_ROWS: i64 = 1_048_575;

/// The most rows of a JSON-stat cube, which is built in memory.
const MAX_CUBE_ROWS: i64 = 100_000;

/// Answers a plan with a page of rows that have been read.
///
/// # Errors
/// Returns 400 if the representation cannot hold the rows.
pub fn file(plan: &ResolvedPlan, parent: Option<&'static Dataset>, page: &Page) -> Result<HttpResponse, Problem> {
    written(plan, parent, page, (plan.reading.columns.clone(), links::links(plan, parent, page).next))
}

/// Answers a plan with rows that have these columns, and the link to the next page.
///
/// # Errors
/// Returns 400 if the representation cannot hold the rows.
pub fn written(
    plan: &ResolvedPlan,
    parent: Option<&'static Dataset>,
    page: &Page,
    (columns, next): (Vec<Column>, Option<String>),
) -> Result<HttpResponse, Problem> {
    let public = PublicAddress::current();
    let mut about = about(plan, parent, &Snapshot::of(page.release.clone(), page.approximate));
    (about.columns, about.pinned) = (columns, public.absolute(&about.pinned));
    let mut body = Vec::with_capacity(CHUNK_BYTES);
    let mut writer = writer(plan, &about, Box::new(AnySpace)).map_err(|error| unwritable(&error))?;
    write(writer.as_mut(), &mut body, &page.rows).map_err(|error| unwritable(&error))?;
    let mut response = headers(plan, &about, page.total);
    if let Some(next) = next {
        response.append_header((header::LINK, format!("<{}>; rel=\"next\"", public.absolute(&next))));
    }
    Ok(response.body(body))
}

/// Answers a plan with all rows, in a content coding; with the head alone if `headers_only`. `client` is whose share of the exports
/// it takes.
///
/// # Errors
/// Returns 400 for an unknown code, for more rows than the representation or the order allows, or for a workbook or a cube that cannot
/// hold the rows; 404 for an unknown parent; 429 if the client has its share of the exports; 503 if too many run or the database does not answer.
pub async fn all(
    state: &State,
    plan: ResolvedPlan,
    parent: Option<&'static Dataset>,
    (coding, headers_only): (Coding, bool),
    client: Option<IpAddr>,
) -> Result<HttpResponse, Problem> {
    let demand = Demand::of(plan.presentation.representation, coding);
    let place = state.export_places.acquire(client, demand).await?;
    let (requested, limit) = (&plan, row_limit(&plan));
    let read = state.read(Some(&plan.release), requested.cost_of_checks(), |connection| async move {
        let count = async |snapshot: &Snapshot| {
            let total = page::count(&connection, requested, snapshot).await?;
            let exceeds = match limit {
                Some((most, _)) => page::exceeds(&connection, requested, snapshot, most).await?,
                None => false,
            };
            Ok((total, exceeds))
        };
        read_checked(&connection, parent, requested, count).await
    });
    let (snapshot, total) = match read.await? {
        Err(refused) => return Err(refusal(state, &plan, parent, refused).await),
        Ok((_, (_, true))) => {
            let fault = limit.map(|(most, parameter)| too_many(&plan, most, parameter));
            return Err(Problem::invalid_parameters(fault.into_iter().collect()));
        }
        Ok((snapshot, (total, false))) => (snapshot, total),
    };
    let mut about = about(&plan, parent, &snapshot);
    about.pinned = PublicAddress::current().absolute(&about.pinned);
    let writer = writer(&plan, &about, place.temporary()).map_err(|error| unwritable(&error))?;
    let mut response = headers(&plan, &about, total);
    coding.add_header(&mut response);
    if headers_only {
        // An empty stream: an empty body would send `Content-Length: 0`, but the length of the answer to GET is unknown.
        return Ok(response.streaming(futures_util::stream::empty::<io::Result<Bytes>>()));
    }
    let rows = state.exports.rows(Arc::new(plan.plan), snapshot);
    let body = row_stream::stream(state, rows, (writer, coding), place).await?;
    // The status can still say why it cannot be built.
    let body = if demand.is_built { body.begun().await? } else { body };
    Ok(response.streaming(body))
}

/// The most rows of the export, with the parameter that limits them; `None` if there is no limit.
fn row_limit(plan: &Plan) -> Option<(i64, Parameter)> {
    match plan.presentation.representation {
        Representation::JsonStat => Some((MAX_CUBE_ROWS, Parameter::Format)),
        _ if plan.has(Parameter::Include) => Some((MAX_INCLUDING_ROWS, Parameter::Include)),
        _ if !plan.is_in_key_order() => {
            let parameter = if plan.selection.search.is_some() { Parameter::Search } else { Parameter::Sort };
            Some((MAX_SORTED_ROWS, parameter))
        }
        Representation::Xlsx => Some((MAX_SHEET_ROWS, Parameter::Format)),
        _ => None,
    }
}

fn too_many(plan: &Plan, most: i64, parameter: Parameter) -> Fault {
    let name = plan.presentation.representation.name();
    let (what, remedy) = match parameter {
        Parameter::Format => {
            (format!("`format={name}`"), "filter more, or take `csv`, `ndjson` or `parquet`, which have no limit")
        }
        Parameter::Include => ("a table with included rows".to_owned(), "leave `include` out, and read the other dataset apart"),
        _ => ("an order other than the key's".to_owned(), "leave the order out: rows in the order of their key have no limit"),
    };
    Fault::new(Reason::TooManyRows, parameter.name(), format!("More than {most} rows cannot be given in {what}; {remedy}."))
}

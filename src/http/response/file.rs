//! Owns responses that are files: their head, and writing rows in their representation.
//! Must not know where the rows come from.

use std::io::{self, Write};
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::envelope::total_count;
use super::header_names::TOTAL_COUNT;
use super::links;
use crate::db::read::checked::Snapshot;
use crate::db::read::chunks::Chunks;
use crate::format::{About, RowWriter};
use crate::problem::{Fault, Problem, Reason};
use crate::query::model::value::instant;
use crate::query::{Dataset, Parameter, Plan, ResolvedPlan, Row};

/// Writes rows from memory.
///
/// # Errors
/// Returns an error if the representation cannot hold a row.
pub fn write(writer: &mut dyn RowWriter, out: &mut Vec<u8>, rows: &[Row]) -> io::Result<()> {
    writer.begin(out)?;
    rows.iter().try_for_each(|row| writer.row(out, row.view()))?;
    writer.end(out)
}

/// The 400 for rows that the representation cannot hold.
pub fn unwritable(error: &io::Error) -> Problem {
    Problem::invalid_parameters(vec![Fault::new(
        Reason::NotApplicable,
        Parameter::Format.name(),
        format!("The representation cannot hold these rows: {error}."),
    )])
}

/// The metadata of a file.
pub fn about(plan: &ResolvedPlan, parent: Option<&'static Dataset>, snapshot: &Snapshot) -> About {
    let release = snapshot.release.number;
    About {
        dataset: plan.selection.context.dataset,
        columns: plan.reading.columns.clone(),
        release,
        published_at: instant(snapshot.release.published_at),
        pinned: links::pinned(plan, parent, release),
        licences: Arc::clone(&plan.licences),
    }
}

/// The head of a response that is a file.
pub fn headers(plan: &Plan, about: &About, total: Option<(i64, bool)>) -> HttpResponseBuilder {
    let representation = plan.presentation.representation;
    let parent = plan.selection.parent.as_deref().map_or(String::new(), |code| format!("-{code}"));
    let safe: String = parent.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let aggregates = if plan.selection.context.aggregated { "-aggregates" } else { "" };
    let name =
        format!("reperes{aggregates}{safe}-{}-publication-{}.{}", about.dataset.name, about.release, representation.extension());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, representation.content_type()));
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    if let Some((value, exact)) = total {
        response.insert_header((TOTAL_COUNT, total_count(value, exact)));
    }
    response
}

/// Writes rows from a stream and returns their number. It blocks the thread.
///
/// # Errors
/// Returns an error if the database or the output fails, or if the representation cannot hold a row.
pub fn drain(writer: &mut dyn RowWriter, out: &mut dyn Write, mut rows: Chunks) -> io::Result<u64> {
    let mut number = 0;
    writer.begin(out)?;
    loop {
        let chunk = rows.wait_for_next().ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
        for row in chunk.rows.iter() {
            writer.row(out, row)?;
            number += 1;
        }
        if chunk.last {
            writer.end(out)?;
            return Ok(number);
        }
    }
}

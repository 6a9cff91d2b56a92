//! Owns responses with a computed table instead of rows of a dataset, as JSON or CSV.
//! Must not know what is computed.

use std::collections::BTreeMap;

use actix_web::HttpResponse;

use super::envelope::{self, Links, Meta};
use super::file;
use super::links;
use super::notices;
use crate::db::read::checked::Snapshot;
use crate::db::read::notices::Notice;
use crate::format::{json, writer};
use crate::problem::Problem;
use crate::query::{Column, Dataset, Plan, Representation, Row};

/// A computed table.
pub struct ComputedTable {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Notices on the observations behind the rows.
    pub notices: Option<Vec<Notice>>,
}

/// Responds with a table.
///
/// # Errors
/// Returns 400 if the representation cannot hold it.
pub fn answer(
    plan: &Plan,
    parent: Option<&'static Dataset>,
    snapshot: &Snapshot,
    table: &ComputedTable,
) -> Result<HttpResponse, Problem> {
    let release = &snapshot.release;
    if plan.presentation.representation == Representation::Json {
        let mut data = Vec::with_capacity(table.rows.len() * 256);
        json::array(&mut data, &table.columns, &table.rows);
        let path = links::path(plan, parent);
        let at = |number: i32| format!("{path}{}", plan.query_string(&[("release", number.to_string())]));
        let links = Links {
            this: plan.address(&path),
            pinned: at(release.number),
            next: None,
            previous: None,
            collection: None,
            related: BTreeMap::new(),
        };
        let notices = notices::all(table.notices.as_ref());
        let meta = Meta { notices, ..Meta::new(plan.selection.context.dataset.name, release) };
        return Ok(envelope::answer(&data, &meta, &links, &[]));
    }
    let mut about = file::about(plan, parent, snapshot);
    about.columns.clone_from(&table.columns);
    let mut body = Vec::new();
    let mut writer = writer(plan, &about).map_err(|error| file::unwritable(&error))?;
    file::write(writer.as_mut(), &mut body, &table.rows).map_err(|error| file::unwritable(&error))?;
    Ok(file::headers(plan, &about, None).body(body))
}

//! Owns the series of a profile as JSON.
//! Must not know which figures they hold.

use serde_json::json;

use crate::db::read::comparison::Comparison;
use crate::db::read::page::Page;
use crate::format::json as writer;
use crate::http::handlers::comparisons;
use crate::http::handlers::profile::figures::Figures;
use crate::query::{Column, Include, ResolvedPlan};

/// The territories that the figures are compared with.
const COMPARATORS: [&str; 3] = ["parent", "region", "country"];

/// What the series of a profile are written from: the latest figures, earlier ones of some series, and the figures that break a series.
pub struct Pages<'p> {
    /// The plan of the latest figures.
    pub plan: &'p ResolvedPlan,
    /// The latest figures.
    pub latest: &'p Page,
    /// Earlier figures.
    pub earlier: Option<&'p Page>,
    /// The figures that break a series.
    pub breaks: Option<&'p Page>,
}

/// Appends the series as JSON, separated by commas.
pub fn write(out: &mut Vec<u8>, pages: &Pages<'_>, compared: &[Comparison]) {
    let comparators = COMPARATORS.map(str::to_owned);
    let columns = &pages.plan.reading.columns;
    let figures = Figures::new(pages.plan, pages.latest);
    for (number, (series, comparison)) in figures.series(pages.earlier).iter().zip(compared).enumerate() {
        out.extend_from_slice(if number == 0 { b"{\"latest\":" } else { b",{\"latest\":" });
        writer::object(out, columns, series.latest.view());
        out.extend_from_slice(b",\"previous\":");
        match series.previous {
            Some(previous) => writer::object(out, columns, previous.view()),
            None => out.extend_from_slice(b"null"),
        }
        let change = figures.change(series, pages.breaks);
        out.extend_from_slice(b",\"change\":");
        // As text of its digits: a number of the machine would lose some of them.
        out.extend_from_slice(change.as_ref().map_or("null", |(change, _)| change.value.as_str()).as_bytes());
        for (name, word) in [
            ("change_qualifier", change.as_ref().ok().map(|(change, _)| change.qualifier)),
            ("change_status", change.as_ref().ok().map(|(_, status)| *status)),
            ("change_unsaid", change.as_ref().err().map(|reason| reason.name())),
        ] {
            out.extend_from_slice(format!(",\"{name}\":{}", json!(word)).as_bytes());
        }
        out.extend_from_slice(b",\"comparison\":");
        comparisons::write(out, &comparators, comparison);
        for (name, field) in [("indicator", "indicator_code"), ("source", "source_code")] {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            included(out, pages.latest, name, figures.cell(series.latest, field));
        }
        out.push(b'}');
    }
}

/// Appends the included row with this code, or null.
fn included(out: &mut Vec<u8>, page: &Page, name: &str, code: Option<&str>) {
    let found = page.included.iter().find(|one| one.include.name() == name);
    let row = found.and_then(|one| {
        let Include::Referred { dataset, .. } = one.include else { return None };
        let columns: Vec<Column> = dataset.fields.iter().map(Column::of).collect();
        let row = one.rows.iter().find(|row| row.cell(0) == code)?;
        Some((columns, row))
    });
    match row {
        Some((columns, row)) => writer::object(out, &columns, row.view()),
        None => out.extend_from_slice(b"null"),
    }
}

//! Owns the columns of an answer, which follow from `fields`, `labels` and the representation.
//! Must not know how parameters are read.

use super::parser::Parser;
use crate::query::model::column::Column;
use crate::query::model::field::{Field, Kind};
use crate::query::model::representation::Representation;
use crate::query::plan::presentation::Presentation;

/// The columns that are shown.
pub fn columns(parser: &Parser, shown: &Presentation) -> Vec<Column> {
    let fields: Vec<&'static Field> = match &parser.fields {
        Some(fields) => fields.clone(),
        None => parser.context.fields().collect(),
    };
    let labels = shown.labels || shown.representation.has_labels();
    let mut columns: Vec<Column> = fields.into_iter().flat_map(|field| labelled(parser, field, labels)).collect();
    columns.extend(referred(parser, shown.representation));
    if shown.representation == Representation::GeoJson {
        columns.push(Column::geometry(shown.centres));
    }
    columns
}

/// The columns of a field: its values, and beside them their labels.
fn labelled(parser: &Parser, field: &'static Field, labels: bool) -> impl Iterator<Item = Column> {
    let label = if labels { Column::label(field, parser.context.referred(field)) } else { None };
    std::iter::once(Column::of(field)).chain(label)
}

/// The columns of rows referred to that the representation needs besides their labels.
fn referred(parser: &Parser, representation: Representation) -> impl Iterator<Item = Column> {
    let referring = parser.context.fields().filter(|field| matches!(field.kind, Kind::Reference(_)));
    let referring = referring.filter_map(|by| Some((by, parser.context.referred(by)?)));
    referring.flat_map(move |(by, dataset)| {
        let needed = dataset.fields.iter().filter(move |field| representation.needs_of_referred(field));
        needed.map(move |field| Column::named(by, dataset, field))
    })
}

//! Owns the columns of an answer, which follow from `fields`, `labels` and the representation.
//! Must not know how parameters are read.

use super::parser::Parser;
use crate::query::collection::include::Include;
use crate::query::model::aggregate;
use crate::query::model::column::Column;
use crate::query::model::cube;
use crate::query::model::field::{Field, FieldOrigin, Kind};
use crate::query::model::representation::Representation;
use crate::query::plan::Plan;

/// The columns that are shown.
pub fn columns(parser: &Parser, plan: &Plan) -> Vec<Column> {
    let (grouping, include, shown) = (&plan.selection.grouping, &plan.reading.include, &plan.presentation);
    let fields: Vec<&'static Field> = match (&parser.fields, grouping) {
        (Some(fields), _) if shown.representation.is_cube() => {
            let cube = |field: &&Field| fields.iter().any(|one| std::ptr::eq(*one, *field)) || cube::is_needed(field.name);
            parser.context.fields().filter(cube).collect()
        }
        (Some(fields), _) => fields.clone(),
        (None, Some(grouping)) => grouping.fields(parser.context),
        (None, None) => parser.context.shown_fields(),
    };
    let labels = shown.labels || shown.representation.has_labels();
    let mut columns: Vec<Column> = fields.into_iter().flat_map(|field| labelled(parser, field, labels)).collect();
    if grouping.is_some() {
        // A group of several indicators, or of none, has no unit, and one without a value has no qualifier.
        let may_be_empty = |field: &Field| is_named(field) || field.name == aggregate::QUALIFIER;
        columns.iter_mut().filter(|column| column.field().is_some_and(may_be_empty)).for_each(|column| column.required = false);
    }
    columns.extend(referred(parser, shown.representation));
    if shown.representation != Representation::Json {
        columns.extend(include.iter().filter_map(included).flatten());
    }
    if shown.representation == Representation::GeoJson {
        columns.push(Column::geometry(shown.centres));
    }
    columns
}

/// Whether a field is that of a row to which the row refers.
fn is_named(field: &Field) -> bool {
    matches!(field.origin, FieldOrigin::Named { .. })
}

/// The columns of a field: its values, and beside them their labels.
fn labelled(parser: &Parser, field: &'static Field, labels: bool) -> impl Iterator<Item = Column> {
    let label = if labels { Column::label(field, parser.context.referred(field)) } else { None };
    std::iter::once(Column::of(field)).chain(label)
}

/// The columns of an included row beside the row that refers to it: one for each of its fields but the code.
fn included(include: &Include) -> Option<impl Iterator<Item = Column> + use<>> {
    let (by, dataset) = include.single()?;
    let beside = dataset.columns().filter(|field| !matches!(field.kind, Kind::Code | Kind::JoinedCode));
    Some(beside.map(move |field| Column::named(by, dataset, field)))
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

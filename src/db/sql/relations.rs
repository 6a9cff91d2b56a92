//! Owns the SQL of relations: the rows that refer to others, directly or through a row of another dataset.
//! Must not know how a request names them.

use diesel::sql_types::{Array, Text};

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Dataset, RelationFilter, RelationPath, Selection};

/// A relation through a row of another dataset, which can change without the row.
#[derive(Clone, Copy)]
struct Through {
    /// The field of the row that is found among those of the other dataset.
    field: &'static str,
    dataset: &'static str,
    /// What is selected of the other dataset, as the alias `h`.
    selected: Selected,
    /// The field of the other dataset with the codes of the request.
    by: &'static str,
}

/// The codes that rows of the dataset in between give.
#[derive(Clone, Copy)]
enum Selected {
    /// Their own.
    Code,
    /// Those in a list.
    List(&'static str),
}

impl Through {
    /// Writes the condition up to a further one on the alias `h`.
    fn open(self, out: &mut SqlWriter<'_, '_>) -> SqlResult {
        out.column("t", self.field)?;
        out.push(" IN (SELECT ");
        match self.selected {
            Selected::Code => out.push("h.code"),
            Selected::List(name) => {
                out.push("unnest(");
                out.column("h", name)?;
                out.push(")");
            }
        }
        out.push(" FROM ");
        out.identifier(self.dataset)?;
        out.push(" h WHERE ");
        Ok(())
    }
}

fn through(filter: &RelationFilter) -> Option<Through> {
    match filter.relation.path {
        RelationPath::Fields(_) => None,
        RelationPath::Through { field, dataset, by } => Some(Through { field, dataset, selected: Selected::Code, by }),
        RelationPath::NamedBy { dataset, by } => {
            Some(Through { field: "code", dataset, selected: Selected::List(by), by: "code" })
        }
    }
}

/// The relations of a selection that depend on the row alone.
pub fn direct(selection: &Selection) -> impl Iterator<Item = &RelationFilter> {
    selection.relations.iter().filter(|filter| through(filter).is_none())
}

/// The relations of a selection that depend on rows of other datasets too.
pub fn indirect(selection: &Selection) -> impl Iterator<Item = &RelationFilter> {
    selection.relations.iter().filter(|filter| through(filter).is_some())
}

/// The tables whose rows lie between the rows of a selection and those that its relations name.
pub fn tables(selection: &Selection) -> impl Iterator<Item = &'static str> {
    selection.relations.iter().filter_map(through).map(|through| through.dataset)
}

/// Writes the condition that a row of the alias `t` has a relation at a release.
pub fn condition<'b>(
    out: &mut SqlWriter<'_, 'b>,
    dataset: &'static Dataset,
    filter: &'b RelationFilter,
    release: &'b i32,
) -> SqlResult {
    if let Some(through) = through(filter) {
        through.open(out)?;
        out.column("h", through.by)?;
        out.any_of(&filter.codes)?;
        out.push(" AND ");
        out.visible("h", release)?;
        out.push(")");
        return Ok(());
    }
    out.push("(");
    for (at, field) in filter.relation.fields().iter().filter_map(|name| dataset.field(name)).enumerate() {
        out.push(if at > 0 { " OR " } else { "" });
        fragments::column(out, field)?;
        if field.is_list() {
            out.push(" && ");
            out.bind::<Array<Text>, _>(&filter.codes)?;
        } else {
            out.any_of(&filter.codes)?;
        }
    }
    out.push(")");
    Ok(())
}

/// Writes, each after an OR, the conditions that a row of [`tables`] to which a row of the alias `t` refers has changed.
/// `changed` writes that condition on the rows of an alias.
pub fn with_changes<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    selection: &'b Selection,
    changed: impl Fn(&mut SqlWriter<'x, 'b>, &'static str) -> SqlResult,
) -> SqlResult {
    for through in selection.relations.iter().filter_map(through) {
        out.push(" OR ");
        through.open(out)?;
        changed(out, "h")?;
        out.push(")");
    }
    Ok(())
}

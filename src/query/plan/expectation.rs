//! Owns which cells the groups of a plan expect: whether a figure that is not published is known to be missing.
//! Must not know how cells are counted.

use super::Plan;
use crate::query::model::dataset::Shape;
use crate::query::model::field::{Field, Kind};

/// The facts of a group that depend on the cells that are expected of it.
const OF_EXPECTED: [&str; 3] = ["expected", "missing", "coverage"];

impl Plan {
    /// Whether groups expect a figure of every territory at every period. They do if rows are selected and grouped by what figures
    /// are about, such as their indicator, territory or period. A selection by what the figures say, by their codes, or of the
    /// latest leaves out figures that are published: of such a selection its own rows alone are expected.
    pub fn expects_cells(&self) -> bool {
        let (selection, dataset) = (&self.selection, self.selection.context.dataset);
        let Some(grouping) = &selection.grouping else { return false };
        let is_about =
            |field: &Field| dataset.is_series_field(field) || matches!(field.kind, Kind::Period | Kind::PeriodBound { .. });
        let mut related = selection.relations.iter().flat_map(|filter| filter.relation.fields());
        dataset.shape == Shape::Observations
            && !grouping.is_own()
            && self.reading.columns.iter().any(|column| OF_EXPECTED.contains(&&*column.name))
            && selection.last.is_none()
            && selection.vintages.is_none()
            && grouping.by.iter().all(|field| is_about(field))
            && selection.conditions.iter().all(|condition| is_about(condition.field))
            && related.all(|name| dataset.field(name).is_some_and(is_about))
    }
}

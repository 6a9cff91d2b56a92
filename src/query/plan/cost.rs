//! Owns the class of a read, which is known before it runs: from its plan and from the indexes of its dataset.
//! Must not know how the reads of a class are scheduled, nor how long one takes.

use super::Plan;
use super::changes::Changes;
use super::condition::Condition;
use super::presentation::Count;
use super::selection::SpatialFilter;
use crate::query::collection::operator::Operator;
use crate::query::model::column::CellSource;

/// The most contours of a light page: a contour takes tens of kilobytes.
const FEW_CONTOURS: i64 = 100;

/// The most codes that a light read looks up: of each unknown or withdrawn one the answer says more.
const FEW_CODES: usize = 50;

/// What makes a read heavy. Reads of one kind are expected to take about as long as each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeavyKind {
    /// It groups all selected rows.
    Aggregate,
    /// It ranks figures among those of all territories of a kind.
    Comparison,
    /// It reads everything about a territory.
    Profile,
    /// It counts the values of a field in all selected rows.
    Facets,
    /// It counts the selected rows.
    Total,
    /// It reads the territories of an earlier day.
    Geography,
    /// It reads many contours, or compares them with an area.
    Area,
    /// It searches texts.
    Search,
    /// It reads versions of many rows.
    Versions,
    /// It reads whole series of many territories.
    Series,
    /// It gathers territories or rows that are related through other rows, or names many codes.
    Gathered,
    /// It filters or sorts by fields without an index.
    Unindexed,
    /// It compares releases.
    Changes,
}

impl HeavyKind {
    /// The number of kinds.
    pub const NUMBER: usize = 13;
}

/// The class of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCost {
    /// It reads a bounded number of rows by an index.
    Light,
    /// Its time grows with the data.
    Heavy(HeavyKind),
}

impl Plan {
    /// The class of the read of one page.
    pub fn cost(&self) -> ReadCost {
        self.heavy_kind().map_or(ReadCost::Light, ReadCost::Heavy)
    }

    /// The class of the checks before an export: its rows are read in chunks by the connections of exports.
    pub fn cost_of_checks(&self) -> ReadCost {
        match self.reading.count {
            Count::None => ReadCost::Light,
            _ => self.cost(),
        }
    }

    fn heavy_kind(&self) -> Option<HeavyKind> {
        let (selection, reading) = (&self.selection, &self.reading);
        let one_row = selection.context.dataset.key.iter().all(|name| self.names_one(name));
        let is_few = one_row || self.is_selective();
        let named = selection.conditions.iter().map(|condition| condition.values.len());
        let named = named.chain(selection.relations.iter().map(|filter| filter.codes.len()));
        let named: usize = named.chain(selection.scopes.iter().map(|scope| scope.territories.len())).sum();
        let first_named = selection.context.dataset.key.first().is_some_and(|name| self.names_one(name));
        let gathers = !selection.scopes.is_empty() && !selection.context.holds_territories() || !selection.relations.is_empty();
        let contours = reading.columns.iter().any(|column| matches!(column.source, CellSource::Contour));
        let is_area = selection.spatial.iter().any(|filter| matches!(filter, SpatialFilter::Bbox(_)))
            || contours && self.page_limit() > FEW_CONTOURS;
        let series = selection.last.is_some() && !self.is_latest_of_series();
        let found = [
            (selection.grouping.is_some(), HeavyKind::Aggregate),
            (!selection.compare.is_empty(), HeavyKind::Comparison),
            (!reading.facets.is_empty() && !one_row, HeavyKind::Facets),
            (reading.count != Count::None && !is_few, HeavyKind::Total),
            (selection.geography.is_some() && !one_row, HeavyKind::Geography),
            (is_area, HeavyKind::Area),
            (selection.search.is_some(), HeavyKind::Search),
            (selection.vintages.is_some() && !is_few, HeavyKind::Versions),
            ((series || self.presentation.wide) && !is_few, HeavyKind::Series),
            (gathers && !first_named || named > FEW_CODES, HeavyKind::Gathered),
            (!is_few && !self.is_read_by_index(), HeavyKind::Unindexed),
        ];
        found.into_iter().find(|(holds, _)| *holds).map(|(_, kind)| kind)
    }

    /// Whether every filter and the order of the page have an index.
    fn is_read_by_index(&self) -> bool {
        let dataset = self.selection.context.dataset;
        let is_indexed = |name: &str| dataset.key.first() == Some(&name) || dataset.indexes.contains(&name);
        // The rows of one value of the first field of the key, such as an indicator, stand together: their other fields of the key are
        // compared without looking elsewhere.
        let first_named = dataset.key.first().is_some_and(|name| self.names_one(name));
        let in_key = |name: &str| first_named && dataset.key.contains(&name);
        // A joined code is the whole key.
        let filtered = |condition: &Condition| {
            let is_code = dataset.code_field().is_some_and(|code| std::ptr::eq(code, condition.field));
            let equal = !matches!(condition.operator, Operator::Ne | Operator::Contains);
            // What a list leaves out by default is little, and stands between what it shows.
            let name = condition.field.name;
            equal && (is_code || is_indexed(name) || in_key(name) || condition.field.list_default.is_some())
        };
        // What a list leaves out by default stands between what it shows in any order; a range of a field is a part of its index.
        let part = |condition: &Condition, name: &str| condition.field.list_default.is_some() || condition.field.name == name;
        let by_first = |name: &str| {
            is_indexed(name) && self.selection.scopes.is_empty() && self.selection.conditions.iter().all(|one| part(one, name))
        };
        let ordered = self.is_in_key_order()
            || self.selection.context.link.is_some()
            || self.reading.sort.first().and_then(|term| term.field()).is_some_and(|field| by_first(field.name));
        ordered && self.selection.conditions.iter().all(filtered)
    }

    /// Whether a filter leaves at most one value of a field.
    fn names_one(&self, name: &str) -> bool {
        let one = |condition: &Condition| condition.operator == Operator::AnyOf && condition.values.len() <= 1;
        self.selection.conditions.iter().any(|condition| condition.field.name == name && one(condition))
    }
}

impl Changes {
    /// The class of a read of the changes up to a release.
    pub fn cost(&self, until: i32) -> ReadCost {
        if self.since >= until { ReadCost::Light } else { ReadCost::Heavy(HeavyKind::Changes) }
    }
}

//! Owns the list of parameters: which a collection, an item or another address accepts, by which names, with which words.
//! The parser and the OpenAPI document both read it. Must not know how values are read.

use super::context::Context;
use super::operator::{Operator, SEPARATOR};
use crate::query::model::dataset::Shape;
use crate::query::model::field::{Field, Kind};
use crate::query::plan::as_of;

/// One parameter that an address accepts.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// Rows whose field compares so with the values.
    Filter(&'static Field, Operator),
    /// Rows of the territories that lie wholly in these.
    Within,
    /// Rows of the territories that lie wholly or partly in these.
    Touching,
    /// The day of the geography in which territories and what lies in them are read.
    Geography,
    /// Rows of the territories whose contour's box meets this one.
    Bbox,
    /// Longitude of a point; with the latitude, rows of the territories that hold it.
    Lon,
    /// Latitude of the point.
    Lat,
    /// French full text.
    Search,
    /// The most recent observation of each series.
    Latest,
    /// The most recent observations of each series.
    Last,
    /// Periods below one another, or beside.
    Layout,
    /// The same figure elsewhere.
    Compare,
    /// Which versions of each row.
    Vintages,
    /// The fields that rows are gathered by.
    GroupBy,
    /// What is computed of each group.
    Aggregate,
    /// One figure for all territories together.
    Rollup,
    /// The order.
    Sort,
    /// The columns.
    Fields,
    /// Codes, names, or both.
    Labels,
    /// Related rows beside the page.
    Include,
    /// Counts of the remaining choices.
    Facets,
    /// Rows at most.
    Limit,
    /// Where the page starts.
    Cursor,
    /// Whether all rows are counted.
    Count,
    /// The release read.
    Release,
    /// The instant whose newest release is read.
    AsOf,
    /// The representation.
    Format,
    /// Delimiter of CSV.
    Delimiter,
    /// Decimal mark of CSV.
    Decimal,
    /// Whether CSV is for spreadsheets.
    Bom,
    /// Whether NDJSON ends with a count.
    Trailer,
    /// What stands for a territory in GeoJSON.
    Geometry,
}

impl Parameter {
    /// Its name in the query string.
    pub fn name(self) -> String {
        let name = match self {
            Parameter::Filter(field, Operator::AnyOf) => field.name,
            Parameter::Filter(field, operator) => return [field.name, operator.name()].join(SEPARATOR),
            Parameter::Within => "within",
            Parameter::Touching => "touching",
            Parameter::Geography => "geography",
            Parameter::Bbox => "bbox",
            Parameter::Lon => "lon",
            Parameter::Lat => "lat",
            Parameter::Search => "q",
            Parameter::Latest => "latest",
            Parameter::Last => "last",
            Parameter::Layout => "layout",
            Parameter::Compare => "compare",
            Parameter::Vintages => "vintages",
            Parameter::GroupBy => "group_by",
            Parameter::Aggregate => "aggregate",
            Parameter::Rollup => "rollup",
            Parameter::Sort => "sort",
            Parameter::Fields => "fields",
            Parameter::Labels => "labels",
            Parameter::Include => "include",
            Parameter::Facets => "facets",
            Parameter::Limit => "limit",
            Parameter::Cursor => "cursor",
            Parameter::Count => "count",
            Parameter::Release => "release",
            Parameter::AsOf => "as_of",
            Parameter::Format => "format",
            Parameter::Delimiter => "delimiter",
            Parameter::Decimal => "decimal",
            Parameter::Bom => "bom",
            Parameter::Trailer => "trailer",
            Parameter::Geometry => "geometry",
        };
        name.to_owned()
    }

    /// The words that it takes, where these are the same for all datasets.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Parameter::Count => &["none", "bounded", "exact"],
            Parameter::Labels => &["code", "name", "both"],
            Parameter::Latest | Parameter::Rollup | Parameter::Bom | Parameter::Trailer => &["true", "false"],
            Parameter::Layout => &["long", "wide"],
            Parameter::Vintages => &["all", "first", "revised"],
            Parameter::Compare => &["parent", "region", "country"],
            Parameter::Aggregate => &["sum", "avg", "min", "max", "count"],
            Parameter::Delimiter => &[",", ";", "tab"],
            Parameter::Decimal => &[".", ","],
            Parameter::Geometry => &["contour", "centre"],
            _ => &[],
        }
    }

    /// Whether it takes several values, separated by commas.
    pub fn takes_list(self) -> bool {
        match self {
            Parameter::Filter(_, operator) => operator.takes_list(),
            Parameter::Within
            | Parameter::Touching
            | Parameter::Bbox
            | Parameter::Compare
            | Parameter::GroupBy
            | Parameter::Aggregate
            | Parameter::Sort
            | Parameter::Fields
            | Parameter::Include
            | Parameter::Facets => true,
            _ => false,
        }
    }

    /// Whether it decides neither which rows come nor in which order, so that it may change between pages.
    pub fn is_presentation(name: &str) -> bool {
        const FREE: [Parameter; 12] = [
            Parameter::Limit,
            Parameter::Count,
            Parameter::Fields,
            Parameter::Labels,
            Parameter::Include,
            Parameter::Facets,
            Parameter::Format,
            Parameter::Delimiter,
            Parameter::Decimal,
            Parameter::Bom,
            Parameter::Trailer,
            Parameter::Geometry,
        ];
        FREE.iter().any(|free| free.name() == name)
    }
}

impl Context {
    /// Whether a filter can be run: a range of periods needs their first and last days.
    fn can(&self, filter: Parameter) -> bool {
        match filter {
            Parameter::Filter(field, operator) if matches!(field.kind, Kind::Period) => {
                self.bound(operator).is_some() || operator.takes_list() || operator == Operator::IsNull
            }
            _ => true,
        }
    }

    /// Every parameter that the collection accepts, in the order of the documentation.
    pub fn parameters(&self) -> Vec<Parameter> {
        let filters =
            |field: &'static Field| Operator::of(field).into_iter().map(move |operator| Parameter::Filter(field, operator));
        let mut all: Vec<Parameter> = self.fields().flat_map(filters).filter(|filter| self.can(*filter)).collect();
        if self.dataset.territory.is_some() {
            all.extend([Parameter::Within, Parameter::Touching, Parameter::Geography]);
            all.extend([Parameter::Bbox, Parameter::Lon, Parameter::Lat]);
        }
        if !self.dataset.search.is_empty() {
            all.push(Parameter::Search);
        }
        match self.dataset.shape {
            Shape::Plain => {}
            Shape::Observations => all.extend([
                Parameter::Latest,
                Parameter::Last,
                Parameter::Layout,
                Parameter::Compare,
                Parameter::Vintages,
                Parameter::GroupBy,
                Parameter::Aggregate,
                Parameter::Rollup,
            ]),
            Shape::Money => all.extend([Parameter::GroupBy, Parameter::Aggregate]),
        }
        all.extend([Parameter::Sort, Parameter::Fields, Parameter::Labels]);
        if !self.includes().is_empty() {
            all.push(Parameter::Include);
        }
        if self.fields().any(Field::is_facet) {
            all.push(Parameter::Facets);
        }
        all.extend([Parameter::Limit, Parameter::Cursor, Parameter::Count]);
        all.extend(as_of::PARAMETERS);
        all.push(Parameter::Format);
        all.extend([Parameter::Delimiter, Parameter::Decimal, Parameter::Bom, Parameter::Trailer]);
        if crate::query::Representation::GeoJson.suits(self.dataset) {
            all.push(Parameter::Geometry);
        }
        all
    }

    /// The parameters that an item accepts.
    pub fn item_parameters(&self) -> Vec<Parameter> {
        let mut all = vec![Parameter::Fields, Parameter::Labels];
        if !self.includes().is_empty() {
            all.push(Parameter::Include);
        }
        if self.holds_territories() {
            all.push(Parameter::Geography);
        }
        all.extend(as_of::PARAMETERS);
        all
    }
}

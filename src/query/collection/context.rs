//! Owns the collection that a request addresses: its rows, their fields, and every parameter that requests may give.
//! Must not know how a parameter is read, nor how rows are found.

use super::include::Include;
use super::operator::Operator;
use super::parameter::Parameter;
use crate::query::model::aggregate;
use crate::query::model::dataset::{Dataset, RowOrigin, Shape};
use crate::query::model::field::{Field, FieldOrigin, Kind};
use crate::query::model::link::{HISTORY, Link, Via};
use crate::query::model::representation::Representation;
use crate::query::model::version::VERSION;

/// The field of which a row has the first and the last day.
const PERIOD: &str = "period";

/// The collection that a request addresses: a dataset, the rows that a link of it leads to, or the groups of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Every dataset, since fields refer to others.
    pub registry: &'static [&'static Dataset],
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The link that leads to them.
    pub link: Option<&'static Link>,
    /// Fields that the link adds to the rows.
    pub extra: &'static [Field],
    /// Whether rows are aggregated: filters are on the rows, and answers have groups of them.
    pub aggregated: bool,
}

impl Context {
    /// All rows of a dataset.
    pub fn of(registry: &'static [&'static Dataset], dataset: &'static Dataset) -> Self {
        Self { registry, dataset, link: None, extra: &[], aggregated: false }
    }

    /// The groups of all rows of a dataset; `None` for a dataset whose rows have no values.
    pub fn aggregates(registry: &'static [&'static Dataset], dataset: &'static Dataset) -> Option<Self> {
        (dataset.shape != Shape::Plain).then_some(Self { aggregated: true, ..Self::of(registry, dataset) })
    }

    /// The versions of the same rows.
    pub fn of_versions(self) -> Context {
        Context { extra: &VERSION, ..self }
    }

    /// The versions of one row.
    pub fn history(self) -> Context {
        Context { link: Some(&HISTORY), ..self.of_versions() }
    }

    /// Whether it is the versions of one row.
    pub fn is_history(&self) -> bool {
        self.link.is_some_and(|link| matches!(link.via, Via::Versions))
    }

    /// The same collection with every field that its rows can have, those of versions included.
    pub fn with_all_fields(self) -> Context {
        if self.dataset.shape == Shape::Observations && !self.aggregated { self.of_versions() } else { self }
    }

    /// All fields of a row, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.dataset.fields.iter().chain(self.extra)
    }

    /// All fields that answers can have, in order: those of a row, or those of a group.
    pub fn shown_fields(&self) -> Vec<&'static Field> {
        if !self.aggregated {
            return self.fields().collect();
        }
        let observations = self.dataset.shape == Shape::Observations;
        let own = self.fields().filter(|field| self.is_group(field) && field.name != aggregate::QUALIFIER);
        let named = self.fields().filter(|field| matches!(field.origin, FieldOrigin::Named { .. }));
        let suited = |field: &&Field| observations || !aggregate::is_of_observations(field);
        own.chain(named)
            .chain(aggregate::FUNCTIONS.iter().filter(suited))
            .chain(self.field(aggregate::QUALIFIER))
            .chain(aggregate::FACTS.iter().filter(suited))
            .collect()
    }

    /// The representations that it has, the default first. Groups have those that are tables.
    pub fn representations(&self) -> impl Iterator<Item = Representation> + use<> {
        let aggregated = self.aggregated;
        Representation::of(self.dataset).filter(move |one| !aggregated || one.is_table())
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }

    /// The dataset that a field refers to.
    pub fn referred(&self, field: &Field) -> Option<&'static Dataset> {
        let name = field.reference()?;
        self.registry.iter().copied().find(|dataset| dataset.name == name)
    }

    /// Whether the rows are territories themselves. Their fields depend on the day of the geography.
    pub fn holds_territories(&self) -> bool {
        self.dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code))
    }

    /// The first or last day that a range filter on a field compares: of `period`, `gt` and `gte` compare the first day, `lt`
    /// and `lte` the last; `overlaps` compares both, and this is the last. `None` for other fields and operators, or when rows
    /// have no such day.
    pub fn bound(&self, field: &Field, operator: Operator) -> Option<&'static Field> {
        if field.name != PERIOD {
            return None;
        }
        let last = match operator {
            Operator::Gt | Operator::Gte => false,
            Operator::Lt | Operator::Lte | Operator::Overlaps => true,
            _ => return None,
        };
        self.fields().find(|field| matches!(field.kind, Kind::PeriodBound { end } if end == last))
    }

    /// Whether rows can be grouped by a field: fields with few values, and the parts of a joined key.
    pub fn is_group(&self, field: &Field) -> bool {
        let single = !field.is_list() && !matches!(field.kind, Kind::Code | Kind::JoinedCode);
        let few = matches!(
            field.kind,
            Kind::Reference(_) | Kind::Choice(_) | Kind::Period | Kind::PeriodBound { .. } | Kind::Integer { .. }
        );
        single && field.is_filterable() && (few || self.dataset.key.contains(&field.name))
    }

    /// What rows of the collection can include.
    pub fn includes(&self) -> Vec<Include> {
        let find = |name: &str| self.registry.iter().copied().find(|dataset| dataset.name == name && dataset.public);
        let referred = self.dataset.fields.iter().filter_map(|field| {
            let dataset = find(field.reference()?)?;
            Some(Include::Referred { field, dataset })
        });
        let referring = self.dataset.links.iter().filter_map(|link| match link.via {
            Via::Filter(name) => {
                let dataset = find(link.target)?;
                Some(Include::Referring { link, field: dataset.field(name)?, dataset })
            }
            _ => None,
        });
        referred.chain(referring).collect()
    }

    /// Whether rows have a related row or list of rows that a request can include.
    fn has_includes(&self) -> bool {
        !self.includes().is_empty()
    }

    /// Whether a filter can be evaluated: a range of periods needs their first and last days.
    fn supports(&self, field: &Field, operator: Operator) -> bool {
        let range = !operator.takes_list() && operator != Operator::IsNull;
        !(matches!(field.kind, Kind::Period) && range) || self.bound(field, operator).is_some()
    }

    /// Every parameter that the collection accepts, in the order of the documentation.
    pub fn parameters(&self) -> Vec<Parameter> {
        let filters = |field: &'static Field| {
            let suited = Operator::of(field).filter(move |operator| self.supports(field, *operator));
            suited.map(move |operator| Parameter::Filter(field, operator))
        };
        let mut all: Vec<Parameter> = self.fields().flat_map(filters).collect();
        all.extend(self.dataset.relations.iter().map(Parameter::Relation));
        if self.dataset.territory.is_some() {
            all.extend([Parameter::Within, Parameter::Touching, Parameter::Covers]);
            // Derived rows are those of today; beside them the scopes of another day would make a geography that never was.
            if !matches!(self.dataset.rows, RowOrigin::Derived { .. }) {
                all.push(Parameter::Geography);
            }
        }
        if self.holds_territories() {
            all.extend([Parameter::Bbox, Parameter::Lon, Parameter::Lat]);
        }
        if !self.dataset.search.is_empty() {
            all.push(Parameter::Search);
        }
        let observations = self.dataset.shape == Shape::Observations;
        if observations {
            all.push(Parameter::Last);
        }
        if self.aggregated {
            all.extend([Parameter::By, Parameter::Function]);
        } else if observations {
            all.extend([Parameter::Layout, Parameter::Compare, Parameter::Vintages]);
        }
        all.extend([Parameter::Sort, Parameter::Fields, Parameter::Labels]);
        if !self.aggregated && self.has_includes() {
            all.push(Parameter::Include);
        }
        if !self.aggregated && self.fields().any(Field::is_facet) {
            all.push(Parameter::Facets);
        }
        all.extend([Parameter::Limit, Parameter::Cursor, Parameter::Total]);
        all.extend(Parameter::OF_RELEASE);
        all.push(Parameter::Format);
        if self.representations().any(|one| one == Representation::GeoJson) {
            all.push(Parameter::Geometry);
        }
        all
    }

    /// The parameters that an item accepts.
    pub fn item_parameters(&self) -> Vec<Parameter> {
        let mut all = vec![Parameter::Fields, Parameter::Labels];
        if self.has_includes() {
            all.push(Parameter::Include);
        }
        if self.holds_territories() {
            all.push(Parameter::Geography);
        }
        all.extend(Parameter::OF_RELEASE);
        all
    }
}

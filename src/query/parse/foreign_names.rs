//! Owns the names that other services, and earlier drafts of this one, have for what is asked for here in another way.
//! Must not know what the values of such a parameter would mean.

use crate::problem::{Fault, Reason};
use crate::query::collection::context::Context;
use crate::query::collection::operator::Operator;
use crate::query::collection::parameter::Parameter;
use crate::query::model::dataset::Shape;

/// Names of other services, the parameter that does the same here, and how.
const NAMES: [(&[&str], Parameter, &str); 6] = [
    (
        &["page", "offset", "start", "skip", "page_number", "after"],
        Parameter::Cursor,
        "pages have no numbers: follow `links.next`, which has the next `cursor`; `limit` is the length of a page",
    ),
    (
        &["per_page", "page_size", "pagesize", "size", "rows", "count", "top", "take", "max"],
        Parameter::Limit,
        "`limit` is the length of a page",
    ),
    (
        &["order", "order_by", "orderby", "ordering", "sort_by", "sortby", "tri"],
        Parameter::Sort,
        "`sort=name` puts rows in the order of a field, `sort=-name` the largest first",
    ),
    (&["select", "columns", "attributes", "champs"], Parameter::Fields, "`fields=code,name` chooses the fields"),
    (&["search", "query", "text", "recherche"], Parameter::Search, "`q` searches words"),
    (&["expand", "embed", "embedded", "relations"], Parameter::Include, "`include` adds related rows"),
];

/// Names by which other services choose a territory by its kind.
const TERRITORIES: [&str; 14] = [
    "region",
    "code_region",
    "reg",
    "departement",
    "department",
    "code_departement",
    "dep",
    "arrondissement",
    "epci",
    "code_epci",
    "commune",
    "code_commune",
    "insee",
    "code_insee",
];

/// Names by which other services choose a time.
const TIMES: [&str; 7] = ["year", "annee", "date", "month", "mois", "quarter", "time"];

/// The fault of a name that another service has for a parameter that is accepted here.
pub fn fault(context: Context, accepted: &[Parameter], name: &str) -> Option<Fault> {
    let (instead, parameter) = drafted(context, name).or_else(|| elsewhere(context, accepted, name))?;
    let detail = format!("`{name}` is not a parameter of this address; {instead}.");
    Some(Fault::new(Reason::UnknownParameter, name, detail).closest([parameter.name()]))
}

/// What an earlier draft of this service had.
fn drafted(context: Context, name: &str) -> Option<(String, Parameter)> {
    let (dataset, shape) = (context.dataset.name, context.dataset.shape);
    match name {
        "latest" if shape == Shape::Observations => {
            Some(("`last=1` gives the latest figure of each series".to_owned(), Parameter::Last))
        }
        "group_by" if shape != Shape::Plain => {
            Some((format!("`/v1/aggregates/{dataset}` groups rows, with `by`"), Parameter::By))
        }
        "aggregate" if shape != Shape::Plain => {
            Some((format!("`/v1/aggregates/{dataset}` aggregates rows, with `function`"), Parameter::Function))
        }
        "rollup" if shape == Shape::Observations => {
            Some((format!("`/v1/aggregates/{dataset}` puts territories together, with `function=own`"), Parameter::Function))
        }
        _ => None,
    }
}

fn elsewhere(context: Context, accepted: &[Parameter], name: &str) -> Option<(String, Parameter)> {
    let name = name.to_ascii_lowercase();
    let is_accepted = |parameter: &Parameter| accepted.iter().any(|one| one.is_named(&parameter.name()));
    let named = |names: &[&str]| names.contains(&name.as_str());
    let (instead, parameter) = if named(&TERRITORIES) {
        (
            "`within=DEP-59` chooses a territory by its code, with all that lies in it; `q` of `/v1/territories` finds codes",
            Parameter::Within,
        )
    } else if named(&TIMES) {
        match context.field("period").map(|field| Parameter::Filter(field, Operator::AnyOf)) {
            Some(period) => ("`period=2019` chooses a period, `period__gte` and `period__lte` what lies between two", period),
            None => ("`geography=2012` reads the territories of a day or a year", Parameter::Geography),
        }
    } else {
        let (_, parameter, instead) = NAMES.iter().find(|(names, ..)| named(names))?;
        (*instead, *parameter)
    };
    is_accepted(&parameter).then(|| (instead.to_owned(), parameter))
}

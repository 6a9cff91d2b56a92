//! Owns the rules that need the whole request: the parameters that exclude or need each other.
//! Must not know how single parameters are read.

use super::parser::Parser;
use super::{columns, order, page};
use crate::problem::Reason;
use crate::query::collection::operator::Operator;
use crate::query::collection::parameter::Parameter;
use crate::query::model::field::FieldOrigin;
use crate::query::model::representation::Representation;
use crate::query::plan::Plan;
use crate::query::plan::grouping::{Function, Grouping};
use crate::query::plan::reading::SortTerm;
use crate::query::plan::selection::SpatialFilter;

/// Checks the parameters against each other, and completes the order, the columns and the cursor.
pub fn finish(parser: &mut Parser, plan: &mut Plan) {
    match parser.point {
        [Some(lon), Some(lat)] => plan.selection.spatial.push(SpatialFilter::Point([lon, lat])),
        [Some(_), None] if !parser.is_faulty(Parameter::Lat) => {
            parser.needs(Parameter::Lon, "`lat` beside it: a point has both");
        }
        [None, Some(_)] if !parser.is_faulty(Parameter::Lon) => {
            parser.needs(Parameter::Lat, "`lon` beside it: a point has both");
        }
        _ => {}
    }
    geography(parser, plan);
    presentation(parser, plan);
    grouping(parser, plan);
    order::complete_order(parser, plan);
    plan.reading.columns = columns::columns(parser, plan);
    if plan.presentation.representation != Representation::Json {
        // The included rows have become columns.
        plan.reading.include.clear();
    }
    plan.parameters.sort_unstable();
    if plan.selection.release.is_some() && plan.selection.as_of.is_some() {
        parser.fault(Parameter::AsOf, Reason::NotTogether, "`release` says already which release is read; give one of the two.");
    }
    if let Some(text) = parser.cursor.take() {
        page::cursor(parser, &text, plan);
    }
}

/// `geography` excludes parameters that only know the geography of today.
fn geography(parser: &mut Parser, plan: &Plan) {
    use Parameter as P;
    if plan.selection.geography.is_none() {
        return;
    }
    let contours = "Contours are those of today";
    let mut todays = vec![(P::Bbox, contours), (P::Lon, contours), (P::Lat, contours)];
    if parser.context.holds_territories() {
        todays.push((P::Search, "Today's names are searched; filter `/v1/territory_states` by `name` for those of then"));
        if plan.presentation.representation == Representation::GeoJson {
            parser.fault(P::Geography, Reason::NotTogether, format!("{contours}; GeoJSON has none of another day."));
        }
    }
    for (parameter, why) in todays.into_iter().filter(|(p, _)| plan.has(*p)) {
        parser.fault(parameter, Reason::NotTogether, format!("{why}; the parameter has no meaning beside `geography`."));
    }
    exclusive(parser, plan, "geography", &[P::Compare]);
    if plan.selection.grouping.as_ref().is_some_and(Grouping::is_own) {
        parser.fault(
            P::Geography,
            Reason::NotTogether,
            "The members of a perimeter are those of today; the parameter has no meaning beside `function=own`.",
        );
    }
}

/// Parameters, the representations that they go with, and what those are called.
type Suited<'p> = (&'p [Parameter], fn(Representation) -> bool, &'p str);

/// Some parameters need a representation, and some exclude each other.
fn presentation(parser: &mut Parser, plan: &mut Plan) {
    use Parameter as P;
    let representation = plan.presentation.representation;
    let only: [Suited<'_>; 5] = [
        (&[P::Geometry], |one| one == Representation::GeoJson, "`format=geojson`"),
        (&[P::Facets], |one| one == Representation::Json, "`format=json`"),
        (
            &[P::Include, P::Compare],
            |one| !one.is_fixed(),
            "`format=json` or a format that has each row as a whole, such as `csv`",
        ),
        (
            &[P::Vintages],
            |one| !one.is_fixed(),
            "a representation that has a row for each version; this one has one for each figure",
        ),
        (
            &[P::Total],
            |one| one != Representation::Scdl,
            "a format that has all rows: SCDL leaves out those that its schema does not allow, and has fewer lines",
        ),
    ];
    // What a representation that cannot be read would go with, nobody knows.
    let is_known = !parser.is_faulty(P::Format);
    for (parameters, suits, what) in only.into_iter().filter(|_| is_known) {
        for parameter in parameters.iter().copied().filter(|p| plan.has(*p)) {
            if !suits(representation) {
                parser.needs(parameter, what);
            }
        }
    }
    if plan.presentation.wide && is_known && !representation.is_spreadsheet() {
        let suited: Vec<String> = parser
            .context
            .representations()
            .filter(|one| one.is_spreadsheet())
            .map(|one| format!("`format={}`", one.name()))
            .collect();
        parser.needs(P::Layout, &format!("{} for `wide`, which is for people", suited.join(" or ")));
    }
    if representation != Representation::Json {
        let several = plan.reading.include.iter().filter(|include| include.single().is_none()).map(|include| include.name());
        for name in several.collect::<Vec<_>>() {
            let detail = "A row has several of these, for which only `format=json` has a place.";
            parser.invalid(P::Include, Reason::NotTogether, &name, detail);
        }
    }
    if representation.is_fixed() && !representation.is_cube() {
        for parameter in [P::Fields, P::Labels].into_iter().filter(|p| plan.has(*p)) {
            parser.fault(parameter, Reason::NotTogether, format!("`format={}` has columns of its own.", representation.name()));
        }
    }
    if plan.has(P::Vintages) {
        let excluded = [P::Layout, P::Compare];
        exclusive(parser, plan, "vintages", &excluded);
    }
    if plan.presentation.wide {
        exclusive(parser, plan, "layout", &[P::Compare]);
    }
}

/// Adds a fault for each given parameter that has no meaning beside another one.
fn exclusive(parser: &mut Parser, plan: &Plan, other: &str, parameters: &[Parameter]) {
    for parameter in parameters.iter().copied().filter(|p| plan.has(*p)) {
        parser.fault(parameter, Reason::NotTogether, format!("The parameter has no meaning beside `{other}`."));
    }
}

/// Completes the grouping, and checks that groups have the fields that are shown or that they are sorted by.
fn grouping(parser: &mut Parser, plan: &mut Plan) {
    use Parameter as P;
    let Some(mut grouping) = plan.selection.grouping.take() else { return };
    if grouping.functions.is_empty() {
        grouping.functions = vec![Function::Count];
    }
    let dataset = parser.context.dataset;
    let territory = dataset.territory.unwrap_or_default();
    if grouping.is_own() {
        let named = plan.selection.conditions.iter().any(|c| c.field.name == territory && c.operator.takes_list());
        let field = parser.context.field(territory);
        if !named && !field.is_some_and(|field| parser.is_faulty(P::Filter(field, Operator::AnyOf))) {
            parser.needs(P::Function, &format!("`{territory}` beside it for `own`: the territories to be taken together"));
        }
        let rule = "`own` gives one figure for each indicator, period, breakdown, nature and source, by the indicator's own rule";
        if grouping.functions.len() > 1 {
            parser.fault(P::Function, Reason::NotTogether, format!("{rule}; it stands alone."));
        }
        if plan.has(P::By) {
            parser.fault(P::By, Reason::NotTogether, format!("{rule}; leave `by` out."));
        }
        grouping.by = dataset.key_fields().filter(|field| field.name != territory).collect();
    }
    let shown = parser.fields.iter().flatten().map(|field| (P::Fields, *field));
    let sorted = plan.reading.sort.iter().filter_map(SortTerm::field).map(|field| (P::Sort, field));
    let missing: Vec<(P, &str, &str)> = shown
        .chain(sorted)
        .filter(|(_, field)| !grouping.has(field))
        .map(|(parameter, field)| (parameter, field.name, if field.origin == FieldOrigin::Computed { "function" } else { "by" }))
        .collect();
    let is_known = !parser.is_faulty(P::By) && !parser.is_faulty(P::Function);
    for (parameter, name, by) in missing.into_iter().filter(|_| is_known) {
        parser.invalid(
            parameter,
            Reason::UnknownField,
            name,
            format!("The groups of this request have no `{name}`; `{by}` decides what they have."),
        );
    }
    plan.selection.grouping = Some(grouping);
}

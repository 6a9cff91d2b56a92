//! Owns the rules that need the whole request: the parameters that exclude or need each other.
//! Must not know how single parameters are read.

use super::parser::Parser;
use super::{columns, order, page};
use crate::problem::Reason;
use crate::query::collection::parameter::Parameter;
use crate::query::model::representation::Representation;
use crate::query::plan::Plan;
use crate::query::plan::grouping::Function;
use crate::query::plan::selection::SpatialFilter;

/// Checks the parameters against each other, and completes the order, the columns and the cursor.
pub fn finish(parser: &mut Parser, plan: &mut Plan) {
    match parser.point {
        [Some(lon), Some(lat)] => plan.selection.spatial.push(SpatialFilter::Point([lon, lat])),
        [Some(_), None] => parser.needs(Parameter::Lon, "`lat` beside it: a point has both"),
        [None, Some(_)] => parser.needs(Parameter::Lat, "`lon` beside it: a point has both"),
        [None, None] => {}
    }
    geography(parser, plan);
    presentation(parser, plan);
    grouping(parser, plan);
    order::complete_order(parser, plan);
    plan.reading.columns = columns::columns(parser, &plan.presentation);
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
    if !parser.context.holds_territories() && plan.selection.scopes.is_empty() {
        parser.needs(P::Geography, "`within` or `touching` beside it: it says of which day they are");
    }
    let contours = "Contours are those of today";
    let mut todays = vec![(P::Bbox, contours), (P::Lon, contours), (P::Lat, contours)];
    if parser.context.holds_territories() {
        todays.push((P::Search, "Today's names are searched; filter `/v1/territory_versions` by `name` for those of then"));
        if plan.presentation.representation == Representation::GeoJson {
            parser.fault(P::Geography, Reason::NotTogether, format!("{contours}; GeoJSON has none of another day."));
        }
    }
    for (parameter, why) in todays.into_iter().filter(|(p, _)| plan.has(*p)) {
        parser.fault(parameter, Reason::NotTogether, format!("{why}; the parameter has no meaning beside `geography`."));
    }
    exclusive(parser, plan, "geography", &[P::Compare, P::Rollup], None);
}

/// Some parameters need a representation, and some exclude each other.
fn presentation(parser: &mut Parser, plan: &mut Plan) {
    use Parameter as P;
    let representation = plan.presentation.representation;
    let only: [(&[P], &[Representation], &str); 6] = [
        (&[P::Delimiter, P::Decimal, P::Bom], &[Representation::Csv], "`format=csv`"),
        (&[P::Trailer], &[Representation::Ndjson], "`format=ndjson`"),
        (&[P::Geometry], &[Representation::GeoJson], "`format=geojson`"),
        (&[P::Include, P::Facets, P::Compare], &[Representation::Json], "`format=json`"),
        (
            &[P::GroupBy, P::Aggregate, P::Rollup, P::Layout],
            &[Representation::Json, Representation::Csv],
            "`format=json` or `format=csv`",
        ),
        (
            &[P::Vintages],
            &[
                Representation::Json,
                Representation::Csv,
                Representation::Ndjson,
                Representation::GeoJson,
                Representation::Parquet,
                Representation::Xlsx,
            ],
            "a representation that has a row for each version; this one has one for each figure",
        ),
    ];
    for (parameters, suited, what) in only {
        for parameter in parameters.iter().copied().filter(|p| plan.has(*p)) {
            if !suited.contains(&representation) {
                parser.needs(parameter, what);
            }
        }
    }
    if representation.is_fixed() {
        let named = matches!(representation, Representation::SdmxCsv);
        let fixed = [Some(P::Fields), (!named).then_some(P::Labels)];
        for parameter in fixed.into_iter().flatten().filter(|p| plan.has(*p)) {
            parser.fault(parameter, Reason::NotTogether, format!("`format={}` has columns of its own.", representation.name()));
        }
    }
    if plan.presentation.delimiter == plan.presentation.decimal {
        parser.fault(P::Decimal, Reason::NotTogether, "The decimal mark is also the delimiter; give `delimiter=;` beside it.");
    }
    if plan.has(P::Latest) && plan.has(P::Last) {
        parser.fault(P::Latest, Reason::NotTogether, "`last=1` says the same; give one of the two.");
    }
    if plan.presentation.trailer && plan.has(P::Limit) {
        parser.fault(
            P::Trailer,
            Reason::NotTogether,
            "A page is not all there is: the trailer of an export has no meaning beside `limit`.",
        );
    }
    if plan.has(P::Vintages) {
        let excluded = [P::GroupBy, P::Aggregate, P::Rollup, P::Layout, P::Compare, P::Latest, P::Last];
        exclusive(parser, plan, "vintages", &excluded, None);
    }
    if plan.presentation.wide {
        let page = parser.cursor.is_some().then_some(P::Cursor);
        let excluded = [P::Limit, P::Sort, P::Fields, P::Count, P::Include, P::Facets, P::Compare];
        exclusive(parser, plan, "layout", &excluded, page);
    }
}

/// Adds a fault for each given parameter that has no meaning beside another one.
fn exclusive(parser: &mut Parser, plan: &Plan, other: &str, parameters: &[Parameter], more: Option<Parameter>) {
    for parameter in parameters.iter().copied().filter(|p| plan.has(*p)).chain(more) {
        parser.fault(parameter, Reason::NotTogether, format!("The parameter has no meaning beside `{other}`."));
    }
}

/// Completes the grouping. An aggregate excludes what shows or orders single rows.
fn grouping(parser: &mut Parser, plan: &mut Plan) {
    use Parameter as P;
    let Some(mut grouping) = plan.selection.grouping.take() else { return };
    if grouping.by.is_empty() && !parser.aggregated && !grouping.rollup {
        return;
    }
    if grouping.functions.is_empty() {
        grouping.functions = vec![if grouping.rollup { Function::Sum } else { Function::Count }];
    }
    let page = parser.cursor.is_some().then_some(P::Cursor);
    let excluded = [P::Limit, P::Sort, P::Fields, P::Count, P::Include, P::Facets, P::Compare, P::Layout, P::Labels];
    exclusive(parser, plan, if grouping.rollup { "rollup" } else { "group_by" }, &excluded, page);
    let territory = parser.context.dataset.territory.unwrap_or_default();
    if grouping.rollup {
        let named = plan.selection.conditions.iter().any(|c| c.field.name == territory && c.operator.takes_list());
        if !named {
            parser.needs(P::Rollup, &format!("`{territory}` beside it: the territories to be taken together"));
        }
        if plan.has(P::GroupBy) || plan.has(P::Aggregate) {
            let detail = "A roll-up gives one figure for each indicator, period, breakdown, nature and source, by the indicator's own rule.";
            parser.fault(P::Rollup, Reason::NotTogether, detail);
        }
    }
    plan.selection.grouping = Some(grouping);
}

//! Owns the description of parameters in the OpenAPI document: their effect, values and limits.
//! Must not know any one dataset.

use serde_json::{Value, json};

use super::schemas;
use crate::query::collection::include::{INCLUDED_ROWS, INCLUDES};
use crate::query::model::value;
use crate::query::pairs::QUERY_LENGTH;
use crate::query::plan::grouping::{GROUP_FIELDS, GROUPS};
use crate::query::plan::reading::{COUNT_BOUND, DEFAULT_LIMIT, FACETS, MAXIMUM_LIMIT, SORT_TERMS};
use crate::query::plan::selection::LAST;
use crate::query::{Context, Dataset, Field, Function, Operator, Parameter, Representation};

/// Describes a parameter of a collection.
pub fn describe(context: Context, parameter: Parameter) -> Value {
    let dataset = context.dataset;
    let words = || json!({"type": "string", "enum": parameter.words()});
    let some =
        |fields: Vec<&str>, most: usize| schemas::set_of(&json!({"type": "string", "enum": fields}), most.min(fields.len()));
    // Groups always have their count; which of their fields a request gives depends on its `by`.
    let first = |fields: &[&str]| {
        fields.iter().find(|name| !context.aggregated || **name == Function::Count.name()).map(|name| json!([name]))
    };
    let (description, schema, example) = match parameter {
        Parameter::Filter(field, operator) => return filter(dataset, field, operator),
        Parameter::Relation(relation) => {
            let text = format!("{} Codes of `{}`.", relation.description, relation.target);
            let code = json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": schemas::CODE});
            let example = (!relation.example.is_empty()).then(|| json!([relation.example]));
            (text, schemas::list_of(&code, schemas::FILTER_VALUES), example)
        }
        Parameter::Within | Parameter::Touching | Parameter::Covers => {
            let text = match parameter {
                Parameter::Within => "Rows of these territories and of all territories that lie wholly in them. An EPCI that crosses a border is on neither side: see `touching`.",
                Parameter::Touching => "Rows of these territories and of all territories that lie in them, wholly or partly.",
                _ => "Rows of these territories and of all territories that contain them wholly: of a commune also those of its EPCI, its département, its region, France and the perimeters of the strategy.",
            };
            let code = json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": schemas::CODE});
            let codes = schemas::list_of(&code, schemas::FILTER_VALUES);
            let example = if matches!(parameter, Parameter::Covers) { "COM-62498" } else { "REG-32" };
            (text.to_owned(), codes, Some(json!([example])))
        }
        Parameter::Geography => (
            match context.holds_territories() {
                true => "The official geography of this day, or of 1 January of this year, instead of today's: the territories of that day with their names and areas, and what lay in `within`, `touching`, around `covers`, or in the territory of the path. Known from 1943-01-01 for communes and départements, from 1976 for regions, from 2019 for EPCI and arrondissements, whose `population_share` then counts communes rather than inhabitants; unknown for parts of communes and for perimeters. Labels and included rows are those of today. A territory that did not exist on that day is a 400 that names those that did.",
                false => "The day, or the year for its 1 January, of the official geography for `within`, `touching` and `covers`, instead of today's; without these, the rows whose territory had its code on that day (parts of communes and perimeters have no history). A territory that did not exist on that day is a 400 that names those that did.",
            }
            .to_owned(),
            json!({"type": "string", "pattern": "^[1-9][0-9]{3}(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$", "maxLength": "2012-06-30".len()}),
            None,
        ),
        Parameter::Bbox => (
            "The territories whose bounding box intersects this one: west, south, east, north, in degrees (WGS 84).".to_owned(),
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}),
            Some(json!([2.9, 50.5, 3.2, 50.8])),
        ),
        Parameter::Lon => (
            "The longitude of a point in degrees (WGS 84), together with `lat`: the territories whose contour contains the point. The communes and arrondissements of the region have a contour, the EPCI that touch it, and the départements and regions of France.".to_owned(),
            json!({"type": "number", "minimum": -180, "maximum": 180}),
            None,
        ),
        Parameter::Lat => (
            "The latitude of the point, together with `lon`.".to_owned(),
            json!({"type": "number", "minimum": -90, "maximum": 90}),
            None,
        ),
        Parameter::Search => (
            format!(
                "French full-text search in {}: every word must match, by its beginning or its inflections; accents, case, hyphens and elisions do not matter, and « st » matches « saint ». The best match is first unless `sort` gives another order; of equal matches, the territory with the most inhabitants. If no row matches, the rows with a similar title are returned and `meta.search` is `approximate`. At most 10 words.",
                dataset.search.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": "[0-9A-Za-zÀ-ÿ]"}),
            Some(json!("acces")),
        ),
        Parameter::Last => (
            "The latest observations with a value of each series (indicator, territory, breakdown, nature, source), at most this many, among the observations that the filters select; `last=1` is the latest figure of each.".to_owned(),
            json!({"type": "integer", "minimum": 1, "maximum": LAST}),
            Some(json!(1)),
        ),
        Parameter::Layout => (
            "`wide`: one row per series, with two columns for each period, its value and its qualifier, for all observations that the filters select (CSV and XLSX only; at most 20 000 observations and 200 periods).".to_owned(),
            words(),
            Some(json!("long")),
        ),
        Parameter::Compare => (
            "Adds to each row a `comparison`: the same figure of a territory that contains the row's (`parent`: the next level up; `region`; `country`), and the rank among the territories of its kind. At most 100 rows per page.".to_owned(),
            schemas::set_of(&words(), parameter.words().len()),
            None,
        ),
        Parameter::Vintages => (
            "The versions of each observation up to the release: `all` versions, also of withdrawn rows; the `first` version; or all versions of observations whose value or statuses were `revised`. Each row has its `released_from`, the date of that release, and its `released_until`, which `fields` and `sort=released_from` accept too. Not with cubes or aggregates.".to_owned(),
            words(),
            Some(json!("all")),
        ),
        Parameter::By => {
            let fields: Vec<&str> = context.fields().filter(|field| context.is_group(field)).map(|field| field.name).collect();
            let text = format!("The fields that rows are grouped by; without any, all rows are one group. At most {GROUPS} groups: a request for more is a 400.");
            let example = fields.iter().find(|name| matches!(**name, "indicator_code" | "stage")).map(|name| json!([name]));
            (text, some(fields, GROUP_FIELDS), example)
        }
        Parameter::Function => {
            let names: Vec<&str> = Function::of(dataset.shape).map(Function::name).collect();
            let own = "`own`, which stands alone, gives one figure for all territories in `territory_code` together, for each indicator, period, breakdown, nature and source, by the rule of the indicator; a perimeter, or a single territory, stands for its communes.";
            let own = if names.contains(&Function::Own.name()) { own } else { "" };
            let text = format!("What is computed for each group; by default `count`. A sum or mean without meaning is a 422 with the reason and a request that has a meaning. {own}");
            (text.trim().to_owned(), some(names.clone(), names.len()), Some(json!(["count"])))
        }
        Parameter::Sort => {
            let all = context.with_all_fields().shown_fields();
            let fields: Vec<&str> = all.iter().filter(|field| field.is_sortable()).map(|field| field.name).collect();
            let both: Vec<String> = fields.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
            let text = "The order: fields separated by commas; `-` before a field sorts it in descending order. Rows without a value are last. The order of texts ignores accents and case.";
            let example = if context.aggregated { Some(json!(["-count"])) } else { first(&fields) };
            (text.to_owned(), schemas::list_of(&json!({"type": "string", "enum": both}), SORT_TERMS), example)
        }
        Parameter::Fields => {
            let fields: Vec<&str> = context.with_all_fields().shown_fields().iter().map(|field| field.name).collect();
            // Without the fields of its key, a row is not what its schema says.
            let required = schemas::required(dataset);
            let key: Vec<&str> = fields.iter().copied().filter(|name| required.contains(name)).collect();
            let example = if context.aggregated { json!(["count"]) } else { json!(key) };
            let most = fields.len();
            ("The columns, in this order; by default all.".to_owned(), some(fields, most), Some(example))
        }
        Parameter::Labels => (
            "Adds the French labels of codes and of words from a list, at the release that is read: `territory_label` beside `territory_code`, `signatory_labels` beside `signatory_codes`, `nature_label` beside `nature`. The name is that of the field without `_code` or `_codes`, then `_label`, or `_labels` for a list. A code that no row has at that release has null. JSON-stat and SCDL always have labels; SDMX-CSV has `code: label`, as `labels=both` of its standard.".to_owned(),
            json!({"type": "boolean"}),
            Some(json!(true)),
        ),
        Parameter::Include => {
            let names: Vec<String> = context.includes().iter().map(|include| include.name()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let text = format!("Adds related rows in `included`, by dataset and code, each once: at most {INCLUDES} kinds, {INCLUDED_ROWS} rows of each; `meta.included_truncated` names the kinds that have more.");
            let example = first(&names);
            (text, some(names, INCLUDES), example)
        }
        Parameter::Facets => {
            let fields: Vec<&str> = context.fields().filter(|field| field.is_facet()).map(|field| field.name).collect();
            let example = first(&fields);
            ("Counts the values of these fields in `meta.facets`: among the rows that all filters except those on the field itself select.".to_owned(), some(fields, FACETS), example)
        }
        Parameter::Limit => (
            format!("The most rows of a page. By default {DEFAULT_LIMIT} as JSON. The other representations return all rows by default, and pages with `limit`."),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": MAXIMUM_LIMIT}),
            Some(json!(5)),
        ),
        Parameter::Cursor => (
            "The start of the page, from `links.next`. A cursor contains its release, so that pages neither miss nor repeat a row, whatever is published meanwhile.".to_owned(),
            json!({"type": "string", "maxLength": QUERY_LENGTH, "pattern": "^[A-Za-z0-9_-]+$"}),
            None,
        ),
        Parameter::Total => (
            format!("`none`, the default, counts nothing; `exact` counts all rows, `bounded` at most {COUNT_BOUND}. The count is in `meta.total` or in the header `Total-Count`."),
            json!({"type": "string", "enum": parameter.words()}),
            Some(json!("exact")),
        ),
        Parameter::Release => (
            "The release to read; by default the newest. A given release has the same rows with the same values for ever.".to_owned(),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX}),
            None,
        ),
        Parameter::AsOf => (
            "Instead of `release`: the newest release at an instant (RFC 3339), or at the end of a day (UTC); today means now. A time before the first release or in the future is a 400. The answer names the release, and `links.pinned` has `release` instead of `as_of`.".to_owned(),
            // One text rather than a choice of a day and an instant, for which some generators make a class of its own.
            json!({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$", "maxLength": 35}),
            None,
        ),
        Parameter::Format => {
            let names: Vec<&str> = context.representations().map(Representation::name).collect();
            ("The representation. Takes precedence over `Accept`.".to_owned(), json!({"type": "string", "enum": names}), Some(json!("json")))
        }
        Parameter::Geometry => ("The geometry of a territory in GeoJSON: its contour if one is published, else a point within it; or always the point.".to_owned(), words(), None),
    };
    finish(&parameter.name(), &description, schema, example)
}

fn filter(dataset: &'static Dataset, field: &'static Field, operator: Operator) -> Value {
    let mut description = field.description.to_owned();
    if let Some(value) = field.list_default {
        // No `default` in the schema: clients would send it beside a `code`, where it does not hold.
        let choices: Vec<&str> = field.choices().unwrap_or_default().iter().map(|choice| choice.value).collect();
        description.push_str(&format!(
            " A list without this filter is as with `{name}={value}`, unless the request has `geography` or filters by the code; `{name}={}` gives all rows.",
            choices.join(","),
            name = field.name,
        ));
    }
    let example = schemas::filter_example(dataset, field).map(|one| if one.is_array() { one } else { json!([one]) });
    let list = schemas::list_of(&schemas::listed(schemas::filter_value(field)), schemas::FILTER_VALUES);
    finish(&Parameter::Filter(field, operator).name(), &description, list, example)
}

/// Builds a query parameter; a list is one parameter with commas. The example is that of the schema: those who try an
/// operation as it stands send an example of the parameter itself.
fn finish(name: &str, description: &str, mut schema: Value, example: Option<Value>) -> Value {
    let mut parameter = json!({"name": name, "in": "query", "required": false, "description": description});
    if schema["type"] == "array" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    if let Some(example) = example {
        schema["examples"] = json!([example]);
    }
    parameter["schema"] = schema;
    parameter
}

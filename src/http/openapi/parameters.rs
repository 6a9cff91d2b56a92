//! Owns the description of parameters in the OpenAPI document: what each does, what it takes, within which bounds.
//! Must not know any one dataset.

use serde_json::{Value, json};

use super::schemas;
use crate::query::collection::include::{INCLUDED_ROWS, INCLUDES};
use crate::query::model::value;
use crate::query::pairs::QUERY_LENGTH;
use crate::query::plan::grouping::{GROUP_FIELDS, GROUPS};
use crate::query::plan::reading::{COUNT_BOUND, DEFAULT_LIMIT, FACETS, MAXIMUM_LIMIT, SORT_TERMS};
use crate::query::plan::selection::LAST;
use crate::query::{Context, Dataset, Field, Operator, Parameter, Representation};

/// Describes a parameter of a collection.
pub fn describe(context: Context, parameter: Parameter) -> Value {
    let dataset = context.dataset;
    let words = || json!({"type": "string", "enum": parameter.words()});
    let truth = || json!({"type": "boolean"});
    let some =
        |fields: Vec<&str>, most: usize| schemas::set_of(&json!({"type": "string", "enum": fields}), most.min(fields.len()));
    let first = |fields: &[&str]| fields.first().map(|name| json!([name]));
    let (description, schema, example) = match parameter {
        Parameter::Filter(field, operator) => return filter(dataset, field, operator),
        Parameter::Within | Parameter::Touching => {
            let text = match parameter {
                Parameter::Within => "Rows of these territories and of all that lies wholly in them. An EPCI that straddles a border lies in neither side: see `touching`.",
                _ => "Rows of these territories and of all that lies in them, wholly or partly.",
            };
            let code = json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": schemas::CODE});
            let codes = schemas::list_of(&code, schemas::FILTER_VALUES);
            (text.to_owned(), codes, Some(json!(["REG-32"])))
        }
        Parameter::Geography => (
            match context.holds_territories() {
                true => "The official geography of this day, or of 1 January of this year, rather than today's: the territories that there were, under their names and in the areas of then, and what lay in `within`, `touching` or the territory of the address. Known from 1943-01-01 for communes and départements, from 1976 for regions, from 2019 for EPCI and arrondissements, whose `share` is then of communes rather than inhabitants; not for parts of communes and perimeters. Labels and included rows are those of today. A territory that was not there on the day is a 400 that names what was.",
                false => "The day, or the year for its 1 January, of the official geography in which `within` and `touching` are read, rather than today's. A territory that was not there on the day is a 400 that names what was.",
            }
            .to_owned(),
            json!({"type": "string", "pattern": "^[1-9][0-9]{3}(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$", "maxLength": "2012-06-30".len()}),
            None,
        ),
        Parameter::Bbox => (
            "Rows of the territories whose contour's box meets this one: west, south, east, north, in degrees (WGS 84).".to_owned(),
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}),
            Some(json!([2.9, 50.5, 3.2, 50.8])),
        ),
        Parameter::Lon => (
            "Longitude of a point, in degrees (WGS 84), with `lat` beside it: rows of the territories whose contour holds it. Contours are those of the region's communes and arrondissements, the EPCI that touch it, and the départements and regions of France.".to_owned(),
            json!({"type": "number", "minimum": -180, "maximum": 180}),
            None,
        ),
        Parameter::Lat => (
            "Latitude of the point, with `lon` beside it.".to_owned(),
            json!({"type": "number", "minimum": -90, "maximum": 90}),
            None,
        ),
        Parameter::Search => (
            format!(
                "French full text in {}: every word, its beginning or its inflections, whatever accents, case, hyphens and elisions; « st » is « saint ». Best match first unless `sort` says otherwise, and of places equally good the one with the most inhabitants. When no row has the words, those whose title is like them are given and `meta.search` is `approximate`. At most 10 words.",
                dataset.search.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH, "pattern": "[0-9A-Za-zÀ-ÿ]"}),
            Some(json!("acces")),
        ),
        Parameter::Latest => (
            "The most recent observation with a value of each series (indicator, territory, breakdown, nature, source), of the observations that the filters select.".to_owned(),
            truth(),
            Some(json!(true)),
        ),
        Parameter::Last => (
            "The most recent observations with a value of each series, so many.".to_owned(),
            json!({"type": "integer", "minimum": 1, "maximum": LAST}),
            None,
        ),
        Parameter::Layout => (
            "`wide`: one row a series, the periods as columns, for all that the filters select (JSON and CSV; at most 20 000 observations and 200 periods).".to_owned(),
            words(),
            Some(json!("long")),
        ),
        Parameter::Compare => (
            "The same figure of the territory that each row's territory lies in (`parent`: the next level up; `region`; `country`), in `comparison`, with the rank among the territories of its kind; at most 100 rows a page.".to_owned(),
            schemas::set_of(&words(), parameter.words().len()),
            None,
        ),
        Parameter::Vintages => (
            "The versions of each observation that were published up to the release: `all` of them, those of withdrawn rows too; the `first`; or all of those whose value or statuses were `revised` since. Each says its `first_release`, when that was published, and its `last_release`, which `fields` and `sort=first_release` may name too. Not in cubes, nor beside what puts observations together.".to_owned(),
            words(),
            Some(json!("all")),
        ),
        Parameter::GroupBy => {
            let fields: Vec<&str> = context.fields().filter(|field| context.is_group(field)).map(|field| field.name).collect();
            let text = format!("Gathers rows by these fields; at most {GROUPS} groups. Each says how many cells it has, how many of them without a value, and their weakest status.");
            (text, some(fields, GROUP_FIELDS), None)
        }
        Parameter::Aggregate => (
            "What is computed of each group. A sum or mean that would have no meaning is refused (422) with the reason and what would be right.".to_owned(),
            schemas::set_of(&words(), parameter.words().len()),
            None,
        ),
        Parameter::Rollup => (
            "One figure for all territories named in `territory_code` together, by the indicator's own rule; perimeters count as their communes. Says how many members are covered.".to_owned(),
            truth(),
            None,
        ),
        Parameter::Sort => {
            let fields: Vec<&str> = context.with_all_fields().fields().filter(|field| field.is_sortable()).map(|field| field.name).collect();
            let both: Vec<String> = fields.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
            let text = "The order: fields separated by commas, a `-` before one puts the largest first. Rows without a value come last. Texts are ordered without regard to accents and case.";
            (text.to_owned(), schemas::list_of(&json!({"type": "string", "enum": both}), SORT_TERMS), first(&fields))
        }
        Parameter::Fields => {
            let fields: Vec<&str> = context.with_all_fields().fields().map(|field| field.name).collect();
            let (example, most) = (first(&fields), fields.len());
            ("The columns, in this order; all of them when left out.".to_owned(), some(fields, most), example)
        }
        Parameter::Labels => (
            "`name`: instead of each code that refers to one row, that row's name, as `…_label`; `both`: beside it.".to_owned(),
            words(),
            Some(json!("both")),
        ),
        Parameter::Include => {
            let names: Vec<String> = context.includes().iter().map(|include| include.name()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let text = format!("Gives related rows beside the page, in `included`, each once: at most {INCLUDES} sorts, {INCLUDED_ROWS} rows of each.");
            let example = first(&names);
            (text, some(names, INCLUDES), example)
        }
        Parameter::Facets => {
            let fields: Vec<&str> = context.fields().filter(|field| field.is_facet()).map(|field| field.name).collect();
            let example = first(&fields);
            ("Counts the choices that remain of these fields, in `meta.facets`: their values among the rows that all filters but those on the field itself select.".to_owned(), some(fields, FACETS), example)
        }
        Parameter::Limit => (
            format!("Rows at most. As JSON {DEFAULT_LIMIT} when left out; in the other representations all rows, and when it is given they are paged too."),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": MAXIMUM_LIMIT}),
            Some(json!(5)),
        ),
        Parameter::Cursor => (
            "Where the page starts: follow `links.next` rather than make one. A cursor holds its release, so that pages neither miss nor repeat a row whatever is published meanwhile.".to_owned(),
            json!({"type": "string", "maxLength": QUERY_LENGTH, "pattern": "^[A-Za-z0-9_-]+$"}),
            None,
        ),
        Parameter::Count => (
            format!("`exact` counts all rows, `bounded` no further than {COUNT_BOUND}; in `meta.total`, or the header `X-Total-Rows`."),
            json!({"type": "string", "enum": parameter.words(), "default": "none"}),
            Some(json!("exact")),
        ),
        Parameter::Release => (
            "The release to read; the newest when left out. An answer read from a given release never changes.".to_owned(),
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX}),
            None,
        ),
        Parameter::AsOf => (
            "Instead of `release`: the newest release at an instant (RFC 3339), or at the end of a day (UTC). Before the first release, and in the future, it is refused; today stands for now. The answer names the release, and `links.pinned` it alone.".to_owned(),
            json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
            None,
        ),
        Parameter::Format => {
            let names: Vec<&str> = Representation::of(dataset).map(Representation::name).collect();
            ("The representation; goes before the header `Accept`.".to_owned(), json!({"type": "string", "enum": names}), Some(json!("json")))
        }
        Parameter::Delimiter => ("Delimiter of CSV.".to_owned(), words(), None),
        Parameter::Decimal => ("Decimal mark of CSV; `,` needs another delimiter.".to_owned(), words(), None),
        Parameter::Bom => (
            "CSV for spreadsheets: a byte order mark at the start, and an apostrophe before texts that a spreadsheet would run as a formula.".to_owned(),
            truth(),
            None,
        ),
        Parameter::Trailer => ("NDJSON that ends with a line that counts the rows, so that a reader knows it has all.".to_owned(), truth(), None),
        Parameter::Geometry => ("What stands for a territory in GeoJSON: its contour, where one is published, else the point within it; or always the point.".to_owned(), words(), None),
    };
    finish(&parameter.name(), &description, schema, example)
}

fn filter(dataset: &'static Dataset, field: &'static Field, operator: Operator) -> Value {
    let description = format!("{} {}", field.description, operator.meaning());
    let (schema, example) = match operator {
        Operator::IsNull => (json!({"type": "boolean"}), Some(json!(false))),
        Operator::Contains | Operator::StartsWith => {
            (json!({"type": "string", "minLength": 1, "maxLength": value::VALUE_LENGTH}), None)
        }
        _ if operator.takes_list() => {
            let example = schemas::filter_example(dataset, field).filter(|_| operator == Operator::AnyOf);
            let list = schemas::list_of(&schemas::listed(schemas::filter_value(field)), schemas::FILTER_VALUES);
            (list, example.map(|one| if one.is_array() { one } else { json!([one]) }))
        }
        _ => (schemas::filter_value(field), None),
    };
    finish(&Parameter::Filter(field, operator).name(), &description, schema, example)
}

/// Completes a query parameter; a list is one parameter with commas.
fn finish(name: &str, description: &str, schema: Value, example: Option<Value>) -> Value {
    let mut parameter = json!({"name": name, "in": "query", "required": false, "description": description});
    if schema["type"] == "array" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    parameter["schema"] = schema;
    if let Some(example) = example {
        parameter["example"] = example;
    }
    parameter
}

//! Every representation of every dataset has the same cells as the pages of JSON.

mod broken_exports;
pub mod cells;
mod fixed_columns;
mod negotiation;
mod values;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use reperes::datasets::{REGISTRY, collections};
use reperes::http::{Endpoint, router};
use reperes::query::{Column, Context, Dataset, Kind, Representation};
use serde_json::{Value, json};

use self::cells::Table;
use crate::harness::{Reply, bundled, get, head};

/// The filter for a dataset: none for a small dataset, a few territories for a large one.
fn selection(dataset: &Dataset) -> &'static str {
    if matches!(dataset.name, "territories" | "territory_states" | "containments") { "within=EPCI-200033579" } else { "" }
}

/// A response that must be complete, with status 200 and the `Content-Type` of its representation.
fn given(address: SocketAddr, target: &str, representation: Representation) -> Reply {
    let reply = get(address, target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    assert!(reply.whole, "{target} broke off");
    assert_eq!(reply.header("content-type"), Some(&*representation.content_type()), "{target}");
    reply
}

/// Compares all representations that have the columns of the rows with the pages of JSON, and returns the pages.
pub fn agree(address: SocketAddr, context: Context, path: &str, query: &str) -> Table {
    let pages = cells::pages(address, &format!("{path}?{query}&limit=1000"));
    assert!(!pages.rows.is_empty(), "{path}?{query} has no rows");
    // The columns that `labels` adds are not fields; their values are texts or lists of texts.
    let label = |name: &String| if name.ends_with("_labels") { Kind::TextList } else { Kind::Text };
    let shown = context.shown_fields();
    let kind = |name: &String| shown.iter().find(|field| field.name == name).map_or_else(|| label(name), |field| field.kind);
    let kinds: Vec<Kind> = pages.names.iter().map(kind).collect();
    for representation in context.representations().filter(|one| *one != Representation::Json && !one.is_fixed()) {
        let target = format!("{path}?{query}&format={}", representation.name());
        let body = given(address, &target, representation).body;
        match representation {
            Representation::Ndjson => assert_eq!(cells::ndjson(&body), pages, "{target}"),
            Representation::GeoJson => assert_eq!(cells::geojson(&body, &kinds), pages, "{target}"),
            Representation::Csv => {
                let (names, rows) = cells::csv(&body);
                assert_eq!(names, pages.names, "{target}");
                assert_eq!(rows, pages.each(&kinds, cells::plain), "{target}");
            }
            Representation::CsvExcel => {
                let (names, rows) = cells::csv_excel(&body);
                assert_eq!(names, pages.names, "{target}");
                assert_eq!(rows, pages.each(&kinds, cells::in_spreadsheet), "{target}");
            }
            Representation::Parquet => {
                let (names, rows) = cells::parquet(body, &kinds);
                assert_eq!(names, pages.names, "{target}");
                assert_eq!(rows, pages.each(&kinds, cells::computable), "{target}");
            }
            Representation::Xlsx => {
                let (names, rows) = workbook::read(&body);
                assert_eq!(names, pages.names, "{target}");
                assert_eq!(rows, pages.each(&kinds, workbook::cell), "{target}");
            }
            other => panic!("{} is not compared", other.name()),
        }
    }
    pages
}

#[test]
fn every_representation_has_the_same_cells_as_the_json_pages() {
    for dataset in collections() {
        let pages = agree(bundled(), Context::of(REGISTRY, dataset), &format!("/v1/{}", dataset.name), selection(dataset));
        let names: Vec<&str> = dataset.fields.iter().map(|field| field.name).collect();
        assert_eq!(pages.names, names, "{}", dataset.name);
    }
}

#[test]
fn related_rows_are_available_in_every_representation() {
    let mut followed = 0;
    for endpoint in router::all(REGISTRY) {
        let Endpoint::Related(dataset, link, context) = endpoint else { continue };
        let (code, target) = (dataset.example, context.dataset.name);
        let path = format!("/v1/{}/{code}/{}", dataset.name, link.name);
        if get(bundled(), &format!("{path}?limit=1")).data() == json!([]) {
            continue;
        }
        let pages = agree(bundled(), context, &path, "");
        assert!(pages.names.iter().eq(context.fields().map(|field| field.name)), "{path}");
        let reply = get(bundled(), &format!("{path}?format=csv"));
        let file = format!("attachment; filename=\"reperes-{code}-{target}-publication-3.csv\"").replace('~', "_");
        assert_eq!(reply.header("content-disposition"), Some(&*file));
        followed += 1;
    }
    assert_eq!(followed, 4, "ancestors, descendants, members, and the sources of a release");
}

#[test]
fn fields_choose_the_columns_and_their_order() {
    for dataset in collections() {
        let mut names: Vec<&str> = dataset.fields.iter().map(|field| field.name).collect();
        names.reverse();
        // Readers of workbooks leave out rows without a value, so that a field which every row has comes with others.
        for chosen in [&names[..], &[names[0], names[names.len() - 1]], &names[names.len() - 1..]] {
            let query = format!("{}&fields={}", selection(dataset), chosen.join(","));
            let pages =
                agree(bundled(), Context::of(REGISTRY, dataset), &format!("/v1/{}", dataset.name), query.trim_start_matches('&'));
            assert_eq!(pages.names, chosen, "{query}");
        }
    }
}

#[test]
fn labels_stand_beside_codes_and_words() {
    let mut titles: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut compared = 0;
    for dataset in collections() {
        let (path, context) = (format!("/v1/{}", dataset.name), Context::of(REGISTRY, dataset));
        let query = format!("{}&labels=true", selection(dataset));
        let pages = agree(bundled(), context, &path, query.trim_start_matches('&'));
        let mut names = Vec::new();
        for field in dataset.fields {
            names.push(field.name.to_owned());
            let referred = context.referred(field).and_then(|referred| Some((referred, referred.title_field()?)));
            if field.choices().is_none() && referred.is_none() {
                continue;
            }
            let stem = field.name.trim_end_matches("_codes").trim_end_matches("_code");
            let label = format!("{stem}_{}", if field.is_list() { "labels" } else { "label" });
            names.push(label.clone());
            let mut expected = |code: &str| match (field.choices(), referred) {
                (Some(choices), _) => {
                    json!(choices.iter().find(|choice| choice.value == code).expect("a word of the list").label)
                }
                (None, Some((referred, title))) => {
                    let title_of = |(dataset, code): &(String, String)| {
                        get(bundled(), &format!("/v1/{dataset}/{code}")).data()[title.name].clone()
                    };
                    titles.entry((referred.name.to_owned(), code.to_owned())).or_insert_with_key(title_of).clone()
                }
                (None, None) => Value::Null,
            };
            for (code, label) in pages.column(field.name).into_iter().zip(pages.column(&label)) {
                let code: Value = serde_json::from_str(code).expect("JSON");
                let expected = match &code {
                    Value::String(code) => expected(code),
                    Value::Array(codes) => codes.iter().map(|code| expected(code.as_str().expect("a code"))).collect(),
                    none => none.clone(),
                };
                assert_eq!(serde_json::from_str::<Value>(label).expect("JSON"), expected, "{}.{}", dataset.name, field.name);
                compared += 1;
            }
        }
        assert_eq!(pages.names, names, "each label stands beside its field");
    }
    assert!(compared > 1000, "only {compared} labels were compared");
}

#[test]
fn words_have_short_french_labels_and_no_label_has_the_name_of_a_field() {
    for dataset in collections() {
        for field in dataset.fields {
            let Some(choices) = field.choices() else { continue };
            let labels: BTreeSet<&str> = choices.iter().map(|choice| choice.label).collect();
            assert_eq!(labels.len(), choices.len(), "{}.{}: two words have one label", dataset.name, field.name);
            for label in labels {
                assert!((2..=60).contains(&label.chars().count()), "{label}");
                assert!(!label.contains([';', '|', '_', '\'', '"']), "{label}: readers need French, and formats separators");
            }
        }
        let context = Context::of(REGISTRY, dataset);
        for label in context.fields().filter_map(|field| Column::label(field, context.referred(field))) {
            assert!(dataset.field(&label.name).is_none(), "{}.{}", dataset.name, label.name);
        }
    }
}

#[test]
fn a_response_has_its_release_and_its_pinned_url() {
    let release = get(bundled(), "/v1/releases?limit=1").json()["meta"]["release"].to_string();
    for dataset in collections() {
        for representation in Representation::of(dataset) {
            let query = format!("{}&format={}", selection(dataset), representation.name());
            let target = format!("/v1/{}?{}", dataset.name, query.trim_start_matches('&'));
            let reply = given(bundled(), &target, representation);
            let dense = matches!(representation, Representation::Parquet | Representation::Xlsx);
            let coded = if dense { "Accept" } else { "Accept, Accept-Encoding" };
            assert_eq!(reply.header("vary"), Some(coded), "{target}");
            assert_eq!(reply.header("release-number"), Some(&*release), "{target}");
            if representation != Representation::Json {
                let file = format!("reperes-{}-publication-{release}.{}", dataset.name, representation.extension());
                assert_eq!(reply.header("content-disposition"), Some(&*format!("attachment; filename=\"{file}\"")), "{target}");
                let pinned = reply.header("content-location").expect("the address of the answer");
                assert!(pinned.ends_with(&format!("release={release}")), "{pinned}");
                assert_eq!(get(bundled(), pinned).body, reply.body, "{target} is the same again");
                let exposed = reply.header("access-control-expose-headers").expect("what scripts may read").to_lowercase();
                for name in ["content-disposition", "content-location", "link", "release-number", "total-count"] {
                    assert!(exposed.split(", ").any(|one| one == name), "scripts of other origins cannot read {name}");
                }
            }
            let silent = head(bundled(), &target);
            assert_eq!((silent.status, silent.body.len()), (200, 0), "HEAD {target}");
            assert_eq!(lasting(&silent), lasting(&reply), "HEAD {target}");
        }
    }
}

/// The headers that are the same in every response to the same address.
fn lasting(reply: &Reply) -> BTreeMap<&str, &str> {
    let passing = |name: &str| ["date", "x-request-id", "cache-status", "server-timing"].contains(&name);
    reply.headers.iter().filter(|(name, _)| !passing(name)).map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn an_unsuitable_representation_is_refused_with_the_suitable_ones() {
    for dataset in collections() {
        let suited: Vec<&str> = Representation::of(dataset).map(Representation::name).collect();
        for representation in Representation::ALL.into_iter().filter(|one| !one.suits(dataset)) {
            let problem = get(bundled(), &format!("/v1/{}?format={}", dataset.name, representation.name())).problem(400);
            assert_eq!(problem["errors"][0]["name"], "format");
            assert_eq!(problem["errors"][0]["allowed"], Value::from(suited.clone()));
        }
    }
}

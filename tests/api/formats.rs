//! Every representation of every dataset has the same cells as the pages of JSON.

mod broken_exports;
pub mod cells;
mod fixed_columns;
mod negotiation;
mod values;
mod workbook;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reperes::datasets::{REGISTRY, collections};
use reperes::http::{Endpoint, router};
use reperes::query::{Context, Dataset, Kind, Representation};
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
    // The columns that `labels` adds are not fields; their values are texts.
    let kind = |name: &String| context.field(name).map_or(Kind::Text, |field| field.kind);
    let kinds: Vec<Kind> = pages.names.iter().map(kind).collect();
    for representation in Representation::of(context.dataset).filter(|one| *one != Representation::Json && !one.is_fixed()) {
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
    assert!(followed > 20, "only {followed} links were followed");
}

#[test]
fn fields_choose_the_columns_and_their_order() {
    for dataset in collections() {
        let mut names: Vec<&str> = dataset.fields.iter().map(|field| field.name).collect();
        names.reverse();
        for chosen in [&names[..], &names[..2], &names[names.len() - 1..]] {
            let query = format!("{}&fields={}", selection(dataset), chosen.join(","));
            let pages =
                agree(bundled(), Context::of(REGISTRY, dataset), &format!("/v1/{}", dataset.name), query.trim_start_matches('&'));
            assert_eq!(pages.names, chosen, "{query}");
        }
    }
}

#[test]
fn labels_add_names_to_codes_or_replace_them() {
    let mut titles: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut compared = 0;
    for dataset in collections() {
        let (path, chosen) = (format!("/v1/{}", dataset.name), selection(dataset));
        let query = |labels: &str| format!("{chosen}&labels={labels}").trim_start_matches('&').to_owned();
        let (both, names) = (
            agree(bundled(), Context::of(REGISTRY, dataset), &path, &query("both")),
            agree(bundled(), Context::of(REGISTRY, dataset), &path, &query("name")),
        );
        for field in dataset.fields.iter().filter(|field| matches!(field.kind, Kind::Reference(_))) {
            let referred = Context::of(REGISTRY, dataset).referred(field).expect("what is referred to is there");
            let Some(title) = referred.title_field() else { continue };
            let label = format!("{}_label", field.name.trim_end_matches("_code"));
            let at = both.names.iter().position(|name| name == field.name).expect("the code is there");
            assert_eq!(both.names[at + 1], label, "the name stands beside its code");
            assert!(!names.names.iter().any(|name| name == field.name), "the name stands in the place of its code");
            assert_eq!(names.column(&label), both.column(&label));
            for (code, label) in both.column(field.name).into_iter().zip(both.column(&label)) {
                let code: Option<String> = serde_json::from_str(code).expect("a code");
                let Some(code) = code else {
                    assert_eq!(label, "null");
                    continue;
                };
                let expected = titles.entry((referred.name.to_owned(), code)).or_insert_with_key(|(dataset, code)| {
                    get(bundled(), &format!("/v1/{dataset}/{code}")).data()[title.name].to_string()
                });
                assert_eq!(label, expected);
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "only {compared} names were compared");
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
            if representation != Representation::Json {
                let file = format!("reperes-{}-publication-{release}.{}", dataset.name, representation.extension());
                assert_eq!(reply.header("content-disposition"), Some(&*format!("attachment; filename=\"{file}\"")), "{target}");
                assert_eq!(reply.header("x-release"), Some(&*release), "{target}");
                let pinned = reply.header("content-location").expect("the address of the answer");
                assert!(pinned.ends_with(&format!("release={release}")), "{pinned}");
                assert_eq!(get(bundled(), pinned).body, reply.body, "{target} is the same again");
                let exposed = reply.header("access-control-expose-headers").expect("what scripts may read").to_lowercase();
                for name in ["content-disposition", "content-location", "link", "x-release", "x-total-rows"] {
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
            assert_eq!(problem["errors"][0]["parameter"], "format");
            assert_eq!(problem["errors"][0]["allowed"], Value::from(suited.clone()));
        }
    }
}

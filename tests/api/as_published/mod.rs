//! What a release says never changes: after later releases have changed, added and withdrawn rows of every dataset, and with
//! them every unit, title, parent, contour and rank that answers show, each answer of an earlier release has the same rows,
//! values and included rows, byte for byte.

mod rows;

use std::collections::BTreeMap;
use std::fs;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Context, Dataset, Parameter, Representation, RowOrigin, Shape};
use serde_json::value::RawValue;

use self::rows::{code, csv, names, published, reference};
use crate::harness::{TestServer, bundle, get, publish};

/// The members of a JSON answer that are promised.
const PROMISED: [&str; 2] = ["data", "included"];

/// The most includes of a request.
const INCLUDES: usize = 5;

/// Requests of observations that answer with more, or with other rows, than a list.
const OF_FIGURES: [&str; 10] = [
    "vintages=all",
    "vintages=first",
    "vintages=revised",
    "vintages=all&limit=1000",
    "last=1",
    "last=1&within=DEP-1",
    "last=2&sort=-value",
    "compare=parent,region,country",
    "layout=wide&format=csv",
    "q=version",
];

/// Aggregates.
const AGGREGATES: [&str; 5] = [
    "/v1/aggregates/observations?function=own&territory_code=DEP-1&indicator_code=un&breakdown_code=_T",
    "/v1/aggregates/observations?function=own&territory_code=PER-1&indicator_code=deux&breakdown_code=_T",
    "/v1/aggregates/observations?by=indicator_code,period,breakdown_code&function=min,max,count&territory_code=COM-1,COM-2",
    "/v1/aggregates/observations?by=indicator_code,territory_code,breakdown_code,period&function=sum,count&indicator_code=un",
    "/v1/aggregates/funding?by=payer_code,stage&function=sum,count",
];

fn labels() -> &'static str {
    if Parameter::Labels.words().contains(&"both") { "labels=both" } else { "labels=true" }
}

/// The queries of the list of a dataset.
fn queries(dataset: &'static Dataset) -> Vec<String> {
    let context = Context::of(REGISTRY, dataset);
    let labels = labels();
    let mut all = vec![String::new(), labels.to_owned(), format!("{labels}&limit=1000")];
    let includes: Vec<String> = context.includes().iter().map(|include| include.name()).collect();
    all.extend(includes.chunks(INCLUDES).map(|some| format!("include={}", some.join(","))));
    for representation in Representation::of(dataset).filter(|one| *one != Representation::Json) {
        let format = format!("format={}", representation.name());
        all.push(if representation.is_fixed() { format } else { format!("{format}&{labels}") });
    }
    if let Some(title) = dataset.title_field() {
        all.push(format!("sort=-{}&{labels}", title.name));
    }
    if !dataset.search.is_empty() {
        all.extend(["q=version".to_owned(), "q=versoin".to_owned()]);
    }
    if dataset.territory.is_some() {
        for place in ["within=DEP-1", "within=DEP-2", "within=EPCI-1", "touching=PER-1", "covers=COM-1"] {
            all.push(format!("{place}&{labels}"));
        }
    }
    if context.parameters().iter().any(|parameter| matches!(parameter, Parameter::Geography)) {
        all.push(format!("within=REG-1&geography=2010-01-01&{labels}"));
    }
    all.extend(dataset.relations.iter().map(|relation| format!("{}={}&{labels}", relation.name, reference(relation.target, 1))));
    if context.holds_territories() {
        all.extend(["bbox=1,1,2,2", "lon=1.5&lat=1.5", "geography=2010-01-01"].map(str::to_owned));
    }
    if dataset.shape == Shape::Observations {
        all.extend(OF_FIGURES.map(str::to_owned));
    }
    all
}

/// The addresses of everything that a release answers, without the release.
fn addresses() -> Vec<String> {
    let mut all: Vec<String> = AGGREGATES.map(str::to_owned).into();
    for dataset in collections() {
        let path = format!("/v1/{}", dataset.name);
        all.extend(queries(dataset).into_iter().map(|query| format!("{path}?{query}")));
        let items: Vec<String> = match dataset.rows {
            RowOrigin::Releases => vec!["1".to_owned()],
            RowOrigin::Published => names(dataset, false).iter().map(|name| code(dataset, name)).collect(),
            RowOrigin::Derived { .. } => Vec::new(),
        };
        for item in items {
            let item = format!("{path}/{item}");
            all.extend([format!("{item}?"), format!("{item}?{}", labels())]);
            all.extend(dataset.below().map(|link| format!("{item}/{link}?")));
        }
    }
    all
}

/// The address of an answer of a release.
fn pinned(address: &str, release: usize) -> String {
    format!("{address}{}release={release}", if address.ends_with('?') { "" } else { "&" })
}

/// Changes up to a release, and from one release to another.
fn changes(release: usize) -> Vec<String> {
    let mut all =
        vec![format!("/v1/changes?until={release}&limit=1000"), format!("/v1/changes?since={}&until={release}", release - 1)];
    for dataset in collections().filter(|dataset| dataset.has_history()) {
        let name = dataset.name;
        all.push(format!("/v1/changes?dataset={name}&until={release}&format=ndjson"));
        all.push(format!("/v1/changes?dataset={name}&until={release}&limit=1000"));
        if dataset.territory.is_some() {
            all.push(format!("/v1/changes?dataset={name}&until={release}&within=DEP-1&format=csv"));
        }
    }
    all
}

/// The status and what is promised of an answer.
fn promised(server: &TestServer, address: &str) -> (u16, Vec<u8>) {
    let reply = get(server.address, address);
    let is_json = reply.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if !is_json || reply.status != 200 {
        return (reply.status, reply.body);
    }
    let members: BTreeMap<&str, &RawValue> = serde_json::from_slice(&reply.body).expect("an object");
    let text = PROMISED.map(|name| members.get(name).map_or("", |value| value.get())).join("\n");
    (reply.status, text.into_bytes())
}

/// The answers of a release, by their pinned addresses.
fn answers(server: &TestServer, release: usize) -> Vec<(String, Vec<u8>)> {
    let all = addresses().into_iter().map(|address| pinned(&address, release)).chain(changes(release));
    let mut recorded = Vec::new();
    for address in all {
        let (status, body) = promised(server, &address);
        let known = status == 200 || (status == 404 && address.contains("/contour")) || status == 308;
        assert!(known, "{address}: {status} {}", String::from_utf8_lossy(&body));
        if status == 200 {
            recorded.push((address, body));
        }
    }
    recorded
}

fn compare(server: &TestServer, recorded: &[(String, Vec<u8>)], after: &str) {
    let text = |body: &[u8]| String::from_utf8_lossy(body).chars().take(1500).collect::<String>();
    let mut changed = Vec::new();
    for (address, body) in recorded {
        let (status, now) = promised(server, address);
        if status != 200 || now != *body {
            changed.push(format!("{address} after {after}: {status}\n  was {}\n  is  {}", text(body), text(&now)));
        }
    }
    let first: Vec<&String> = changed.iter().take(8).collect();
    assert!(changed.is_empty(), "{} answers have changed, such as {first:#?}", changed.len());
}

/// Publishes the rows of datasets in a version, as one release.
fn release(server: &TestServer, datasets: &[&'static Dataset], version: usize, more: bool) {
    let texts: Vec<(&str, String)> = datasets.iter().map(|dataset| (dataset.name, csv(dataset, version, more))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let report = publish(&server.url, &bundle(&files)).expect("the rows are right");
    assert!(report.release.is_some(), "nothing changes in {:?} with version {version}", files[0].0);
}

/// Withdraws every row of every dataset in one release.
fn withdraw_all(server: &TestServer) {
    let folder = bundle(&[]);
    let mut manifest = fs::read_to_string(folder.join("manifest.toml")).expect("the manifest is there");
    for dataset in published() {
        let codes: Vec<String> = names(dataset, true).iter().map(|name| format!("\"{}\"", code(dataset, name))).collect();
        manifest.push_str(&format!(
            "[[withdraw]]\ndataset = \"{}\"\nreason = \"Essai\"\ncodes = [{}]\n",
            dataset.name,
            codes.join(", ")
        ));
    }
    fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
    publish(&server.url, &folder).expect("the rows can be withdrawn");
}

#[test]
fn what_a_release_says_stays_as_published() {
    let server = TestServer::empty();
    let all: Vec<&'static Dataset> = published().collect();
    release(&server, &all, 1, false);
    let first = answers(&server, 1);
    assert!(first.len() > 500, "{}", first.len());
    for dataset in &all {
        release(&server, &[dataset], 2, false);
    }
    let middle = all.len() + 1;
    compare(&server, &first, "every row has changed");
    let second = answers(&server, middle);
    let recorded: Vec<(String, Vec<u8>)> = first.into_iter().chain(second).collect();
    release(&server, &all, 3, true);
    compare(&server, &recorded, "rows have changed again and others are new");
    withdraw_all(&server);
    compare(&server, &recorded, "every row is withdrawn");
    release(&server, &all, 1, true);
    compare(&server, &recorded, "every row is published again");
}

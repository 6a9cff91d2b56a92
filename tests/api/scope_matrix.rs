//! What a key for one source can do to the answers about others: nothing. For each dataset and each kind of change, a key sends a
//! publication; a fixed set of answers about the rows of all other sources is the same before and after.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use reperes::datasets::REGISTRY;
use reperes::query::{Dataset, RowOrigin, Stewardship, pairs};
use serde_json::Value;

use super::publishing_http::releases;
use crate::harness::{Form, TestServer, bundle, get, key, publish};

/// The source of the key.
const OWN: &str = "agence";

const SOURCE: &str = "code,kind,title,publisher,licence\nagence,document,Agence,Repères,etalab-2.0\n";

/// A row as a header and its cells.
type CsvRow = BTreeMap<String, String>;

/// What a publication does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Changes a row of another source, and keeps its source.
    Other,
    /// Changes a row of another source, and names its own source.
    TakeOver,
    /// Adds a row in the name of another source.
    AddForOther,
    /// Withdraws a row of another source.
    Withdraw,
    /// Replaces all rows of another source by one.
    Replace,
    /// Adds a row of its own that refers to the rows of others.
    AddOwn,
    /// Adds a row of its own that is counted under no row of another source.
    AddOwnApart,
}

const CHANGES: [Change; 7] = [
    Change::Other,
    Change::TakeOver,
    Change::AddForOther,
    Change::Withdraw,
    Change::Replace,
    Change::AddOwn,
    Change::AddOwnApart,
];

/// Whether the key may publish it. Everything else is refused.
fn allowed(dataset: &Dataset, change: Change) -> bool {
    match change {
        Change::AddOwnApart => dataset.stewardship != Stewardship::Geography,
        Change::AddOwn => dataset.stewardship != Stewardship::Geography && dataset.counted_under.is_empty(),
        _ => false,
    }
}

fn published() -> impl Iterator<Item = &'static Dataset> {
    REGISTRY.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published))
}

/// A row of another source, as an export has it.
fn row_of_another(address: SocketAddr, dataset: &Dataset) -> CsvRow {
    if !dataset.public {
        let cells = [("territory_code", "REG-32"), ("west", "1"), ("south", "49"), ("east", "4"), ("north", "51")];
        let contour = ("contour", r#"{"type":"Polygon","coordinates":[[[1,49],[4,49],[4,51],[1,51],[1,49]]]}"#);
        let source = ("source_code", "insee-cog-2026");
        return cells.into_iter().chain([contour, source]).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect();
    }
    let source = dataset.source_field().expect("rows have a source").name;
    let given = match dataset.name {
        "funding" => "&measure_code__isnull=false&convention_code__isnull=false",
        "indicators" => "&measure_code__isnull=false",
        _ => "",
    };
    let text = get(address, &format!("/v1/{}?format=csv&limit=1&{source}__ne={OWN}{given}", dataset.name)).text();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let record = reader.records().next().expect("a row").expect("a record");
    let column = |name: &str| dataset.columns().any(|field| field.name == name);
    header.iter().zip(&record).filter(|(name, _)| column(name)).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
}

/// The row that a change sends.
fn row(dataset: &Dataset, change: Change, mut row: CsvRow) -> CsvRow {
    row.insert("note".to_owned(), format!("Écrit par l'agence ({change:?})."));
    let own = matches!(change, Change::TakeOver | Change::AddOwn | Change::AddOwnApart);
    if own && row.contains_key("source_code") {
        row.insert("source_code".to_owned(), OWN.to_owned());
    }
    if matches!(change, Change::AddForOther | Change::AddOwn | Change::AddOwnApart) {
        let new = match (dataset.name, own) {
            // The own source is there already, and gets another title.
            ("sources", true) => OWN.to_owned(),
            ("breakdowns", _) => format!("essai.{}", if change == Change::AddOwn { "a" } else { "b" }),
            _ => format!("agence-{}", format!("{change:?}").to_lowercase()),
        };
        match dataset.name {
            "observations" => row.insert("period".to_owned(), if own { "1999" } else { "1998" }.to_owned()),
            "territory_states" => row.insert("valid_from".to_owned(), "1950-01-01".to_owned()),
            "memberships" => row.insert("container_code".to_owned(), "FR".to_owned()),
            "contours" => row.insert("territory_code".to_owned(), "COM-59350".to_owned()),
            _ => row.insert("code".to_owned(), new),
        };
    }
    if change == Change::AddOwnApart {
        for name in dataset.counted_under {
            let cell = if dataset.name == "observations" { "agence-addownapart" } else { "" };
            row.insert((*name).to_owned(), cell.to_owned());
        }
        if dataset.name == "breakdowns" {
            row.insert("parent_code".to_owned(), String::new());
        }
    }
    row
}

fn csv_text(row: &CsvRow) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(row.keys()).expect("a header");
    writer.write_record(row.values()).expect("a row");
    String::from_utf8(writer.into_inner().expect("a text")).expect("UTF-8")
}

/// The publication of a change.
fn form(address: SocketAddr, dataset: &Dataset, change: Change) -> Form {
    let head = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";
    let old = row_of_another(address, dataset);
    if change == Change::Withdraw {
        let key: Vec<String> = dataset.key.iter().map(|name| old[*name].replace('/', "_")).collect();
        let code = key.join("~");
        let manifest = format!("{head}[[withdraw]]\ndataset = \"{}\"\ncodes = [\"{code}\"]\nreason = \"Essai\"\n", dataset.name);
        return Form::default().part("manifest", None, manifest.as_bytes());
    }
    let source = old.get("source_code").or_else(|| old.get("code")).expect("a source").clone();
    let mode = match (change, dataset.source_field()) {
        (Change::Replace, Some(field)) => format!("mode = \"replace\"\nscope = {{ {} = \"{source}\" }}\n", field.name),
        _ => String::new(),
    };
    let manifest = format!("{head}[[file]]\npath = \"a.csv\"\ndataset = \"{}\"\n{mode}", dataset.name);
    let text = csv_text(&row(dataset, change, old));
    Form::default().part("manifest", None, manifest.as_bytes()).part("file", Some("a.csv"), text.as_bytes())
}

/// An answer without the members of its lists that name the key's source as theirs.
fn without_own(answer: Value) -> Value {
    let of_others = |one: &Value| match one {
        Value::Object(members) => members.values().all(|member| member != OWN && member["code"] != OWN),
        _ => true,
    };
    match answer {
        Value::Array(all) => all.into_iter().filter(of_others).map(without_own).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, without_own(member))).collect(),
        other => other,
    }
}

/// The answers about the rows of all other sources, each by its address.
fn answers(address: SocketAddr) -> BTreeMap<String, String> {
    let mut targets: Vec<String> = published()
        .filter(|dataset| dataset.public)
        .flat_map(|dataset| {
            let source = dataset.source_field().expect("rows have a source").name;
            let example = pairs::encode_segment(dataset.example);
            let of_others = format!("/v1/{0}?{source}__ne={OWN}&format=csv", dataset.name);
            // Lists of thousands of rows would make the test slow; geography does not change at all.
            let cut = if dataset.stewardship == Stewardship::Geography { "&limit=500" } else { "" };
            [format!("{of_others}{cut}"), format!("/v1/{}/{example}", dataset.name)]
        })
        .collect();
    targets.extend(
        [
            "/v1/territories/REG-32/profile",
            "/v1/territories/REG-32/contour",
            "/v1/territories?lon=3.0573&lat=50.6292",
            "/v1/territories?within=DEP-59&kind=epci&limit=100",
            "/v1/observations?within=REG-32&source_code__ne=agence&compare=parent,region,country&limit=50",
            "/v1/observations?indicator_code=foyers-prime-activite&limit=100",
            "/v1/observations?indicator_code=foyers-prime-activite&last=1",
            "/v1/aggregates/observations?by=indicator_code,period&source_code__ne=agence",
            "/v1/aggregates/observations?indicator_code=foyers-prime-activite&by=period",
            "/v1/aggregates/funding?stage=announced&by=measure_code&measure_code__isnull=false",
            "/v1/aggregates/funding?stage=announced&by=convention_code&convention_code__isnull=false",
            "/v1/measures?q=logement",
            "/v1/indicators?q=prime",
            "/v1/territories?q=lille&limit=20",
            "/v1/changes?since=1&limit=100&format=csv&dataset=territories",
            "/v1/releases/1",
            "/v1/releases/2",
        ]
        .map(str::to_owned),
    );
    let answer = |target: String| {
        let reply = get(address, &target);
        // What depends on the release as a whole, such as links, is left out of JSON.
        let said = serde_json::from_str::<Value>(&reply.text())
            .map_or_else(|_| reply.text(), |mut json| without_own(json["data"].take()).to_string());
        (target, format!("{} {said}", reply.status))
    };
    targets.into_iter().map(answer).collect()
}

#[test]
fn a_key_for_one_source_changes_nothing_in_the_answers_about_others() {
    let server = TestServer::empty();
    for folder in ["01-geography", "02-strategy", "03-geography-history"] {
        publish(&server.url, &Path::new("data").join(folder)).expect("the bundled data is right");
    }
    publish(&server.url, &bundle(&[("sources", SOURCE)])).expect("the bundle is right");
    let content = ["publish:*:agence"].map(str::to_owned).into_iter();
    let definitions = published().filter(|dataset| dataset.stewardship == Stewardship::Definition);
    let scopes: Vec<String> = content.chain(definitions.map(|dataset| format!("publish:{}:{OWN}", dataset.name))).collect();
    let token = key(&server.url, OWN, &scopes.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    let before = answers(server.address);
    let failed: Vec<&String> = before.iter().filter(|(_, said)| !said.starts_with("200 ")).map(|(target, _)| target).collect();
    assert!(failed.is_empty(), "these answers prove nothing: {failed:?}");
    let (mut cells, mut made, mut wrong) = (0, 0, Vec::new());
    // Definitions come first in the order of the registry: own figures need an own indicator.
    for dataset in published() {
        for change in CHANGES {
            let count = releases(server.address);
            let reply = form(server.address, dataset, change).key(&token).send(server.address);
            cells += 1;
            let more = releases(server.address) - count;
            let right = match allowed(dataset, change) {
                true => reply.status == 201 && more == 1,
                // A row that would leave while others refer to it is a fault of the manifest.
                false => [403, 422].contains(&reply.status) && more == 0,
            };
            made += more;
            if !right {
                wrong.push(format!("{} {change:?}: {} {}", dataset.name, reply.status, reply.text()));
            } else if reply.status == 422 && ![Change::Withdraw, Change::Replace].contains(&change) {
                wrong.push(format!("{} {change:?} proves nothing about scopes: {}", dataset.name, reply.text()));
            }
        }
    }
    println!("{cells} publications, {made} of them made a release, {} answers compared", before.len());
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong: {wrong:#?}", wrong.len());
    let after = answers(server.address);
    let changed: Vec<&String> = before.iter().filter(|(target, said)| after.get(*target) != Some(said)).map(|(t, _)| t).collect();
    assert!(changed.is_empty(), "these answers have changed: {changed:#?}");
    assert!(made >= 10, "only {made} releases were made");
}

#[test]
fn a_code_that_another_source_has_withdrawn_is_not_free() {
    let server = TestServer::empty();
    let sources = format!("{SOURCE}essai,document,Essai,Repères,etalab-2.0\n");
    let unit = |source: &str| format!("code,title,title_plural,source_code\nlit,lit,lits,{source}\n");
    publish(&server.url, &bundle(&[("sources", &sources), ("units", &unit("essai"))])).expect("the bundle is right");
    let others = key(&server.url, "essai", &["publish:units:essai"], 1);
    let own = key(&server.url, OWN, &["publish:units:agence"], 1);
    let manifest = "title = \"T\"\ndescription = \"D\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n\
        [[withdraw]]\ndataset = \"units\"\ncodes = [\"lit\"]\nreason = \"Essai\"\n";
    let withdrawal = Form::default().part("manifest", None, manifest.as_bytes());
    withdrawal.clone().key(&own).send(server.address).problem(403);
    assert_eq!(withdrawal.key(&others).send(server.address).status, 201);
    let gone = get(server.address, "/v1/units/lit").problem(410);
    let form = |source: &str, token: &str| Form::of(&bundle(&[("units", &unit(source))])).key(token);
    let refused = form(OWN, &own).send(server.address).problem(403);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("`publish:units:essai`")), "{refused}");
    assert_eq!(get(server.address, "/v1/units/lit").problem(410)["withdrawal"], gone["withdrawal"]);
    assert_eq!(form("essai", &others).send(server.address).status, 201);
    assert_eq!(releases(server.address), 3);
}

#[test]
fn figures_under_another_sources_indicator_need_a_scope_that_refers_to_it() {
    let server = TestServer::empty();
    publish(&server.url, Path::new("data/01-geography")).expect("the bundled data is right");
    publish(&server.url, Path::new("data/02-strategy")).expect("the bundled data is right");
    publish(&server.url, &bundle(&[("sources", SOURCE)])).expect("the bundle is right");
    let figure = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
        foyers-prime-activite,REG-32,2020-06-30,_T,observed,1,exact,A,2026,agence\n";
    let send = |name: &str, scopes: &[&str]| {
        let token = key(&server.url, name, scopes, 1);
        Form::of(&bundle(&[("observations", figure)])).key(&token).send(server.address)
    };
    let needed = "refer:indicators:dossier-pauvrete-hdf-2019";
    let own = "publish:observations:agence";
    for (name, scopes) in [
        ("sans", vec![own]),
        ("autre", vec![own, "refer:indicators:agence", "publish:indicators:agence"]),
        ("argent", vec![own, "refer:measures:dossier-pauvrete-hdf-2019"]),
    ] {
        let refused = send(name, &scopes).problem(403);
        let detail = refused["detail"].as_str().expect("a detail");
        assert_eq!(detail, format!("Nothing was published: the key lacks the scope `{needed}`."));
    }
    assert_eq!(send("avec", &[own, needed]).status, 201);
}

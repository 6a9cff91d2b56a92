//! Owns a server with four releases, in which rows of every dataset stay, change, are withdrawn and are added.
//! Must not know what tests request of it.

use std::sync::LazyLock;

use reperes::datasets::collections;
use reperes::query::{Dataset, Field, Format, Kind, RowOrigin, Storage};

use super::cleanup::keep_for_all_tests;
use super::wait::run;
use super::{TestServer, bundle, get, publish};

/// Why `goes` was withdrawn.
pub const REASON: &str = "Publié par erreur.";

/// The title of the release that withdraws.
pub const WITHDRAWING: &str = "Retraits";

/// A server with four releases. In release 1 every dataset has the rows `stays`, `changes`, `goes` and `quits`. Release 2
/// changes `changes`. Release 3 withdraws `goes`, whose successor is `stays`, with a reason, and `quits` without one. Release 4
/// adds `comes`.
pub struct FourReleases {
    /// The server.
    pub server: TestServer,
    /// The `published_at` of each release, as the service writes it.
    pub published: Vec<String>,
}

impl FourReleases {
    /// Sends GET.
    pub fn get(&self, target: &str) -> super::Reply {
        get(self.server.address, target)
    }
}

/// The datasets whose rows are published from files.
pub fn published() -> impl Iterator<Item = &'static Dataset> {
    collections().filter(|dataset| matches!(dataset.rows, RowOrigin::Published))
}

/// The filters, as the start of a query, that links of a list name although the request does not.
pub fn default_filters(dataset: &Dataset) -> String {
    let named = |field: &Field| Some(format!("{}={}&", field.name, field.list_default?));
    dataset.fields.iter().filter_map(named).collect()
}

/// The filters, as the rest of a query, that open a list which leaves rows out by default.
pub fn every_row(dataset: &Dataset) -> String {
    let opened = |field: &Field| {
        field.list_default?;
        let words: Vec<&str> = field.choices()?.iter().map(|choice| choice.value).collect();
        Some(format!("&{}={}", field.name, words.join(",")))
    };
    dataset.fields.iter().filter_map(opened).collect()
}

/// The code of a row.
pub fn code(dataset: &'static Dataset, name: &str) -> String {
    let parts: Vec<String> = dataset.key_fields().map(|field| cell(dataset, field, name, "1")).collect();
    parts.join("~")
}

/// The field of the key in which the rows differ.
fn distinct_field(dataset: &'static Dataset) -> &'static Field {
    let by =
        |field: &&Field| matches!(field.name, "breakdown_code" | "part_code") || matches!(field.kind, Kind::Code | Kind::Date);
    dataset.key_fields().find(by).expect("a key has a field in which rows of a test can differ")
}

/// The code of a breakdown of this name.
pub fn part(name: &str) -> String {
    format!("essai.{name}")
}

/// A date for each row name; the dates have the order of the names.
fn day(name: &str) -> String {
    format!("2020-01-0{}", day_number(name))
}

fn day_number(name: &str) -> usize {
    let names = ["changes", "comes", "goes", "quits", "stays"];
    names.iter().position(|own| *own == name).unwrap_or(names.len()) + 1
}

/// The server with four releases, the same for all tests that only read.
pub fn four_releases() -> &'static FourReleases {
    static SERVER: LazyLock<FourReleases> = LazyLock::new(|| {
        let server = keep_for_all_tests(TestServer::empty);
        (1..=4).for_each(|number| make_release(&server.url, number));
        let releases = get(server.address, "/v1/releases?sort=number").data();
        let published = releases.as_array().expect("a list").iter();
        let published = published.map(|release| release["published_at"].as_str().expect("an instant").to_owned()).collect();
        FourReleases { server, published }
    });
    &SERVER
}

/// Publishes one of the releases, after those before it.
pub fn make_release(url: &str, number: u32) {
    match number {
        1 => publish_rows(url, &[("stays", "1"), ("changes", "1"), ("goes", "1"), ("quits", "1")]),
        2 => publish_rows(url, &[("changes", "2")]),
        3 => withdraw(url),
        4 => publish_rows(url, &[("comes", "1")]),
        _ => panic!("there are four releases"),
    }
}

fn publish_rows(url: &str, rows: &[(&str, &str)]) {
    let texts: Vec<(&str, String)> = published().map(|dataset| (dataset.name, csv(dataset, rows))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    publish(url, &bundle(&files)).expect("the rows are right");
}

/// The CSV of rows with these names; their note and value are the version.
fn csv(dataset: &'static Dataset, rows: &[(&str, &str)]) -> String {
    let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
    let header: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let line = |(name, version): &(&str, &str)| {
        fields.iter().map(|field| cell(dataset, field, name, version)).collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = std::iter::once(header.join(",")).chain(rows.iter().map(line)).collect();
    format!("{}\n", lines.join("\n"))
}

/// The text of one cell of a row of this name: a value that the field takes.
pub fn cell(dataset: &'static Dataset, field: &Field, name: &str, version: &str) -> String {
    match (field.name, field.kind) {
        (own, Kind::Date) if own == distinct_field(dataset).name => day(name),
        // The states of a territory follow each other.
        ("valid_until", _) if dataset.key.contains(&"valid_from") => format!("2020-01-0{}", day_number(name) + 1),
        ("breakdown_code", _) => part(name),
        (_, Kind::Code) if field.format == Some(Format::Breakdown) => part(name),
        ("part_code", _) | (_, Kind::Code) => name.to_owned(),
        ("nature", _) => "observed".to_owned(),
        // The memberships of the other rows are in `stays`.
        ("kind", _) if dataset.name == "territories" => if name == "stays" { "perimeter" } else { "commune" }.to_owned(),
        ("note" | "value", _) => version.to_owned(),
        _ if !field.required => String::new(),
        (_, Kind::Reference(_) | Kind::References(_)) => "stays".to_owned(),
        (_, Kind::Choice(choices) | Kind::ChoiceList(choices)) => choices[0].value.to_owned(),
        (_, Kind::Integer { minimum, .. }) => minimum.to_string(),
        (_, Kind::Boolean) => "true".to_owned(),
        (_, Kind::Decimal) => "1".to_owned(),
        (_, Kind::Date) => "2020-01-01".to_owned(),
        (_, Kind::Period) => "2020".to_owned(),
        _ => format!("{} {name}", field.name),
    }
}

/// Makes release 3, with the statements of a publication that withdraws.
fn withdraw(url: &str) {
    run("rows are withdrawn", async {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the database accepts connections");
        tokio::spawn(connection);
        let mut statements = "BEGIN;".to_owned();
        let record = format!(
            "INSERT INTO releases (number, published_at, title, publisher, licence, added, changed, withdrawn, counts, files) \
             VALUES (3, clock_timestamp(), '{WITHDRAWING}', 'Repères', 'etalab-2.0', 0, 0, 0, '{{}}', '[]');"
        );
        for dataset in published() {
            let named = distinct_field(dataset);
            let gone_and_quit = ["goes", "quits"].map(|name| format!("'{}'", cell(dataset, named, name, "1"))).join(", ");
            let (table, gone, successor) = (dataset.name, code(dataset, "goes"), code(dataset, "stays"));
            let named = format!("\"{}\" IN ({gone_and_quit})", named.name);
            let named = match dataset.storage {
                Storage::Table => named,
                Storage::Series { series, .. } => format!("series_id IN (SELECT id FROM \"{series}\" WHERE {named})"),
            };
            statements.push_str(&format!(
                "UPDATE \"{}\" SET last_release = 2 WHERE {named}; \
                 INSERT INTO withdrawals VALUES ('{table}', '{gone}', 3, '{REASON}', '{successor}');",
                dataset.versions_table()
            ));
        }
        client.batch_execute(&format!("{statements} {record} COMMIT;")).await.expect("the rows are withdrawn");
    });
}

//! Parquet and SDMX files: publishing an export changes nothing, files of other programs are read exactly, and damaged files
//! are refused.

use std::fs;

use reperes::publication::Outcome;
use reperes::publish::PublishError;
use reperes::query::{Dataset, Representation};
use serde_json::{Value, json};

use super::{faults, folder, manifest_of, publish_bytes};
use crate::harness::four_releases::{every_row, four_releases, published};
use crate::harness::{SOURCES, TestServer, bundle, bundled_server, get, publish};

/// The representations that a publication accepts, without those of text and workbooks.
const READ: [Representation; 3] = [Representation::Parquet, Representation::GeoJson, Representation::SdmxCsv];

/// Publishes an export of a server to the same server, which must change nothing. Returns the number of rows.
fn round_trip(server: &TestServer, dataset: &'static Dataset, query: &str) -> u64 {
    let (name, exported) = (dataset.name, get(server.address, &format!("/v1/{}?{query}", dataset.name)));
    assert_eq!(exported.status, 200, "{name} {query}: {}", exported.text());
    let counted = get(server.address, &format!("/v1/{name}?total=exact&limit=1{}", every_row(dataset))).json();
    let rows = counted["meta"]["total"]["value"].as_u64().expect("a number");
    // The file name has no extension: the bytes show the format.
    let report =
        publish_bytes(&server.url, name, &exported.body).unwrap_or_else(|error| panic!("{name} {query}: {error} {error:?}"));
    assert_eq!(report.outcome, Outcome::Unchanged, "{name} {query}: {report}");
    let counts = &report.datasets[0];
    assert_eq!((counts.unchanged, counts.added, counts.changed, counts.withdrawn), (rows, 0, 0, 0), "{name} {query}");
    rows
}

#[test]
fn publishing_any_export_of_any_dataset_changes_nothing() {
    let mut rows = 0;
    for server in [&four_releases().server, bundled_server()] {
        for dataset in published().filter(|dataset| dataset.public) {
            let whole = every_row(dataset);
            let count = get(server.address, &format!("/v1/{}?total=exact&limit=1{whole}", dataset.name)).json();
            let count = count["meta"]["total"]["value"].as_u64().expect("a number");
            let suits = |representation: &Representation| match representation {
                // A few contours test as much as those of tens of thousands of communes.
                Representation::GeoJson => (1..10_000).contains(&count),
                other => count > 0 && READ.contains(other),
            };
            for representation in Representation::of(dataset).filter(suits) {
                rows += round_trip(server, dataset, &format!("format={}{whole}", representation.name()));
            }
        }
    }
    assert!(rows > 90_000, "{rows}");
}

#[test]
fn exports_with_options_can_be_published() {
    let server = &four_releases().server;
    let observations = published().find(|dataset| dataset.name == "observations").expect("there are observations");
    for query in ["format=sdmx-csv&labels=true", "format=geojson&geometry=centre"] {
        assert!(round_trip(server, observations, query) > 0);
    }
}

#[test]
fn a_message_with_names_in_columns_of_their_own_can_be_published() {
    let server = &four_releases().server;
    let plain = get(server.address, "/v1/observations?format=sdmx-csv").text();
    assert!(!plain.contains('"'), "no cell is quoted: {plain}");
    let mut named = String::new();
    for (at, line) in plain.lines().enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let (structure, components) = cells.split_at(2);
        let name = if at == 0 { "STRUCTURE_NAME" } else { "Observations" };
        let components: Vec<String> = components[1..].iter().map(|cell| format!("{cell},Nom")).collect();
        named.push_str(&format!("{},{name},{},{}\r\n", structure.join(","), cells[2], components.join(",")));
    }
    let report = publish_bytes(&server.url, "observations", named.as_bytes()).expect("the message is right");
    assert_eq!(report.outcome, Outcome::Unchanged, "{report}");
}

/// A server with the territory and the indicator of the figures in the files of pyarrow.
fn server_for_pyarrow_files() -> TestServer {
    let server = TestServer::empty();
    let indicators = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                      habitants,Habitants,Habitants,habitant,0,sum,none,none,essai\n";
    let territories = "code,kind,name,population,geography_year,source_code\nFR,country,France,1,2026,essai\n";
    let files = [("sources", SOURCES), ("territories", territories), ("indicators", indicators)];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    server
}

fn pyarrow_file(name: &str) -> Vec<u8> {
    fs::read(format!("tests/fixtures/parquet/{name}.parquet")).expect("the fixture is there")
}

#[test]
fn parquet_of_other_programs_is_read_exactly_with_every_compression() {
    let server = server_for_pyarrow_files();
    for (name, outcome) in [("snappy", Outcome::Published), ("gzip", Outcome::Unchanged), ("v2", Outcome::Unchanged)] {
        let report =
            publish_bytes(&server.url, "observations", &pyarrow_file(name)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((report.outcome, report.files[0].rows), (outcome, 3), "{name}: {report}");
    }
    let fields = "period,value,statuses,rounding,geography_year,note";
    let csv = get(server.address, &format!("/v1/observations?format=csv&sort=period&fields={fields}")).text();
    assert_eq!(
        csv,
        "period,value,statuses,rounding,geography_year,note\r\n\
         2020-01-31,1234567890123.25,A,0.3,2026,é\r\n\
         2020-02-29,-0.50,A|P,,2026,\r\n\
         2021-12-31,,Q,,2026,a|b\r\n"
    );
}

#[test]
fn unsupported_parquet_is_refused_with_what_is_supported() {
    let server = server_for_pyarrow_files();
    for (name, said) in [
        ("digits", "has 21 significant digits, and at most 15 are allowed"),
        ("lz4", "packed with LZ4"),
        ("delta", "encoding DELTA_BYTE_ARRAY"),
        ("struct", "`note` is of a type"),
    ] {
        let reported = faults(publish_bytes(&server.url, "observations", &pyarrow_file(name))).concat();
        assert!(reported.contains(said), "{name}: {reported}");
    }
    assert_eq!(get(server.address, "/v1/observations?total=exact").json()["meta"]["total"]["value"], 0);
}

#[test]
fn damaged_parquet_is_refused_and_changes_nothing() {
    let server = server_for_pyarrow_files();
    let whole = pyarrow_file("snappy");
    let length = whole.len();
    let tail = |bytes: [u8; 4]| [&whole[..length - 8], &bytes, b"PAR1"].concat();
    let mut damaged: Vec<(String, Vec<u8>)> =
        (1..length).step_by(97).map(|at| (format!("cut at {at}"), whole[..at].to_vec())).collect();
    damaged.push(("another end".to_owned(), [&whole[..length - 4], b"PAR2"].concat()));
    damaged.push(("another beginning".to_owned(), [b"PAR2", &whole[4..]].concat()));
    for said in [0, 1, 100, u32::try_from(length).expect("small"), 0x7fff_ffff, u32::MAX] {
        damaged.push((format!("a footer of {said}"), tail(said.to_le_bytes())));
    }
    // One schema nests deeper and deeper; the other declares more columns than it describes. Both are version 1, then the list.
    let mut nested = vec![0x15, 0x02, 0x19, 0xfc, 0xc0, 0x84, 0x3d];
    (0..1_000_000).for_each(|_| nested.extend([0x48, 0x01, b'a', 0x15, 0x02, 0x00]));
    nested.push(0);
    let wide = vec![0x15, 0x02, 0x19, 0x1c, 0x48, 0x01, b'a', 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x00];
    for footer in [nested, wide] {
        let said = u32::try_from(footer.len()).expect("small").to_le_bytes();
        damaged.push(("a footer of its own".to_owned(), [b"PAR1", &footer[..], &said, b"PAR1"].concat()));
    }
    for (what, bytes) in &damaged {
        let manifest = format!("{}dialect.format = \"parquet\"\n", manifest_of("observations", "fichier"));
        let reported = faults(publish(&server.url, &folder(&manifest, &[("fichier", bytes)]))).concat();
        assert!(reported.contains("Parquet"), "{what}: {reported}");
    }
    // With one wrong bit the file is published or refused; the error is never an internal one.
    for at in (4..length - 8).step_by(29) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        if let Err(error) = publish_bytes(&server.url, "observations", &bytes) {
            assert!(matches!(error, PublishError::Refused { .. }), "bit {at}: {error:?}");
        }
    }
}

#[test]
fn an_sdmx_message_without_complete_observations_is_refused_with_the_reason() {
    let server = server_for_pyarrow_files();
    let header = "STRUCTURE[;],STRUCTURE_ID,ACTION,INDICATOR,REF_AREA,TIME_PERIOD,BREAKDOWN,NATURE,SOURCE,OBS_VALUE,OBS_STATUS[],QUALIFIER,GEOGRAPHY_YEAR";
    let row = "dataflow,REPERES:OBSERVATIONS(1.0),R,habitants,FR,2020-01-01/P10D,_T,observed,essai,NaN,Q;B,exact,2026";
    let send = |header: &str, row: &str| publish_bytes(&server.url, "observations", format!("{header}\n{row}\n").as_bytes());
    for (header, row, said) in [
        (
            &*header.replace("SOURCE,", ""),
            &*row.replace("essai,", ""),
            "`SOURCE` is missing, without which an observation has no key",
        ),
        (&header.replace("NATURE", "NATUR"), row, "closest: NATURE"),
        (header, &row.replace(",R,", ",D,"), "withdrawn"),
        (header, &row.replace("(1.0)", "(2.0)"), "is not the dataflow"),
        (header, &row.replace(",exact", ""), "12 cells where the header has 13"),
    ] {
        let reported = faults(send(header, row)).concat();
        assert!(reported.contains(said), "{reported}");
    }
    assert_eq!(send(header, row).expect("the message is right").outcome, Outcome::Published);
    let made = get(server.address, "/v1/observations").data();
    assert_eq!(made[0]["period"], "2020-01-01/2020-01-10");
    assert_eq!((&made[0]["value"], &made[0]["statuses"]), (&Value::Null, &json!(["Q", "B"])));
}

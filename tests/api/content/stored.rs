//! Reads answer whatever is stored: rows written behind the program's back, which no publication would accept, make no request
//! fail, in pinned releases neither. The row is left out where it cannot be read, and what the database bounds is refused there.

use reperes::datasets::REGISTRY;
use reperes::query::{Kind, Representation, RowOrigin};
use serde_json::value::RawValue;

use super::with_geography;
use crate::harness::{Program, Signal, TestServer, get, owner, with_database};

/// Contours that no publication would accept.
const CONTOURS: [&str; 12] = [
    r#"{}"#,
    r#"[]"#,
    r#""x""#,
    r#"{"type":"Polygon"}"#,
    r#"{"type":"Polygon","coordinates":"2,50"}"#,
    r#"{"type":"Polygon","coordinates":[["a"]]}"#,
    r#"{"type":"Polygon","coordinates":[[["2",50],[3,50],[3,51],["2",50]]]}"#,
    r#"{"type":"Polygon","coordinates":[[[2],[3,50],[3,51],[2]]]}"#,
    r#"{"type":"Polygon","coordinates":[[[1e400,50],[3,50],[3,51],[1e400,50]]]}"#,
    r#"{"type":"Polygon","coordinates":[[[1e-400,50],[3,50],[3,51],[1e-400,50]]]}"#,
    r#"{"type":"MultiPolygon","coordinates":{"a":1}}"#,
    r#"{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[]}]}"#,
];

/// Texts that no publication would accept.
const TEXT: &str = "a\u{1}\u{8}\u{b}\u{1b}[31m\u{9b}\u{202e}\u{fffe}]]>&<\"\\";

/// Every address of every dataset, and those with a computation of their own.
fn addresses() -> Vec<String> {
    let mut all = vec![
        "/v1".to_owned(),
        "/v1/releases.atom".to_owned(),
        "/v1/changes?limit=1000".to_owned(),
        "/v1/files".to_owned(),
        "/v1/observations?compare=parent,country".to_owned(),
        "/v1/observations?last=1".to_owned(),
        "/v1/observations?layout=wide&format=csv".to_owned(),
        "/v1/aggregates/observations?by=territory_code,indicator_code,breakdown_code,period&function=min,max,count&indicator_code=taux".to_owned(),
        "/v1/aggregates/funding?by=payer_code,stage&function=sum,count".to_owned(),
        "/v1/territories?lon=2.5&lat=50.5".to_owned(),
        "/v1/observations?lon=2.5&lat=50.5".to_owned(),
        "/v1/territories?bbox=0,0,9,60".to_owned(),
        "/v1/territories/COM-01001/contour".to_owned(),
        "/v1/territories/COM-01002/contour".to_owned(),
        "/v1/territories/COM-01001/profile".to_owned(),
        "/v1/territories?geography=2026-01-01".to_owned(),
        "/v1/territories?format=geojson&geometry=contour".to_owned(),
    ];
    for dataset in REGISTRY.iter().filter(|dataset| dataset.public) {
        let name = dataset.name;
        all.push(format!("/v1/{name}?limit=1000&total=exact&labels=true"));
        all.push(format!("/v1/files/{name}.csv"));
        all.push(format!("/v1/files/{name}.parquet"));
        if !dataset.search.is_empty() {
            all.push(format!("/v1/{name}?q=essai"));
        }
        for one in Representation::of(dataset) {
            // A cube of all figures would have more cells than a response.
            let narrow = if one == Representation::JsonStat { "&breakdown_code=_T&period=2020" } else { "" };
            all.push(format!("/v1/{name}?format={}{narrow}", one.name()));
        }
        for field in dataset.fields.iter().filter(|field| field.is_sortable()) {
            all.push(format!("/v1/{name}?sort={}", field.name));
        }
    }
    all
}

/// Writes a row of every published dataset with a statement of the owner; those that the database refuses are counted.
fn write_bad_rows(url: &str) -> usize {
    let mut statements = Vec::new();
    for (at, contour) in CONTOURS.iter().enumerate() {
        let code = ["COM-01001", "COM-01002", "DEP-01", "REG-99", "FR", "PER-a", "EPT-1", "EPT-2"]
            .get(at)
            .map(|code| (*code).to_owned());
        let code = code.unwrap_or_else(|| format!("COM-{at}"));
        statements.push(format!(
            "INSERT INTO contours (territory_code, west, south, east, north, contour, source_code, first_release) \
             VALUES ('{code}', 2, 50, 3, 51, '{contour}', 'essai', 1)"
        ));
    }
    let quoted = TEXT.replace('\'', "''");
    for dataset in REGISTRY.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published) && dataset.name != "contours") {
        // One row for each field: it has one value that no publication would accept, and otherwise those of a row of texts.
        for (nth, wrong) in dataset.columns().enumerate() {
            for bad in bad_values(wrong.kind, &quoted) {
                let values = dataset.columns().map(|field| match field.name == wrong.name {
                    true => bad.clone(),
                    false => good_value(field.name, field.kind, &format!("{nth}-{}", statements.len())),
                });
                let names: Vec<String> = dataset.columns().map(|field| format!("\"{}\"", field.name)).collect();
                statements.push(format!(
                    "INSERT INTO \"{}\" ({}, first_release) VALUES ({}, 1)",
                    dataset.name,
                    names.join(", "),
                    values.collect::<Vec<_>>().join(", ")
                ));
            }
        }
    }
    for column in ["title", "notes", "publisher", "licence"] {
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for name in ["title", "notes", "publisher", "licence"] {
            columns.push(name);
            values.push(if name == column { format!("'{quoted}'") } else { "'x'".to_owned() });
        }
        statements.push(format!(
            "INSERT INTO releases (number, published_at, {}, added, changed, withdrawn, counts, files) \
             SELECT max(number) + 1, clock_timestamp(), {}, 0, 0, 0, '{{}}', '[{{\"path\":\"a\"}}]' FROM releases",
            columns.join(", "),
            values.join(", ")
        ));
    }
    with_database(&owner(url), async |client| {
        let mut refused = 0;
        for statement in statements {
            refused += usize::from(client.batch_execute(&statement).await.is_err());
        }
        refused
    })
}

/// SQL literals of values that no publication would accept.
fn bad_values(kind: Kind, text: &str) -> Vec<String> {
    let array = |values: &str| format!("ARRAY[{values}]::text[]");
    let words: &[&str] = match kind {
        Kind::Text | Kind::Code | Kind::Reference(_) | Kind::Choice(_) | Kind::Period => {
            return ["", " ", text, "9999-Q9", "NaN", "a~b"].map(|text| format!("'{text}'")).to_vec();
        }
        Kind::TextList | Kind::References(_) | Kind::ChoiceList(_) => {
            let quoted = format!("'{text}'");
            return [array(""), array("NULL"), array(&quoted), array("ARRAY['a']"), array("'a', NULL, ''")].to_vec();
        }
        Kind::Decimal => &["'NaN'", "'Infinity'", "1e400", "1e-400", "-1e29", "123456789012345678901234.123456789"],
        Kind::Integer { .. } => &["-2147483648", "2147483647"],
        Kind::Date | Kind::PeriodBound { .. } => {
            &["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'99999-01-01'", "'9999-12-31'"]
        }
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// An SQL literal of a value that other rows have too.
fn good_value(name: &str, kind: Kind, nth: &str) -> String {
    match kind {
        Kind::Reference("territories") => "'COM-01001'".to_owned(),
        Kind::Reference("indicators") => "'taux'".to_owned(),
        Kind::Reference("sources") => "'essai'".to_owned(),
        Kind::Reference("breakdowns") => "'_T'".to_owned(),
        Kind::Code => format!("'x-{nth}'"),
        Kind::Text | Kind::Reference(_) => format!("'x {nth}'"),
        Kind::Choice(choices) => format!("'{}'", choices[0].value),
        Kind::ChoiceList(choices) => format!("ARRAY['{}']", choices[0].value),
        Kind::TextList | Kind::References(_) => "ARRAY['COM-01001']".to_owned(),
        Kind::Integer { minimum, .. } => minimum.max(0).to_string(),
        Kind::Boolean => "true".to_owned(),
        Kind::Decimal => "1".to_owned(),
        Kind::Date | Kind::PeriodBound { .. } => {
            let days: usize = nth.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or_default();
            format!("(date '1900-01-01' + {})", days + usize::from(name == "valid_until"))
        }
        Kind::Period => format!("'{nth}'"),
        _ => "NULL".to_owned(),
    }
}

#[test]
fn every_address_answers_whatever_is_stored() {
    let url = with_geography();
    let before = with_database(&url, async |client| count(client).await);
    let refused = write_bad_rows(&url);
    let after = with_database(&url, async |client| count(client).await);
    assert!(after > before + 200, "{before} {after}, {refused} refused");
    let server = TestServer::on(&url);
    let mut failed = Vec::new();
    for address in addresses() {
        let pinned = if address.contains('?') { format!("{address}&release=1") } else { format!("{address}?release=1") };
        for target in [address.clone(), pinned] {
            let reply = get(server.address, &target);
            let broken = reply.status == 200
                && reply.header("content-type").is_some_and(|kind| kind.contains("json") && !kind.contains("ndjson"))
                && serde_json::from_slice::<Box<RawValue>>(&reply.body).is_err();
            let malformed = reply.status == 200
                && target.contains(".atom")
                && atom_syndication::Feed::read_from(reply.body.as_slice()).is_err();
            if reply.status >= 500 || !reply.whole || broken || malformed {
                let why = serde_json::from_slice::<Box<RawValue>>(&reply.body).err();
                let text = reply.text();
                let tail: String = text.chars().skip(text.chars().count().saturating_sub(400)).collect();
                failed.push(format!("{target}: {} {why:?} malformed {malformed}: {tail}", reply.status));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

async fn count(client: &tokio_postgres::Client) -> i64 {
    let mut all = 0;
    for dataset in REGISTRY {
        let query = format!("SELECT count(*) FROM \"{}\"", dataset.name);
        all += client.query_one(&query, &[]).await.expect("a count").get::<_, i64>(0);
    }
    all
}

#[test]
fn every_number_day_and_list_of_a_published_table_is_bounded() {
    let url = with_geography();
    let unbounded = with_database(&url, async |client| {
        let query = "SELECT c.relname || '.' || a.attname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE t.tgname = 'keep_history' AND format_type(a.atttypid, NULL) IN ('numeric', 'date', 'timestamp with time zone', 'text[]') \
             AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = c.relname || '_' || a.attname || '_bounds') \
             ORDER BY 1";
        let rows = client.query(query, &[]).await.expect("the catalogue answers");
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    });
    assert_eq!(unbounded, [""; 0]);
}

#[test]
fn a_contour_that_cannot_be_read_is_left_out_and_logged_once() {
    let url = with_geography();
    let square = r#"{"type":"Polygon","coordinates":[[[2,50],[3,50],[3,51],[2,51],[2,50]]]}"#;
    let broken = r#"{"type":"Polygon","coordinates":[[["2",50],[3,50],[3,51],["2",50]]]}"#;
    let insert = |code: &str, contour: &str| {
        format!(
            "INSERT INTO contours (territory_code, west, south, east, north, contour, source_code, first_release) \
             VALUES ('{code}', 2, 50, 3, 51, '{contour}', 'essai', 1);"
        )
    };
    let rows = insert("COM-01001", square) + &insert("COM-01002", broken);
    with_database(&owner(&url), async |client| client.batch_execute(&rows).await.expect("the owner may do it"));
    let mut program = Program::start(&[("DATABASE_URL", &url)]);
    let address = program.address();
    for place in ["lon=2.9&lat=50.1", "lon=2.8&lat=50.1", "lon=2.9&lat=50.1&release=1"] {
        let found = get(address, &format!("/v1/territories?{place}&fields=code")).data();
        assert_eq!(found, serde_json::json!([{"code": "COM-01001"}]), "{place}");
    }
    assert_eq!(get(address, "/v1/territories/COM-01001/contour").status, 200);
    get(address, "/v1/territories/COM-01002/contour").problem(404);
    program.signal(Signal::TERM);
    let (_, log) = program.end();
    let said =
        log.lines().filter(|line| line.contains("the contour of COM-01002 is stored with a value that cannot be read")).count();
    assert_eq!(said, 1, "{log}");
}

//! Content negotiation: `format`, `Accept`, and the parameters that only some representations have.

use reperes::datasets::collections;
use reperes::query::Representation;

use super::cells::csv;
use super::{given, selection};
use crate::harness::{Reply, SOURCES, TestServer, bundle, bundled, get, publish, raw, territories};

fn accepting(target: &str, accept: &str) -> Reply {
    let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    raw(bundled(), request.as_bytes())
}

#[test]
fn the_representation_is_the_one_that_accept_prefers() {
    use Representation as R;
    for (dataset, accept, expected) in [
        ("sources", "*/*", R::Json),
        ("sources", "application/json", R::Json),
        ("sources", "application/*", R::Json),
        ("sources", "text/*", R::Csv),
        ("sources", "Text/CSV", R::Csv),
        ("sources", "text/csv;q=0.5, application/x-ndjson", R::Ndjson),
        ("sources", "text/csv;q=0.5, application/x-ndjson;q=0.4", R::Csv),
        ("sources", "text/csv;q=0.001", R::Csv),
        ("sources", "application/json;q=0, */*", R::Csv),
        ("sources", "application/json;q=0.1, */*", R::Csv),
        ("sources", "text/csv, application/json", R::Json),
        ("sources", "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", R::Json),
        ("sources", "application/json;q=0.5\r\nAccept: text/csv", R::Csv),
        ("sources", "application/vnd.apache.parquet", R::Parquet),
        ("sources", "application/geo+json, application/x-ndjson;q=0.1", R::Ndjson),
        ("funding", "application/geo+json", R::GeoJson),
        ("funding", "text/csv", R::Csv),
        ("observations", "application/vnd.json-stat+json", R::JsonStat),
        ("observations", "application/vnd.sdmx.data+csv;version=2.0.0", R::SdmxCsv),
        ("observations", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", R::Xlsx),
    ] {
        let reply = accepting(&format!("/v1/{dataset}"), accept);
        assert_eq!((reply.status, reply.whole), (200, true), "{accept}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some(&*expected.content_type()), "{dataset} for {accept}");
    }
    for (representation, accept) in [(R::Scdl, "text/html"), (R::Json, "text/csv"), (R::Csv, "application/json;q=0")] {
        let reply = accepting(&format!("/v1/funding?format={}", representation.name()), accept);
        assert_eq!(reply.status, 200, "`format` goes before {accept}");
        assert_eq!(reply.header("content-type"), Some(&*representation.content_type()));
    }
}

#[test]
fn links_in_a_response_keep_the_representation_and_the_rows() {
    let first = accepting("/v1/territories?within=EPCI-200033579&limit=3", "text/csv");
    let (_, whole) = csv(&given(bundled(), "/v1/territories?within=EPCI-200033579&format=csv", Representation::Csv).body);
    let mut reply = first.clone();
    for rows in whole.chunks(3).take(3) {
        assert_eq!(csv(&reply.body).1, rows);
        let pinned = reply.header("content-location").expect("the address of the answer").to_owned();
        assert_eq!(given(bundled(), &pinned, Representation::Csv).body, reply.body, "{pinned}");
        reply = given(bundled(), &next(&reply).expect("there are more rows"), Representation::Csv);
    }
    let rest = next(&first).expect("there are more rows").replace("&limit=3", "");
    let rest = given(bundled(), &rest, Representation::Csv);
    assert_eq!(csv(&rest.body).1, whole[3..], "an export starts where a cursor says");
    let pinned = rest.header("content-location").expect("the address of the answer");
    assert_eq!(given(bundled(), pinned, Representation::Csv).body, rest.body, "{pinned}");
}

#[test]
fn an_accept_without_a_match_answers_406_with_the_available_formats() {
    for accept in ["text/html", "application/geo+json", "text/csv;q=0, text/*", "*/*;q=0", "image/*"] {
        let reply = accepting("/v1/sources", accept);
        let problem = reply.problem(406);
        assert_eq!(problem["type"], "/problems/not-acceptable", "{accept}");
        let detail = problem["detail"].as_str().expect("a detail");
        let sources = collections().find(|dataset| dataset.name == "sources").expect("there are sources");
        for one in Representation::of(sources) {
            assert!(detail.contains(&format!("{} (`format={}`)", one.media_type(), one.name())), "{detail}");
        }
        assert!(!detail.contains("geojson"), "{detail}");
    }
}

#[test]
fn a_parameter_of_another_representation_is_refused_and_both_are_named() {
    for (query, parameter, needed) in [
        ("format=csv&geometry=centre", "geometry", "`format=geojson`"),
        ("format=csv&facets=nature", "facets", "`format=json`"),
        ("format=json-stat&include=indicator", "include", "`format=json`"),
        ("format=sdmx-csv&compare=region", "compare", "`format=json`"),
        ("format=json-stat&vintages=all", "vintages", "a row for each version"),
        ("layout=wide", "layout", "`format=csv` or `format=csv-excel` or `format=xlsx`"),
        ("format=ndjson&layout=wide", "layout", "`format=csv` or `format=csv-excel` or `format=xlsx`"),
        ("format=cvs", "format", ""),
    ] {
        let problem = get(bundled(), &format!("/v1/observations?{query}")).problem(400);
        let errors = problem["errors"].as_array().expect("errors");
        let found = errors.iter().find(|error| error["name"] == parameter);
        let found = found.unwrap_or_else(|| panic!("{query}: {problem}"));
        assert!(found["detail"].as_str().is_some_and(|detail| detail.contains(needed)), "{query}: {problem}");
    }
    let problem = accepting("/v1/observations?facets=nature", "text/csv").problem(400);
    assert_eq!(problem["errors"][0]["name"], "facets", "what `Accept` asks for counts as well");
}

/// The address of the next page.
fn next(reply: &Reply) -> Option<String> {
    let link = reply.header("link")?;
    let address = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(address.unwrap_or_else(|| panic!("{link}")).to_owned())
}

/// The records of all pages. Each page is found by the `Link` header of the page before.
fn walked(target: &str, limit: usize) -> Vec<Vec<String>> {
    let (mut next, mut all) = (Some(format!("{target}&limit={limit}")), Vec::new());
    while let Some(target) = next {
        let reply = given(bundled(), &target, Representation::Csv);
        let (_, records) = csv(&reply.body);
        next = self::next(&reply);
        assert!(records.len() == limit || next.is_none(), "{target} has {} rows", records.len());
        all.extend(records);
    }
    all
}

#[test]
fn pages_of_csv_visit_every_row_once() {
    for dataset in collections() {
        let target = format!("/v1/{}?{}&format=csv", dataset.name, selection(dataset)).replace("?&", "?");
        let (_, whole) = csv(&given(bundled(), &target, Representation::Csv).body);
        for limit in [7, 1000] {
            assert_eq!(walked(&target, limit), whole, "{target}");
        }
    }
    for order in ["sort=-population,name", "sort=kind", "q=saint"] {
        let target = format!("/v1/territories?within=EPCI-200033579&{order}&format=csv");
        let (_, whole) = csv(&given(bundled(), &target, Representation::Csv).body);
        assert!(whole.len() > 4, "{target}");
        assert_eq!(walked(&target, 3), whole, "{target}");
    }
    for format in ["csv", "json"] {
        let target = format!("/v1/territories?kind=region&format={format}&limit=1");
        assert_eq!(get(bundled(), &target).header("total-count"), None, "{target} counts nothing");
        for _ in 0..2 {
            assert_eq!(get(bundled(), &format!("{target}&total=exact")).header("total-count"), Some("18"), "{target}");
        }
    }
    let bounded = get(bundled(), "/v1/territories?total=bounded&limit=1");
    assert_eq!(bounded.header("total-count"), Some(">=10000"));
}

#[test]
fn csv_for_spreadsheets_has_a_mark_semicolons_and_decimal_commas_and_escapes_formulas() {
    let server = TestServer::empty();
    let sources = format!(
        "{}piege,document,\"=HYPERLINK(\"\"http://x\"\";1)\",+Repères,etalab-2.0\nsuite,document,a;b,\"-1\n2\",@x\n",
        SOURCES
    );
    let towns = territories(&[("COM-1", "\tIci", "1")]).replace("source_code\n", "source_code,postal_codes\n");
    let towns = towns.replace("essai\n", "essai,-59000|59001\n");
    let indicators = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                      i,I,I,percent,2,sum,none,none,essai\n";
    let observations = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
                        i,COM-1,2019,_T,observed,-12.50,exact,A|P,2026,essai\n\
                        i,COM-1,2020,_T,observed,,exact,O,2026,essai\n";
    let files = [("sources", &*sources), ("territories", &towns), ("indicators", indicators), ("observations", observations)];
    // The harness counts lines as rows, and one text of this file has two lines.
    let folder = bundle(&files);
    let manifest = std::fs::read_to_string(folder.join("manifest.toml")).expect("the manifest is there");
    std::fs::write(folder.join("manifest.toml"), manifest.replace("rows = 4", "rows = 3")).expect("a file can be written");
    publish(&server.url, &folder).expect("the bundle is right");
    for (query, plain, marked) in [
        (
            "sources?fields=code,title,publisher,licence",
            "code,title,publisher,licence\r\nessai,Essai,Repères,etalab-2.0\r\n\
             piege,\"=HYPERLINK(\"\"http://x\"\";1)\",+Repères,etalab-2.0\r\nsuite,a;b,\"-1\n2\",@x\r\n",
            "\u{FEFF}code;title;publisher;licence\r\nessai;Essai;Repères;etalab-2.0\r\n\
             piege;\"'=HYPERLINK(\"\"http://x\"\";1)\";'+Repères;etalab-2.0\r\nsuite;\"a;b\";\"'-1\n2\";'@x\r\n",
        ),
        (
            "territories?fields=name,postal_codes,population",
            "name,postal_codes,population\r\n\tIci,-59000|59001,1\r\n",
            "\u{FEFF}name;postal_codes;population\r\n'\tIci;'-59000|59001;1\r\n",
        ),
        (
            "observations?fields=period,value,statuses,rounding",
            "period,value,statuses,rounding\r\n2019,-12.50,A|P,\r\n2020,,O,\r\n",
            "\u{FEFF}period;value;statuses;rounding\r\n2019;-12,50;A|P;\r\n2020;;O;\r\n",
        ),
    ] {
        let target = format!("/v1/{query}&format=csv");
        assert_eq!(given(server.address, &target, Representation::Csv).text(), plain);
        let excel = given(server.address, &format!("{target}-excel"), Representation::CsvExcel);
        assert_eq!(excel.text(), marked);
        let name = excel.header("content-disposition").expect("the name of a file");
        assert!(name.ends_with(".csv\""), "{name}");
    }
    let (_, rows) = super::workbook::read(&given(server.address, "/v1/sources?format=xlsx", Representation::Xlsx).body);
    assert_eq!(rows[1][2], "=HYPERLINK(\"http://x\";1)", "a workbook says what is text, so that nothing is to be marked");
}

//! The representations whose columns a standard fixes (JSON-stat, SDMX-CSV and SCDL) agree with the rows of JSON.

use std::collections::BTreeMap;

use reperes::query::Representation;
use reperes::query::model::period;
use serde_json::{Value, json};

use super::{cells, given};
use crate::harness::{SOURCES, TestServer, ask, bundle, bundled, get, publish, territories};

/// The dimensions of a cube, each with its field.
const DIMENSIONS: [(&str, &str); 6] = [
    ("indicator", "indicator_code"),
    ("territory", "territory_code"),
    ("period", "period"),
    ("breakdown", "breakdown_code"),
    ("nature", "nature"),
    ("source", "source_code"),
];

fn rows(target: &str) -> Vec<Value> {
    get(bundled(), target).data().as_array().expect("a list").clone()
}

/// The value of a cube at a position, whether its values are an array or an object.
fn at(values: &Value, place: usize) -> &Value {
    if values.is_array() { &values[place] } else { &values[place.to_string()] }
}

#[test]
fn a_json_stat_cube_has_every_value_at_its_position() {
    for query in ["", "&indicator_code=foyers-prime-activite", "&territory_code=REG-32&period__gte=2019"] {
        let rows = rows(&format!("/v1/observations?limit=1000&labels=true{query}"));
        assert!(!rows.is_empty());
        let reply = given(bundled(), &format!("/v1/observations?format=json-stat{query}"), Representation::JsonStat);
        let cube = reply.json();
        assert_eq!((&cube["version"], &cube["class"]), (&json!("2.0"), &json!("dataset")));
        assert_eq!(cube["id"], json!(DIMENSIONS.map(|(name, _)| name)));
        assert_eq!(cube["role"], json!({"metric": ["indicator"], "geo": ["territory"], "time": ["period"]}));
        let mut places = BTreeMap::new();
        for row in &rows {
            let place = DIMENSIONS.iter().zip(cube["size"].as_array().expect("sizes")).fold(0, |place, ((name, field), size)| {
                let categories = cube["dimension"][name]["category"]["index"].as_array().expect("categories");
                assert_eq!(size, categories.len());
                let code = row[field].as_str().expect("a code");
                place * categories.len() + categories.iter().position(|one| one == code).expect("a category")
            });
            let value = at(&cube["value"], place);
            assert_eq!(value.as_f64(), row["value"].as_f64(), "{}", row["code"]);
            let statuses: Vec<&str> = row["statuses"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            assert_eq!(cube["status"][place.to_string()].as_str().unwrap_or("A"), statuses.join(","), "{}", row["code"]);
            let qualifier = cube["extension"]["qualifier"][place.to_string()].as_str().unwrap_or("exact");
            assert_eq!(qualifier, row["qualifier"].as_str().unwrap_or("exact"), "{}", row["code"]);
            for (name, code, label) in [
                ("indicator", "indicator_code", "indicator_label"),
                ("territory", "territory_code", "territory_label"),
                ("source", "source_code", "source_label"),
                ("breakdown", "breakdown_code", "breakdown_label"),
                ("nature", "nature", "nature_label"),
            ] {
                let code = row[code].as_str().expect("a code");
                assert_eq!(cube["dimension"][name]["category"]["label"][code], row[label]);
            }
            let indicator = row["indicator_code"].as_str().expect("a code");
            assert_eq!(cube["dimension"]["indicator"]["category"]["unit"][indicator]["label"], row["unit_label"]);
            assert!(places.insert(place, &row["code"]).is_none(), "no two rows have the same place");
        }
        let filled = match &cube["value"] {
            Value::Array(values) => values.iter().filter(|value| !value.is_null()).count(),
            sparse => sparse.as_object().expect("values by place").values().filter(|value| !value.is_null()).count(),
        };
        assert_eq!(filled, rows.iter().filter(|row| !row["value"].is_null()).count(), "no other place has a value");
    }
}

#[test]
fn a_cube_without_rows_has_one_empty_cell_that_says_so() {
    for query in ["&period=1999", "&territory_code=COM-59350", "&limit=5&period=1999"] {
        let cube = given(bundled(), &format!("/v1/observations?format=json-stat{query}"), Representation::JsonStat).json();
        assert_eq!(cube["size"], json!([1, 1, 1, 1, 1, 1]), "{query}");
        assert_eq!((&cube["value"], &cube["extension"]["rows"]), (&json!([null]), &json!(0)), "{query}");
        for (name, _) in DIMENSIONS {
            assert_eq!(cube["dimension"][name]["category"], json!({"index": ["_Z"], "label": {"_Z": "sans objet"}}), "{query}");
        }
        assert!(cube["note"][0].as_str().is_some_and(|note| note.contains("Aucune observation")), "{query}");
    }
}

#[test]
fn a_cube_keeps_what_a_figure_says_of_itself_whatever_fields_are_asked_for() {
    let target = "/v1/observations?format=json-stat&indicator_code=foyers-prime-activite&fields=value";
    let cube = given(bundled(), target, Representation::JsonStat).json();
    assert_eq!(cube["extension"]["qualifier"], json!({"0": "more_than"}));
    assert_eq!(
        cube["extension"]["pinned"],
        "/v1/observations?fields=value&format=json-stat&indicator_code=foyers-prime-activite&release=3"
    );
    assert_eq!(cube.get("href"), None, "an address without scheme and host is none");
    let target = "/v1/observations?format=sdmx-csv&indicator_code=foyers-prime-activite&fields=value";
    let (names, records) = cells::csv(&given(bundled(), target, Representation::SdmxCsv).body);
    let cell = |name: &str| &records[0][names.iter().position(|one| one == name).expect("the column is there")];
    assert_eq!((cell("QUALIFIER").as_str(), cell("OBS_STATUS[]").as_str()), ("more_than", "A"));
}

#[test]
fn sdmx_csv_has_the_values_in_the_columns_of_the_standard() {
    let rows = rows("/v1/observations?limit=1000");
    let reply = given(bundled(), "/v1/observations?format=sdmx-csv", Representation::SdmxCsv);
    let (names, records) = cells::csv(&reply.body);
    assert_eq!(names[..3], ["STRUCTURE[;]", "STRUCTURE_ID", "ACTION"]);
    assert_eq!(records.len(), rows.len());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (row, record) in rows.iter().zip(&records) {
        let cell = |name: &str| &record[names.iter().position(|one| one == name).expect("the column is there")];
        assert_eq!(record[..3], ["dataflow", "REPERES:OBSERVATIONS(1.0)", "R"]);
        for (name, field) in [
            ("INDICATOR", "indicator_code"),
            ("REF_AREA", "territory_code"),
            ("BREAKDOWN", "breakdown_code"),
            ("NATURE", "nature"),
            ("SOURCE", "source_code"),
            ("UNIT_MEASURE", "unit_code"),
            ("UNIT_MULT", "unit_multiplier"),
            ("SOURCE_LOCATION", "source_location"),
            ("COMMENT_OBS", "note"),
        ] {
            assert_eq!(*cell(name), if row[field].is_null() { String::new() } else { text(&row[field]) }, "{}", row["code"]);
        }
        let value = row["value"].as_f64().map_or("NaN".to_owned(), |_| row["value"].to_string());
        assert_eq!(cell("OBS_VALUE").parse::<f64>().ok().map(f64::to_bits), value.parse::<f64>().ok().map(f64::to_bits));
        let statuses: Vec<String> = row["statuses"].as_array().expect("a list").iter().map(text).collect();
        assert_eq!(*cell("OBS_STATUS[]"), statuses.join(";"));
        let (start, end) = (text(&row["period_start"]), text(&row["period_end"]));
        let days = (period::day(&end).expect("a day") - period::day(&start).expect("a day")).num_days() + 1;
        let interval = text(&row["period"]).contains('/');
        assert_eq!(*cell("TIME_PERIOD"), if interval { format!("{start}/P{days}D") } else { text(&row["period"]) });
    }
}

#[test]
fn scdl_has_the_flows_that_have_every_required_field() {
    const HEADER: &str = "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,rnaBeneficiaire,\
        objet,montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,notificationUE,pourcentageSubvention,dispositifAide\r\n";
    let empty = given(bundled(), "/v1/funding?format=scdl", Representation::Scdl);
    assert_eq!(empty.text(), HEADER, "the press kit says of no flow all that the schema requires");
    let server = TestServer::empty();
    let actors = "code,kind,name,role,siret,rna,source_code\n\
        region,local_authority,Région,Finance,20005374200017,,essai\n\
        asso,association,\"Asso, « Ici »\",Agit,,W591000001,essai\n";
    let title = "mot ".repeat(100);
    let funding = format!(
        "code,title,payer_code,beneficiary_code,territory_code,stage,period,amount_eur,decided_on,aid_natures,payment_terms,\
         eu_notified,beneficiary_share,qualifier,source_code\n\
         a,Repas,region,asso,COM-1,announced,2019,1000.50,2019-03-01,money,unique,false,1,exact,essai\n\
         b,{title},region,asso,COM-1,announced,2019-06-30,2,2019-03-01,in_kind|money,échelonné,true,0.25,,essai\n\
         c,Sans nature,region,asso,COM-1,announced,2019,1000.50,2019-03-01,,unique,false,1,,essai\n\
         d,Sans SIRET du payeur,asso,region,COM-1,announced,2019,1,2019-03-01,in_kind,unique,false,1,,essai\n\
         e,Plus de mille,region,asso,COM-1,announced,2019,1000,2019-03-01,money,unique,false,1,more_than,essai\n"
    );
    let files = [
        ("sources", SOURCES),
        ("territories", &territories(&[("COM-1", "Ici", "1")])),
        ("actors", actors),
        ("funding", &funding),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    let counted = get(server.address, "/v1/funding?format=scdl&total=exact").problem(400);
    assert_eq!(counted["errors"][0]["name"], "total", "SCDL has fewer lines than there are flows: {counted}");
    let reply = given(server.address, "/v1/funding?format=scdl", Representation::Scdl);
    let cut = format!("{}mot…", "mot ".repeat(63));
    let expected = format!(
        "{HEADER}Région,20005374200017,2019-03-01,,\"Asso, « Ici »\",,W591000001,Repas,1000.50,aide en numéraire,unique,\
         2019-01-01/2019-12-31,,non,1,\r\n\
         Région,20005374200017,2019-03-01,,\"Asso, « Ici »\",,W591000001,{cut},2,aide en nature;aide en numéraire,échelonné,\
         2019-06-30,,oui,0.25,\r\n"
    );
    assert_eq!(reply.text(), expected);
}

#[test]
fn a_cube_of_too_many_cells_is_refused_with_their_number() {
    let server = TestServer::empty();
    // Each observation has an indicator, a territory and a month of its own: 101 × 101 × 101 cells.
    let each = |line: &dyn Fn(usize) -> String| (0..101).map(line).collect::<String>();
    let communes = each(&|at| format!("COM-{:05},commune,Ici,2026,essai\n", 1001 + at));
    let indicators = each(&|at| format!("i{at},Un,Un,aide,0,sum,none,up,essai\n"));
    let figures = each(&|at| {
        format!("i{at},COM-{:05},{}-{:02},_T,observed,1,exact,A,2026,essai\n", 1001 + at, 2010 + at / 12, at % 12 + 1)
    });
    let files = [
        ("sources", SOURCES.to_owned()),
        ("territories", format!("code,kind,name,geography_year,source_code\n{communes}")),
        (
            "indicators",
            format!(
                "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n{indicators}"
            ),
        ),
        (
            "observations",
            format!(
                "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n{figures}"
            ),
        ),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    for page in ["", "&limit=1000"] {
        for coding in ["identity", "gzip"] {
            let target = format!("/v1/observations?format=json-stat{page}");
            let problem = ask(server.address, "GET", &target, &[format!("Accept-Encoding: {coding}")]).problem(400);
            let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
            assert!(
                detail.contains("101 indicator × 101 territory × 101 period × 1 breakdown")
                    && detail.contains("has 1030301 cells, and 1000000 are allowed"),
                "{detail}"
            );
        }
    }
    let reply = given(server.address, "/v1/observations?format=json-stat&territory_code=COM-01001", Representation::JsonStat);
    assert_eq!(reply.json()["size"], json!([1, 1, 1, 1, 1, 1]));
}

//! Numbers, booleans and lists have one value in every representation, and list fields are never null.

use std::sync::LazyLock;

use reperes::datasets::collections;
use reperes::query::{Kind, Representation};
use serde_json::{Value, json};

use super::{cells, given, workbook};
use crate::harness::{SOURCES, TestServer, bundle, get, keep_for_all_tests, publish, territories};
use crate::publishing_files::publish_bytes;

/// Numbers of 15 significant digits.
const AMOUNT: &str = "1234567890123.45";
const SHARE: &str = "0.123456789012345";

/// A server with three flows: with all values, with other ones, and with none.
fn server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        let server = keep_for_all_tests(TestServer::empty);
        let actors = "code,kind,name,role,siret,rna,source_code\n\
            region,local_authority,Région,Finance,20005374200017,,essai\nasso,association,Asso,Agit,,W591000001,essai\n";
        let funding = format!(
            "code,title,payer_code,beneficiary_code,territory_code,stage,period,amount_eur,decided_on,aid_natures,payment_terms,\
             eu_notified,beneficiary_share,source_code\n\
             a,Repas,region,asso,COM-1,paid,2019,{AMOUNT},2019-03-01,money,unique,false,{SHARE},essai\n\
             b,Prêt de salle,region,asso,COM-1,paid,2019,0.10,2019-03-01,in_kind|money,unique,true,1,essai\n\
             c,Sans rien,region,,COM-1,paid,2019,,,,,,,essai\n"
        );
        let communes = territories(&[("COM-1", "Ici", "1")]);
        let files = [("sources", SOURCES), ("territories", &*communes), ("actors", actors), ("funding", &*funding)];
        publish(&server.url, &bundle(&files)).expect("the bundle is right");
        server
    });
    &SERVER
}

/// The pinned address of four fields of all flows.
fn address(representation: Representation) -> String {
    let fields = "code,amount_eur,beneficiary_share,eu_notified,aid_natures";
    format!("/v1/funding?release=1&fields={fields}&format={}", representation.name())
}

#[test]
fn a_number_of_fifteen_digits_is_the_same_in_every_representation() {
    let kinds = [Kind::Code, Kind::Decimal, Kind::Decimal, Kind::Boolean, Kind::TextList];
    let body = |representation| given(server().address, &address(representation), representation).body;
    let text = |representation| String::from_utf8(body(representation)).expect("UTF-8");
    for representation in [Representation::Json, Representation::Ndjson, Representation::GeoJson] {
        let text = text(representation);
        assert!(text.contains(&format!("\"amount_eur\":{AMOUNT},\"beneficiary_share\":{SHARE},")), "{text}");
    }
    let (_, rows) = cells::csv(&body(Representation::Csv));
    assert_eq!(rows[0][1..3], [AMOUNT, SHARE]);
    let (amount, share): (f64, f64) = (AMOUNT.parse().expect("a number"), SHARE.parse().expect("a number"));
    assert_eq!((amount.to_string(), share.to_string()), (AMOUNT.to_owned(), SHARE.to_owned()));
    let (_, rows) = cells::parquet(body(Representation::Parquet), &kinds);
    assert_eq!(rows[0][1..3], [json!(amount), json!(share)]);
    let sheet = workbook::sheet(&body(Representation::Xlsx));
    assert!(sheet.contains(&format!("<v>{AMOUNT}</v>")) && sheet.contains(&format!("<v>{SHARE}</v>")), "{sheet}");
}

#[test]
fn booleans_and_lists_have_the_types_of_each_representation() {
    let rows = get(server().address, &address(Representation::Json)).data();
    assert_eq!(
        rows,
        json!([
            {"code": "a", "amount_eur": 1_234_567_890_123.45, "beneficiary_share": 0.123_456_789_012_345, "eu_notified": false, "aid_natures": ["money"]},
            {"code": "b", "amount_eur": 0.1, "beneficiary_share": 1, "eu_notified": true, "aid_natures": ["in_kind", "money"]},
            {"code": "c", "amount_eur": null, "beneficiary_share": null, "eu_notified": null, "aid_natures": []},
        ])
    );
    let kinds = [Kind::Code, Kind::Decimal, Kind::Decimal, Kind::Boolean, Kind::TextList];
    let body = |representation| given(server().address, &address(representation), representation).body;
    let lines = String::from_utf8(body(Representation::Ndjson)).expect("UTF-8");
    assert!(lines.ends_with("\"eu_notified\":null,\"aid_natures\":[]}\n"), "{lines}");
    let (_, rows) = cells::csv(&body(Representation::Csv));
    let ends: Vec<&[String]> = rows.iter().map(|row| &row[3..]).collect();
    assert_eq!(ends, [["false", "money"], ["true", "in_kind|money"], ["", ""]]);
    let (_, rows) = cells::parquet(body(Representation::Parquet), &kinds);
    let ends: Vec<&[Value]> = rows.iter().map(|row| &row[3..]).collect();
    assert_eq!(ends, [[json!(false), json!(["money"])], [json!(true), json!(["in_kind", "money"])], [Value::Null, json!([])]]);
    let sheet = workbook::sheet(&body(Representation::Xlsx));
    assert_eq!((sheet.matches("t=\"b\"").count(), sheet.matches("<v>1</v></c>").count()), (2, 2), "{sheet}");
}

#[test]
fn booleans_and_lists_are_filtered_counted_and_sorted() {
    for (query, codes) in [
        ("eu_notified=true", &["b"][..]),
        ("eu_notified=false", &["a"]),
        ("eu_notified=true,false", &["a", "b"]),
        ("eu_notified__ne=true", &["a"]),
        ("eu_notified__isnull=true", &["c"]),
        ("eu_notified__isnull=false", &["a", "b"]),
        ("sort=-eu_notified", &["b", "a", "c"]),
        ("aid_natures=money", &["a", "b"]),
        ("aid_natures=in_kind", &["b"]),
        ("aid_natures__ne=in_kind", &["a"]),
        ("aid_natures__isnull=true", &["c"]),
        ("aid_natures__isnull=false", &["a", "b"]),
    ] {
        let mut found = Vec::new();
        let mut next = Some(format!("/v1/funding?{query}&limit=1"));
        while let Some(target) = next {
            let page = get(server().address, &target).json();
            found.extend(page["data"].as_array().expect("a list").iter().map(|row| row["code"].clone()));
            next = page["links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(json!(found), json!(codes), "{query}");
    }
    let facets = get(server().address, "/v1/funding?facets=eu_notified,aid_natures").json()["meta"]["facets"].clone();
    assert_eq!(facets["eu_notified"]["choices"], json!([{"value": "false", "count": 1}, {"value": "true", "count": 1}]));
    assert_eq!(facets["aid_natures"]["choices"], json!([{"value": "money", "count": 2}, {"value": "in_kind", "count": 1}]));
    for query in ["eu_notified=yes", "eu_notified=1", "eu_notified=TRUE", "eu_notified__gt=false", "aid_natures=argent"] {
        get(server().address, &format!("/v1/funding?{query}")).problem(400);
    }
}

#[test]
fn lists_are_never_null_wherever_rows_come() {
    let server = server();
    let history = get(server.address, "/v1/funding/c/history").data();
    assert_eq!((&history[0]["aid_natures"], &history[0]["eu_notified"]), (&json!([]), &Value::Null));
    assert_eq!(get(server.address, "/v1/funding/c").data()["aid_natures"], json!([]));
    let changes = get(server.address, "/v1/changes?since=0&dataset=funding").data();
    assert_eq!(changes[2]["row"]["aid_natures"], json!([]));
    assert_eq!(changes[1]["row"]["eu_notified"], json!(true));
    let document: Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).expect("JSON");
    for dataset in collections() {
        let schemas = &document["components"]["schemas"];
        let row = schemas.as_object().expect("schemas").values().find(|schema| {
            let names = schema["properties"].as_object();
            names.is_some_and(|names| dataset.fields.iter().all(|field| names.contains_key(field.name)))
        });
        let row = row.unwrap_or_else(|| panic!("{} has no schema", dataset.name));
        for field in dataset.fields {
            let described = &row["properties"][field.name]["type"];
            match field.kind {
                _ if field.is_list() => assert_eq!(*described, "array", "{}", field.name),
                Kind::Boolean if field.required => assert_eq!(*described, "boolean", "{}", field.name),
                Kind::Boolean => assert_eq!(*described, json!(["boolean", "null"]), "{}", field.name),
                Kind::Decimal => assert_eq!(row["properties"][field.name]["format"], "double", "{}", field.name),
                _ => {}
            }
        }
    }
}

#[test]
fn a_file_of_scdl_has_the_same_words_when_it_is_published_and_exported_again() {
    let server = server();
    let exported = given(server.address, "/v1/funding?format=scdl", Representation::Scdl).body;
    let text = String::from_utf8(exported.clone()).expect("UTF-8");
    assert_eq!(text.lines().count(), 3, "the flow without values is none of SCDL");
    assert!(text.contains(",aide en numéraire,unique,2019-01-01/2019-12-31,,non,0.123456789012345,"), "{text}");
    assert!(text.contains(",aide en nature;aide en numéraire,unique,2019-01-01/2019-12-31,,oui,1,"), "{text}");
    let again = TestServer::empty();
    let communes = territories(&[("COM-1", "Ici", "1")]);
    publish(&again.url, &bundle(&[("sources", SOURCES), ("territories", &communes)])).expect("the bundle is right");
    let manifest = "[[file]]\npath = \"f.csv\"\nrecipe = \"scdl-subventions\"\n[file.constants]\nterritory_code = \"COM-1\"\nsource_code = \"essai\"\n";
    publish(&again.url, &crate::publishing_files::folder(manifest, &[("f.csv", &exported)])).expect("the file is right");
    let natures = get(again.address, "/v1/funding?sort=source_location&fields=aid_natures,eu_notified").data();
    assert_eq!(
        natures,
        json!([{"aid_natures": ["money"], "eu_notified": false}, {"aid_natures": ["in_kind", "money"], "eu_notified": true}])
    );
    assert_eq!(given(again.address, "/v1/funding?format=scdl", Representation::Scdl).body, exported);
}

#[test]
fn a_workbook_is_read_to_fifteen_digits_and_text_is_not() {
    let server = server();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let header = ["code", "title", "payer_code", "territory_code", "stage", "period", "amount_eur", "eu_notified", "source_code"];
    for (at, name) in (0..).zip(header) {
        sheet.write_string(0, at, name).expect("a cell");
    }
    for (at, text) in (0..).zip(["x", "Binaire", "region", "COM-1", "paid", "2019"]) {
        sheet.write_string(1, at, text).expect("a cell");
    }
    sheet.write_number(1, 6, 0.1 + 0.2).expect("a cell");
    sheet.write_boolean(1, 7, true).expect("a cell");
    sheet.write_string(1, 8, "essai").expect("a cell");
    let bytes = book.save_to_buffer().expect("a workbook");
    let copy = TestServer::empty();
    let files = [
        ("sources", SOURCES),
        ("territories", &*territories(&[("COM-1", "Ici", "1")])),
        ("actors", "code,kind,name,role,source_code\nregion,local_authority,Région,Finance,essai\n"),
    ];
    publish(&copy.url, &bundle(&files)).expect("the bundle is right");
    publish_bytes(&copy.url, "funding", &bytes).expect("the workbook is right");
    let row = get(copy.address, "/v1/funding/x").text();
    assert!(row.contains("\"amount_eur\":0.3,") && row.contains("\"eu_notified\":true"), "{row}");
    for (line, said) in [
        (
            r#"{"code":"y","title":"T","payer_code":"region","territory_code":"COM-1","stage":"paid","period":"2019","amount_eur":0.30000000000000004,"source_code":"essai"}"#,
            "fichier:1: amount_eur `0.30000000000000004`: has 17 significant digits, and at most 15 are allowed",
        ),
        (
            r#"{"code":"y","title":"T","payer_code":"region","territory_code":"COM-1","stage":"paid","period":"2019","eu_notified":"true ","source_code":"essai"}"#,
            "fichier:1: eu_notified `true `: is neither `true` nor `false`",
        ),
    ] {
        let faults = crate::publishing_files::faults(publish_bytes(&server.url, "funding", format!("{line}\n").as_bytes()));
        assert_eq!(faults, [said]);
    }
}

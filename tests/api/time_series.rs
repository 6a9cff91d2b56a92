//! Series: the latest values, a column for each period, comparisons of a figure, and the profile of a territory.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

const HABITANTS: &str = "/v1/observations?indicator_code=habitants&nature=observed&breakdown_code=_T";

fn rows(target: &str) -> Vec<Value> {
    get(example_data(), target).data().as_array().expect("a list").clone()
}

fn periods(target: &str) -> Vec<Value> {
    rows(target).iter().map(|row| json!([row["territory_code"], row["period"], row["value"]])).collect()
}

#[test]
fn the_latest_value_is_that_of_each_series_and_never_an_empty_one() {
    let latest = periods(&format!("{HABITANTS}&territory_code=COM-91001,COM-91002,COM-91003&last=1"));
    assert_eq!(latest, [json!(["COM-91001", "2021", 110]), json!(["COM-91002", "2020", 200]), json!(["COM-91003", "2022", 320])]);
    let earlier = periods(&format!("{HABITANTS}&territory_code=COM-91001,COM-91003&last=1&period__lte=2020"));
    assert_eq!(earlier, [json!(["COM-91001", "2020", 100]), json!(["COM-91003", "2020", 300])], "of what the filters select");
    let two = periods(&format!("{HABITANTS}&territory_code=COM-91003&last=2&sort=-period"));
    assert_eq!(two, [json!(["COM-91003", "2022", 320]), json!(["COM-91003", "2021", 310])]);
    let counted = get(example_data(), &format!("{HABITANTS}&last=1&total=exact&limit=1")).json();
    assert_eq!(counted["meta"]["total"]["value"], 10);
    let first = counted["links"]["next"].as_str().expect("a next page").to_owned();
    assert_eq!(rows(&first)[0]["territory_code"], "COM-91002");
    let moved = get(example_data(), &format!("{HABITANTS}&latest=true")).problem(400);
    assert_eq!(moved["errors"][0]["closest"], json!(["last"]), "{moved}");
    assert!(moved["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("`last=1`")), "{moved}");
    get(example_data(), &format!("{HABITANTS}&last=101")).problem(400);
    get(example_data(), "/v1/funding?last=1").problem(400);
}

#[test]
fn the_wide_layout_is_a_table_that_says_of_each_figure_what_it_is() {
    let sheet = |query: &str| get(example_data(), &format!("{HABITANTS}&layout=wide&{query}"));
    let csv = |query: &str| sheet(&format!("territory_code=COM-91001,COM-91002&format=csv{query}")).text();
    assert_eq!(
        csv(""),
        "indicator_code,territory_code,breakdown_code,nature,unit_code,unit_multiplier,source_code,2020,2020_qualifier,2020_statuses,2021,2021_qualifier,2021_statuses,2022,2022_qualifier,2022_statuses\r\n\
         habitants,COM-91001,_T,observed,habitant,0,essai,100,exact,A,110,exact,A,,,Q\r\n\
         habitants,COM-91002,_T,observed,habitant,0,essai,200,nearly,P,,,Q,,,Q\r\n"
    );
    assert_eq!(
        csv("&sort=-value&fields=period,territory_code,value&include=territory").lines().take(2).collect::<Vec<_>>()[1]
            .split(',')
            .take(3)
            .collect::<Vec<_>>(),
        ["COM-91002", "commune", ""]
    );
    let two = csv("&labels=true&last=1&fields=territory_code");
    assert_eq!(
        two,
        "territory_code,territory_label,2020,2020_qualifier,2020_statuses,2021,2021_qualifier,2021_statuses\r\n\
         COM-91001,Avesnes,,,,110,exact,A\r\nCOM-91002,Saint-Éloi,200,nearly,P,,,\r\n"
    );
    assert_eq!(sheet("format=xlsx").status, 200);
    for format in ["json", "ndjson", "geojson", "parquet", "json-stat", "sdmx-csv"] {
        let problem = sheet(&format!("format={format}")).problem(400);
        let detail = problem["errors"][0]["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains("`format=csv`") && detail.contains("`format=xlsx`"), "{problem}");
    }
    for more in ["facets=nature", "compare=region", "vintages=all"] {
        sheet(&format!("format=csv&{more}")).problem(400);
    }
    assert_eq!(get(example_data(), &format!("{HABITANTS}&layout=long")).status, 200);
}

#[test]
fn the_wide_layout_has_pages_of_series() {
    for sort in ["", "&sort=-period", "&sort=value,-territory_code"] {
        let target = format!("/v1/observations?layout=wide&format=csv{sort}");
        let whole = get(example_data(), &format!("{target}&total=exact"));
        let mut expected: Vec<String> = whole.text().lines().map(str::to_owned).collect();
        assert_eq!(whole.header("total-count"), Some((expected.len() - 1).to_string().as_str()));
        let (mut lines, mut next) = (Vec::new(), Some(format!("{target}&limit=4")));
        while let Some(address) = next {
            let page = get(example_data(), &address);
            assert_eq!(page.status, 200, "{address}: {}", page.text());
            let text = page.text();
            assert!(text.lines().count() <= 5, "{address}");
            lines.extend(text.lines().skip(1).map(str::to_owned));
            next = page.header("link").map(|link| link.split(['<', '>']).nth(1).expect("an address").to_owned());
        }
        expected.remove(0);
        assert_eq!(lines, expected, "{sort}");
    }
}

#[test]
fn comparisons_and_included_rows_are_columns_of_a_table() {
    let target = format!("{HABITANTS}&territory_code=COM-91001,COM-91002&period=2021&compare=region,parent");
    let csv = get(example_data(), &format!("{target}&fields=territory_code,value&format=csv"));
    assert_eq!(
        csv.text(),
        "territory_code,value,region_territory_code,region_value,region_qualifier,region_statuses,parent_territory_code,parent_value,\
         parent_qualifier,parent_statuses,rank_position,rank_of,rank_tied,rank_suppressed\r\n\
         COM-91001,110,REG-99,,,,DEP-91,1010,exact,A,3,3,0,1\r\n\
         COM-91002,,REG-99,,,,DEP-91,1010,exact,A,,,,\r\n"
    );
    let json = get(example_data(), &target).data();
    let lines = get(example_data(), &format!("{target}&format=ndjson")).text();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json, json!(lines), "the same rows");
    let features = get(example_data(), &format!("{target}&format=geojson")).json();
    assert_eq!(features["features"][0]["properties"]["comparison"], json[0]["comparison"]);
    for format in ["parquet", "xlsx"] {
        assert_eq!(get(example_data(), &format!("{target}&format={format}")).status, 200, "{format}");
    }
    let paged = get(example_data(), &format!("{target}&format=csv&limit=1"));
    assert!(paged.header("link").is_some_and(|link| link.contains("rel=\"next\"")) && paged.text().lines().count() == 2);
    get(example_data(), &format!("{target}&format=csv&limit=101")).problem(400);

    let with = "/v1/observations?indicator_code=indice&fields=value&include=territory,indicator&limit=1";
    let json = get(example_data(), with).json();
    let line: Value = serde_json::from_str(get(example_data(), &format!("{with}&format=ndjson")).text().trim()).expect("JSON");
    for (name, dataset) in [("territory", "territories"), ("indicator", "indicators")] {
        let row =
            get(example_data(), &format!("/v1/{dataset}/{}", if name == "territory" { "COM-91001" } else { "indice" })).data();
        let beside = row.as_object().expect("a row").iter().filter(|(field, _)| *field != "code");
        for (field, value) in beside {
            assert_eq!(&line[&format!("{name}_{field}")], value, "{name}_{field}");
        }
    }
    assert_eq!(line.as_object().map(|row| row["value"].clone()), Some(json["data"][0]["value"].clone()));
    let several = get(example_data(), "/v1/territories?include=formers&format=csv");
    assert_eq!(several.status, 400);
}

#[test]
fn a_figure_is_compared_with_surrounding_territories_and_ranked_among_its_kind() {
    let target = format!("{HABITANTS}&compare=parent,region,country");
    let compared = rows(&format!("{target}&territory_code=COM-91002&period=2020"));
    let comparison = &compared[0]["comparison"];
    let values = |name: &str| json!([comparison[name]["territory_code"], comparison[name]["value"]]);
    assert_eq!(values("parent"), json!(["DEP-91", 1000]));
    assert_eq!(values("region"), json!(["REG-99", 2100]));
    assert_eq!(values("country"), json!(["FR", 2100]));
    assert_eq!(comparison["rank"], json!({"position": 5, "of": 6, "tied": 0, "suppressed": 0}));
    let suppressed = rows(&format!("{target}&territory_code=COM-91001,COM-91002&period=2021"));
    assert_eq!(suppressed[0]["comparison"]["rank"], json!({"position": 3, "of": 3, "tied": 0, "suppressed": 1}));
    assert_eq!(suppressed[1]["comparison"]["rank"], Value::Null, "a suppressed cell has no place");
    assert_eq!(suppressed[0]["comparison"]["parent"]["value"], 1010);
    assert_eq!(suppressed[0]["comparison"]["region"]["value"], Value::Null);
    let tied = rows("/v1/observations?indicator_code=taux&territory_code=COM-92001,DEP-91&compare=parent");
    assert_eq!(tied[0]["comparison"]["rank"], json!({"position": 1, "of": 5, "tied": 1, "suppressed": 0}));
    assert_eq!(tied[1]["comparison"]["parent"]["territory_code"], "REG-99");
    get(example_data(), &format!("{target}&limit=101")).problem(400);
    get(example_data(), &format!("{HABITANTS}&compare=continent")).problem(400);
    get(example_data(), &format!("{target}&format=json-stat")).problem(400);
}

/// Every row of a collection, page by page.
fn all(app: SocketAddr, target: &str) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(target.to_owned()));
    while let Some(page) = next {
        let mut page = get(app, &page).json();
        next = page["links"]["next"].as_str().map(str::to_owned);
        rows.append(page["data"].as_array_mut().expect("a list"));
    }
    rows
}

#[test]
fn every_rank_equals_the_count_of_higher_figures_of_the_kind() {
    for app in [example_data(), bundled()] {
        let territories = all(app, "/v1/territories?fields=code,kind&limit=1000");
        let kinds: HashMap<&str, &str> =
            territories.iter().filter_map(|row| Some((row["code"].as_str()?, row["kind"].as_str()?))).collect();
        let figures = all(app, "/v1/observations?compare=region&limit=100&fields=indicator_code");
        let whole = all(app, "/v1/observations?limit=100");
        assert_eq!(figures.len(), whole.len());
        let alike = |row: &Value| {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            let kind = kinds[row["territory_code"].as_str().expect("a code")];
            (["indicator_code", "period", "breakdown_code", "nature", "source_code"].map(text), kind)
        };
        let mut groups: HashMap<_, Vec<&Value>> = HashMap::new();
        whole.iter().for_each(|row| groups.entry(alike(row)).or_default().push(row));
        for (row, compared) in whole.iter().zip(&figures) {
            let group = &groups[&alike(row)];
            let values: Vec<f64> = group.iter().filter_map(|row| row["value"].as_f64()).collect();
            let suppressed =
                |row: &&&Value| row["value"].is_null() && row["statuses"].as_array().is_some_and(|all| all.contains(&json!("Q")));
            let expected = row["value"].as_f64().map(|value| {
                json!({
                    "position": 1 + values.iter().filter(|other| **other > value).count(),
                    "of": values.len(),
                    "tied": values.iter().filter(|other| **other == value).count() - 1,
                    "suppressed": group.iter().filter(suppressed).count(),
                })
            });
            assert_eq!(compared["comparison"]["rank"], expected.unwrap_or(Value::Null), "{row}");
        }
    }
}

#[test]
fn a_profile_has_all_figures_of_a_territory() {
    let profile = get(example_data(), "/v1/territories/COM-91003/profile").data();
    assert_eq!(profile["territory"]["name"], "Cœur-lès-Bois");
    let codes: Vec<&Value> = profile["ancestors"].as_array().expect("a list").iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, ["DEP-91", "FR", "PER-essai", "REG-99"]);
    let series = profile["series"].as_array().expect("a list");
    let habitants = series.iter().find(|one| one["indicator"]["code"] == "habitants").expect("the series is there");
    assert_eq!(json!([habitants["latest"]["period"], habitants["latest"]["value"]]), json!(["2022", 320]));
    assert_eq!(json!([habitants["previous"]["value"], habitants["change"]]), json!([310, 10]));
    assert_eq!(habitants["source"]["code"], "essai");
    assert_eq!(habitants["comparison"]["rank"], json!({"position": 1, "of": 1, "tied": 0, "suppressed": 2}));
    get(example_data(), "/v1/territories/COM-91009/profile").problem(404);
    get(example_data(), "/v1/territories/COM-91003/profile?limit=5").problem(400);
    let minier = get(bundled(), "/v1/territories/PER-bassin-minier/profile").json();
    assert_eq!(minier["data"]["territory"]["name"], "Bassin minier du Nord et du Pas-de-Calais");
    assert_eq!(
        minier["links"]["related"]["aggregate"],
        "/v1/aggregates/observations?function=own&territory_code=PER-bassin-minier"
    );
}

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
    let latest = periods(&format!("{HABITANTS}&territory_code=COM-91001,COM-91002,COM-91003&latest=true"));
    assert_eq!(latest, [json!(["COM-91001", "2021", 110]), json!(["COM-91002", "2020", 200]), json!(["COM-91003", "2022", 320])]);
    let earlier = periods(&format!("{HABITANTS}&territory_code=COM-91001,COM-91003&latest=true&period__lte=2020"));
    assert_eq!(earlier, [json!(["COM-91001", "2020", 100]), json!(["COM-91003", "2020", 300])], "of what the filters select");
    let two = periods(&format!("{HABITANTS}&territory_code=COM-91003&last=2&sort=-period"));
    assert_eq!(two, [json!(["COM-91003", "2022", 320]), json!(["COM-91003", "2021", 310])]);
    let all = periods(&format!("{HABITANTS}&territory_code=COM-91001&latest=false"));
    assert_eq!(all.len(), 3);
    let counted = get(example_data(), &format!("{HABITANTS}&latest=true&count=exact&limit=1")).json();
    assert_eq!(counted["meta"]["total"]["value"], 10);
    let first = counted["links"]["next"].as_str().expect("a next page").to_owned();
    assert_eq!(rows(&first)[0]["territory_code"], "COM-91002");
    get(example_data(), &format!("{HABITANTS}&latest=true&last=2")).problem(400);
    get(example_data(), &format!("{HABITANTS}&last=101")).problem(400);
    get(example_data(), "/v1/funding?latest=true").problem(400);
}

#[test]
fn the_wide_layout_has_a_column_per_period() {
    let target = format!("{HABITANTS}&territory_code=COM-91001,COM-91002&layout=wide");
    let wide = rows(&target);
    assert_eq!(wide[0]["2020"], 100);
    assert_eq!((wide[0]["2021"].clone(), wide[0]["2022"].clone()), (json!(110), Value::Null));
    assert_eq!((wide[1]["territory_code"].clone(), wide[1]["2021"].clone()), (json!("COM-91002"), Value::Null));
    assert_eq!(
        get(example_data(), &format!("{target}&format=csv")).text(),
        "indicator_code,territory_code,breakdown_code,nature,unit_code,unit_multiplier,source_code,2020,2021,2022\r\n\
         habitants,COM-91001,_T,observed,habitant,0,essai,100,110,\r\n\
         habitants,COM-91002,_T,observed,habitant,0,essai,200,,\r\n"
    );
    for more in ["limit=5", "sort=period", "format=ndjson", "fields=value", "compare=region"] {
        get(example_data(), &format!("{target}&{more}")).problem(400);
    }
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
    get(example_data(), &format!("{target}&format=csv")).problem(400);
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
    assert_eq!(minier["links"]["related"]["rollup"], "/v1/observations?rollup=true&territory_code=PER-bassin-minier");
}

//! Figures and other rows in the geography of a day: what the codes of that day named is aggregated, and nothing else.

use serde_json::{Value, json};

use crate::harness::{SOURCES, TestServer, bundle, get, publish};

const TERRITORIES: &str = "code,kind,name,commune_code,departement_code,status,valid_from,valid_until,geography_year,source_code
FR,country,France,,,current,1943-01-01,,2026,essai
DEP-91,departement,Premier,,,current,1943-01-01,,2026,essai
COM-91001,commune,Avesnes-lès-Bois,,DEP-91,current,1943-01-01,,2026,essai
COM-91002,commune,Bois,COM-91001,DEP-91,former,1943-01-01,2015-01-01,2026,essai
";

const STATES: &str = "territory_code,valid_from,valid_until,kind,name,departement_code,end_event_code,successor_codes,source_code
FR,1943-01-01,,country,France,,,,essai
DEP-91,1943-01-01,,departement,Premier,,,,essai
COM-91001,1943-01-01,2015-01-01,commune,Avesnes,DEP-91,32,,essai
COM-91001,2015-01-01,,commune,Avesnes-lès-Bois,DEP-91,,,essai
COM-91002,1943-01-01,2015-01-01,commune,Bois,DEP-91,32,COM-91001,essai
";

const INDICATORS: &str =
    "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,weight_indicator_code,direction,source_code
habitants,Habitants,Habitants,habitant,0,sum,none,,none,essai
";

const OBSERVATIONS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code
habitants,COM-91001,2010,_T,observed,100,exact,A,2010,essai
habitants,COM-91002,2010,_T,observed,50,exact,A,2010,essai
habitants,COM-91001,2020,_T,observed,160,exact,A,2020,essai
";

const COMMITMENTS: &str = "code,kind,rank,title,summary,source_code
mode-1,way_of_working,1,Un,Un,essai
";

const MEASURES: &str = "code,commitment_code,title,summary,status,territory_codes,source_code
ici,mode-1,Ici,Ici,announced,COM-91002,essai
la,mode-1,Là,Là,announced,COM-91002|COM-91001,essai
";

const EVENTS: &str = "code,kind,title,summary,period,territory_code,source_code
fete,workshop,Fête,Fête,2010-06,COM-91002,essai
";

#[test]
fn figures_of_a_year_are_aggregated_in_the_geography_of_that_year() {
    let server = TestServer::empty();
    let files = [
        ("sources", SOURCES),
        ("territories", TERRITORIES),
        ("territory_states", STATES),
        ("indicators", INDICATORS),
        ("observations", OBSERVATIONS),
        ("commitments", COMMITMENTS),
        ("measures", MEASURES),
        ("events", EVENTS),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    let sum = "/v1/aggregates/observations?within=DEP-91&period=2010&by=indicator_code&function=sum";
    get(server.address, sum).problem(422);
    assert_eq!(get(server.address, &format!("{sum}&geography=2010")).data()[0]["sum"], 150);
    let of_2020 = get(server.address, "/v1/observations?within=DEP-91&geography=2020").data();
    let values: Vec<&Value> = of_2020.as_array().expect("a list").iter().map(|row| &row["value"]).collect();
    assert_eq!(values, [&json!(100), &json!(160)], "the code of the former commune named nothing in 2020");
    for (query, expected) in [
        ("observations?geography=2010", 3),
        ("observations?geography=2014-12-31", 3),
        ("observations?geography=2015", 2),
        ("observations?geography=2020&period=2010", 1),
        ("observations?geography=2020&territory_code=COM-91002", 0),
        ("observations?geography=2020&touching=COM-91001", 2),
        ("observations?geography=2020&q=habitants", 2),
        ("events?geography=2010", 1),
        ("events?geography=2020", 0),
        ("measures?geography=2010", 2),
        ("measures?geography=2020", 1),
    ] {
        let list = get(server.address, &format!("/v1/{query}&total=exact")).json();
        assert_eq!(list["meta"]["total"]["value"], expected, "{query}");
        let csv = get(server.address, &format!("/v1/{query}&format=csv")).text();
        assert_eq!(csv.lines().count(), expected + 1, "{query}");
    }
    let alone = "/v1/aggregates/observations?by=indicator_code&function=sum&period=2010&geography";
    assert_eq!(get(server.address, &format!("{alone}=2010")).data()[0]["sum"], 150);
    assert_eq!(get(server.address, &format!("{alone}=2020")).data()[0]["sum"], 100);
    get(server.address, "/v1/observations?geography=1942").problem(400);
    let members = get(server.address, "/v1/territories/DEP-91/members?geography=2014-12-31").data();
    let names: Vec<&Value> = members.as_array().expect("a list").iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Avesnes", "Bois"]);
}

//! Units and breakdowns: their codes are checked, figures refer to them, and what the figures of an indicator mean never
//! changes.

use serde_json::{Value, json};

use super::modes::{figures, merged};
use super::{INDICATORS, command, contents, faults, folder, manifest_of, publish_bytes, with_references};
use crate::harness::{TestServer, bundle, get, publish};

const UNITS: &str = "code,title,title_plural,symbol,source_code\n";
const BREAKDOWNS: &str = "code,title,parent_code,source_code\n";
const KEPT: &str = "`unit_code`, `unit_multiplier`, `territory_additivity`, `time_additivity`, `weight_indicator_code` of an \
                    indicator with observations never change; publish a new indicator, and name it in `successor_code` of taux";

/// The fault of a change to a fixed value of the indicator `taux`, whose first figures are of a release.
fn fixed(line: usize, field: &str, (before, since): (&str, usize), after: &str) -> String {
    let shown = if after == "empty" { String::new() } else { format!(" {after}") };
    format!(
        "fichier:{line}: {field}{shown}: is {before} since release {since} published observations of taux, and cannot become \
         {after}: {KEPT}"
    )
}

fn indicators(url: &str, text: &str) -> Result<reperes::publication::Report, reperes::publish::PublishError> {
    publish_bytes(url, "indicators", text.as_bytes())
}

#[test]
fn codes_of_units_and_breakdowns_keep_to_their_grammar() {
    let url = with_references();
    let grammar = "is not the code of a breakdown: `_T` for the whole, or pairs `dimension.member` in the alphabetical order of \
                   their dimensions, each dimension once, joined by `:`, in lower-case letters, digits and hyphens, such as \
                   `age.18-24:sexe.f`";
    let wrong = ["femmes", "sexe=f", "Sexe.F", "sexe.f:age.18-24", "sexe.f:sexe.h", "_t", "sexe.f/rsa"];
    let lines: String = wrong.iter().map(|code| format!("{code},Titre,,essai\n")).collect();
    let expected: Vec<String> =
        wrong.iter().zip(2..).map(|(code, line)| format!("fichier:{line}: code `{code}`: {grammar}")).collect();
    assert_eq!(faults(publish_bytes(&url, "breakdowns", format!("{BREAKDOWNS}{lines}").as_bytes())), expected);
    let right = format!("{BREAKDOWNS}age.25-34:rsa.oui:sexe.f,Femmes de 25 à 34 ans au RSA,sexe.f,essai\n");
    publish_bytes(&url, "breakdowns", right.as_bytes()).expect("the code is right");
    let slug = "is not a code of lower-case letters, digits and hyphens, such as `point-conseil-budget`";
    let units = format!("{UNITS}Euro,euro,euros,€,essai\nmilliers d'euros,x,x,,essai\n");
    assert_eq!(
        faults(publish_bytes(&url, "units", units.as_bytes())),
        [format!("fichier:2: code `Euro`: {slug}"), format!("fichier:3: code `milliers d'euros`: {slug}")]
    );
    let server = TestServer::on(&url);
    let row = get(server.address, "/v1/breakdowns/age.25-34:rsa.oui:sexe.f").data();
    assert_eq!((&row["code"], &row["parent_code"]), (&json!("age.25-34:rsa.oui:sexe.f"), &json!("sexe.f")));
    get(server.address, "/v1/breakdowns?code=femmes").problem(400);
}

#[test]
fn figures_name_a_known_breakdown_and_indicators_a_known_unit() {
    let url = with_references();
    let grammar = "it is not the code of a breakdown: `_T` for the whole";
    let rows = figures("taux", &[("DEP-01", "2020", "10"), ("DEP-02", "2020", "10"), ("DEP-2A", "2020", "10")]);
    let rows = rows.replacen("_T", "sexe.x", 1).replacen("_T", "Femmes", 1);
    let listed = faults(publish_bytes(&url, "observations", rows.as_bytes()));
    let start = "fichier:2: breakdown_code `sexe.x`: no row of breakdowns has this code; closest: sexe.f, sexe.h";
    assert!(listed[0].starts_with(start) && !listed[0].contains("grammar"), "{listed:?}");
    assert!(listed[1].starts_with("fichier:3: breakdown_code `Femmes`: no row of breakdowns has this code; closest: "));
    assert!(listed[1].contains(grammar) && listed.len() == 2, "{listed:?}");
    let tilde = rows.replacen("sexe.x", "a~b", 1).replacen("Femmes", "_T", 1);
    assert_eq!(
        faults(publish_bytes(&url, "observations", tilde.as_bytes())),
        ["fichier:2: breakdown_code `a~b`: holds a `~`, which joins the parts of a code"]
    );
    let listed = faults(indicators(&url, &INDICATORS.replace("percent", "pourcent")));
    assert!(
        listed[0].starts_with("fichier:2: unit_code `pourcent`: no row of units has this code; closest: percent"),
        "{listed:?}"
    );
}

#[test]
fn an_indicator_with_figures_keeps_what_they_mean() {
    let url = with_references();
    let more = INDICATORS.replace("source_code", "weight_indicator_code,unit_multiplier,source_code");
    let with = |unit: &str, over_territories: &str, over_time: &str, weight: &str, multiplier: &str| {
        let head = more.lines().next().expect("a header");
        format!("{head}\ntaux,Taux,Taux,{unit},1,{over_territories},{over_time},down,0,100,{weight},{multiplier},essai\n")
    };
    // Without figures, everything can change.
    indicators(&url, &with("point", "sum", "sum", "habitants", "3")).expect("it has no figures");
    // The same publication may change it and bring its first figures.
    let both = format!("{}{}", manifest_of("indicators", "i.csv"), manifest_of("observations", "o.csv"));
    let first = figures("taux", &[("DEP-01", "2020", "10")]);
    let right = with("percent", "none", "none", "", "0");
    publish(&url, &folder(&both, &[("i.csv", right.as_bytes()), ("o.csv", first.as_bytes())]))
        .expect("they are its first figures");
    let before = contents(&url);
    let all = with("point", "sum", "sum", "habitants", "3");
    let all_faults = [
        fixed(2, "unit_code", ("`percent`", 3), "`point`"),
        fixed(2, "unit_multiplier", ("`0`", 3), "`3`"),
        fixed(2, "territory_additivity", ("`none`", 3), "`sum`"),
        fixed(2, "time_additivity", ("`none`", 3), "`sum`"),
        fixed(2, "weight_indicator_code", ("empty", 3), "`habitants`"),
    ];
    assert_eq!(faults(indicators(&url, &all)), all_faults);
    // A dry run says the same.
    let file = folder("", &[("fichier", all.as_bytes())]).join("fichier");
    let file = file.to_str().expect("a path");
    let (code, _, err) = command(&url, &["publish", file, "--dataset", "indicators", "--dry-run"]);
    assert_ne!(code, 0);
    all_faults.iter().for_each(|fault| assert!(err.contains(fault), "{fault}\n{err}"));
    // A publication that also replaces all its figures is refused too.
    let replaced = figures("taux", &[("DEP-01", "2020", "11")]);
    let scope = "mode = \"replace\"\n[file.scope]\nindicator_code = \"taux\"\n";
    let point = with("point", "none", "none", "", "0");
    let listed =
        faults(publish(&url, &folder(&format!("{both}{scope}"), &[("i.csv", point.as_bytes()), ("o.csv", replaced.as_bytes())])));
    assert_eq!(listed, [fixed(2, "unit_code", ("`percent`", 3), "`point`").replace("fichier", "i.csv")]);
    assert_eq!(contents(&url), before);
    // Nor does a withdrawal of the figures, or of the indicator, free it.
    let withdraw =
        |dataset: &str, code: &str| format!("[[withdraw]]\ndataset = \"{dataset}\"\nreason = \"Essai\"\ncodes = [\"{code}\"]\n");
    publish(&url, &folder(&withdraw("observations", "taux~DEP-01~2020~_T~observed~essai"), &[])).expect("it can be withdrawn");
    assert_eq!(faults(indicators(&url, &all)), all_faults);
    publish(&url, &folder(&withdraw("indicators", "taux"), &[])).expect("it can be withdrawn");
    assert_eq!(faults(indicators(&url, &all)), all_faults);
    let together = format!("{both}{}", withdraw("observations", "taux~DEP-01~2020~_T~observed~essai"));
    publish(&url, &folder(&both, &[("i.csv", right.as_bytes()), ("o.csv", first.as_bytes())])).expect("as before");
    let other = figures("taux", &[("DEP-02", "2020", "11")]);
    let listed = faults(publish(&url, &folder(&together, &[("i.csv", point.as_bytes()), ("o.csv", other.as_bytes())])));
    assert_eq!(listed, [fixed(2, "unit_code", ("`percent`", 3), "`point`").replace("fichier", "i.csv")]);
    // What does not change their meaning can change, and a successor takes the new unit.
    let successor = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,successor_code,source_code\n\
                     taux,Taux,Autre,percent,2,none,none,up,taux-en-points,essai\n\
                     taux-en-points,Taux,Taux,point,1,none,none,down,,essai\n";
    indicators(&url, successor).expect("a successor takes the new unit");
    let server = TestServer::on(&url);
    assert_eq!(get(server.address, "/v1/indicators/taux").data()["successor_code"], "taux-en-points");
}

#[test]
fn a_recipe_checks_the_unit_and_the_multiplier() {
    let url = with_references();
    let recipe = |unit: &str| {
        format!(
            "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n[[table]]\ndataset = \
             \"observations\"\n{unit}\n[table.fields]\nindicator_code = {{ constant = \"taux\" }}\nterritory_code = {{ column = \"code\" }}\n\
             period = {{ constant = \"2020\" }}\nbreakdown_code = {{ constant = \"_T\" }}\nnature = {{ constant = \"observed\" }}\nvalue = \
             {{ column = \"valeur\" }}\nqualifier = {{ constant = \"exact\" }}\ngeography_year = {{ constant = \"2026\" }}\nsource_code = \
             {{ constant = \"essai\" }}\n"
        )
    };
    let read = |unit: &str| {
        let files = [("r.toml", recipe(unit)), ("f.csv", "code;valeur\nDEP-01;1\n".to_owned())];
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        publish(&url, &folder("[[file]]\npath = \"f.csv\"\nrecipe = \"r.toml\"\n", &files))
    };
    for (unit, said) in [("unit_code = \"euro\"", "euro"), ("unit_code = \"percent\"\nunit_multiplier = 3", "percent × 10^3")] {
        let expected = format!("f.csv:2: value (B) `1`: the recipe reads figures in {said}, and taux is counted in percent");
        assert_eq!(faults(read(unit)), [expected]);
    }
    read("unit_code = \"percent\"").expect("the unit is right");
}

#[test]
fn answers_name_the_unit_and_the_breakdown_in_every_representation() {
    let server = TestServer::on(&with_references());
    let url = &server.url;
    let units = format!("{UNITS}euro,euro,euros,€,essai\n");
    let breakdowns = format!("{BREAKDOWNS}_T,Ensemble,,essai\nsexe.f,Femmes,_T,essai\n");
    let indicator = "code,title,definition,unit_code,unit_multiplier,decimals,territory_additivity,time_additivity,direction,source_code\n\
                     budget,Budget,Budget,euro,3,0,sum,sum,none,essai\n";
    let rows = figures("budget", &[("DEP-01", "2020", "10"), ("DEP-02", "2020", "20")]);
    let women = rows.lines().skip(1).map(|line| line.replace("_T", "sexe.f") + "\n").collect::<String>();
    publish(url, &bundle(&[("units", &units), ("breakdowns", &breakdowns)])).expect("the rows are right");
    indicators(url, indicator).expect("the indicator is right");
    merged(url, &(rows + &women));
    let filter = "indicator_code=budget&territory_code=DEP-01";
    for limit in ["&limit=100", "&limit=10"] {
        let found = get(server.address, &format!("/v1/observations?{filter}&labels=true{limit}")).data();
        let said = |row: &Value| {
            ["unit_code", "unit_label", "unit_multiplier", "breakdown_code", "breakdown_label"].map(|name| row[name].clone())
        };
        let found: Vec<Value> = found.as_array().expect("a list").iter().map(|row| json!(said(row))).collect();
        let of = |code: &str, title: &str| json!(["euro", "euro", 3, code, title]);
        assert_eq!(found, [of("_T", "Ensemble"), of("sexe.f", "Femmes")]);
    }
    let included =
        get(server.address, &format!("/v1/observations?{filter}&include=unit,breakdown")).json()["included"].to_string();
    assert!(included.contains("\"symbol\":\"€\"") && included.contains("Femmes"), "{included}");
    let cube = get(server.address, &format!("/v1/observations?{filter}&format=json-stat")).json();
    let category = |dimension: &str| cube["dimension"][dimension]["category"].clone();
    assert_eq!(category("breakdown")["label"], json!({"_T": "Ensemble", "sexe.f": "Femmes"}));
    let unit = json!({"budget": {"label": "euro", "symbol": "€", "decimals": 0, "multiplier": 3}});
    assert_eq!(category("indicator")["unit"], unit);
    let message = get(server.address, &format!("/v1/observations?{filter}&format=sdmx-csv")).text();
    let header: Vec<&str> = message.lines().next().expect("a header").split(',').collect();
    let cells: Vec<&str> = message.lines().nth(2).expect("a row").split(',').collect();
    let cell = |id: &str| cells[header.iter().position(|name| *name == id).expect("a component")];
    assert_eq!(["BREAKDOWN", "UNIT_MEASURE", "UNIT_MULT"].map(cell), ["sexe.f", "euro", "3"]);
}

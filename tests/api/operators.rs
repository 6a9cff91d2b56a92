//! Every operator of every field of every dataset, compared with a model that filters the rows in memory.

use std::collections::BTreeSet;

use reperes::datasets::{REGISTRY, collections};

use reperes::query::model::period;
use reperes::query::{Context, Dataset, Field, Kind, Operator, Parameter, pairs};
use serde_json::{Value, json};

use crate::harness::{bundled, get};

/// Lower case without French accents, as the SQL function `fold` returns it.
fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'à' | 'â' | 'ä' => "a".to_owned(),
        'é' | 'è' | 'ê' | 'ë' => "e".to_owned(),
        'î' | 'ï' => "i".to_owned(),
        'ô' | 'ö' => "o".to_owned(),
        'ù' | 'û' | 'ü' => "u".to_owned(),
        'ç' => "c".to_owned(),
        'œ' => "oe".to_owned(),
        other => other.to_string(),
    };
    text.to_lowercase().chars().map(plain).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

/// Whether a field of a row has no value. A list without one is empty, never null.
fn is_without_value(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether a row passes a filter.
fn passes(field: &Field, operator: Operator, row: &Value, given: &str) -> bool {
    let value = &row[field.name];
    if operator == Operator::IsNull {
        return is_without_value(value) == (given == "true");
    }
    if is_without_value(value) {
        return false;
    }
    let order = |operator: Operator| match (field.kind, value) {
        (Kind::Period, _) => {
            let asked = period::parse(given).expect("a period");
            let (first, last) = (asked.start.to_string(), asked.end.map(|day| day.to_string()));
            let start = text(&row["period_start"]);
            // No day comes after those of an open period.
            let ends = |before: &dyn Fn(&str) -> bool| row["period_end"].as_str().is_some_and(before);
            match operator {
                Operator::Gt => last.is_some_and(|last| start > last),
                Operator::Gte => start >= first,
                Operator::Lt => ends(&|end| *end < *first),
                Operator::Overlaps => last.is_none_or(|last| start <= last) && !ends(&|end| *end < *first),
                _ => ends(&|end| last.as_deref().is_some_and(|last| end <= last)),
            }
        }
        (_, Value::Number(number)) => {
            let (mine, theirs) = (number.as_f64().expect("a number"), given.parse::<f64>().expect("a number"));
            compare(operator, mine.total_cmp(&theirs))
        }
        _ => compare(operator, text(value).as_str().cmp(given)),
    };
    match operator {
        Operator::AnyOf => texts(value).iter().any(|one| one == given),
        Operator::Ne => texts(value).iter().all(|one| one != given),
        Operator::Contains => fold(&text(value)).contains(&fold(given)),
        Operator::StartsWith if field.is_folded() => fold(&text(value)).starts_with(&fold(given)),
        Operator::StartsWith => text(value).starts_with(given),
        ordered => order(ordered),
    }
}

fn compare(operator: Operator, order: std::cmp::Ordering) -> bool {
    match operator {
        Operator::Gt => order.is_gt(),
        Operator::Gte => order.is_ge(),
        Operator::Lt => order.is_lt(),
        _ => order.is_le(),
    }
}

/// The values for a filter: values of rows, or words of them.
fn given(field: &Field, operator: Operator, rows: &[Value]) -> Vec<String> {
    let values = || rows.iter().flat_map(|row| texts(&row[field.name])).filter(|value| value.chars().count() <= 200);
    let distinct: BTreeSet<String> = match operator {
        Operator::IsNull => return vec!["true".to_owned(), "false".to_owned()],
        Operator::Contains => {
            values().filter_map(|v| v.split(|c: char| !c.is_alphabetic()).rfind(|w| w.len() > 3).map(str::to_uppercase)).collect()
        }
        Operator::StartsWith if field.is_folded() => values()
            .filter_map(|v| v.split(|c: char| !c.is_alphabetic()).next().filter(|w| w.len() > 1).map(str::to_lowercase))
            .collect(),
        Operator::StartsWith => values().map(|v| v.chars().take(4).collect()).collect(),
        Operator::Overlaps => {
            let days = rows.iter().flat_map(|row| [&row["period_start"], &row["period_end"]]).filter_map(Value::as_str);
            let open = days.clone().max().map(|day| format!("{day}/.."));
            return values().take(2).chain(days.max().map(str::to_owned)).chain(open).chain(["2020-01-01".to_owned()]).collect();
        }
        // What has no end is no bound.
        Operator::Gt | Operator::Lte => values().filter(|value| !value.ends_with(period::OPEN)).collect(),
        _ => values().collect(),
    };
    let step = (distinct.len() / 3).max(1);
    distinct.into_iter().step_by(step).take(3).collect()
}

fn codes(dataset: &Dataset, rows: &[&Value]) -> Vec<String> {
    let name = dataset.code_field().expect("every dataset has a code").name;
    rows.iter().map(|row| text(&row[name])).collect()
}

#[test]
fn every_operator_selects_what_the_model_selects() {
    let mut tried = 0;
    for dataset in collections() {
        let whole = match dataset.name {
            "territories" => "within=EPCI-200033579&status=former,current&",
            "territory_states" | "containments" => "within=EPCI-200033579&",
            _ => "",
        };
        let rows = get(bundled(), &format!("/v1/{}?{whole}limit=1000", dataset.name)).data();
        let rows = rows.as_array().expect("a list").clone();
        let context = Context::of(REGISTRY, dataset);
        for parameter in context.parameters() {
            let Parameter::Filter(field, operator) = parameter else { continue };
            let lists = rows.iter().all(|row| row[field.name].is_array());
            assert_eq!(lists && !rows.is_empty(), field.is_list() && !rows.is_empty(), "{}", field.name);
            for value in given(field, operator, &rows) {
                let escaped = if operator.takes_list() { value.replace(',', "\\,") } else { value.clone() };
                let whole = if field.list_default.is_some() { "within=EPCI-200033579&" } else { whole };
                let target = format!("/v1/{}?{whole}{}={}&limit=1000", dataset.name, parameter.name(), pairs::encode(&escaped));
                let found = get(bundled(), &target).data();
                let found: Vec<&Value> = found.as_array().expect("a list").iter().collect();
                let expected: Vec<&Value> = rows.iter().filter(|row| passes(field, operator, row, &value)).collect();
                assert_eq!(codes(dataset, &found), codes(dataset, &expected), "{target}");
                tried += 1;
            }
        }
    }
    assert!(tried > 800, "only {tried} filters were tried");
}

#[test]
fn names_are_found_without_accents_or_case() {
    let names = |target: &str| -> Vec<String> {
        get(bundled(), target).data().as_array().expect("a list").iter().map(|row| text(&row["name"])).collect()
    };
    assert_eq!(names("/v1/territories?kind=departement&name__contains=cote"), ["Côte-d'Or", "Côtes-d'Armor"]);
    assert_eq!(names("/v1/territories?kind=region&name__startswith=ILE"), ["Île-de-France"]);
    assert_eq!(names("/v1/territories?kind=commune&name__startswith=%25&limit=1"), Vec::<String>::new());
}

#[test]
fn operators_are_refused_on_fields_that_do_not_support_them() {
    for query in [
        "kind__gt=a",
        "name__gt=a",
        "population__contains=1",
        "population__gt=1,2",
        "population__gte=",
        "code__isnull=true",
        "siren__isnull=yes",
        "siren__isnull=",
        "name__like=a",
        "name__contains=",
        "name__exact=Lille",
        "within__ne=FR",
        "postal_codes__gt=1",
        "population__GT=1",
    ] {
        get(bundled(), &format!("/v1/territories?{query}")).problem(400);
    }
    let problem = get(bundled(), "/v1/territories?population__gr=1").problem(400);
    assert_eq!(problem["errors"][0]["closest"][0], "population__gt");
    get(bundled(), "/v1/territories?epci_code__ne=EPCI-0").problem(400);
}

#[test]
fn a_list_of_values_needs_no_operator_and_the_refusal_of_one_names_the_field() {
    for dataset in collections() {
        for field in dataset.fields {
            let problem = get(bundled(), &format!("/v1/{}?{}__in=a,b", dataset.name, field.name)).problem(400);
            let errors = problem["errors"].as_array().expect("errors");
            assert_eq!(errors.len(), 1, "{}.{}: {problem}", dataset.name, field.name);
            if field.is_filterable() {
                assert_eq!(errors[0]["closest"], json!([field.name]), "{}.{}", dataset.name, field.name);
            }
        }
    }
}

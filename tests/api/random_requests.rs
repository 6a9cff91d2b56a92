//! Thousands of random requests, compared with a model that filters, sorts, pages and aggregates rows in memory.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Context, Dataset, Field, Kind, Operator, pairs};
use serde_json::Value;

use crate::harness::{example_data, get};

/// A pseudo-random generator with a fixed sequence (Knuth's multiplier).
pub struct Random(pub u64);

impl Random {
    /// A number below another one.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    /// One of some things.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace(['é', 'è', 'ê', 'É'], "e").replace('œ', "oe").replace('à', "a").replace(['ô'], "o")
}

/// Orders two values of a field as the service does: numbers by size, folded texts, all others as text; null is last.
fn order(field: &Field, descending: bool, a: &Value, b: &Value) -> Ordering {
    let compared = match (a, b) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::Number(a), Value::Number(b)) => a.as_f64().expect("a number").total_cmp(&b.as_f64().expect("a number")),
        _ if field.is_folded() => fold(&text(a)).cmp(&fold(&text(b))),
        _ => text(a).cmp(&text(b)),
    };
    if descending { compared.reverse() } else { compared }
}

type Test = Box<dyn Fn(&Value) -> bool>;

/// A random filter that the model can run, as a parameter and as a test of a row.
fn filter(random: &mut Random, context: Context, rows: &[Value]) -> Option<(String, Test)> {
    let fields: Vec<&'static Field> = context.fields().filter(|f| f.is_filterable() && !f.is_list()).collect();
    let field = *random.pick(&fields);
    let operators: Vec<Operator> = Operator::of(field)
        .filter(|o| {
            !matches!(o, Operator::Contains | Operator::StartsWith) && (!matches!(field.kind, Kind::Period) || o.takes_list())
        })
        .collect();
    let operator = *random.pick(&operators);
    let name = if operator == Operator::AnyOf { field.name.to_owned() } else { format!("{}__{}", field.name, operator.name()) };
    if operator == Operator::IsNull {
        let wanted = random.below(2) == 0;
        return Some((format!("{name}={wanted}"), Box::new(move |row| row[field.name].is_null() == wanted)));
    }
    let values: Vec<Value> = rows.iter().map(|row| row[field.name].clone()).filter(|value| !value.is_null()).collect();
    if values.is_empty() {
        return None;
    }
    let taken: Vec<Value> =
        (0..if operator.takes_list() { 1 + random.below(3) } else { 1 }).map(|_| random.pick(&values).clone()).collect();
    let list: Vec<String> = taken.iter().map(text).collect();
    let given = if operator.takes_list() { pairs::join(&list) } else { list[0].clone() };
    let test = move |row: &Value| {
        let value = &row[field.name];
        let ordered = |wanted: &[Ordering]| !value.is_null() && wanted.contains(&exact(value, &taken[0]));
        match operator {
            Operator::AnyOf => !value.is_null() && taken.iter().any(|one| exact(value, one).is_eq()),
            Operator::Ne => !value.is_null() && taken.iter().all(|one| exact(value, one).is_ne()),
            Operator::Gt => ordered(&[Ordering::Greater]),
            Operator::Gte => ordered(&[Ordering::Greater, Ordering::Equal]),
            Operator::Lt => ordered(&[Ordering::Less]),
            _ => ordered(&[Ordering::Less, Ordering::Equal]),
        }
    };
    Some((format!("{name}={}", pairs::encode(&given)), Box::new(test)))
}

/// Compares two values without folding.
fn exact(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}

fn all(dataset: &Dataset) -> Vec<Value> {
    get(example_data(), &format!("/v1/{}?limit=1000", dataset.name)).data().as_array().expect("a list").clone()
}

#[test]
fn random_requests_return_what_the_model_returns() {
    let mut random = Random(2026);
    let datasets: Vec<(&'static Dataset, Vec<Value>)> =
        collections().map(|dataset| (dataset, all(dataset))).filter(|(_, rows)| rows.len() > 2).collect();
    assert!(datasets.len() >= 5);
    for _ in 0..2500 {
        let (dataset, rows) = random.pick(&datasets);
        let context = Context::of(REGISTRY, dataset);
        let (mut query, mut tests, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..random.below(3) {
            if let Some((pair, test)) = filter(&mut random, context, rows) {
                let name = pair.split('=').next().expect("a name").to_owned();
                if !named.contains(&name) {
                    named.push(name);
                    query.push(pair);
                    tests.push(test);
                }
            }
        }
        let sortable: Vec<&'static Field> =
            context.fields().filter(|f| f.is_sortable() && !matches!(f.kind, Kind::JoinedCode)).collect();
        let mut terms: Vec<(&'static Field, bool)> = Vec::new();
        for _ in 0..random.below(3) {
            let field = *random.pick(&sortable);
            if !terms.iter().any(|(earlier, _)| std::ptr::eq(*earlier, field)) {
                terms.push((field, random.below(2) == 0));
            }
        }
        if !terms.is_empty() {
            let sort: Vec<String> =
                terms.iter().map(|(field, down)| format!("{}{}", if *down { "-" } else { "" }, field.name)).collect();
            query.push(format!("sort={}", sort.join(",")));
        }
        query.push(format!("limit={}", 1 + random.below(15)));
        let mut expected: Vec<&Value> = rows.iter().filter(|row| tests.iter().all(|test| test(row))).collect();
        let key: Vec<&'static Field> = dataset.key_fields().collect();
        expected.sort_by(|a, b| {
            let asked = terms.iter().map(|(field, down)| order(field, *down, &a[field.name], &b[field.name]));
            let last = key.iter().map(|field| exact(&a[field.name], &b[field.name]));
            asked.chain(last).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let target = format!("/v1/{}?{}", dataset.name, query.join("&"));
        let (mut found, mut next) = (Vec::new(), Some(target.clone()));
        while let Some(address) = next {
            let reply = get(example_data(), &address);
            assert_eq!(reply.status, 200, "{address}: {}", reply.text());
            let mut page = reply.json();
            next = page["links"]["next"].as_str().map(str::to_owned);
            found.append(page["data"].as_array_mut().expect("a list"));
        }
        assert!(found.iter().eq(expected.iter().copied()), "{target}");
    }
}

#[test]
fn random_groups_equal_those_of_the_model() {
    let mut random = Random(1789);
    for (name, value, required) in [("observations", "value", "indicator_code"), ("funding", "amount_eur", "stage")] {
        let dataset = collections().find(|dataset| dataset.name == name).expect("the dataset is there");
        let (context, rows) = (Context::of(REGISTRY, dataset), all(dataset));
        let fields: Vec<&'static Field> =
            context.fields().filter(|field| context.is_group(field) && field.name != required).collect();
        for _ in 0..300 {
            let mut by = vec![required];
            for _ in 0..random.below(3) {
                let field = random.pick(&fields).name;
                if !by.contains(&field) {
                    by.push(field);
                }
            }
            let (pair, test) = filter(&mut random, context, &rows).unwrap_or_else(|| (String::new(), Box::new(|_| true)));
            let target = format!("/v1/aggregates/{name}?by={}&function=min,max,count&limit=1000&{pair}", by.join(","));
            let mut groups: BTreeMap<Vec<String>, Vec<&Value>> = BTreeMap::new();
            for row in rows.iter().filter(|row| test(row)) {
                groups.entry(by.iter().map(|field| text(&row[field])).collect()).or_default().push(row);
            }
            let found = get(example_data(), &target).data();
            let found = found.as_array().expect("a list");
            assert_eq!(found.len(), groups.len(), "{target}");
            for group in found {
                let members = &groups[&by.iter().map(|field| text(&group[field])).collect::<Vec<_>>()];
                let numbers: Vec<f64> = members.iter().filter_map(|row| row[value].as_f64()).collect();
                let suppressed = members.iter().filter(|row| text(&row["statuses"]).contains('Q')).count();
                let shown = |number: Option<f64>| if suppressed == 1 { None } else { number };
                assert_eq!(group["count"], members.len(), "{target}");
                assert_eq!(group["present"], numbers.len(), "{target}");
                assert_eq!(group["suppressed"], suppressed, "{target}");
                assert_eq!(group["min"].as_f64(), shown(numbers.iter().copied().reduce(f64::min)), "{target}");
                assert_eq!(group["max"].as_f64(), shown(numbers.iter().copied().reduce(f64::max)), "{target}");
            }
        }
    }
}

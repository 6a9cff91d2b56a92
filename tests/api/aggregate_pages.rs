//! Pages of groups: every page of a request has the same order, the same refusal, and all of them make the whole.

use serde_json::{Value, json};

use super::aggregates::{refused, rows};
use crate::harness::{example_data, get};

/// Every group of a request, page by page.
fn pages(target: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(format!("{target}&limit={limit}")));
    while let Some(address) = next {
        let mut page = get(example_data(), &address).json();
        let data = page["data"].as_array_mut().expect("a list");
        assert!(data.len() <= limit);
        all.append(data);
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    all
}

#[test]
fn pages_of_any_length_make_the_same_list() {
    for query in [
        "observations?by=indicator_code,period,nature&function=count,min",
        "observations?by=indicator_code,period,nature&function=count,min&sort=-count",
        "observations?by=indicator_code,period,nature&function=count,min&sort=min,-period",
        "observations?by=indicator_code,territory_code&sort=-coverage,weakest_status&fields=count",
        "observations?function=own&territory_code=PER-essai&indicator_code=habitants,taux&breakdown_code=_T&nature=observed&sort=-value",
        "funding?by=beneficiary_code,period&function=count&sort=-beneficiary_code",
    ] {
        let target = format!("/v1/aggregates/{query}");
        let whole = pages(&target, 1000);
        assert!(whole.len() > 1, "{target}");
        for limit in [1, 2, 7] {
            assert_eq!(pages(&target, limit), whole, "{target}");
        }
        let csv = get(example_data(), &format!("{target}&format=csv"));
        assert_eq!(csv.text().lines().count(), whole.len() + 1, "a file has all groups");
        let total = get(example_data(), &format!("{target}&total=exact&limit=1")).json();
        assert_eq!(total["meta"]["total"], json!({"value": whole.len(), "relation": "eq"}), "{target}");
    }
}

#[test]
fn groups_are_sorted_by_their_fields_and_by_numbers_without_a_value_last() {
    let sums = rows("/v1/aggregates/funding?by=stage,payer_code&function=sum&sort=-sum&stage=paid,announced");
    assert_eq!(sums.iter().map(|row| row["sum"].clone()).collect::<Vec<_>>(), [json!(5000), json!(3300.50), json!(700)]);
    let least = rows("/v1/aggregates/observations?by=indicator_code,territory_code&function=min&sort=min");
    let values: Vec<Option<f64>> = least.iter().map(|row| row["min"].as_f64()).collect();
    let (with, without) = values.split_at(values.iter().position(Option::is_none).unwrap_or(values.len()));
    assert!(with.is_sorted() && without.iter().all(Option::is_none) && !without.is_empty(), "{values:?}");
}

#[test]
fn a_refusal_holds_for_every_page_of_the_request() {
    // The groups of `aides` can be added, those of `indice` cannot, and `aides` comes first.
    let first =
        "/v1/aggregates/observations?by=indicator_code,period,territory_code&function=sum&breakdown_code=_T&nature=observed";
    for more in ["&limit=1", "&limit=1000", "&limit=1&sort=-sum", "&format=csv", "&format=csv&limit=1", "&fields=count&limit=1"] {
        let target = format!("{first}{more}").replace("&fields=count", "&fields=sum");
        refused(&target, "cannot be");
    }
    let groups = "/v1/aggregates/observations?by=indicator_code,period,territory_code&function=sum&indicator_code=aides&limit=1";
    assert_eq!(rows(groups).len(), 1);
}

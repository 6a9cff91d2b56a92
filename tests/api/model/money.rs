//! Owns the model of money: random flows, and whether those of a group may be put together.
//! Must not know figures.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Differences;
use super::publication;
use super::world::{PERIODS, TERRITORIES, communes};
use crate::harness::{SOURCES, TestServer, bundle, get, publish};
use crate::random_requests::Random;

/// The stages of the flows.
const STAGES: [&str; 2] = ["announced", "paid"];

/// A flow of money; an empty text is no value.
#[derive(Clone, Debug)]
struct Flow {
    payer: &'static str,
    beneficiary: &'static str,
    measure: &'static str,
    territory: &'static str,
    stage: &'static str,
    period: (&'static str, &'static str, &'static str),
    amount: Option<i64>,
    cofunding: &'static str,
}

impl Flow {
    fn random(random: &mut Random) -> Self {
        let (period, start, end, _) = *random.pick(&PERIODS);
        Self {
            payer: *random.pick(&["etat", "etat", "ville"]),
            beneficiary: *random.pick(&["", "", "a", "b"]),
            measure: *random.pick(&["", "m", "n"]),
            territory: random.pick(&TERRITORIES).0,
            stage: *random.pick(&STAGES),
            period: (period, start, end),
            amount: (random.below(6) > 0).then(|| i64::try_from(random.below(1000)).expect("small")),
            cofunding: *random.pick(&["", "", "", "", "", "", "x"]),
        }
    }

    fn text(&self, field: &str) -> &'static str {
        match field {
            "payer_code" => self.payer,
            "beneficiary_code" => self.beneficiary,
            "measure_code" => self.measure,
            "territory_code" => self.territory,
            "stage" => self.stage,
            "period" => self.period.0,
            other => panic!("{other} is no field of the model"),
        }
    }

    /// Whether two flows may state the same money.
    fn may_be(&self, other: &Self) -> bool {
        let overlap = self.period.1 <= other.period.2 && other.period.1 <= self.period.2;
        let one_of = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
        if self.amount.is_none() || other.amount.is_none() || self.payer != other.payer || self.stage != other.stage || !overlap {
            return false;
        }
        if !one_of(self.beneficiary, other.beneficiary) {
            return false;
        }
        if self.territory != other.territory {
            return communes(self.territory).iter().any(|own| communes(other.territory).contains(own));
        }
        let alike = (self.beneficiary, self.measure, self.period) == (other.beneficiary, other.measure, other.period);
        (self.beneficiary.is_empty() || other.beneficiary.is_empty()) && one_of(self.measure, other.measure) && !alike
    }
}

fn published(flows: &[Flow]) -> TestServer {
    let server = TestServer::empty();
    let actors: String =
        ["etat", "ville", "a", "b"].iter().map(|code| format!("{code},association,{code},agit,essai\n")).collect();
    let measures: String = ["m", "n"].iter().map(|code| format!("{code},e,{code},{code},in_progress,REG-A,essai\n")).collect();
    let lines: String = flows
        .iter()
        .enumerate()
        .map(|(at, flow)| {
            let fields = ["payer_code", "beneficiary_code", "measure_code", "territory_code", "stage", "period"];
            let cells = fields.map(|field| flow.text(field)).join(",");
            let amount = flow.amount.map_or_else(String::new, |amount| amount.to_string());
            format!("f{at},F,{cells},{amount},{},essai\n", flow.cofunding)
        })
        .collect();
    let files = [
        ("sources", SOURCES.to_owned()),
        ("territories", publication::territories()),
        ("memberships", publication::memberships()),
        ("actors", format!("code,kind,name,role,source_code\n{actors}")),
        ("commitments", "code,kind,rank,title,summary,source_code\ne,commitment,1,E,E,essai\n".to_owned()),
        ("measures", format!("code,commitment_code,title,summary,status,territory_codes,source_code\n{measures}")),
        (
            "funding",
            format!(
                "code,title,payer_code,beneficiary_code,measure_code,territory_code,stage,period,amount_eur,cofunding_group,source_code\n{lines}"
            ),
        ),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    publish(&server.url, &bundle(&files)).expect("the flows are right");
    server
}

/// Whether the flows of a group cannot be put together.
fn is_refused(group: &[&Flow], function: &str) -> bool {
    let several = group.iter().any(|flow| flow.stage != group[0].stage);
    if function == "count" || several {
        return several && function != "count";
    }
    let pairs = group.iter().enumerate().flat_map(|(at, one)| group[at + 1..].iter().map(move |other| (*one, *other)));
    !["min", "max"].contains(&function)
        && pairs
            .into_iter()
            .any(|(one, other)| one.may_be(other) || !one.cofunding.is_empty() && one.cofunding == other.cofunding)
}

/// Compares random groups of random flows.
pub fn compare(random: &mut Random, worlds: u64, requests: u64, differences: &mut Differences) {
    let fields = ["payer_code", "beneficiary_code", "measure_code", "territory_code", "stage", "period"];
    for _ in 0..worlds {
        let flows: Vec<Flow> = (0..12 + random.below(20)).map(|_| Flow::random(random)).collect();
        let server = published(&flows);
        for _ in 0..requests {
            let by: BTreeSet<&str> = (0..random.below(4)).map(|_| *random.pick(&fields)).collect();
            let function = *random.pick(&["sum", "mean", "sum", "max", "count"]);
            let stage = *random.pick(&STAGES);
            let payer = *random.pick(&["", "etat"]);
            let mut target = format!("/v1/aggregates/funding?function={function}&limit=1000&stage={stage}");
            if !payer.is_empty() {
                target.push_str(&format!("&payer_code={payer}"));
            }
            if !by.is_empty() {
                target.push_str(&format!("&by={}", by.iter().copied().collect::<Vec<_>>().join(",")));
            }
            let selected = flows.iter().filter(|flow| flow.stage == stage && (payer.is_empty() || flow.payer == payer));
            let mut groups: BTreeMap<Vec<&str>, Vec<&Flow>> = BTreeMap::new();
            selected.for_each(|flow| groups.entry(by.iter().map(|field| flow.text(field)).collect()).or_default().push(flow));
            let reply = get(server.address, &target);
            let refused = groups.values().any(|group| is_refused(group, function));
            if refused || reply.status != 200 {
                differences.compare(
                    &target,
                    &format!("the status ({flows:?})"),
                    &json!(reply.status),
                    &json!(if refused { 422 } else { 200 }),
                );
                continue;
            }
            for row in reply.data().as_array().expect("a list") {
                let key: Vec<&str> = by.iter().map(|field| row[*field].as_str().unwrap_or_default()).collect();
                let group = groups.get(&key).map_or(&[][..], Vec::as_slice);
                let amounts: Vec<f64> = group.iter().filter_map(|flow| flow.amount).map(|amount| amount as f64).collect();
                let sum = (!amounts.is_empty()).then(|| amounts.iter().sum::<f64>());
                let expected: Value = match function {
                    "sum" => json!(sum),
                    "mean" => json!(sum.map(|sum| sum / amounts.len() as f64)),
                    "max" => json!(amounts.iter().copied().reduce(f64::max)),
                    _ => json!(group.len()),
                };
                differences.compare(&target, &format!("{function} of {key:?}"), &row[function], &expected);
                differences.compare(&target, "expected", &row["expected"], &json!(group.len()));
                differences.compare(&target, "present", &row["present"], &json!(amounts.len()));
            }
        }
    }
}

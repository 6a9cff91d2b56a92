//! A code that any release has ever had is a valid filter, whatever was withdrawn or is yet to come: it selects what there is,
//! and the answer says why that is nothing.

use reperes::datasets::REGISTRY;
use reperes::query::{Context, Dataset, Kind, Operator, Parameter, Representation, pairs};
use serde_json::{Value, json};

use crate::harness::four_releases::{REASON, WITHDRAWING, code, every_row, four_releases, make_release, published};
use crate::harness::{TestServer, get};

/// The address of a list with a filter, which lists every row that the filter selects.
fn filtered(dataset: &Dataset, filter: &str, value: &str) -> String {
    format!("/v1/{}?{filter}={}{}", dataset.name, pairs::encode(value), every_row(dataset))
}

/// Whether a dataset can be filtered by its own code.
fn has_code(dataset: &'static Dataset) -> bool {
    dataset.fields.iter().any(|field| field.name == "code" && matches!(field.kind, Kind::Code | Kind::JoinedCode))
}

/// The members of a notice that say something, without its text.
fn notice(answer: &Value) -> Value {
    let notices = answer["meta"]["notices"].as_array().expect("notices");
    assert_eq!(notices.len(), 1, "{answer}");
    let mut notice = notices[0].clone();
    assert!(notice["what"].as_str().is_some_and(|what| what.starts_with("« ")), "{notice}");
    let members = notice.as_object_mut().expect("an object");
    members.remove("what");
    members.retain(|_, value| !value.is_null());
    notice
}

#[test]
fn a_withdrawn_code_selects_nothing_and_the_answer_gives_the_reason_and_the_successor() {
    let history = four_releases();
    for dataset in published().filter(|dataset| has_code(dataset)) {
        let (goes, stays) = (code(dataset, "goes"), code(dataset, "stays"));
        let answer = history.get(&filtered(dataset, "code", &goes));
        assert_eq!((answer.status, answer.json()["data"].clone()), (200, json!([])), "{}: {}", dataset.name, answer.text());
        assert_eq!(
            notice(&answer.json()),
            json!({
                "kind": "withdrawn", "parameter": "code", "code": goes, "dataset": dataset.name, "release": 3,
                "published_at": history.published[2], "reason": REASON, "successor_code": stays,
            }),
            "{}",
            dataset.name
        );
        let quits = history.get(&filtered(dataset, "code", &code(dataset, "quits"))).json();
        assert_eq!((&quits["data"], &notice(&quits)["reason"]), (&json!([]), &json!(WITHDRAWING)), "{}", dataset.name);
        assert_eq!(notice(&quits).get("successor_code"), None);
        // Beside a code that has a row, it takes nothing away.
        let both = history.get(&filtered(dataset, "code", &format!("{goes},{stays}"))).json();
        assert_eq!((both["data"].as_array().map(Vec::len), &notice(&both)["code"]), (Some(1), &json!(goes)), "{}", dataset.name);
        let before = history.get(&format!("{}&release=2", filtered(dataset, "code", &goes))).json();
        assert_eq!(before["data"].as_array().map(Vec::len), Some(1), "{}: release 2 has it", dataset.name);
        assert!(before["meta"]["notices"].as_array().is_none_or(|all| all.iter().all(|one| one["kind"] == "correction")));
    }
}

#[test]
fn a_code_of_a_later_release_selects_nothing_and_the_answer_names_the_release() {
    for dataset in published().filter(|dataset| has_code(dataset)) {
        let comes = code(dataset, "comes");
        let early = four_releases().get(&format!("{}&release=1", filtered(dataset, "code", &comes)));
        assert_eq!((early.status, early.json()["data"].clone()), (200, json!([])), "{}: {}", dataset.name, early.text());
        assert_eq!(
            notice(&early.json()),
            json!({"kind": "not_yet_published", "parameter": "code", "code": comes, "dataset": dataset.name, "released_from": 4})
        );
        let now = four_releases().get(&filtered(dataset, "code", &comes)).json();
        assert_eq!(now["data"].as_array().map(Vec::len), Some(1), "{}", dataset.name);
    }
}

#[test]
fn a_code_that_no_release_ever_had_is_refused_with_the_reason_and_the_closest() {
    for dataset in published().filter(|dataset| has_code(dataset)) {
        // `comes` is of release 4: at release 1 it is no suggestion.
        for at in ["", "&release=1"] {
            let never = code(dataset, "stayz");
            let problem = four_releases().get(&format!("{}{at}", filtered(dataset, "code", &never))).problem(400);
            let fault = &problem["errors"][0];
            assert_eq!(problem["error_count"], 1, "{problem}");
            assert_eq!(
                (&fault["location"], &fault["name"], &fault["reason"], &fault["value"]),
                (&json!("query"), &json!("code"), &json!("unknown_code"), &json!(never)),
                "{problem}"
            );
            assert_eq!(fault["closest"][0], code(dataset, "stays"), "{problem}");
        }
        // One that was never known is refused although another one was.
        let both = format!("{},{}", code(dataset, "goes"), code(dataset, "stayz"));
        assert_eq!(four_releases().get(&filtered(dataset, "code", &both)).problem(400)["error_count"], 1);
    }
}

#[test]
fn every_reference_and_every_representation_takes_a_withdrawn_code() {
    let mut asked = 0;
    for dataset in published() {
        let context = Context::of(REGISTRY, dataset);
        let list = context.parameters().into_iter().filter_map(|parameter| match parameter {
            Parameter::Filter(field, Operator::AnyOf) => field.reference().map(|target| (parameter.name().into_owned(), target)),
            _ => None,
        });
        for (name, target) in list.collect::<Vec<_>>() {
            let Some(target) = published().find(|dataset| dataset.name == target) else { continue };
            let goes = code(target, "goes");
            for form in Representation::of(dataset) {
                let reply = four_releases().get(&format!("{}&format={}", filtered(dataset, &name, &goes), form.name()));
                assert_eq!(reply.status, 200, "{} {name} {}: {}", dataset.name, form.name(), reply.text());
                asked += 1;
            }
            let answer = four_releases().get(&filtered(dataset, &name, &goes)).json();
            let found = notice(&answer);
            assert_eq!(
                (&answer["data"], &found["kind"], &found["parameter"], &found["dataset"]),
                (&json!([]), &json!("withdrawn"), &json!(name), &json!(target.name))
            );
        }
    }
    assert!(asked > 100, "only {asked} requests");
}

/// The requests that a property test repeats after each release: every filter on a code, with the code of each row, at
/// every dataset, at the newest release and at the first.
fn requests() -> Vec<String> {
    let mut all = Vec::new();
    for dataset in published() {
        let context = Context::of(REGISTRY, dataset);
        for parameter in context.parameters() {
            let target = match parameter {
                Parameter::Filter(field, Operator::AnyOf) if field.name == "code" => Some(dataset.name),
                Parameter::Filter(field, Operator::AnyOf) => field.reference(),
                Parameter::Within | Parameter::Touching => Some("territories"),
                _ => None,
            };
            let Some(target) = target.and_then(|name| published().find(|dataset| dataset.name == name)) else { continue };
            for row in ["stays", "changes", "goes", "quits"] {
                let address = filtered(dataset, &parameter.name(), &code(target, row));
                all.extend([format!("{address}&release=1"), format!("{address}&total=exact"), address]);
            }
        }
        all.push(format!("/v1/changes?dataset={}&since=0", dataset.name));
    }
    all
}

#[test]
fn no_release_turns_a_valid_request_into_an_error() {
    let server = TestServer::empty();
    make_release(&server.url, 1);
    let valid: Vec<String> = requests().into_iter().filter(|target| get(server.address, target).status == 200).collect();
    assert!(valid.len() > 300, "only {} requests", valid.len());
    for release in 2..=4 {
        make_release(&server.url, release);
        crate::harness::until("the server knows the release", || {
            get(server.address, "/v1/releases?sort=-number&limit=1").json()["meta"]["release"] == release
        });
        let wrong: Vec<String> = valid
            .iter()
            .filter_map(|target| {
                let reply = get(server.address, target);
                (reply.status != 200).then(|| format!("{target}: {}", reply.text()))
            })
            .collect();
        assert!(
            wrong.is_empty(),
            "after release {release}, {} of {}: {:#?}",
            wrong.len(),
            valid.len(),
            &wrong[..wrong.len().min(5)]
        );
    }
}

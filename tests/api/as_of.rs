//! `release` and `as_of`: a response for an earlier release or instant has the same bytes as it had then, and a withdrawn row
//! answers 410.

use reperes::query::Representation;
use serde_json::{Value, json};

use crate::harness::four_releases::{REASON, WITHDRAWING, code, default_filters, four_releases, published};

/// The rows of each of the releases 1 to 4, in the order of their codes: the name and the note of each.
const STATES: [&[(&str, &str)]; 4] = [
    &[("changes", "1"), ("goes", "1"), ("quits", "1"), ("stays", "1")],
    &[("changes", "2"), ("goes", "1"), ("quits", "1"), ("stays", "1")],
    &[("changes", "2"), ("stays", "1")],
    &[("changes", "2"), ("comes", "1"), ("stays", "1")],
];

/// An instant that is a number of microseconds after another.
fn shifted(instant: &str, microseconds: i64) -> String {
    let time = chrono::DateTime::parse_from_rfc3339(instant).expect("an instant").to_utc();
    (time + chrono::TimeDelta::microseconds(microseconds)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// The name of the parameter and the detail of a problem document with a single fault.
fn fault(problem: &Value) -> (&str, &str) {
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
    let text = |name: &str| problem["errors"][0][name].as_str().expect("a text");
    (text("name"), text("detail"))
}

#[test]
fn as_of_an_instant_returns_the_rows_that_every_dataset_had_then() {
    let history = four_releases();
    for dataset in published() {
        let (path, default) = (format!("/v1/{}", dataset.name), default_filters(dataset));
        for (at, state) in STATES.iter().enumerate() {
            let (number, instant) = (at + 1, &history.published[at]);
            let expected: Vec<Value> = state.iter().map(|(name, note)| json!([code(dataset, name), note])).collect();
            let mut moments = vec![instant.clone(), shifted(instant, 1)];
            moments.extend(history.published.get(number).map(|next| shifted(next, -1)));
            let pinned = history.get(&format!("{path}?release={number}"));
            for moment in moments {
                let reply = history.get(&format!("{path}?as_of={moment}"));
                let rows = reply.data().as_array().expect("a list").clone();
                let found: Vec<Value> = rows.iter().map(|row| json!([row["code"], row["note"]])).collect();
                assert_eq!(found, expected, "{path} as of {moment}");
                let answer = reply.json();
                assert_eq!((&answer["meta"]["release"], &answer["meta"]["published_at"]), (&json!(number), &json!(instant)));
                assert_eq!(answer["links"]["self"], json!(format!("{path}?{default}as_of={moment}")));
                assert_eq!(answer["links"]["pinned"], json!(format!("{path}?{default}release={number}")));
                assert_eq!(history.get(answer["links"]["pinned"].as_str().expect("a link")).body, pinned.body);
                for row in rows {
                    let item = format!("{path}/{}", row["code"].as_str().expect("a code"));
                    let found = history.get(&format!("{item}?as_of={moment}"));
                    assert_eq!(found.data(), row);
                    assert_eq!(found.json()["links"]["self"], json!(format!("{item}?as_of={moment}")));
                    assert_eq!(found.json()["links"]["pinned"], json!(format!("{item}?release={number}")));
                }
            }
            for representation in Representation::of(dataset).filter(|one| *one != Representation::Json) {
                let of = |moment: &str| history.get(&format!("{path}?{moment}&format={}", representation.name()));
                let (then, named) = (of(&format!("as_of={instant}")), of(&format!("release={number}")));
                assert_eq!((then.status, &then.body), (200, &named.body), "{path} as {}", representation.name());
                for header in ["release-number", "content-location", "content-disposition"] {
                    assert_eq!(then.header(header), named.header(header), "{path} as {}: {header}", representation.name());
                }
                assert_eq!(then.header("release-number"), Some(&*number.to_string()));
            }
        }
    }
}

#[test]
fn as_of_a_day_means_the_end_of_the_day_and_today_means_now() {
    let history = four_releases();
    let day = &history.published[3][..10];
    assert_eq!(history.get(&format!("/v1/actors?as_of={day}")).json()["meta"]["release"], 4);
    assert_eq!(history.get(&format!("/v1/actors?as_of={day}")).json()["links"]["self"], json!(format!("/v1/actors?as_of={day}")));
    let west = shifted(&history.published[1], -3_600_000_000).replace('Z', "-01:00");
    assert_eq!(history.get(&format!("/v1/actors?as_of={west}")).json()["meta"]["release"], 2);
}

#[test]
fn aggregates_and_layouts_are_computed_as_of_the_instant() {
    let history = four_releases();
    let (first, second) = (&history.published[0], &history.published[1]);
    let of =
        |path: &str, instant: &str| history.get(&format!("{path}{}as_of={instant}", if path.contains('?') { '&' } else { '?' }));
    let grouped = "/v1/aggregates/observations?by=indicator_code&function=sum,count&breakdown_code=essai.changes";
    let sums = [first, second].map(|instant| of(grouped, instant).data()[0]["sum"].clone());
    assert_eq!(sums, [json!(1), json!(2)]);
    let wide = [first, second].map(|instant| {
        let sheet = of("/v1/observations?layout=wide&format=csv&breakdown_code=essai.changes", instant).text();
        let mut lines = sheet.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let (names, cells) = (lines.next().expect("the names"), lines.next().expect("a series"));
        let period = names.iter().position(|name| name == "2020").unwrap_or_else(|| panic!("no period in {names:?}"));
        cells[period].clone()
    });
    assert_eq!(wide, ["1", "2"]);
    let compared = of("/v1/observations?compare=country&breakdown_code=essai.changes", first);
    assert_eq!(compared.data()[0]["value"], 1);
    let profile = of("/v1/territories/stays/profile", first).json();
    assert_eq!(profile["meta"]["release"], 1);
    assert_eq!(profile["links"]["pinned"], "/v1/territories/stays/profile?release=1");
    assert!(profile["links"]["self"].as_str().is_some_and(|link| link.starts_with("/v1/territories/stays/profile?as_of=")));
    assert_eq!(profile["data"]["series"].as_array().map(Vec::len), Some(4));
    let found = of("/v1/actors?q=changes", first).json();
    assert_eq!((&found["data"][0]["note"], &found["meta"]["release"]), (&json!("1"), &json!(1)));
    let related = of("/v1/observations?indicator_code=stays", first).data();
    assert_eq!(related.as_array().map(Vec::len), Some(4));
    assert_eq!(of("/v1/territories/stays/contour", first).problem(404)["type"], "/problems/unknown-resource");
}

#[test]
fn pages_as_of_an_instant_stay_at_its_release() {
    let history = four_releases();
    let instant = &history.published[0];
    let first = history.get(&format!("/v1/actors?as_of={instant}&limit=3")).json();
    let next = first["links"]["next"].as_str().expect("a next page").to_owned();
    assert!(!next.contains("as_of") && !next.contains("release="), "{next}");
    let second = history.get(&next).json();
    assert_eq!((&second["meta"]["release"], &second["data"][0]["code"]), (&json!(1), &json!("stays")));
    assert_eq!(history.get(&format!("{next}&as_of={instant}")).json()["data"], second["data"]);
    let other = history.get(&format!("{next}&as_of={}", history.published[1])).problem(400);
    let detail = "The cursor reads release 1, but at `as_of` the newest was release 2; leave `as_of` out.";
    assert_eq!(fault(&other), ("as_of", detail));
}

#[test]
fn an_unreadable_or_future_instant_is_refused() {
    let history = four_releases();
    let first = &history.published[0];
    let addresses =
        ["/v1/actors", "/v1/actors/stays", "/v1/observations", "/v1/territories/stays/profile", "/v1/territories/stays/contour"];
    for path in addresses {
        let before = history.get(&format!("{path}?as_of={}", shifted(first, -1))).problem(400);
        assert_eq!(fault(&before), ("as_of", &*format!("Nothing had been published yet: the first release is of {first}.")));
        assert_eq!(before["errors"][0]["closest"], json!([first]));
        history.get(&format!("{path}?as_of=2001-01-01")).problem(400);
        let both = history.get(&format!("{path}?as_of={first}&release=1")).problem(400);
        assert_eq!(fault(&both), ("as_of", "`release` says already which release is read; give one of the two."));
        for future in ["2999-01-01", "2999-01-01T00:00:00Z"] {
            let problem = history.get(&format!("{path}?as_of={future}")).problem(400);
            assert!(fault(&problem).1.contains("future"), "{problem}");
        }
        for wrong in ["", "2026", "2026-02-30", "hier", "2026-03-01T08:00:00", "0000-01-01", "9999-99-99T00:00:00Z"] {
            let problem = history.get(&format!("{path}?as_of={wrong}")).problem(400);
            assert_eq!(fault(&problem).0, "as_of", "{path}?as_of={wrong}");
        }
        let unescaped = history.get(&format!("{path}?as_of=2026-03-01T08:00:00+01:00")).problem(400);
        assert!(fault(&unescaped).1.contains("%2B"), "{unescaped}");
    }
}

#[test]
fn a_withdrawn_row_answers_410_with_the_reason_and_earlier_releases_still_have_it() {
    let history = four_releases();
    for dataset in published() {
        let path = |name: &str| format!("/v1/{}/{}", dataset.name, code(dataset, name));
        let withdrawals = [("goes", REASON, Some(code(dataset, "stays"))), ("quits", WITHDRAWING, None)];
        for (name, reason, successor) in withdrawals {
            let below: Vec<String> =
                dataset.below().filter(|link| *link != "history").map(|link| format!("{}/{link}", path(name))).collect();
            for target in below.iter().chain([&path(name)]) {
                for at in ["", "?release=3", "?release=4", &format!("?as_of={}", history.published[2])] {
                    let problem = history.get(&format!("{target}{at}")).problem(410);
                    let withdrawal = json!({
                        "release": 3, "published_at": history.published[2], "reason": reason, "successor_code": successor,
                    });
                    assert_eq!(problem["withdrawal"], withdrawal, "{target}{at}");
                    assert_eq!(problem["type"], "/problems/gone");
                    assert_eq!(problem["closest"].as_array().map(|all| all[0].as_str()), successor.as_deref().map(Some));
                    let detail = format!(
                        "Release 3 withdrew the {} `{}`; `release=2` still has it.",
                        dataset.singular,
                        code(dataset, name)
                    );
                    assert_eq!(problem["detail"], detail);
                }
            }
            for before in ["release=1", "release=2", &format!("as_of={}", shifted(&history.published[2], -1))] {
                assert_eq!(history.get(&format!("{}?{before}", path(name))).data()["note"], "1");
                for target in below.iter().filter(|target| !target.ends_with("/contour")) {
                    assert_eq!(history.get(&format!("{target}?{before}")).status, 200, "{target}?{before}");
                }
            }
        }
    }
}

#[test]
fn a_code_of_a_later_release_and_an_unknown_code_answer_404() {
    let history = four_releases();
    for dataset in published() {
        let path = |name: &str| format!("/v1/{}/{}", dataset.name, code(dataset, name));
        let below: Vec<String> = dataset.below().map(|link| format!("/{link}")).collect();
        for link in below.iter().map(String::as_str).chain([""]) {
            let early = history.get(&format!("{}{link}?release=2", path("comes"))).problem(404);
            let detail = early["detail"].as_str().expect("a detail");
            assert!(detail.ends_with("in release 2; one has it from release 4 on."), "{detail}");
            assert_eq!(early["withdrawal"], Value::Null);
            let never = history.get(&format!("{}{link}", path("nowhere"))).problem(404);
            assert!(never["detail"].as_str().is_some_and(|detail| detail.ends_with("in release 4.")), "{never}");
        }
        assert_eq!(history.get(&path("comes")).status, 200);
    }
    // A code with too many or too few parts names no observation.
    for code in [
        "stays~stays~2020~essai.goes~observed~stays~stays",
        "stays~stays~2020~essai.goes~observed",
        "stays~stays~2020~essai.goes",
    ] {
        history.get(&format!("/v1/observations/{code}")).problem(404);
    }
}

#[test]
fn a_release_links_to_the_previous_and_the_next_and_lists_its_sources() {
    let history = four_releases();
    let links = |target: &str| {
        let reply = history.get(target);
        let headers: Vec<String> =
            reply.headers.iter().filter(|(name, _)| name == "link").map(|(_, text)| text.clone()).collect();
        (json!([reply.json()["links"]["previous"], reply.json()["links"]["next"]]), headers)
    };
    let (first, second) = ("</v1/releases/2>; rel=\"next\"".to_owned(), "</v1/releases/1>; rel=\"prev\"".to_owned());
    assert_eq!(links("/v1/releases/1"), (json!([null, "/v1/releases/2"]), vec![first]));
    assert_eq!(links("/v1/releases/2?release=2"), (json!(["/v1/releases/1", null]), vec![second]));
    assert_eq!(links("/v1/releases/3").0, json!(["/v1/releases/2", "/v1/releases/4"]));
    assert_eq!(links("/v1/releases/4").0, json!(["/v1/releases/3", null]));
    let changes = history.get("/v1/releases/2").json()["links"]["related"]["changes"].clone();
    assert_eq!(changes, "/v1/changes?since=1&until=2");
    let changed = history.get(changes.as_str().expect("an address")).data();
    let ops: Vec<_> = changed.as_array().expect("a list").iter().map(|change| (&change["op"], &change["release"])).collect();
    assert!(!ops.is_empty() && ops.iter().all(|found| *found == (&json!("upsert"), &json!(2))), "{changed}");
    assert_eq!(links("/v1/actors/stays").0, json!([null, null]));
    let sources = |number: i32| {
        let target = history.get(&format!("/v1/releases/{number}")).json()["links"]["related"]["sources"].clone();
        let rows = history.get(target.as_str().expect("an address")).data();
        rows.as_array().expect("a list").iter().map(|row| row["code"].clone()).collect::<Vec<_>>()
    };
    // Every row of these releases names the source `stays`; release 3 only withdraws rows.
    assert_eq!([1, 2, 3, 4].map(sources), [vec![json!("stays")], vec![json!("stays")], vec![], vec![json!("stays")]]);
    for wrong in ["0", "5", "x", "99999999999999999999"] {
        history.get(&format!("/v1/releases/{wrong}/sources")).problem(404);
    }
    let release = history.get("/v1/releases/2").data();
    assert_eq!(release["counts"]["actors"], json!({"added": 0, "changed": 1, "withdrawn": 0}));
    let files = release["files"].as_array().expect("files");
    assert_eq!(files.len(), published().count());
    for file in files {
        assert!(file["rows"] == 1 && file["sha256"].as_str().is_some_and(|digest| digest.len() == 64), "{file}");
    }
}

//! The usual questions (docs/usual-questions.md) are prepared once, have one plan for all values, sort no more than a page, and
//! read at most ten rows for each that they answer with: Postgres logs each plan with the rows of every step.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

use crate::harness::{
    SOURCES, TestServer, bundle, cluster_log, get, keep_for_all_tests, migrated, owner, publish, with_database,
};

/// How often each question is asked. The server has two connections, over each of which a statement is parsed twice: when it
/// comes for the first time, and when it is prepared.
const ASKED: usize = 12;

/// The rows of a page of the questions.
const PAGE: usize = 20;

/// The questions that have one plan for all values, up to their last parameter, `limit`.
const QUESTIONS: [&str; 27] = [
    "territories?",
    "territories?kind=commune&",
    "territories?kind=region&",
    "territories?kind=commune,departement&",
    "territories?departement_code=DEP-02&",
    "territories?departement_code=DEP-02&kind=commune&",
    "territories?region_code=REG-01&kind=departement&",
    "territories?region_code=REG-01&kind=commune&",
    "territories?within=DEP-02&",
    "territories?within=DEP-02&kind=commune&",
    "territories?within=REG-01&kind=commune&",
    "territories?source_code=rare&",
    "territories?code__startswith=DEP-&",
    "territories?sort=name&",
    "territories?name__startswith=Nom&sort=name&",
    "territories/DEP-02/members?",
    "observations?",
    "observations?indicator_code=i03&",
    "observations?indicator_code=i03,i05&",
    "observations?indicator_code=i03&territory_code=DEP-02&",
    "observations?indicator_code=i03&territory_code=DEP-02&period=2022&",
    "observations?indicator_code=i03&period=2022&",
    "observations?indicator_code=i03&within=DEP-02&",
    "observations?territory_code=DEP-02&",
    "funding?payer_code=etat&",
    "funding?stage=announced&",
    "events?kind=debate&",
];

/// A server whose statements are in the log with their plans, on rows of many communes.
fn server() -> &'static TestServer {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        keep_for_all_tests(|| {
            let url = migrated();
            publish(&url, &rows()).expect("the rows are right");
            let options = [
                "session_preload_libraries=auto_explain",
                "auto_explain.log_min_duration=0",
                "auto_explain.log_analyze=on",
                "auto_explain.log_timing=off",
                "auto_explain.log_format=json",
                "log_min_duration_statement=0",
            ];
            let options: Vec<String> = options.iter().map(|option| format!("-c%20{}", option.replace('=', "%3D"))).collect();
            TestServer::on(&format!("{}?options={}", owner(&url), options.join("%20")))
        })
    });
    &SERVER
}

/// Thirty départements of a hundred communes in three regions, five indicators of all of them over three years, and flows and
/// events.
fn rows() -> PathBuf {
    let mut territories = "code,kind,name,departement_code,region_code,geography_year,source_code\n".to_owned();
    let mut codes = Vec::new();
    let mut add = |line: String, code: String| {
        territories.push_str(&line);
        codes.push(code);
    };
    add("FR,country,France,,,2026,essai\n".to_owned(), "FR".to_owned());
    for region in 1..=3 {
        add(format!("REG-0{region},region,Région {region},,,2026,rare\n"), format!("REG-0{region}"));
    }
    for departement in 1..=30 {
        let (code, region) = (format!("DEP-{departement:02}"), format!("REG-0{}", departement % 3 + 1));
        add(format!("{code},departement,Département {departement},,{region},2026,essai\n"), code.clone());
        for commune in 1..=100 {
            let own = format!("COM-{departement:02}{commune:03}");
            add(format!("{own},commune,Nom {commune} {departement},{code},{region},2026,essai\n"), own);
        }
    }
    let mut indicators =
        "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n".to_owned();
    let mut observations =
        "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n"
            .to_owned();
    for indicator in 1..=5 {
        _ = writeln!(indicators, "i0{indicator},Titre,Texte,aide,0,none,none,none,essai");
        for (code, year) in codes.iter().flat_map(|code| (2021..2024).map(move |year| (code, year))) {
            _ = writeln!(observations, "i0{indicator},{code},{year},_T,observed,{year},exact,A,2026,essai");
        }
    }
    let mut funding = "code,title,payer_code,territory_code,stage,period,source_code\n".to_owned();
    let mut events = "code,kind,title,summary,period,territory_code,source_code\n".to_owned();
    for at in 0..4000 {
        let stage = if at % 50 == 0 { "announced" } else { "paid" };
        let kind = if at % 50 == 0 { "debate" } else { "workshop" };
        _ = writeln!(funding, "f{at:04},Titre,etat,COM-01001,{stage},2020,essai");
        _ = writeln!(events, "e{at:04},{kind},Titre,Résumé,2020,COM-01001,essai");
    }
    bundle(&[
        ("sources", &format!("{SOURCES}rare,document,Rare,Repères,etalab-2.0\n")),
        ("territories", &territories),
        ("actors", "code,kind,name,role,source_code\netat,state,État,financeur,essai\n"),
        ("indicators", &indicators),
        ("observations", &observations),
        ("funding", &funding),
        ("events", &events),
    ])
}

/// Held while a test asks and reads the log: the tests share the server, and so its statements.
static ASKING: Mutex<()> = Mutex::new(());

/// What Postgres has logged about a statement.
#[derive(Default)]
struct Statement {
    /// How often it was parsed.
    parsed: usize,
    /// Its plans.
    plans: Vec<Value>,
}

/// What Postgres has logged since a place of its log about the statements of the server, by their texts.
fn statements(start: u64) -> BTreeMap<String, Statement> {
    let pids = with_database(&owner(&server().url), async |client| {
        let query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'reperes'";
        let rows = client.query(query, &[]).await.expect("the activity");
        rows.iter().map(|row| format!("[{}]", row.get::<_, i32>(0))).collect::<Vec<_>>()
    });
    let log = fs::read(cluster_log()).expect("the log can be read");
    let log = String::from_utf8_lossy(&log[usize::try_from(start).expect("a size")..]).into_owned();
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match entries.last_mut().filter(|_| line.starts_with('\t')) {
            Some(entry) => entry.push_str(line),
            None => entries.push(line.to_owned()),
        }
    }
    let mut found: BTreeMap<String, Statement> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| pids.iter().any(|pid| entry.contains(pid.as_str()))) {
        if let Some((_, plan)) = entry.split_once(" plan:") {
            let plan: Value = serde_json::from_str(plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
            let text = plan["Query Text"].as_str().expect("the text of a statement").to_owned();
            found.entry(text).or_default().plans.push(plan["Plan"].clone());
        } else if let Some((_, parsed)) = entry.split_once(" ms  parse ") {
            let (_, text) = parsed.split_once(": ").expect("the text of a statement");
            found.entry(text.to_owned()).or_default().parsed += 1;
        }
    }
    found
}

/// The steps of a plan, without those that the whole statement runs once.
fn steps(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten().filter(|step| step["Parent Relationship"] != "InitPlan");
    std::iter::once(plan).chain(below.flat_map(steps)).collect()
}

fn rows_of(step: &Value, what: &str) -> usize {
    let each = step[what].as_f64().unwrap_or(0.0);
    let loops = step["Actual Loops"].as_f64().unwrap_or(1.0);
    // A number of rows: never negative, and far below the precision of a double.
    format!("{:.0}", each * loops).parse().expect("a number of rows")
}

/// The rows that the scans of a plan have read.
fn rows_read(plan: &Value) -> usize {
    let scans = steps(plan).into_iter().filter(|step| {
        let kind = step["Node Type"].as_str().unwrap_or_default();
        kind.ends_with("Scan") && step.get("Relation Name").is_some()
    });
    let read = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
    scans.map(|scan| read.iter().map(|what| rows_of(scan, what)).sum::<usize>()).sum()
}

/// The rows that the whole statement reads once: the codes of its scope.
fn rows_of_scope(plan: &Value) -> usize {
    let below = plan["Plans"].as_array().into_iter().flatten();
    let rows = below.map(|step| match step["Parent Relationship"] == "InitPlan" {
        true => rows_of(step, "Actual Rows"),
        false => rows_of_scope(step),
    });
    rows.max().unwrap_or(0)
}

/// The most rows that a step sorts.
fn rows_sorted(plan: &Value) -> usize {
    let sorts = steps(plan).into_iter().filter(|step| step["Node Type"].as_str().is_some_and(|kind| kind.contains("Sort")));
    sorts.map(|sort| rows_of(&sort["Plans"][0], "Actual Rows")).max().unwrap_or(0)
}

/// Whether a plan was made for any values: a plan for certain values shows them.
fn is_generic(text: &str, plan: &Value) -> bool {
    let conditions = plan.to_string();
    !text.contains("$1") || (1..=9).any(|at| conditions.contains(&format!("${at}")))
}

/// Asks a question often, each time with another limit, so that no answer is kept.
fn ask(question: &str) {
    for more in 0..ASKED {
        let target = format!("/v1/{question}limit={}", PAGE + more);
        let reply = get(server().address, &target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        assert!(!reply.data().as_array().expect("rows").is_empty(), "{target} has no rows");
    }
}

/// Checks the statements that have been logged since a place of the log.
fn check(question: &str, start: u64) {
    let found = statements(start);
    // The process looks for new releases meanwhile, and reads the licences of each dataset once.
    let rows = format!("FROM \"{}\" t ", question.split(['?', '/']).next().unwrap_or_default());
    let pages = || found.iter().filter(|(text, _)| text.contains(&rows) && text.contains("LIMIT $"));
    assert!(pages().any(|(_, statement)| !statement.plans.is_empty()), "{question}: no plan was logged");
    for (text, statement) in pages() {
        assert!(statement.parsed <= 4, "{question} is parsed {} times: {text}", statement.parsed);
        let Some(last) = statement.plans.last() else { continue };
        // A light read that takes too long on a busy machine is read again as a heavy one, which is planned for its values.
        let generic = statement.plans.iter().rev().find(|plan| is_generic(text, plan));
        let plan = generic.unwrap_or_else(|| panic!("{question} is planned for its values: {text}\n{last:#}"));
        let page = rows_of(plan, "Actual Rows").max(PAGE);
        // The codes of a scope are read whole.
        let scope = rows_of_scope(plan);
        assert!(rows_sorted(plan) <= scope.max(3 * page), "{question} sorts {} rows: {text}\n{plan:#}", rows_sorted(plan));
        assert!(rows_read(plan) <= scope.max(10 * page), "{question} reads {} rows: {text}\n{plan:#}", rows_read(plan));
    }
}

fn log_size() -> u64 {
    fs::metadata(cluster_log()).expect("there is a log").len()
}

#[test]
fn usual_questions_have_one_plan_and_read_what_they_answer() {
    let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    server();
    for question in QUESTIONS {
        let start = log_size();
        ask(question);
        check(question, start);
    }
}

#[test]
fn pages_far_behind_cost_what_the_first_costs() {
    let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    server();
    for question in ["territories?", "territories?kind=commune&", "observations?", "observations?indicator_code=i03&"] {
        // Pages of a thousand rows lead far into the list.
        let mut next = format!("/v1/{question}limit=1000");
        for _ in 0..2 {
            let page = get(server().address, &next);
            next = page.json()["links"]["next"].as_str().expect("there are more rows").to_owned();
        }
        let start = log_size();
        let cursor = next.split(['?', '&']).find(|pair| pair.starts_with("cursor=")).expect("a cursor").to_owned();
        ask(&format!("{question}{cursor}&"));
        check(&format!("{question} far behind"), start);
    }
}

#[test]
fn the_check_finds_a_plan_for_certain_values_and_one_that_reads_too_much() {
    let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    server();
    let start = log_size();
    // A filter without an index is planned for its values, and reads what it leaves out.
    ask("territories?note__isnull=true&name__contains=Nom%20100&");
    let found = statements(start);
    let plan = |statement: &&Statement| statement.plans.last().is_some_and(|plan| rows_read(plan) > 10 * 2 * PAGE);
    assert!(found.values().any(|statement| plan(&statement)), "no statement reads much");
    let custom = found.iter().filter(|(text, _)| text.contains("strpos"));
    assert!(
        custom.flat_map(|(text, s)| s.plans.iter().map(move |plan| (text, plan))).any(|(text, plan)| !is_generic(text, plan))
    );
}

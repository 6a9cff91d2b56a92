//! The usual reads use indexes: for every workload of the benchmark, the log of Postgres shows no sequential scan of a large
//! table. Only the tables of the geography have their full size here.

use std::fs;

use crate::harness::{SOURCES, TestServer, bundle, bundled_server, cluster_log, get, owner, publish, territories};

/// Tables that must not be read from end to end for one answer.
const LARGE: [&str; 5] = ["territories", "containments", "contours", "territory_states", "events"];

/// The requests of dashboards, maps and forms.
const READS: [&str; 20] = [
    "/v1/territories/DEP-59",
    "/v1/territories/COM-59350?geography=2012",
    "/v1/territories?limit=100",
    "/v1/territories?kind=commune&limit=100",
    "/v1/territories?within=DEP-62&kind=commune&limit=100",
    "/v1/territories?lon=3.0573&lat=50.6292",
    "/v1/territories?q=saint%20omer",
    "/v1/territories/COM-59350/ancestors",
    "/v1/territories/DEP-59/members?limit=20",
    "/v1/territories/DEP-59/profile",
    "/v1/containments?part_code=COM-59350",
    "/v1/containments?container_code=DEP-59&direct=true&limit=20",
    "/v1/memberships?within=DEP-59&limit=20",
    "/v1/observations?indicator_code=foyers-prime-activite&territory_code=DEP-59",
    "/v1/observations?indicator_code=foyers-prime-activite&within=REG-32&last=1",
    "/v1/observations?commitment_code=engagement-1",
    "/v1/observations?covers=COM-59350&measure_code=points-conseil-budget",
    "/v1/measures?actor_code=etat&covers=COM-59350",
    "/v1/territories?covers=COM-59350&geography=2012",
    "/v1/conventions?include=signatories&labels=true",
];

/// A server whose statements are in the log with their plans.
fn explained(url: &str) -> TestServer {
    let options = ["session_preload_libraries=auto_explain", "auto_explain.log_min_duration=0"];
    let options: Vec<String> = options.iter().map(|option| format!("-c%20{}", option.replace('=', "%3D"))).collect();
    TestServer::on(&format!("{}?options={}", owner(url), options.join("%20")))
}

/// Those of some tables that a request reads from end to end.
fn scanned<'t>(server: &TestServer, target: &str, tables: &[&'t str]) -> Vec<&'t str> {
    let start = fs::metadata(cluster_log()).expect("there is a log").len();
    assert_eq!(get(server.address, target).status, 200, "{target}");
    let log = fs::read(cluster_log()).expect("the log can be read");
    let log = String::from_utf8_lossy(&log[usize::try_from(start).expect("a size")..]).into_owned();
    assert!(log.contains("Query Text:"), "{target}: no plan was logged");
    tables.iter().copied().filter(|table| log.contains(&format!("Seq Scan on {table} "))).collect()
}

#[test]
fn no_usual_read_scans_a_large_table() {
    let server = explained(&bundled_server().url);
    for target in READS {
        assert_eq!(scanned(&server, target, &LARGE), Vec::<&str>::new(), "{target}");
    }
    let all = scanned(&server, "/v1/territories?facets=kind&limit=1", &LARGE);
    assert_eq!(all, ["territories"], "what counts all of them is seen to");
}

#[test]
fn relations_use_indexes_of_tables_with_many_rows() {
    let server = TestServer::empty();
    let many = |header: &str, line: &dyn Fn(usize) -> String| -> String {
        (0..5000).fold(format!("{header}\n"), |text, at| text + &line(at) + "\n")
    };
    let actors = "code,kind,name,role,source_code\netat,state,État,financeur,essai\nrare,other,Rare,rare,essai\n";
    let rare = |at: usize| if at == 7 { "rare" } else { "etat" };
    let funding = many("code,title,payer_code,territory_code,stage,period,source_code", &|at| {
        format!("f{at},Titre,{},COM-1,announced,2020,essai", rare(at))
    });
    let events = many("code,kind,title,summary,period,territory_code,actor_codes,source_code", &|at| {
        format!("e{at},debate,Titre,Résumé,2020,COM-1,{},essai", rare(at))
    });
    let files = [
        ("sources", SOURCES),
        ("territories", &territories(&[("COM-1", "Ici", "1")])),
        ("actors", actors),
        ("funding", &funding),
        ("events", &events),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    let server = explained(&server.url);
    for dataset in ["funding", "events"] {
        let target = format!("/v1/{dataset}?actor_code=rare&fields=code");
        assert_eq!(get(server.address, &target).data()[0]["code"], format!("{}7", &dataset[..1]));
        assert_eq!(scanned(&server, &format!("{target}&total=exact"), &[dataset]), Vec::<&str>::new(), "{target}");
    }
}

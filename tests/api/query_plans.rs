//! The usual reads use indexes: for every workload of the benchmark, the log of Postgres shows no sequential scan of a large
//! table. Only the tables of the geography have their full size here.

use std::fs;

use crate::harness::{TestServer, bundled_server, cluster_log, get, owner};

/// Tables that must not be read from end to end for one answer.
const LARGE: [&str; 5] = ["territories", "containments", "contours", "territory_states", "events"];

/// The requests of dashboards, maps and forms.
const READS: [&str; 16] = [
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
    "/v1/conventions?include=signatories&labels=both",
];

#[test]
fn no_usual_read_scans_a_large_table() {
    let options = ["session_preload_libraries=auto_explain", "auto_explain.log_min_duration=0"];
    let options: Vec<String> = options.iter().map(|option| format!("-c%20{}", option.replace('=', "%3D"))).collect();
    let server = TestServer::on(&format!("{}?options={}", owner(&bundled_server().url), options.join("%20")));
    let scanned = |target: &str| -> Vec<&str> {
        let start = fs::metadata(cluster_log()).expect("there is a log").len();
        assert_eq!(get(server.address, target).status, 200, "{target}");
        let log = fs::read(cluster_log()).expect("the log can be read");
        let log = String::from_utf8_lossy(&log[usize::try_from(start).expect("a size")..]).into_owned();
        assert!(log.contains("Query Text:"), "{target}: no plan was logged");
        let read = |table: &&str| log.contains(&format!("Seq Scan on {table} "));
        LARGE.into_iter().filter(read).collect()
    };
    for target in READS {
        assert_eq!(scanned(target), Vec::<&str>::new(), "{target}");
    }
    assert_eq!(scanned("/v1/territories?facets=kind&limit=1"), ["territories"], "what counts all of them is seen to");
}

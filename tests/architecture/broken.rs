//! Lines that break the rules: each must be seen, or the rules would hold of anything.

use super::circles;
use super::rules;
use super::source::Source;

fn violations(path: &str, line: &str) -> Vec<String> {
    let lib = "//! http → db query\n//! db → query\n//! query →\n//! publish → db\n//! datasets → query\n//! format → query\n";
    let sources = [Source::parse(path, &format!("//! Owns a line.\n{line}\n"))];
    let named = rules::naming_datasets(&sources, &["observations"]);
    [
        rules::undrawn(&sources, &rules::drawing(lib)),
        rules::impure(&sources),
        rules::misplaced_libraries(&sources),
        rules::misplaced_sql(&sources),
        named.keys().map(|path| format!("{path} names a dataset")).collect(),
    ]
    .concat()
}

#[test]
fn each_of_these_lines_is_seen() {
    let lines = [
        ("src/db/mod.rs", "pub use super::http::State;"),
        ("src/query/mod.rs", "use super::db::Pool;"),
        ("src/query/plan/mod.rs", "fn f() { super::super::db::run(); }"),
        ("src/db/read/page.rs", "use crate::{http::State, query::Plan};"),
        ("src/db/read/page.rs", "fn f() { println!(\"{}\", crate::http::NAME); }"),
        ("src/http/handlers/items.rs", "const Q: &str = \"INSERT INTO audit VALUES (1)\";"),
        ("src/http/handlers/items.rs", "const Q: &str = \"DELETE FROM keys\";"),
        ("src/http/handlers/items.rs", "use tokio_postgres::Client;"),
        ("src/publish/mod.rs", "fn f() -> Result<(), tokio_postgres::Error> { Ok(()) }"),
        ("src/http/handlers/items.rs", "fn f(d: &str) -> bool { d == \"observations\" }"),
        ("src/db/read/page.rs", "const Q: &str = \"SELECT 1 FROM observations o\";"),
        ("src/datasets/containments.rs", "const Q: &str = \"SELECT 1\";"),
        ("src/query/mod.rs", "use std::fs;"),
        ("src/format/csv.rs", "fn f() { std::net::TcpStream::connect(\"localhost:1\").unwrap(); }"),
        ("src/format/csv.rs", "use tokio::sync::Mutex;"),
        ("src/unknown/mod.rs", "fn f() {}"),
    ];
    for (path, line) in lines {
        assert!(!violations(path, line).is_empty(), "{line} in {path} was not seen");
    }
}

#[test]
fn these_lines_are_allowed() {
    let lines = [
        ("src/http/handlers/items.rs", "use crate::db::Pool;"),
        ("src/http/handlers/items.rs", "use super::super::query::Plan;"),
        ("src/http/handlers/items.rs", "#[cfg(test)]\nmod tests { use tokio_postgres::Client; }"),
        ("src/http/handlers/items.rs", "/// Answers `/v1/observations`.\nfn f() { log::info!(\"read observations\"); }"),
        ("src/db/read/page.rs", "const Q: &str = \"SELECT 1\"; use diesel::sql_types::Text;"),
        ("src/query/mod.rs", "use std::collections::BTreeMap;"),
    ];
    for (path, line) in lines {
        assert_eq!(violations(path, line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_circle_is_seen_through_what_a_module_exports_again() {
    let sources = [
        Source::parse("src/a/mod.rs", "//! Owns a.\nmod one;\nmod two;\npub use one::One;"),
        Source::parse("src/a/one.rs", "//! Owns one.\nuse super::two::Two;\npub struct One(Two);"),
        Source::parse("src/a/two.rs", "//! Owns two.\npub struct Two(Box<super::One>);"),
    ];
    let found = circles::circles(&circles::graph(&sources));
    assert_eq!(found, [["src/a/one.rs", "src/a/two.rs"].into()]);
    let straight =
        [Source::parse("src/a/one.rs", "//! Owns one.\nuse super::two::Two;"), Source::parse("src/a/two.rs", "//! Owns two.")];
    assert!(circles::circles(&circles::graph(&straight)).is_empty());
}

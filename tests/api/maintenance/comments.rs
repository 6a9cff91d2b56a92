//! Everything in the database says what it is: what the registry describes in its words, all else in those of its migration.

use reperes::datasets::REGISTRY;

use super::run;
use crate::harness::{database, migrated, owner, with_database};

/// Tables, views, columns and functions that no extension made, each with its comment.
const COMMENTS: &str = "\
SELECT c.relname::text || coalesce('.' || a.attname, ''), coalesce(col_description(c.oid, a.attnum), '') \
FROM pg_class c JOIN LATERAL (SELECT NULL::text AS attname, 0 AS attnum UNION ALL \
    SELECT attname::text, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a ON true \
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') \
UNION ALL SELECT p.oid::regprocedure::text, coalesce(obj_description(p.oid, 'pg_proc'), '') FROM pg_proc p \
WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1";

fn comments(url: &str) -> Vec<(String, String)> {
    with_database(&owner(url), async |client| {
        client.query(COMMENTS, &[]).await.expect("the catalogue").iter().map(|row| (row.get(0), row.get(1))).collect()
    })
}

/// When each comment was written, as the number of a transaction.
fn written(url: &str) -> Vec<String> {
    with_database(&owner(url), async |client| {
        let all = "SELECT objoid || '.' || objsubid || ' ' || xmin FROM pg_description ORDER BY 1";
        client.query(all, &[]).await.expect("the catalogue").iter().map(|row| row.get(0)).collect()
    })
}

#[test]
fn every_table_view_column_and_function_has_a_comment() {
    let all = comments(&migrated());
    assert!(all.len() > 350, "{}", all.len());
    let without: Vec<&String> = all.iter().filter(|(_, comment)| comment.trim().is_empty()).map(|(name, _)| name).collect();
    assert!(without.is_empty(), "COMMENT ON is missing in a migration, or a description in src/datasets: {without:?}");
}

#[test]
fn columns_of_datasets_have_the_descriptions_of_their_fields() {
    let all = comments(&migrated());
    let of = |name: &str| all.iter().find(|(other, _)| other == name).map(|(_, comment)| comment.as_str());
    let mut compared = 0;
    for dataset in REGISTRY {
        assert_eq!(of(dataset.name), Some(dataset.description));
        let tables = std::iter::once(dataset.name).chain(dataset.tables());
        for (table, field) in tables.flat_map(|table| dataset.fields.iter().map(move |field| (table, field))) {
            let comment = of(&format!("{table}.{}", field.name));
            compared += usize::from(comment.is_some());
            assert!(comment.is_none_or(|comment| comment == field.description), "{table}.{}: {comment:?}", field.name);
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn migrating_renews_comments_that_differ_and_writes_no_other() {
    let url = database().replace("//reperes@", "//reperes_service@");
    assert_eq!(run(&url, &["migrate"]).code, Some(0));
    let (before, first) = (comments(&url), written(&url));
    assert_eq!(run(&url, &["migrate"]).code, Some(0));
    assert_eq!(written(&url), first, "comments were written again");
    with_database(&owner(&url), async |client| {
        let change =
            "COMMENT ON COLUMN events.title IS 'l''ancien'; COMMENT ON VIEW observations IS NULL; COMMENT ON TABLE units IS ''";
        client.batch_execute(change).await.expect("the owner may do it");
    });
    assert_ne!(comments(&url), before);
    assert_eq!(run(&url, &["migrate"]).code, Some(0));
    assert_eq!(comments(&url), before);
    let rewritten = written(&url).iter().filter(|one| !first.contains(one)).count();
    assert_eq!(rewritten, 3);
}

//! Owns the checks of what protects the rows: triggers, functions, indexes, rules, privileges, and who owns the tables.
//! Must not know what the rows say.

use std::collections::BTreeSet;

use super::checks::Findings;
use super::functions;
use crate::db::DbError;
use crate::db::connection::config::Transaction;
use crate::db::setup::roles;
use crate::query::{Dataset, RowOrigin, Storage};

/// The name of the checks in findings.
const CHECK: &str = "protection";

/// Runs the checks.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn check(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    triggers(transaction, registry, findings).await?;
    compare_functions(transaction, findings).await?;
    privileges(transaction, registry, findings).await?;
    for row in transaction.query(OTHERS, &[]).await? {
        findings.push(CHECK, row.get(0), None, row.get(1));
    }
    for (table, least) in registry.iter().flat_map(|dataset| unique_indexes(dataset)).flatten() {
        let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass($1) AND indisunique AND indisvalid";
        let unique: i64 = transaction.query_one(indexes, &[&table]).await?.get(0);
        if unique < least {
            findings.push(CHECK, table, None, "a unique index of the key is missing or invalid".to_owned());
        }
    }
    Ok(())
}

/// The tables of a dataset, each with the number of unique indexes that it has at least: of its key in every release, and in the
/// newest. The versions of a figure are compared by the check `key`.
fn unique_indexes(dataset: &'static Dataset) -> [Option<(&'static str, i64)>; 2] {
    match (dataset.storage, dataset.rows) {
        (Storage::Table, RowOrigin::Releases) => [Some((dataset.name, 1)), None],
        (Storage::Table, _) => [Some((dataset.name, 2)), None],
        (Storage::Series { series, rows }, _) => [Some((series, 2)), Some((rows, 1))],
    }
}

/// What else can change what is read or written: rules, policies, tables of other owners, and a service role that is more than one.
const OTHERS: &str = "\
SELECT c.relname::text, format('has the rule %I', r.rulename) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
UNION ALL SELECT c.relname::text, 'has row security, which can hide rows' FROM pg_class c \
 WHERE c.relnamespace = current_schema()::regnamespace AND (c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)) \
UNION ALL SELECT c.relname::text, format('is owned by %I, and `releases` is not', pg_get_userbyid(c.relowner)) FROM pg_class c, pg_class r \
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v') AND r.oid = 'releases'::regclass \
 AND c.relowner <> r.relowner AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
UNION ALL SELECT '-', format('the role %I may do what the owner of the tables may', current_user) FROM pg_class r, pg_roles m \
 WHERE r.oid = 'releases'::regclass AND m.rolname = current_user AND m.oid <> r.relowner \
 AND (m.rolsuper OR m.rolcreaterole OR m.rolbypassrls OR pg_has_role(m.oid, r.relowner, 'MEMBER') \
 OR has_schema_privilege(current_schema(), 'CREATE'))";

/// The definitions of the triggers of a table, as Postgres writes them without the schema.
fn expected_triggers(registry: &'static [&'static Dataset]) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    let mut add = |table: &str, name: &str, when: &str, rest: &str, function: &str| {
        let definition = format!("CREATE TRIGGER {name} {when} ON {table} {rest} EXECUTE FUNCTION {function}()");
        all.insert((table.to_owned(), definition));
    };
    let (row, statement) = ("FOR EACH ROW", "FOR EACH STATEMENT");
    let ordered = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT";
    for dataset in registry {
        let (table, next) = (dataset.versions_table(), !matches!(dataset.rows, RowOrigin::Releases));
        add(table, "keep_history", "BEFORE DELETE OR UPDATE", row, "keep_history");
        add(table, "keep_table", "BEFORE TRUNCATE", statement, "keep_history");
        if next {
            add(table, "open_next", "AFTER INSERT", ordered, "write_next");
            add(table, "close_next", "AFTER UPDATE", ordered, "write_next");
        }
    }
    let series = registry.iter().filter_map(|dataset| match dataset.storage {
        Storage::Series { series, .. } => Some(series),
        Storage::Table => None,
    });
    for table in series.chain(["audit", "withdrawals", "release_files", "release_digests"]) {
        add(table, "keep_record", "BEFORE DELETE OR UPDATE", row, "keep_record");
        add(table, "keep_table", "BEFORE TRUNCATE", statement, "keep_record");
    }
    add("keys", "keep_key", "BEFORE DELETE OR UPDATE", row, "keep_key");
    add("keys", "keep_table", "BEFORE TRUNCATE", statement, "keep_key");
    add("audit", "chain_audit", "BEFORE INSERT", row, "chain_audit");
    add("releases", "next_release", "BEFORE INSERT", row, "next_release");
    add("releases", "digest_release", "AFTER INSERT", row, "digest_release");
    all
}

async fn triggers(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    let query = "SELECT c.relname::text, replace(pg_get_triggerdef(t.oid), format('%I.', current_schema()), ''), t.tgenabled IN ('O', 'A') \
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                 WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2";
    let mut missing = expected_triggers(registry);
    for row in transaction.query(query, &[]).await? {
        let (table, definition, enabled): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let known = missing.remove(&(table.clone(), definition.clone()));
        if !known {
            findings.push(CHECK, &table, None, format!("has a trigger that the program does not make: {definition}"));
        } else if !enabled {
            findings.push(CHECK, &table, None, format!("a trigger is disabled: {definition}"));
        }
    }
    for (table, definition) in missing {
        findings.push(CHECK, &table, None, format!("a trigger is missing: {definition}"));
    }
    Ok(())
}

/// Compares each function of the schema with its migration.
async fn compare_functions(transaction: &Transaction<'_>, findings: &mut Findings) -> Result<(), DbError> {
    let homes = "SELECT quote_ident(current_schema()), quote_ident(n.nspname), quote_literal(format('%I.unaccent', n.nspname)) \
                 FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent'";
    let homes = transaction.query_one(homes, &[]).await?;
    let mut expected = functions::expected(homes.get(0), (homes.get(1), homes.get(2)));
    let query = "SELECT p.proname::text, p.prosrc, p.prosecdef, p.proowner = r.relowner, \
                 p.prosecdef AND NOT coalesce(p.proconfig @> ARRAY[format('search_path=%I, pg_temp', current_schema())], false) \
                 FROM pg_proc p, pg_class r WHERE r.oid = 'releases'::regclass AND p.pronamespace = current_schema()::regnamespace \
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1";
    for row in transaction.query(query, &[]).await? {
        let (name, body, definer): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let Some(at) = expected.iter().position(|function| function.name == name) else {
            findings.push(CHECK, "-", Some(name), "is a function that the program does not make".to_owned());
            continue;
        };
        let function = expected.remove(at);
        if function.body != body || function.definer != definer {
            findings.push(CHECK, "-", Some(name), "is a function that was replaced".to_owned());
        } else if !row.get::<_, bool>(3) || row.get(4) {
            let detail = "is a function of another owner than the tables, or reads the tables of another schema";
            findings.push(CHECK, "-", Some(name), detail.to_owned());
        }
    }
    for function in expected {
        findings.push(CHECK, "-", Some(function.name), "is a function that is missing".to_owned());
    }
    Ok(())
}

/// Finds privileges that neither the owner of a table nor the role that serves has from the program. Other roles may read.
async fn privileges(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    let mut permitted = BTreeSet::new();
    for (table, more) in roles::privileges(registry) {
        for word in more.unwrap_or_default().split(", ") {
            let (privilege, column) = word.split_once(' ').map_or((word, ""), |(privilege, column)| (privilege, column));
            permitted.insert((table.to_owned(), privilege.to_owned(), column.trim_matches(['(', ')']).to_owned()));
        }
    }
    let query = "\
        SELECT c.relname::text, '' AS col, a.privilege_type, a.is_grantable, a.grantee = 0, coalesce(pg_get_userbyid(nullif(a.grantee, 0))::text, 'PUBLIC') \
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.relkind IN ('r', 'p', 'v', 'S') AND c.relnamespace = current_schema()::regnamespace \
        AND a.grantee <> c.relowner AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
        UNION ALL \
        SELECT c.relname::text, t.attname::text, a.privilege_type, a.is_grantable, a.grantee = 0, coalesce(pg_get_userbyid(nullif(a.grantee, 0))::text, 'PUBLIC') \
        FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a \
        WHERE c.relnamespace = current_schema()::regnamespace AND a.grantee <> c.relowner AND NOT t.attisdropped \
        UNION ALL \
        SELECT p.proname::text, '', a.privilege_type, a.is_grantable, a.grantee = 0, coalesce(pg_get_userbyid(nullif(a.grantee, 0))::text, 'PUBLIC') \
        FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a \
        WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef AND p.prorettype <> 'trigger'::regtype AND a.grantee = 0 \
        ORDER BY 1, 2, 3";
    for row in transaction.query(query, &[]).await? {
        let (table, column, privilege): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (grantable, public, role): (bool, bool, String) = (row.get(3), row.get(4), row.get(5));
        let key = (table, privilege, column);
        let known = !public && !grantable && (key.1 == "SELECT" || permitted.contains(&key));
        if !known {
            let (table, privilege, column) = key;
            let column = if column.is_empty() { String::new() } else { format!(" of the column {column}") };
            findings.push("privileges", &table, None, format!("{role} has the privilege {privilege}{column}"));
        }
    }
    Ok(())
}

//! Tampering with what protects the rows.

use super::all_are_found;

#[test]
fn triggers_that_are_not_those_of_the_program_are_found() {
    let replaced = "DROP TRIGGER keep_table ON keys; \
                    CREATE TRIGGER keep_table BEFORE TRUNCATE ON keys FOR EACH STATEMENT EXECUTE FUNCTION keep_record()";
    let added = "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
                 CREATE TRIGGER more BEFORE INSERT ON territories FOR EACH ROW EXECUTE FUNCTION more()";
    all_are_found(&[
        ("DROP TRIGGER keep_history ON sources".to_owned(), "protection", "sources", None),
        ("DROP TRIGGER next_release ON releases".to_owned(), "protection", "releases", None),
        ("DROP TRIGGER chain_audit ON audit".to_owned(), "protection", "audit", None),
        ("ALTER TABLE release_digests DISABLE TRIGGER keep_record".to_owned(), "protection", "release_digests", None),
        ("ALTER TABLE figures ENABLE REPLICA TRIGGER open_next".to_owned(), "protection", "figures", None),
        ("DROP TRIGGER keep_record ON series".to_owned(), "protection", "series", None),
        (replaced.to_owned(), "protection", "keys", None),
        (added.to_owned(), "protection", "territories", None),
        (added.to_owned(), "protection", "-", Some("more")),
    ]);
}

#[test]
fn functions_that_are_not_those_of_the_program_are_found() {
    let trigger = "CREATE OR REPLACE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'";
    let clock = "CREATE OR REPLACE FUNCTION wall_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT now()'";
    let digest = "CREATE OR REPLACE FUNCTION chained_digest(release integer, columns jsonb, parts jsonb, previous bytea) \
                  RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT d.digest FROM release_digests d WHERE d.release = $1'";
    let cases = [(trigger, "keep_history"), (clock, "wall_clock"), (digest, "chained_digest")];
    let cases = cases.into_iter().chain([
        ("ALTER FUNCTION chain_audit() SECURITY INVOKER", "chain_audit"),
        ("ALTER FUNCTION digest_release() RESET search_path", "digest_release"),
        ("DROP FUNCTION follow_table(text)", "follow_table"),
    ]);
    all_are_found(&cases.map(|(statement, name)| (statement.to_owned(), "protection", "-", Some(name))).collect::<Vec<_>>());
}

#[test]
fn rights_beyond_those_of_the_program_are_found() {
    let cases = [
        ("GRANT UPDATE ON territories TO reperes_service", "privileges", "territories"),
        ("GRANT UPDATE (title) ON releases TO reperes_service", "privileges", "releases"),
        ("GRANT INSERT ON release_digests TO reperes_service", "privileges", "release_digests"),
        ("GRANT SELECT ON keys TO PUBLIC", "privileges", "keys"),
        ("GRANT INSERT ON audit TO reperes_service WITH GRANT OPTION", "privileges", "audit"),
        ("GRANT EXECUTE ON FUNCTION analyze_table(text) TO PUBLIC", "privileges", "analyze_table"),
        ("GRANT CREATE ON SCHEMA public TO reperes_service", "protection", "-"),
        ("ALTER TABLE withdrawals OWNER TO reperes_service", "protection", "withdrawals"),
        ("CREATE RULE quiet AS ON UPDATE TO territories DO INSTEAD NOTHING", "protection", "territories"),
        ("ALTER TABLE sources ENABLE ROW LEVEL SECURITY", "protection", "sources"),
        ("DROP INDEX events_current", "protection", "events"),
        ("DROP INDEX series_key", "protection", "series"),
        (
            "CREATE OR REPLACE VIEW observations AS SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, \
             s.breakdown_code, s.nature, f.value + 1 AS value, f.qualifier, string_to_array(f.statuses, ',') COLLATE \"C\" AS statuses, \
             f.rounding, f.geography_year, s.source_code, f.source_location, f.note, f.first_release, f.last_release, f.period_basis, \
             f.series_id, f.statuses AS joined_statuses \
             FROM series s JOIN figures f ON f.series_id = s.id",
            "protection",
            "observations",
        ),
    ];
    all_are_found(&cases.map(|(statement, check, table)| (statement.to_owned(), check, table, None)));
}

"""Owns what the database is asked about the tables of the figures, whatever they are: `observations` itself, or the tables that it
shows if it is a view; their partitions, their sizes, and copies of them with the same indexes."""

from service import psql

# The tables that `observations` and `latest_observations` are, or show.
NAMES = """
WITH RECURSIVE shown(oid) AS (
    SELECT to_regclass(name)::oid FROM unnest(ARRAY['observations', 'latest_observations']) name WHERE to_regclass(name) IS NOT NULL
    UNION
    SELECT d.refobjid FROM shown s JOIN pg_rewrite r ON r.ev_class = s.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
)
SELECT c.relname FROM pg_class c JOIN shown USING (oid) WHERE c.relkind IN ('r', 'p') ORDER BY 1
"""


def names():
    """The names of the tables of the figures."""
    return psql(NAMES).splitlines()


def has(table, column):
    return psql(f"SELECT count(*) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}' AND NOT attisdropped") == "1"


def sizes():
    """The bytes of each table of the figures and of its indexes, with those of its partitions."""
    found = {}
    for name in names():
        parts = f"SELECT '{name}'::regclass UNION SELECT relid FROM pg_partition_tree('{name}')"
        found[name] = tuple(map(int, psql(f"SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM ({parts}) p(oid)").split("|")))
    return found


def copy_of(table, where, replaced=None):
    """Makes `copied`: a table with the columns and indexes of another, filled with some of its rows. `replaced` has expressions that
    stand for columns."""
    columns = psql(
        f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    ).splitlines()
    taken = ", ".join((replaced or {}).get(column, column) for column in columns)
    psql("SET client_min_messages = warning; DROP TABLE IF EXISTS copied")
    psql(f"CREATE TABLE copied (LIKE {table} INCLUDING ALL)")
    psql(f"INSERT INTO copied ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {taken} FROM {table} WHERE {where}")
    psql("VACUUM ANALYZE copied")
    return ", ".join(columns)

-- These indexes find the changes of a release in tables of millions of rows: the rows that the release opened, and those
-- that it closed. Few rows are ever closed, so the second index stays small.

-- Adds both indexes to a table.
CREATE FUNCTION follow_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE INDEX %I ON %I (first_release)', name || '_opened', name);
    EXECUTE format('CREATE INDEX %I ON %I (last_release) WHERE last_release IS NOT NULL', name || '_closed', name);
END $$;

SELECT follow_table(name) FROM unnest(ARRAY[
    'territories', 'commitments', 'measures', 'conventions', 'funding', 'indicators', 'figures', 'actors', 'events',
    'sources', 'memberships', 'containments', 'contours', 'units', 'breakdowns'
]) AS name;

-- What each release changed must be found at once in tables of millions of rows, however little it is: the rows that a
-- release opened, and those that it closed. Few of all rows are ever closed, so that the second index stays small.

-- Lets the changes of a table be followed.
CREATE FUNCTION follow_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE INDEX %I ON %I (first_release)', name || '_opened', name);
    EXECUTE format('CREATE INDEX %I ON %I (last_release) WHERE last_release IS NOT NULL', name || '_closed', name);
END $$;

SELECT follow_table(name) FROM unnest(ARRAY[
    'territories', 'commitments', 'measures', 'conventions', 'funding', 'indicators', 'observations', 'actors', 'events',
    'sources', 'memberships', 'containments', 'contours'
]) AS name;

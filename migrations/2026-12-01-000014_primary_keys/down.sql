DO $$
DECLARE
    name text;
    columns text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'actors', 'breakdowns', 'commitments', 'containments', 'contours', 'conventions', 'events', 'funding', 'indicators',
        'measures', 'memberships', 'sources', 'territories', 'territory_states', 'units'
    ] LOOP
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) INTO columns
        FROM pg_index i CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indexrelid = (name || '_key')::regclass;
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', name, name || '_key');
        EXECUTE format('CREATE UNIQUE INDEX %I ON %I (%s)', name || '_key', name, columns);
    END LOOP;
END $$;

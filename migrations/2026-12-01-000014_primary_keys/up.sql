-- The unique index over the key and the first release of each table of published rows becomes its primary key. Diesel
-- describes only tables with a primary key, and logical replication identifies rows by it. The index does not change.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'actors', 'breakdowns', 'commitments', 'containments', 'contours', 'conventions', 'events', 'funding', 'indicators',
        'measures', 'memberships', 'sources', 'territories', 'territory_states', 'units'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY USING INDEX %2$I', name, name || '_key');
    END LOOP;
END $$;

-- The bounds of stored values: those that every program which reads them can hold. Publishing checks more, with a place in the
-- file; these constraints hold for every row, however it is written. A later migration that adds a column to a published
-- table calls bound_table again; a test compares the columns with the constraints.

-- Adds the constraints of a table's columns that have none.
CREATE FUNCTION bound_table(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    field record;
    bounds text;
BEGIN
    FOR field IN
        SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
        WHERE a.attrelid = to_regclass(quote_ident(bound_table.name)) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    LOOP
        bounds := CASE field.type
            -- NaN is above every number
            WHEN 'numeric' THEN '%1$I BETWEEN -1e30 AND 1e30 AND scale(%1$I) <= 30'
            WHEN 'date' THEN '%1$I BETWEEN ''1000-01-01'' AND ''9999-12-31'''
            WHEN 'timestamp with time zone' THEN '%1$I >= ''1970-01-01 00:00:00+00'' AND %1$I < ''9999-12-31 00:00:00+00'''
            WHEN 'text[]' THEN 'array_ndims(%1$I) = 1 AND cardinality(%1$I) > 0 AND array_position(%1$I, NULL) IS NULL'
                -- lists of codes become JSON without escapes
                || CASE WHEN field.name LIKE '%\_codes' AND field.name <> 'postal_codes' OR field.name IN ('statuses', 'aid_natures')
                    THEN ' AND search_list(%1$I) !~ ''["\\[:cntrl:]]''' ELSE '' END
        END;
        IF bounds IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_constraint c WHERE c.conrelid = to_regclass(quote_ident(bound_table.name)) AND c.conname = bound_table.name || '_' || field.name || '_bounds'
        ) THEN
            EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (' || format(bounds, field.name) || ')', bound_table.name, bound_table.name || '_' || field.name || '_bounds');
        END IF;
    END LOOP;
END $$;

SELECT bound_table(name) FROM unnest(ARRAY[
    'actors', 'breakdowns', 'commitments', 'containments', 'contours', 'conventions', 'events', 'figures', 'funding', 'indicators',
    'measures', 'memberships', 'releases', 'sources', 'territories', 'territory_states', 'units'
]) AS name;

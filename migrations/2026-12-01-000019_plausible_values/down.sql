DO $$
DECLARE bounds record;
BEGIN
    FOR bounds IN
        SELECT c.conrelid::regclass AS home, c.conname AS name FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid AND t.relnamespace = to_regnamespace(current_schema())
        WHERE c.conname LIKE '%\_bounds'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', bounds.home, bounds.name);
    END LOOP;
END $$;
DROP FUNCTION bound_table(text);

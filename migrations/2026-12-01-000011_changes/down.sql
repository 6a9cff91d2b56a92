DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname ~ '_(opened|closed)$' LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;
DROP FUNCTION follow_table(text);

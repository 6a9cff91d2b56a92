DROP FUNCTION containments_on(date, integer);
DROP FUNCTION territories_on(date, integer);
DROP FUNCTION versions_on(date, integer);
DROP TABLE territory_versions;
ALTER TABLE territories
    DROP COLUMN status,
    DROP COLUMN valid_from,
    DROP COLUMN valid_to,
    DROP COLUMN end_event,
    DROP COLUMN successor_codes;

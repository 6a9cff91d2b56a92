DROP FUNCTION containments_on(date, integer);
DROP FUNCTION territories_on(date, integer);
DROP FUNCTION states_on(date, integer);
DROP TABLE territory_states;
ALTER TABLE territories
    DROP COLUMN status,
    DROP COLUMN valid_from,
    DROP COLUMN valid_until,
    DROP COLUMN end_event_code,
    DROP COLUMN successor_codes;

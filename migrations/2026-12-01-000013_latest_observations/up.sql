-- The latest figure of each series, which maps and profiles request often. Without this table the cost of a request grows
-- with the length of the series; with it the cost depends only on the number of figures in the response.
--
-- A row is a copy of an observation with a value, for the releases in which no observation of its series is later. A series
-- is all observations whose keys differ only in the period. The table is derived from `observations` alone. A trigger
-- updates it with each release, for every publishing role.
CREATE TABLE latest_observations (LIKE observations INCLUDING CONSTRAINTS);
ALTER TABLE latest_observations ALTER COLUMN value SET NOT NULL;
CREATE UNIQUE INDEX latest_observations_key
    ON latest_observations (indicator_code, territory_code, breakdown_code, nature, source_code, first_release);
CREATE INDEX latest_observations_territory ON latest_observations (territory_code, indicator_code);
-- Few rows are ever closed.
CREATE INDEX latest_observations_closed ON latest_observations (last_release) WHERE last_release IS NOT NULL;
SELECT publish_table('latest_observations');

-- Updates the latest figures after the changes of one release. Must run once for each release, in order. It reads only the
-- series that the release changed.
CREATE FUNCTION follow_latest_observations(number integer) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET jit = off AS $$
BEGIN
    UPDATE latest_observations l SET last_release = number - 1 FROM observations o
    WHERE o.last_release = number - 1 AND l.last_release IS NULL
        AND l.indicator_code = o.indicator_code AND l.territory_code = o.territory_code AND l.period = o.period
        AND l.breakdown_code = o.breakdown_code AND l.nature = o.nature AND l.source_code = o.source_code;

    -- The candidates: the opened observations, and all observations of series that have just lost their latest figure.
    -- The sort uses only the keys and fetches the rows afterwards, because a sort of whole rows fills the disk.
    CREATE TEMP TABLE stage_latest ON COMMIT DROP AS
    SELECT o.* FROM (
        SELECT DISTINCT ON (indicator_code, territory_code, breakdown_code, nature, source_code) home, place FROM (
            SELECT o.tableoid AS home, o.ctid AS place, o.* FROM observations o WHERE o.first_release = number
            UNION ALL
            SELECT o.tableoid, o.ctid, o.* FROM latest_observations l JOIN observations o
                ON o.indicator_code = l.indicator_code AND o.territory_code = l.territory_code
                AND o.breakdown_code = l.breakdown_code AND o.nature = l.nature AND o.source_code = l.source_code
            WHERE l.last_release = number - 1 AND o.first_release < number AND (o.last_release IS NULL OR o.last_release >= number)
        ) c
        WHERE value IS NOT NULL
        ORDER BY indicator_code, territory_code, breakdown_code, nature, source_code, period_end DESC, period_start DESC, period DESC
    ) c JOIN observations o ON o.tableoid = c.home AND o.ctid = c.place;
    ANALYZE stage_latest;

    UPDATE latest_observations l SET last_release = number - 1 FROM stage_latest s
    WHERE l.last_release IS NULL
        AND l.indicator_code = s.indicator_code AND l.territory_code = s.territory_code
        AND l.breakdown_code = s.breakdown_code AND l.nature = s.nature AND l.source_code = s.source_code
        AND (l.period_end, l.period_start, l.period) < (s.period_end, s.period_start, s.period);

    INSERT INTO latest_observations
    SELECT s.indicator_code, s.territory_code, s.period, s.period_start, s.period_end, s.breakdown_code, s.nature, s.value, s.qualifier,
        s.statuses, s.rounding, s.geography_year, s.source_code, s.source_location, s.note, number
    FROM stage_latest s
    WHERE NOT EXISTS (
        SELECT FROM latest_observations l
        WHERE l.last_release IS NULL
            AND l.indicator_code = s.indicator_code AND l.territory_code = s.territory_code
            AND l.breakdown_code = s.breakdown_code AND l.nature = s.nature AND l.source_code = s.source_code
    )
    ORDER BY s.indicator_code, s.territory_code, s.breakdown_code, s.nature, s.source_code;

    IF EXISTS (SELECT FROM stage_latest) THEN
        PERFORM analyze_table('latest_observations');
    END IF;
    DROP TABLE stage_latest;
END $$;

-- Runs at the end of the transaction, when all rows of the release are written.
CREATE FUNCTION follow_release() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM follow_latest_observations(NEW.number);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER follow_latest AFTER INSERT ON releases DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION follow_release();

DO $$
DECLARE number integer;
BEGIN
    FOR number IN SELECT r.number FROM releases r ORDER BY r.number LOOP
        PERFORM follow_latest_observations(number);
    END LOOP;
END $$;

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

-- Updates the latest figures after the changes of one release. Must run for each release, in order; a second run changes
-- nothing. Its cost is that of the changed rows: every statement joins whole sets, and only where a series loses its latest
-- figure without a later one are the other figures of its indicator and territory read, each once.
CREATE FUNCTION follow_latest_observations(number integer) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET jit = off AS $$
BEGIN
    CREATE TEMP TABLE stage_lost ON COMMIT DROP AS
    SELECT indicator_code, territory_code, breakdown_code, nature, source_code, period_end, period_start, period
    FROM latest_observations WITH NO DATA;
    WITH lost AS (
        UPDATE latest_observations l SET last_release = number - 1 FROM observations o
        WHERE o.last_release = number - 1 AND l.last_release IS NULL AND l.first_release < number
            AND l.indicator_code = o.indicator_code AND l.territory_code = o.territory_code AND l.period = o.period
            AND l.breakdown_code = o.breakdown_code AND l.nature = o.nature AND l.source_code = o.source_code
        RETURNING l.indicator_code, l.territory_code, l.breakdown_code, l.nature, l.source_code, l.period_end, l.period_start, l.period
    )
    INSERT INTO stage_lost SELECT * FROM lost;
    ANALYZE stage_lost;

    -- The latest opened observation of each series. The sort uses only the keys, because a sort of whole rows fills the disk.
    CREATE TEMP TABLE stage_opened ON COMMIT DROP AS
    SELECT DISTINCT ON (indicator_code, territory_code, breakdown_code, nature, source_code) o.tableoid AS home, o.ctid AS place,
        indicator_code, territory_code, breakdown_code, nature, source_code, period_end, period_start, period
    FROM observations o WHERE o.first_release = number AND value IS NOT NULL
    ORDER BY indicator_code, territory_code, breakdown_code, nature, source_code, period_end DESC, period_start DESC, period DESC;
    ANALYZE stage_opened;

    -- A corrected figure stays the latest, because nothing was later. Other series that lost theirs are searched.
    CREATE TEMP TABLE stage_searched ON COMMIT DROP AS
    SELECT DISTINCT indicator_code, territory_code
    FROM stage_lost l LEFT JOIN stage_opened s USING (indicator_code, territory_code, breakdown_code, nature, source_code)
    WHERE s.period IS NULL OR (s.period_end, s.period_start, s.period) < (l.period_end, l.period_start, l.period);
    ANALYZE stage_searched;

    CREATE TEMP TABLE stage_latest ON COMMIT DROP AS
    SELECT o.* FROM (
        SELECT DISTINCT ON (indicator_code, territory_code, breakdown_code, nature, source_code) home, place FROM (
            SELECT * FROM stage_opened
            UNION ALL
            SELECT o.tableoid, o.ctid, indicator_code, territory_code, breakdown_code, nature, source_code, period_end, period_start, period
            FROM stage_searched JOIN observations o USING (indicator_code, territory_code)
            WHERE o.value IS NOT NULL AND o.first_release < number AND (o.last_release IS NULL OR o.last_release >= number)
        ) c
        ORDER BY indicator_code, territory_code, breakdown_code, nature, source_code, period_end DESC, period_start DESC, period DESC
    ) c JOIN observations o ON o.tableoid = c.home AND o.ctid = c.place;
    ANALYZE stage_latest;

    UPDATE latest_observations l SET last_release = number - 1 FROM stage_latest s
    WHERE l.last_release IS NULL AND l.first_release < number
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
    DROP TABLE stage_lost, stage_opened, stage_searched, stage_latest;
    PERFORM set_config('reperes.latest_observations_of', number::text, true);
END $$;

-- Runs at the end of the transaction, when all rows of the release are written, unless the publisher has done so already.
CREATE FUNCTION follow_release() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('reperes.latest_observations_of', true) IS DISTINCT FROM NEW.number::text THEN
        PERFORM follow_latest_observations(NEW.number);
    END IF;
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

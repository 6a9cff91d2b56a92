DROP FUNCTION latest_observations(integer);
DROP VIEW observations;

CREATE VIEW observations AS
SELECT
    s.indicator_code,
    s.territory_code,
    f.period,
    f.period_start,
    f.period_end,
    s.breakdown_code,
    s.nature,
    f.value,
    f.qualifier,
    string_to_array(f.statuses, ',') COLLATE "C" AS statuses,
    f.rounding,
    f.geography_year,
    s.source_code,
    f.source_location,
    f.note,
    f.first_release,
    f.last_release,
    f.period_basis
FROM series s JOIN figures f ON f.series_id = s.id;

CREATE FUNCTION latest_observations(release integer) RETURNS SETOF observations LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, s.breakdown_code, s.nature, f.value,
        f.qualifier, string_to_array(f.statuses, ',') COLLATE "C", f.rounding, f.geography_year, s.source_code, f.source_location,
        f.note, f.first_release, f.last_release, f.period_basis
    FROM series s CROSS JOIN LATERAL (
        SELECT l.* FROM figures l
        WHERE l.series_id = s.id AND l.value IS NOT NULL
            AND l.first_release <= release AND (l.last_release IS NULL OR l.last_release >= release)
        ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1
    ) f
$$;

COMMENT ON FUNCTION latest_observations(integer) IS 'The latest figure with a value of each series at a release.';

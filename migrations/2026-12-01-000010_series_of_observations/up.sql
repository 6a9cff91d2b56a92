-- The number of the series and the statuses as they are stored, in the view of observations and the function of the latest ones. With
-- them a statement finds the other versions of a figure by the primary key of figures, and needs no second join with the series.

CREATE OR REPLACE VIEW observations AS
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
    f.period_basis,
    f.series_id,
    f.statuses AS joined_statuses
FROM series s JOIN figures f ON f.series_id = s.id;

CREATE OR REPLACE FUNCTION latest_observations(release integer) RETURNS SETOF observations LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, s.breakdown_code, s.nature, f.value,
        f.qualifier, string_to_array(f.statuses, ',') COLLATE "C", f.rounding, f.geography_year, s.source_code, f.source_location,
        f.note, f.first_release, f.last_release, f.period_basis, f.series_id, f.statuses
    FROM series s CROSS JOIN LATERAL (
        SELECT l.* FROM figures l
        WHERE l.series_id = s.id AND l.value IS NOT NULL
            AND l.first_release <= release AND (l.last_release IS NULL OR l.last_release >= release)
        ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1
    ) f
$$;

COMMENT ON COLUMN observations.series_id IS 'The number of the series.';
COMMENT ON COLUMN observations.joined_statuses IS 'The statuses as they are stored: joined by commas.';

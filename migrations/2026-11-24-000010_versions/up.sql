-- What asks about versions finds them without reading the figures that never had but one: few are ever corrected.
CREATE INDEX observations_past
    ON observations (indicator_code, territory_code, period, breakdown, nature, source_code) WHERE last_release IS NOT NULL;

-- Which sources the figures of a release name, and which figures a source has.
CREATE INDEX observations_source ON observations (source_code, first_release);

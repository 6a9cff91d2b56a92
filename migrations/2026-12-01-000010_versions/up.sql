-- For requests about versions. The index contains only closed figures, which are few, since most figures have one version.
CREATE INDEX observations_past
    ON observations (indicator_code, territory_code, period, breakdown_code, nature, source_code) WHERE last_release IS NOT NULL;

-- For the sources of the figures of a release, and for the figures of a source.
CREATE INDEX observations_source ON observations (source_code, first_release);

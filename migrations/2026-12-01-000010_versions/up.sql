-- For requests about versions. The index contains only closed figures, which are few, since most figures have one version.
CREATE INDEX observations_past
    ON observations (indicator_code, territory_code, period, breakdown_code, nature, source_code) WHERE last_release IS NOT NULL;

-- For the sources of the figures of a release, and for the figures of a source.
CREATE INDEX observations_source ON observations (source_code, first_release);

-- For the licences of the sources of a release: one look-up for each source, in the tables that may have many rows.
CREATE INDEX territories_source ON territories (source_code, first_release);
CREATE INDEX territory_states_source ON territory_states (source_code, first_release);
CREATE INDEX memberships_source ON memberships (source_code, first_release);
CREATE INDEX contours_source ON contours (source_code, first_release);
CREATE INDEX events_source ON events (source_code, first_release);
CREATE INDEX funding_source ON funding (source_code, first_release);

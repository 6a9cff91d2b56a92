-- For the licences of the sources of a release: one look-up for each source, in the tables that may have many rows.
CREATE INDEX territories_source ON territories (source_code, first_release);
CREATE INDEX territory_states_source ON territory_states (source_code, first_release);
CREATE INDEX memberships_source ON memberships (source_code, first_release);
CREATE INDEX contours_source ON contours (source_code, first_release);
CREATE INDEX events_source ON events (source_code, first_release);
CREATE INDEX funding_source ON funding (source_code, first_release);

DROP INDEX funding_source, events_source, contours_source, memberships_source, territory_states_source, territories_source;

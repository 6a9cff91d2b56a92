DROP FUNCTION containments_on(date, integer), territories_on(date, integer), states_on(date, integer);
DROP TABLE contours, containments, memberships, territory_states, territories;

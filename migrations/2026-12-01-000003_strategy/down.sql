DROP TABLE events, funding, conventions, measures, commitments, actors;

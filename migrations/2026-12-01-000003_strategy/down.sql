DROP TABLE objectives, events, funding, conventions, measures, commitments, actors;

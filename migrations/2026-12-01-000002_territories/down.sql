DROP TABLE contours;
DROP TABLE containments;
DROP TABLE memberships;
DROP TABLE territories;

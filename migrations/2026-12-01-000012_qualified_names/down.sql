-- The qualified names do not change the results of the functions, so there is nothing to revert.
SELECT 1;

-- What the functions are called by has no bearing on what they give: nothing is to be taken back.
SELECT 1;

DROP FUNCTION analyze_table(text);
DROP TABLE publications;
DROP TABLE audit;
DROP TABLE keys;
DROP FUNCTION keep_key();

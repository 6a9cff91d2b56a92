DROP TRIGGER keep_record ON series;
DROP TRIGGER keep_table ON series;
DROP TABLE withdrawals;
DROP FUNCTION record_table(text);
DROP FUNCTION keep_record();

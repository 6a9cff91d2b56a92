DROP TABLE withdrawals;
DROP FUNCTION record_table(text);
DROP FUNCTION keep_record();

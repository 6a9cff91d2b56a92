DROP TABLE withdrawals, sources, releases;
DROP FUNCTION next_release(), wall_clock();
DROP FUNCTION record_table(text), keep_record();
DROP FUNCTION bound_table(text), follow_table(text), order_table(text), write_next(), publish_table(text), keep_history();
DROP FUNCTION search_list(text[]), fold(text);

DROP FUNCTION analyze_table(text);
DROP TABLE publications;
DROP FUNCTION audit_digest(audit, bytea);
DROP TABLE audit;
DROP FUNCTION chain_audit();
DROP TABLE audit_head;
DROP FUNCTION key_digest(keys);
DROP TABLE keys;
DROP FUNCTION keep_key();

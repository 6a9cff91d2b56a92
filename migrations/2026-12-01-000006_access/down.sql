DROP FUNCTION analyze_table(text);
DROP FUNCTION audit_digest(audit, bytea), key_digest(keys);
DROP TABLE publications, audit, audit_head, keys;
DROP FUNCTION chain_audit(), keep_key();

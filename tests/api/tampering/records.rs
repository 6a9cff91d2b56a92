//! Tampering with keys and with the audit.

use super::{Case, act, all_are_found, behind, reperes, sound};
use crate::harness::root_directory;

#[test]
fn keys_that_the_program_did_not_make_or_revoke_are_found() {
    let insert = "INSERT INTO keys (name, hash, scopes, publisher, expires_at) \
                  VALUES ('added', sha256('x'), '{publish:*:*}', 'Essai', now() + interval '1 day')";
    let cases: [Case; 6] = [
        (insert.to_owned(), "keys", "-", Some("added")),
        (behind("keys", "DELETE FROM keys WHERE name = 'kept'"), "keys", "-", Some("kept")),
        (behind("keys", "UPDATE keys SET scopes = '{publish:sources:*}' WHERE name = 'kept'"), "keys", "-", Some("kept")),
        (behind("keys", "UPDATE keys SET hash = sha256('mine') WHERE name = 'kept'"), "keys", "-", Some("kept")),
        (behind("keys", "UPDATE keys SET revoked_at = NULL WHERE name = 'revoked'"), "keys", "-", Some("revoked")),
        ("UPDATE keys SET revoked_at = now() WHERE name = 'kept'".to_owned(), "keys", "-", Some("kept")),
    ];
    all_are_found(&cases);
}

#[test]
fn lines_of_the_audit_that_were_added_changed_or_removed_are_found() {
    let insert = "INSERT INTO audit (id, at, actor, action, outcome, files, detail, digest) \
                  VALUES (7, now(), 'kept', 'publish', 'failed', '[]', '{}', sha256('x'))";
    let cases: [Case; 6] = [
        (behind("audit", insert), "audit", "-", Some("7")),
        (behind("audit", "DELETE FROM audit WHERE id = 3"), "audit", "-", Some("4")),
        (behind("audit", "DELETE FROM audit WHERE id = 6"), "audit", "-", Some("6")),
        (behind("audit", "UPDATE audit SET actor = 'kept' WHERE id = 1"), "audit", "-", Some("1")),
        (behind("audit", "UPDATE audit SET at = at - interval '1 day' WHERE id = 2"), "audit", "-", Some("2")),
        (behind("audit", "UPDATE audit SET detail = detail || '{\"more\": 1}' WHERE id = 5"), "audit", "-", Some("5")),
    ];
    all_are_found(&cases);
}

#[test]
fn an_audit_that_was_chained_anew_is_found_by_an_earlier_report() {
    let url = sound();
    let file = root_directory().join(format!("audit-{}.json", url.rsplit('/').next().expect("a name")));
    std::fs::write(&file, reperes(&url, &["verify", "--json"], 0)).expect("a file can be written");
    let anew = "UPDATE audit SET request_id = 'other' WHERE id = 1; \
        DO $$ DECLARE line audit; previous bytea := sha256(''); BEGIN \
        FOR line IN SELECT * FROM audit ORDER BY id LOOP previous := audit_digest(line, previous); \
        UPDATE audit SET digest = previous WHERE id = line.id; END LOOP; UPDATE audit_head SET digest = previous; END $$";
    act(&url, &behind("audit", anew));
    reperes(&url, &["verify"], 0);
    let said = reperes(&url, &["verify", "--against", file.to_str().expect("a path")], 3);
    assert!(said.contains("audit: - 6: its chained digest is not that of the earlier report"), "{said}");
}

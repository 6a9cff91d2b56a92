//! Owns the checks of the chained digests: of the releases, of the audit, and of the keys that the audit proves; and the newest
//! digest of both chains, to compare with later.
//! Must not know how digests are shown.

use serde::{Deserialize, Serialize};

use super::checks::{Findings, rows};
use crate::db::DbError;
use crate::db::connection::config::Transaction;

/// The ends of both chains. Who keeps them elsewhere can show later that nothing before was changed, even if somebody has computed
/// every digest anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnds {
    /// The number of the newest release; 0 if there is none.
    pub release: i32,
    /// Its chained digest, in hexadecimal.
    pub sha256: String,
    /// The number of the newest line of the audit; 0 if there is none.
    pub audit_line: i64,
    /// Its chained digest, in hexadecimal.
    pub audit_sha256: String,
}

/// The digests of releases that do not follow from what they are of. Parts are computed only for what the chain proves, since a
/// changed list of columns may name none.
const RELEASES: &str = "\
WITH chained AS MATERIALIZED (SELECT d.*, coalesce(d.digest = chained_digest(d.release, d.fields, d.parts, \
  lag(d.digest, 1, sha256('')) OVER (ORDER BY d.release)), false) AS right FROM release_digests d), \
computed AS MATERIALIZED (SELECT c.release, c.parts, release_parts(c.release, c.fields) AS now FROM chained c WHERE c.right) \
SELECT c.release::text, format('what it holds of %s is not what it was made with', k.key) FROM computed c, \
  jsonb_object_keys(c.parts || c.now) AS k(key) WHERE c.parts -> k.key IS DISTINCT FROM c.now -> k.key \
UNION ALL SELECT c.release::text, 'its digest does not follow from its parts and the release before' FROM chained c WHERE NOT c.right \
UNION ALL SELECT r.number::text, 'has no digest' FROM releases r \
  WHERE NOT EXISTS (SELECT FROM release_digests d WHERE d.release = r.number) \
UNION ALL SELECT d.release::text, 'has a digest and no record' FROM release_digests d \
  WHERE NOT EXISTS (SELECT FROM releases r WHERE r.number = d.release) \
UNION ALL SELECT r.number::text, 'is not later than the release before' FROM (SELECT number, published_at, \
  lag(published_at) OVER (ORDER BY number) AS before FROM releases) r WHERE r.published_at <= r.before \
UNION ALL SELECT coalesce(r.number, a.release)::text, format('has %s lines of its publication in the audit, and %s records', \
  coalesce(a.lines, 0), count(r.number)) FROM releases r FULL JOIN (SELECT release, count(*) AS lines FROM audit \
  WHERE action = 'publish' AND outcome = 'published' AND release IS NOT NULL GROUP BY 1) a ON a.release = r.number \
  GROUP BY r.number, a.release, a.lines HAVING coalesce(a.lines, 0) <> 1 OR count(r.number) <> 1";

/// The lines of the audit that do not follow from the line before, and an end that is not the newest line.
const AUDIT: &str = "\
SELECT l.id::text, 'does not follow from the line before: it, or the line before, was added, changed or removed' FROM ( \
  SELECT a.id, a.digest, audit_digest(a, lag(a.digest, 1, sha256('')) OVER chain) AS due, lag(a.id, 1, 0::bigint) OVER chain AS before \
  FROM audit a WINDOW chain AS (ORDER BY a.id)) l WHERE l.digest IS DISTINCT FROM l.due OR l.before <> l.id - 1 \
UNION ALL SELECT coalesce(h.id, 0)::text, 'is recorded as the newest line, and is not' FROM (SELECT 1) AS one \
  LEFT JOIN audit_head h ON true LEFT JOIN (SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1) n ON true \
  WHERE h.id IS DISTINCT FROM coalesce(n.id, 0) OR h.digest IS DISTINCT FROM coalesce(n.digest, sha256(''))";

/// The keys that are not as the audit says they were made and revoked.
const KEYS: &str = "\
WITH made AS (SELECT detail ->> 'key' AS name, min(detail ->> 'sha256') AS sha256, count(*) AS lines FROM audit \
  WHERE action = 'key_create' AND outcome = 'created' GROUP BY 1), \
revoked AS (SELECT DISTINCT detail ->> 'key' AS name FROM audit WHERE action = 'key_revoke' AND outcome = 'revoked') \
SELECT coalesce(k.name, m.name), CASE WHEN m.name IS NULL THEN 'was not made by the program' WHEN k.name IS NULL THEN 'was removed' \
  ELSE 'is not as it was made' END FROM keys k FULL JOIN made m ON m.name = k.name \
  WHERE k.name IS NULL OR m.lines IS DISTINCT FROM 1 OR m.sha256 IS DISTINCT FROM key_digest(k) \
UNION ALL SELECT k.name, CASE WHEN r.name IS NULL THEN 'was not revoked by the program' ELSE 'was revoked, and is not' END \
  FROM keys k LEFT JOIN revoked r ON r.name = k.name WHERE (k.revoked_at IS NULL) <> (r.name IS NULL)";

/// Runs the checks.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn check(transaction: &Transaction<'_>, findings: &mut Findings) -> Result<(), DbError> {
    rows(transaction, "chain", "releases", RELEASES, findings).await?;
    rows(transaction, "audit", "-", AUDIT, findings).await?;
    rows(transaction, "keys", "-", KEYS, findings).await
}

/// The ends of both chains.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn ends(transaction: &Transaction<'_>) -> Result<ChainEnds, DbError> {
    let query = "SELECT coalesce(max(release), 0), (SELECT coalesce(max(id), 0) FROM audit) FROM release_digests";
    let row = transaction.query_one(query, &[]).await?;
    let (release, audit_line) = (row.get(0), row.get(1));
    let (sha256, audit_sha256) = digests(transaction, release, audit_line).await?;
    let [sha256, audit_sha256] = [sha256, audit_sha256].map(Option::unwrap_or_default);
    Ok(ChainEnds { release, sha256, audit_line, audit_sha256 })
}

/// Finds out whether both chains still go through the ends that they had earlier.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn against(transaction: &Transaction<'_>, earlier: &ChainEnds, findings: &mut Findings) -> Result<(), DbError> {
    let (release, line) = digests(transaction, earlier.release, earlier.audit_line).await?;
    if release.unwrap_or_default() != earlier.sha256 {
        let detail = "its chained digest is not that of the earlier report: it, or a release before, was changed".to_owned();
        findings.push("chain", "releases", Some(earlier.release.to_string()), detail);
    }
    if line.unwrap_or_default() != earlier.audit_sha256 {
        let detail = "its chained digest is not that of the earlier report: it, or a line before, was changed".to_owned();
        findings.push("audit", "-", Some(earlier.audit_line.to_string()), detail);
    }
    Ok(())
}

async fn digests(
    transaction: &Transaction<'_>,
    release: i32,
    line: i64,
) -> Result<(Option<String>, Option<String>), DbError> {
    let query = "SELECT (SELECT encode(digest, 'hex') FROM release_digests WHERE release = $1), \
                 (SELECT encode(digest, 'hex') FROM audit WHERE id = $2)";
    let row = transaction.query_one(query, &[&release, &line]).await?;
    Ok((row.get(0), row.get(1)))
}

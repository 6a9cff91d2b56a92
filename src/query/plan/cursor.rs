//! Owns the cursor: where a page starts, at which release, for which request, in one opaque word.
//! Must not know how rows are read. A cursor is no secret: it carries a checksum against accidents and against use
//! with another request, and everything in it is validated again.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes of the digests within a cursor.
const DIGEST: usize = 8;

/// The place of a row in an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The release that the pages read.
    #[serde(rename = "r")]
    pub release: i32,
    /// The row's value for each sort term.
    #[serde(rename = "v")]
    pub values: Vec<Option<String>>,
}

/// Why a cursor is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a cursor, or was altered.
    Unreadable,
    /// It was made for another request.
    OtherRequest,
}

/// Makes the cursor of a position for the request of this identity.
pub fn encode(position: &Position, identity: &str) -> String {
    let body = serde_json::to_vec(position).expect("numbers and texts always serialise");
    let request = digest(&[identity.as_bytes()]);
    let whole = digest(&[&request, &body]);
    BASE64_URL_SAFE_NO_PAD.encode([whole.as_slice(), &request, &body].concat())
}

/// Reads a cursor back.
///
/// # Errors
/// [`Refusal`], when it is none, was altered, or belongs to another request.
pub fn decode(text: &str, identity: &str) -> Result<Position, Refusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Unreadable)?;
    let (whole, rest) = bytes.split_at_checked(DIGEST).ok_or(Refusal::Unreadable)?;
    let (request, body) = rest.split_at_checked(DIGEST).ok_or(Refusal::Unreadable)?;
    if digest(&[request, body]) != whole {
        return Err(Refusal::Unreadable);
    }
    if digest(&[identity.as_bytes()]) != request {
        return Err(Refusal::OtherRequest);
    }
    let position: Position = serde_json::from_slice(body).map_err(|_| Refusal::Unreadable)?;
    if position.release >= 1 { Ok(position) } else { Err(Refusal::Unreadable) }
}

fn digest(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    let mut short = [0; DIGEST];
    short.copy_from_slice(&hasher.finalize()[..DIGEST]);
    short
}

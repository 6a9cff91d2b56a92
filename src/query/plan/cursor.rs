//! Owns the cursor: the start of a page, its release and its request in one opaque word.
//! Must not know how rows are read. A cursor is no secret. Its checksum detects accidents and the use with another
//! request; its content is validated like any other input.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes of each digest in a cursor.
const DIGEST: usize = 8;

/// The position of a row in a sort order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The release that the pages read.
    #[serde(rename = "r")]
    pub release: i32,
    /// The row's value for each sort term.
    #[serde(rename = "v")]
    pub values: Vec<Option<String>>,
}

/// Why a cursor is invalid.
#[derive(Debug, PartialEq, Eq)]
pub enum CursorError {
    /// It is not a cursor, or was altered.
    Invalid,
    /// It belongs to another request.
    OtherRequest,
}

/// Makes the cursor of a position, for the request with this identity.
pub fn encode(position: &Position, identity: &str) -> String {
    let body = serde_json::to_vec(position).expect("numbers and texts always serialise");
    let request = digest(&[identity.as_bytes()]);
    let whole = digest(&[&request, &body]);
    BASE64_URL_SAFE_NO_PAD.encode([whole.as_slice(), &request, &body].concat())
}

/// Reads a cursor of the request with this identity.
///
/// # Errors
/// Returns an error if the text is not a cursor, was altered, or belongs to another request.
pub fn decode(text: &str, identity: &str) -> Result<Position, CursorError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Invalid)?;
    let (whole, rest) = bytes.split_at_checked(DIGEST).ok_or(CursorError::Invalid)?;
    let (request, body) = rest.split_at_checked(DIGEST).ok_or(CursorError::Invalid)?;
    if digest(&[request, body]) != whole {
        return Err(CursorError::Invalid);
    }
    if digest(&[identity.as_bytes()]) != request {
        return Err(CursorError::OtherRequest);
    }
    let position: Position = serde_json::from_slice(body).map_err(|_| CursorError::Invalid)?;
    if position.release >= 1 { Ok(position) } else { Err(CursorError::Invalid) }
}

fn digest(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    let mut short = [0; DIGEST];
    short.copy_from_slice(&hasher.finalize()[..DIGEST]);
    short
}

//! Owns the cursor: the start of a page, its release and its request in one opaque word.
//! Must not know how rows are read. A cursor is no secret. Its checksum detects accidents and the use with another
//! request; its content is validated like any other input.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the form of a cursor, its first byte. A program that changes the form, or the meaning of a position, counts on.
const VERSION: u8 = 1;

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
    /// Another version of the program has made it.
    OtherVersion,
    /// It belongs to another request.
    OtherRequest,
}

/// Makes the cursor of a position, for the request with this identity.
pub fn encode(position: &Position, identity: &str) -> String {
    let body = serde_json::to_vec(position).expect("numbers and texts always serialise");
    let request = digest(&[identity.as_bytes()]);
    let whole = digest(&[&[VERSION], &request, &body]);
    BASE64_URL_SAFE_NO_PAD.encode([&[VERSION], whole.as_slice(), &request, &body].concat())
}

/// Reads a cursor of the request with this identity.
///
/// # Errors
/// Returns an error if the text is not a cursor, was altered, or belongs to another request.
pub fn decode(text: &str, identity: &str) -> Result<Position, CursorError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Invalid)?;
    let (version, signed) = bytes.split_at_checked(1).ok_or(CursorError::Invalid)?;
    let (whole, rest) = signed.split_at_checked(DIGEST).ok_or(CursorError::Invalid)?;
    if digest(&[version, rest]) != whole {
        return Err(CursorError::Invalid);
    }
    // What follows the digest of the whole is only known for this version.
    if version != [VERSION] {
        return Err(CursorError::OtherVersion);
    }
    let (request, body) = rest.split_at_checked(DIGEST).ok_or(CursorError::Invalid)?;
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

#[cfg(test)]
mod tests {
    use super::{BASE64_URL_SAFE_NO_PAD, CursorError, Engine, Position, decode, digest, encode};

    fn position() -> Position {
        Position { release: 7, values: vec![Some("Étang".to_owned()), None, Some(String::new())] }
    }

    #[test]
    fn a_cursor_is_read_back_by_the_request_that_it_was_made_for() {
        let cursor = encode(&position(), "/v1/territories?sort=name");
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
        assert_eq!(decode(&cursor, "/v1/territories?sort=name"), Ok(position()));
        assert_eq!(decode(&cursor, "/v1/territories?sort=-name"), Err(CursorError::OtherRequest));
    }

    #[test]
    fn a_cursor_with_any_character_altered_is_refused() {
        let cursor = encode(&position(), "one");
        for at in 0..cursor.len() {
            let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
            let altered = [&cursor[..at], other, &cursor[at + 1..]].concat();
            assert_eq!(decode(&altered, "one"), Err(CursorError::Invalid), "{altered}");
            assert_eq!(decode(&cursor[..at], "one"), Err(CursorError::Invalid), "{at} characters");
        }
    }

    #[test]
    fn a_cursor_of_another_version_is_told_from_one_that_was_altered() {
        let other = [[super::VERSION + 1].as_slice(), b"whatever a later program needs"].concat();
        let cursor = BASE64_URL_SAFE_NO_PAD.encode([&other[..1], &digest(&[&other[..1], &other[1..]]), &other[1..]].concat());
        assert_eq!(decode(&cursor, "one"), Err(CursorError::OtherVersion));
        let altered = BASE64_URL_SAFE_NO_PAD.encode([&other[..1], &[0; 8], &other[1..]].concat());
        assert_eq!(decode(&altered, "one"), Err(CursorError::Invalid));
    }

    #[test]
    fn a_release_below_one_and_texts_that_are_no_cursors_are_refused() {
        for release in [0, -1, i32::MIN] {
            let cursor = encode(&Position { release, ..position() }, "one");
            assert_eq!(decode(&cursor, "one"), Err(CursorError::Invalid), "{release}");
        }
        for text in ["", "A", "====", "é", "AAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(decode(text, "one"), Err(CursorError::Invalid), "{text}");
        }
    }
}

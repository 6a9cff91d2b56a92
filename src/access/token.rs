//! Owns API tokens: their format, their generation and their hash.
//! Must not know to which key a token belongs.

use sha2::{Digest, Sha256};

/// The prefix of every token. Secret scanners can search for it.
const PREFIX: &str = "reperes_";

/// Random bytes of a token.
const RANDOM: usize = 32;

/// Bytes of its checksum.
const CHECKSUM: usize = 4;

/// A new token: `reperes_`, 64 random hexadecimal digits, 8 of a checksum. It is shown once and never stored.
pub struct Token(String);

impl Token {
    /// Generates a token.
    ///
    /// # Errors
    /// Returns an error if the system has no random bytes.
    pub fn new() -> Result<Self, String> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        let body = hex::encode(random);
        Ok(Self(format!("{PREFIX}{body}{}", checksum(&body))))
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of a token, which the database stores. `None` if the format or the checksum is wrong.
pub fn hash(token: &str) -> Option<[u8; 32]> {
    let rest = token.strip_prefix(PREFIX)?;
    let (body, sum) = rest.split_at_checked(2 * RANDOM)?;
    (sum == checksum(body)).then(|| Sha256::digest(token).into())
}

/// The first bytes of the SHA-256 of the random part, in hexadecimal.
fn checksum(body: &str) -> String {
    hex::encode(&Sha256::digest(body)[..CHECKSUM])
}

//! Owns tokens: how one is made, what it looks like, how it is told from anything else.
//! Must not know whose they are.

use sha2::{Digest, Sha256};

/// What every token starts with, so that whoever searches texts for secrets can find one.
const PREFIX: &str = "reperes_";

/// Random bytes of a token.
const RANDOM: usize = 32;

/// Bytes of its checksum.
const CHECKSUM: usize = 4;

/// A new token: `reperes_`, 64 hexadecimal digits of chance, 8 of a checksum. To be shown once and kept nowhere.
pub struct Token(String);

impl Token {
    /// Makes one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, String> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        let body = hex::encode(random);
        Ok(Self(format!("{PREFIX}{body}{}", checksum(&body))))
    }

    /// The text of it.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 by which a key is known; nothing for a text that cannot be a token.
pub fn hash(token: &str) -> Option<[u8; 32]> {
    let rest = token.strip_prefix(PREFIX)?;
    let (body, sum) = rest.split_at_checked(2 * RANDOM)?;
    (sum == checksum(body)).then(|| Sha256::digest(token).into())
}

/// The first bytes of the SHA-256 of the random part, in hexadecimal.
fn checksum(body: &str) -> String {
    hex::encode(&Sha256::digest(body)[..CHECKSUM])
}

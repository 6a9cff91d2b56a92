//! Owns the repetition of a client's own text in an answer.
//! Must not know what the text is.

/// The longest piece of a client's own text that is repeated in an answer, in characters.
const ECHO_LENGTH: usize = 80;

/// Text of the client, fit to be repeated: short, and without control characters.
pub fn echo(text: &str) -> String {
    let mut short: String = text.chars().take(ECHO_LENGTH).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().count() > ECHO_LENGTH {
        short.push('…');
    }
    short
}

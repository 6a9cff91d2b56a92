//! Owns the repetition of a client's own text in an answer or message.
//! Must not know what is wrong with the text.

/// The longest text of a client that an answer repeats, in characters.
const ECHO_LENGTH: usize = 80;

/// A text of the client in a form that an answer can repeat: short, and without control characters.
pub fn echo(text: &str) -> String {
    let mut short: String = text.chars().take(ECHO_LENGTH).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().count() > ECHO_LENGTH {
        short.push('…');
    }
    short
}

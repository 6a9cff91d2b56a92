//! Owns the repetition of a client's own text in an answer.
//! Must not know what the text is.

/// The longest piece of a client's own text that is repeated in an answer, in characters.
const ECHO_LENGTH: usize = 80;

/// The most lines of an explanation, and the most characters of each.
const EXCERPT: (usize, usize) = (12, 200);

/// An explanation by a library that quotes what the client has sent, cut to a few short lines.
pub fn excerpt(text: &str) -> String {
    let lines: Vec<String> = text.lines().take(EXCERPT.0).map(|line| line.chars().take(EXCERPT.1).collect()).collect();
    lines.join("\n")
}

/// Text of the client, fit to be repeated: short, and without control characters.
pub fn echo(text: &str) -> String {
    let mut short: String = text.chars().take(ECHO_LENGTH).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().count() > ECHO_LENGTH {
        short.push('…');
    }
    short
}

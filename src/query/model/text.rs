//! Owns the characters of published texts. They end up in JSON, XML, spreadsheets and terminals, all of which must be able
//! to hold and show them.
//! Must not know which texts are published.

use super::field::{Field, Kind};
use super::format::Format;
use super::value::VALUE_LENGTH;

/// The most characters of a text, and of each text of a list, unless its field says otherwise: those of a cell of a workbook.
pub const TEXT_LENGTH: usize = 32_767;

/// The most characters of a title or a name.
pub const TITLE_LENGTH: usize = 500;

/// The most characters of a GeoJSON geometry: ten times those of the largest contour of the bundled data.
const GEOMETRY_LENGTH: usize = 1_000_000;

/// The most values of a list.
pub const LIST_LENGTH: usize = 1000;

/// The most characters of a published value of a field, or of each value of its list.
pub fn max_length(field: &Field) -> usize {
    match (field.format, field.kind) {
        (Some(Format::Length(most)), _) => most,
        (_, Kind::Text | Kind::TextList) => TEXT_LENGTH,
        (_, Kind::Json { .. }) => GEOMETRY_LENGTH,
        _ => VALUE_LENGTH,
    }
}

/// The first character of a text that is not published: a control character other than tab and line ends, one that XML 1.0
/// cannot hold, a noncharacter of Unicode, or one that turns the direction of the characters after it, so that a reader sees
/// another text than programs do.
pub fn forbidden_character(text: &str) -> Option<char> {
    text.chars().find(|character| is_forbidden(*character))
}

/// Whether a character is not published.
pub fn is_forbidden(character: char) -> bool {
    let code = u32::from(character);
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}' => true,
        _ => character.is_control() || code & 0xfffe == 0xfffe,
    }
}

/// Whether a text has no visible character.
pub fn is_blank(text: &str) -> bool {
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || invisible(c))
}

/// Checks a published text: its characters, its length in characters, and that it is not blank.
///
/// # Errors
/// Returns the end of a sentence that begins with the text: "is blank".
pub fn check(text: &str, most: usize) -> Result<(), String> {
    if let Some(character) = forbidden_character(text) {
        return Err(match character {
            '\0' => "holds a NUL character".to_owned(),
            other => format!("holds the character U+{:04X}, which texts must not have", u32::from(other)),
        });
    }
    if is_blank(text) {
        return Err("is blank".to_owned());
    }
    // Most texts are short in bytes too.
    let length = if text.len() > most { text.chars().count() } else { 0 };
    if length > most {
        return Err(format!("has {length} characters, and at most {most} are allowed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn texts_hold_visible_characters_that_every_format_can_hold() {
        for text in ["a", "Saint-Étienne\r\n\tCœur", "𝄞 é ‘’", "עברית\u{200f}", "D\u{fffd}partement", "\u{a0}1"] {
            assert_eq!(check(text, 100), Ok(()), "{text:?}");
        }
        for (text, code) in [
            ("a\u{1}", "0001"),
            ("\u{1b}[31m", "001B"),
            ("\u{7f}", "007F"),
            ("a\u{85}b", "0085"),
            ("\u{202e}txt", "202E"),
            ("\u{2066}x", "2066"),
            ("a\u{fffe}", "FFFE"),
            ("a\u{ffff}", "FFFF"),
            ("a\u{1ffff}", "1FFFF"),
            ("\u{fdd0}", "FDD0"),
        ] {
            assert_eq!(check(text, 100), Err(format!("holds the character U+{code}, which texts must not have")), "{text:?}");
        }
        assert_eq!(check("a\0", 100), Err("holds a NUL character".to_owned()));
        for text in ["", " ", "\n\t", "\u{a0}", "\u{200b}\u{feff}"] {
            assert_eq!(check(text, 100), Err("is blank".to_owned()), "{text:?}");
        }
        assert_eq!(check("ééé", 3), Ok(()));
        assert_eq!(check("éééé", 3), Err("has 4 characters, and at most 3 are allowed".to_owned()));
    }
}

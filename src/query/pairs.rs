//! Owns query strings: their decoding into pairs of names and values, and their encoding in links.
//! Decoding is strict: invalid input is an error, never replaced. Must not know what the parameters mean.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The longest query string, in bytes.
pub const QUERY_LENGTH: usize = 16 * 1024;

/// The most parameters of one request.
pub const PARAMETERS: usize = 100;

/// The characters that a link does not escape: the unreserved ones of RFC 3986, and `,`, `/` and `:`, which values have.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',').remove(b'/').remove(b':');

/// Why a query string cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is longer than [`QUERY_LENGTH`].
    TooLong,
    /// It has a bad percent-escape, bytes that are not UTF-8, a control character, or too many parameters.
    Malformed(String),
}

/// Decodes a segment of a path, or a name or value of a query. A `+` is a space only in a query.
///
/// # Errors
/// Returns a sentence about a malformed percent-escape, bytes that are not UTF-8, or a control character.
pub fn decode(text: &str, plus_is_space: bool) -> Result<String, String> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let escape = bytes.get(at + 1..at + 3);
        if *byte == b'%' && !escape.is_some_and(|e| e.iter().all(u8::is_ascii_hexdigit)) {
            return Err("a `%` is not followed by two hexadecimal digits".to_owned());
        }
    }
    let spaced = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| "the decoded bytes are not UTF-8".to_owned())?;
    match decoded.chars().find(|c| c.is_control()) {
        Some('\0') => Err("it holds a NUL character".to_owned()),
        Some(_) => Err("it holds a control character".to_owned()),
        None => Ok(decoded.into_owned()),
    }
}

/// Encodes a value for the query of a link.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// Encodes one value of a list for the query of a link.
pub fn encode_listed(text: &str) -> String {
    encode(&join(&[text.to_owned()]))
}

/// Encodes one segment of a path.
pub fn encode_segment(text: &str) -> String {
    const SEGMENT: &AsciiSet = &KEPT.add(b'/');
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The query string of a link, with its question mark. Empty without pairs.
pub fn query_string<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let pieces: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pieces.is_empty() { String::new() } else { format!("?{}", pieces.join("&")) }
}

/// The pairs of a query string, in order. Empty pieces (`a=1&&b=2`) are ignored.
///
/// # Errors
/// Returns an error if the query is too long (414), or malformed (400).
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Unreadable> {
    if query.len() > QUERY_LENGTH {
        return Err(Unreadable::TooLong);
    }
    let pieces: Vec<&str> = query.split('&').filter(|piece| !piece.is_empty()).collect();
    if pieces.len() > PARAMETERS {
        return Err(Unreadable::Malformed(format!(
            "The query has {} parameters; at most {PARAMETERS} are admitted.",
            pieces.len()
        )));
    }
    let piece = |text: &str| decode(text, true).map_err(|why| Unreadable::Malformed(format!("The query cannot be read: {why}.")));
    pieces
        .into_iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((piece(name)?, piece(value)?))
        })
        .collect()
}

/// The values of a list, separated by commas. In a value, `\,` stands for a comma, and `\\` for a backslash before a
/// comma or a backslash.
pub fn list(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if matches!(characters.peek(), Some(',' | '\\')) => {
                values.last_mut().expect("the list starts with one value").extend(characters.next());
            }
            ',' => values.push(String::new()),
            _ => values.last_mut().expect("the list starts with one value").push(c),
        }
    }
    values
}

/// The inverse of [`list`].
pub fn join(values: &[String]) -> String {
    values.iter().map(|value| value.replace('\\', "\\\\").replace(',', "\\,")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS, QUERY_LENGTH, Unreadable, decode, encode, encode_segment, join, list, pairs, query_string};

    fn read(query: &str) -> Vec<(String, String)> {
        pairs(query).expect("the query can be read")
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pairs_keep_their_order_and_are_decoded() {
        assert_eq!(read(""), []);
        assert_eq!(read("&&"), []);
        assert_eq!(read("b=2&a=1&&a=3&c"), owned(&[("b", "2"), ("a", "1"), ("a", "3"), ("c", "")]));
        assert_eq!(read("q=saint+omer%2B%C3%A9&x=1=2"), owned(&[("q", "saint omer+é"), ("x", "1=2")]));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_and_never_replaced() {
        for (query, why) in [
            ("a=%", "a `%` is not followed by two hexadecimal digits"),
            ("a=%4", "a `%` is not followed by two hexadecimal digits"),
            ("a=%zz", "a `%` is not followed by two hexadecimal digits"),
            ("a=%ff", "the decoded bytes are not UTF-8"),
            ("a=%00", "it holds a NUL character"),
            ("%0a=1", "it holds a control character"),
        ] {
            assert_eq!(pairs(query), Err(Unreadable::Malformed(format!("The query cannot be read: {why}."))), "{query}");
        }
    }

    #[test]
    fn the_length_and_the_number_of_parameters_are_limited() {
        let query = |length: usize| format!("a={}", "x".repeat(length - 2));
        assert_eq!(read(&query(QUERY_LENGTH)).len(), 1);
        assert_eq!(pairs(&query(QUERY_LENGTH + 1)), Err(Unreadable::TooLong));
        assert_eq!(read(&"a=1&".repeat(PARAMETERS)).len(), PARAMETERS);
        let refused = Unreadable::Malformed("The query has 101 parameters; at most 100 are admitted.".to_owned());
        assert_eq!(pairs(&"a=1&".repeat(PARAMETERS + 1)), Err(refused));
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in ["", "Saint-Étienne", "a b+c", "100 %", "a&b=c#d?", "2019-01-01/2019-10-31", "a,b\\c", "🏛"] {
            assert_eq!(decode(&encode(text), true).as_deref(), Ok(text));
            assert_eq!(decode(&encode_segment(text), false).as_deref(), Ok(text));
        }
        assert_eq!(encode("a/b,c d"), "a/b,c%20d");
        assert_eq!(encode_segment("a/b,c d"), "a%2Fb,c%20d");
        assert_eq!(decode("a+b", false).as_deref(), Ok("a+b"));
        assert_eq!(query_string([].into_iter()), "");
        assert_eq!(query_string([("q", "é"), ("limit", "2")].into_iter()), "?q=%C3%A9&limit=2");
    }

    #[test]
    fn a_list_is_split_at_commas_that_are_not_escaped() {
        for (text, values) in [
            ("", &[""][..]),
            ("a", &["a"]),
            ("a,b", &["a", "b"]),
            (",", &["", ""]),
            ("a\\,b,c", &["a,b", "c"]),
            ("a\\\\,b", &["a\\", "b"]),
            ("a\\b", &["a\\b"]),
            ("a\\", &["a\\"]),
        ] {
            assert_eq!(list(text), values, "{text}");
            assert_eq!(list(&join(&list(text))), values, "{text}");
        }
        assert_eq!(join(&["a,b".to_owned(), "c\\d".to_owned()]), "a\\,b,c\\\\d");
    }
}

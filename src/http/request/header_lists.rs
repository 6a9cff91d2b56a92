//! Owns the reading of headers that hold lists: their elements (RFC 9110, section 5.6.1), and elements with a quality
//! (section 12.4.2).
//!
//! Clients send what no grammar knows: `*`, `q=.2`, `q=1.0000`. An element that cannot be read says nothing, and the others
//! decide. Must not know what the elements mean.

use actix_web::http::header::{AsHeaderName, HeaderMap};

/// The quality of an element without one, in thousandths.
pub const FULL: u16 = 1000;

/// Splits a header at a separator outside of quoted strings (RFC 9110, section 5.6.4); `None` if a quoted string does not end.
/// A proxy may quote what the client sent, such as its `Host`, in which a separator separates nothing.
pub fn elements(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let split = |symbol: char| {
        match symbol {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return !quoted && symbol == separator,
        }
        false
    };
    let elements = text.split(split).collect();
    (!quoted).then_some(elements)
}

/// The elements of a header that can be read, in lower case and without parameters, each with its quality in thousandths.
/// Empty if the request does not have the header, or nothing of it can be read.
pub fn weighted(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        // Where a quoted string does not end, no comma is known to be quoted.
        let all = elements(&text, ',').unwrap_or_else(|| text.split(',').collect());
        found.extend(all.into_iter().filter_map(element));
    }
    found
}

/// Reads an element: a word, parameters, a quality; `None` if it has no word, or a quality that is none.
fn element(text: &str) -> Option<(String, u16)> {
    let parts = elements(text, ';').unwrap_or_else(|| text.split(';').collect());
    let (word, parameters) = parts.split_first()?;
    let word = word.trim();
    let readable = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '(' | ')' | '<' | '>' | '@' | '[' | ']' | '{' | '}');
    if word.is_empty() || !word.chars().all(readable) {
        return None;
    }
    let given = parameters.iter().filter_map(|one| one.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let quality = given.map_or(Some(FULL), |(_, text)| quality(text.trim()))?;
    Some((word.to_ascii_lowercase(), quality))
}

/// Reads a quality from 0 to 1 with any number of decimals, also without the zero before the point. What is more than nothing
/// stays more than nothing.
fn quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + decimals.len() == 0 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let value: f64 = format!("0{whole}.{decimals}0").parse().ok()?;
    let thousandths = (value * f64::from(FULL)).round();
    match value {
        0.0 => Some(0),
        _ if value > 1.0 => None,
        // At most `FULL`, so that the number fits.
        _ => Some((thousandths as u16).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, HeaderValue};

    use super::*;

    fn read(values: &[&str]) -> Vec<(String, u16)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        weighted(&headers, ACCEPT)
    }

    #[test]
    fn elements_are_read_with_their_quality_however_it_is_written() {
        for (value, expected) in [
            ("a/b", &[("a/b", 1000)][..]),
            ("*, */*; q=.2", &[("*", 1000), ("*/*", 200)]),
            ("A/B ; Q = 0.5 , c/d;q=1.0000", &[("a/b", 500), ("c/d", 1000)]),
            ("a/b;version=\"1,2;q=0\";q=0.25", &[("a/b", 250)]),
            ("a/b;q=0, c/d;q=0.0000, e/f;q=0.0001", &[("a/b", 0), ("c/d", 0), ("e/f", 1)]),
            ("gzip;q=1., br;q=00.5", &[("gzip", 1000), ("br", 500)]),
        ] {
            let expected: Vec<(String, u16)> = expected.iter().map(|(word, quality)| ((*word).to_owned(), *quality)).collect();
            assert_eq!(read(&[value]), expected, "{value}");
        }
        assert_eq!(read(&["a/b", "c/d;q=0.1"]).len(), 2, "lines of one header are one list");
    }

    #[test]
    fn an_element_that_cannot_be_read_says_nothing() {
        for unreadable in
            ["", " ", ";", ";q=1", "a/b;q=", "a/b;q=x", "a/b;q=2", "a/b;q=-1", "a/b;q=1e0", "é", "a b", "<x>", "a/b;q=."]
        {
            assert_eq!(read(&[unreadable]), [], "{unreadable}");
            assert_eq!(read(&[&format!("{unreadable}, c/d;q=0.5")]), [("c/d".to_owned(), 500)], "{unreadable}");
        }
        assert_eq!(read(&["a/b;x=\"open, c/d"]), [("a/b".to_owned(), 1000), ("c/d".to_owned(), 1000)]);
    }
}

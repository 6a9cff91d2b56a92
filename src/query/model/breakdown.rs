//! Owns the grammar of the codes of breakdowns: the whole, or members of several dimensions.
//! Must not know which breakdowns exist.

/// The code of the whole, which is not broken down (SDMX, Code lists).
pub const WHOLE: &str = "_T";

/// The grammar as a regular expression. It does not say that dimensions are in alphabetical order and stand once.
pub const PATTERN: &str =
    "^(_T|[a-z0-9]+(-[a-z0-9]+)*\\.[a-z0-9]+(-[a-z0-9]+)*(:[a-z0-9]+(-[a-z0-9]+)*\\.[a-z0-9]+(-[a-z0-9]+)*)*)$";

/// The grammar in words, as the end of a sentence about a code.
pub const GRAMMAR: &str = "`_T` for the whole, or pairs `dimension.member` in the alphabetical order of their dimensions, each \
dimension once, joined by `:`, in lower-case letters, digits and hyphens, such as `age.18-24:sexe.f`";

/// Whether a text is a code: `_T`, or pairs `dimension.member` in the alphabetical order of their dimensions.
pub fn is_code(text: &str) -> bool {
    if text == WHOLE {
        return true;
    }
    let mut last = "";
    text.split(':').all(|pair| {
        let Some((dimension, member)) = pair.split_once('.') else { return false };
        let ordered = last < dimension;
        last = dimension;
        ordered && is_slug(dimension) && is_slug(member)
    })
}

/// Whether a text is a slug: words of lower-case letters and digits, joined by hyphens.
pub fn is_slug(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{PATTERN, is_code};

    #[test]
    fn a_code_is_the_whole_or_ordered_pairs() {
        let pattern = Regex::new(PATTERN).expect("the pattern is right");
        for code in ["_T", "sexe.f", "age.18-24", "age.18-24:sexe.f", "a.1:b.2:c-d.3-4", "age.moins-de-30"] {
            assert!(is_code(code) && pattern.is_match(code), "{code}");
        }
        for code in [
            "",
            "_t",
            "_T:sexe.f",
            "femmes",
            "Sexe.f",
            "sexe.F",
            "sexe.é",
            "sexe=f",
            "sexe.",
            ".f",
            "sexe.f:",
            ":sexe.f",
            "sexe.f.g",
            "sexe.-f",
            "sexe.f-",
            "sexe.f--g",
            "sexe.f;age.1",
            "sexe.f age.1",
            "sexe.f\n",
            "a~b",
            "a.1/b.2",
        ] {
            assert!(!is_code(code) && !pattern.is_match(code), "{code:?}");
        }
        for unordered in ["sexe.f:age.18-24", "sexe.f:sexe.h", "age.1:age.1"] {
            assert!(!is_code(unordered), "{unordered}");
        }
    }
}

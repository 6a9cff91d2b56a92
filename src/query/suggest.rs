//! Owns suggestions ("did you mean"): the allowed words that are closest to a given one.
//! Must not know where the words come from.

/// The least Jaro-Winkler similarity, from 0 to 1, of a suggestion.
const MIN_SIMILARITY: f64 = 0.75;

/// The longest text that gets suggestions, in characters. A comparison costs the product of both lengths.
const LONGEST: usize = 100;

/// The most suggestions.
const SUGGESTIONS: usize = 3;

/// The words of `allowed` that are closest to `given`, best first. Empty if no word is similar.
pub fn closest<'a>(given: &str, allowed: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if given.chars().count() > LONGEST {
        return Vec::new();
    }
    let given = given.to_lowercase();
    let mut scored: Vec<(f64, &str)> = allowed
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&given, &word.to_lowercase()), word))
        .filter(|(score, _)| *score >= MIN_SIMILARITY)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(SUGGESTIONS).map(|(_, word)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, closest};

    #[test]
    fn the_words_that_are_alike_are_proposed_the_closest_first() {
        let words = ["population", "period", "name", "populations"];
        assert_eq!(closest("populaton", words), ["population", "populations"]);
        assert_eq!(closest("NAME", words), ["name"]);
        assert_eq!(closest("xyz", words), Vec::<String>::new());
        assert_eq!(closest("", words), Vec::<String>::new());
    }

    #[test]
    fn at_most_three_words_are_proposed_and_none_for_a_long_text() {
        assert_eq!(closest("aaaa", ["aaab", "aaac", "aaad", "aaae"]), ["aaab", "aaac", "aaad"]);
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(closest(&long, [long.as_str()]), Vec::<String>::new());
    }
}

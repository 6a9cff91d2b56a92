//! Owns territories by their names, for tables that have no codes: a name that may mean two is refused, never guessed.
//! Must not know where the territories come from.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Articles before a name, which some tables have and others not.
const ARTICLES: [&str; 4] = ["la ", "le ", "les ", "l "];

/// The territories that there are.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_name: HashMap<(String, String), Vec<String>>,
    by_code: HashMap<String, String>,
}

impl Names {
    /// Adds a territory.
    pub fn add(&mut self, kind: &str, code: &str, name: &str) {
        self.by_name.entry((kind.to_owned(), folded(name))).or_default().push(code.to_owned());
        self.by_code.insert(code.to_owned(), name.to_owned());
    }

    /// The code of the territory of this name, among those of some kinds.
    ///
    /// # Errors
    /// When there is none, or more than one, with their codes.
    pub fn code(&self, name: &str, kinds: &[String]) -> Result<String, String> {
        let wanted = folded(name);
        let mut codes: Vec<&String> =
            kinds.iter().filter_map(|kind| self.by_name.get(&(kind.clone(), wanted.clone()))).flatten().collect();
        codes.sort();
        codes.dedup();
        match codes[..] {
            [code] => Ok(code.clone()),
            [] => Err(format!("is not the name of a territory ({})", kinds.join(", "))),
            [..] => {
                let several: Vec<&str> = codes.iter().take(10).map(|code| code.as_str()).collect();
                Err(format!("is the name of several territories: {}; a code is needed", several.join(", ")))
            }
        }
    }

    /// Checks that a territory bears a name. One that is not known is left to the check of codes.
    ///
    /// # Errors
    /// The name that it bears.
    pub fn agree(&self, code: &str, name: &str) -> Result<(), String> {
        match self.by_code.get(code) {
            Some(own) if folded(own) != folded(name) => Err(format!("is {own}, where the file says `{name}`")),
            _ => Ok(()),
        }
    }
}

/// A name without accents, case, punctuation and article.
fn folded(name: &str) -> String {
    let plain = name.replace(['œ', 'Œ'], "oe").replace(['æ', 'Æ'], "ae");
    let letters = plain.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let words: String = letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let spaced = words.split_whitespace().collect::<Vec<_>>().join(" ");
    ARTICLES.iter().find_map(|article| spaced.strip_prefix(article)).unwrap_or(&spaced).to_owned()
}

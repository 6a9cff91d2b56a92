//! Owns the search of territories by name, for tables without codes. A name that several territories have is a fault.
//! Must not know the source of the territories.

use std::collections::HashMap;

use crate::query::fold::fold;

/// Articles at the start of a name, which some tables leave out.
const ARTICLES: [&str; 4] = ["la ", "le ", "les ", "l "];

/// The territories by name and by code.
#[derive(Clone, Debug, Default)]
pub struct TerritoryNames {
    by_name: HashMap<(String, String), Vec<String>>,
    by_code: HashMap<String, String>,
}

impl TerritoryNames {
    /// Adds a territory.
    pub fn add(&mut self, kind: &str, code: &str, name: &str) {
        self.by_name.entry((kind.to_owned(), folded(name))).or_default().push(code.to_owned());
        self.by_code.insert(code.to_owned(), name.to_owned());
    }

    /// Finds the code of the territory with a name, among those of some kinds.
    ///
    /// # Errors
    /// Returns an error if no territory has the name, or if several do, with their codes.
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

    /// Checks that a territory has a name. An unknown code is left to the check of references.
    ///
    /// # Errors
    /// Returns the name that the territory has.
    pub fn agree(&self, code: &str, name: &str) -> Result<(), String> {
        match self.by_code.get(code) {
            Some(own) if folded(own) != folded(name) => Err(format!("is {own}, where the file says `{name}`")),
            _ => Ok(()),
        }
    }
}

/// Normalizes a name: without accents, case, punctuation and article.
fn folded(name: &str) -> String {
    let words = fold(name).replace(|c: char| !c.is_alphanumeric(), " ");
    let spaced = words.split_whitespace().collect::<Vec<_>>().join(" ");
    ARTICLES.iter().find_map(|article| spaced.strip_prefix(article)).unwrap_or(&spaced).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{TerritoryNames, folded};

    fn names() -> TerritoryNames {
        let mut names = TerritoryNames::default();
        for (kind, code, name) in [
            ("commune", "COM-1", "La Chapelle-d'Armentières"),
            ("commune", "COM-2", "Saint-Éloi"),
            ("commune", "COM-3", "Saint Eloi"),
            ("departement", "DEP-59", "Nord"),
            ("commune", "COM-4", "Nord"),
        ] {
            names.add(kind, code, name);
        }
        names
    }

    #[test]
    fn names_are_compared_without_accents_case_punctuation_and_article() {
        for (name, expected) in [
            ("Cœur-lès-Bois", "coeur les bois"),
            ("L'Étang", "etang"),
            ("  LA   Chapelle ", "chapelle"),
            ("Lambersart", "lambersart"),
            ("E\u{301}tang", "etang"),
        ] {
            assert_eq!(folded(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_has_one_code_among_the_territories_of_some_kinds() {
        let (names, communes, departements) = (names(), ["commune".to_owned()], ["departement".to_owned()]);
        assert_eq!(names.code("CHAPELLE D ARMENTIERES", &communes).as_deref(), Ok("COM-1"));
        assert_eq!(names.code("nord", &departements).as_deref(), Ok("DEP-59"));
        assert_eq!(names.code("Sud", &departements), Err("is not the name of a territory (departement)".to_owned()));
        let several = "is the name of several territories: COM-2, COM-3; a code is needed";
        assert_eq!(names.code("saint-eloi", &communes), Err(several.to_owned()));
        let both = [communes, departements].concat();
        assert_eq!(
            names.code("Nord", &both),
            Err("is the name of several territories: COM-4, DEP-59; a code is needed".to_owned())
        );
    }

    #[test]
    fn a_code_must_have_the_name_that_stands_beside_it() {
        let names = names();
        assert_eq!(names.agree("DEP-59", "NORD"), Ok(()));
        assert_eq!(names.agree("DEP-0", "Nord"), Ok(()));
        assert_eq!(names.agree("DEP-59", "Pas-de-Calais"), Err("is Nord, where the file says `Pas-de-Calais`".to_owned()));
    }
}

//! Owns the list of reasons of single errors: slug, English description, and French explanation for the page.
//! Must not know what raises them.

use serde::{Deserialize, Serialize};

/// Generates the enumeration and its table from one list, so that neither misses an entry.
macro_rules! reasons {
    ($($variant:ident, $slug:literal, $description:literal, $meaning:literal;)+) => {
        /// Why one thing of a request or a file is refused. The list may grow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason { $(#[doc = $description] #[serde(rename = $slug)] $variant),+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),+];

            /// Its word in an answer.
            pub fn slug(self) -> &'static str { match self { $(Reason::$variant => $slug),+ } }

            /// What it means, in English, for the OpenAPI document.
            pub fn description(self) -> &'static str { match self { $(Reason::$variant => $description),+ } }

            /// What it means, in French, for the page of problems.
            pub fn meaning(self) -> &'static str { match self { $(Reason::$variant => $meaning),+ } }
        }
    };
}

reasons! {
    UnknownParameter, "unknown_parameter", "The address has no such parameter.",
        "L’adresse n’a pas de paramètre de ce nom.";
    UnknownField, "unknown_field", "No field that fits here has this name.",
        "Aucun champ admis ici ne porte ce nom.";
    UnknownValue, "unknown_value", "The value is none of the words that are allowed.",
        "La valeur n’est pas l’un des mots admis.";
    UnknownCode, "unknown_code", "No row has this code; as a filter: no release has ever had it.",
        "Aucune ligne ne porte ce code ; dans un filtre : aucune publication ne l’a jamais eu.";
    UnknownRelease, "unknown_release", "The release does not exist.",
        "La publication demandée n’existe pas.";
    UnknownPart, "unknown_part", "A publication has no such part.",
        "Une publication n’a pas de partie de ce nom.";
    Missing, "missing", "Something that is needed is not given.",
        "Il manque une valeur, une colonne ou une partie nécessaire.";
    Repeated, "repeated", "Something is given twice that may be given once.",
        "Ce qui ne se donne qu’une fois est donné deux fois.";
    BadSyntax, "bad_syntax", "The value cannot be read as what it must be.",
        "La valeur n’a pas la forme attendue : un nombre, un jour, une période, un code.";
    OutOfRange, "out_of_range", "The value lies outside what is allowed or known.",
        "La valeur sort des bornes admises ou de ce qui est connu.";
    TooLong, "too_long", "The value is too long.",
        "La valeur est trop longue.";
    TooMany, "too_many", "A list has too many values.",
        "La liste a trop de valeurs.";
    TooManyRows, "too_many_rows", "More rows are selected than this form of answer holds.",
        "La requête sélectionne plus de lignes que cette forme de réponse n’en tient.";
    NotTogether, "not_together", "Two parameters or values exclude each other.",
        "Deux paramètres ou valeurs s’excluent.";
    RequiresOther, "requires_other", "The parameter has a meaning only beside another one.",
        "Le paramètre n’a de sens qu’à côté d’un autre.";
    NotApplicable, "not_applicable", "What is asked for does not exist for this data.",
        "Ce qui est demandé n’existe pas pour ces données.";
    NotAdditive, "not_additive", "The values cannot be put together.",
        "Ces valeurs ne s’additionnent pas.";
    BadCursor, "bad_cursor", "The value is not a cursor of this service.",
        "La valeur n’est pas un curseur de ce service.";
    ExpiredCursor, "expired_cursor", "The cursor is of another version of the program; begin again at the first page.",
        "Le curseur vient d’une autre version du programme : recommencez à la première page.";
    OtherCursor, "other_cursor", "The cursor belongs to another request.",
        "Le curseur appartient à une autre requête.";
    Unreadable, "unreadable", "The file, the line or the cell cannot be read.",
        "Le fichier, la ligne ou la cellule ne peut pas être lu.";
    BadManifest, "bad_manifest", "The manifest is incomplete or contradicts itself.",
        "Le manifeste est incomplet ou se contredit.";
    ReaderLimit, "reader_limit", "The files ask for more memory, time or rows than a publication may use.",
        "Les fichiers demandent plus de mémoire, de temps ou de lignes qu’une publication ne peut en utiliser.";
    NotAsDeclared, "not_as_declared", "The file is not what its manifest says: digest, rows, totals or scope.",
        "Le fichier n’est pas ce que dit son manifeste : empreinte, nombre de lignes, totaux ou périmètre.";
    NotSent, "not_sent", "The manifest names a file that was not sent.",
        "Le manifeste nomme un fichier qui n’a pas été envoyé.";
    NotNamed, "not_named", "The file was sent, but the manifest does not name it.",
        "Le fichier a été envoyé, mais le manifeste ne le nomme pas.";
    RecipeMismatch, "recipe_mismatch", "The table is not of the form that its recipe reads.",
        "Le tableau n’a pas la forme que lit sa recette.";
    WrongType, "wrong_type", "The cell has another type than the field: a number where a text is needed.",
        "La cellule n’est pas du type du champ : un nombre là où il faut un texte.";
    WrongWidth, "wrong_width", "The line has more or fewer cells than the header.",
        "La ligne n’a pas autant de cellules que l’en-tête.";
    DuplicateKey, "duplicate_key", "Two rows have the same key.",
        "Deux lignes ont la même clé.";
    UnitMismatch, "unit_mismatch", "The figure is not in the unit of its indicator.",
        "Le chiffre n’est pas dans l’unité de son indicateur.";
    NeverChanges, "never_changes", "The value never changes, because published rows rely on it; publish a new row instead.",
        "La valeur ne change plus, car des lignes publiées en dépendent : publiez une autre ligne.";
    StillReferenced, "still_referenced", "The row cannot be withdrawn: another row names it.",
        "La ligne ne peut pas être retirée : une autre la nomme.";
    BrokenRule, "broken_rule", "A row breaks another rule of the data model.",
        "Une ligne enfreint une autre règle du modèle de données.";
    LargeChange, "large_change", "A warning: the figure changes by more than the manifest expects.",
        "Avertissement : le chiffre change plus que le manifeste ne le prévoit.";
    TooPrecise, "too_precise", "A warning: the figure has more decimals than its indicator.",
        "Avertissement : le chiffre a plus de décimales que son indicateur.";
    LostCharacters, "lost_characters", "A warning: characters were destroyed before the file was sent.",
        "Avertissement : des caractères ont été détruits avant l’envoi du fichier.";
}

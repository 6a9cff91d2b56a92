//! Owns SCDL « subventions » 2.1.1 (schema.data.gouv.fr): the file of grants that French law requires.
//! Must not know where amounts and parties come from.

use std::io::{self, Write};

use super::csv::Line;
use super::{About, RowWriter};
use crate::query::RowView;
use crate::query::model::aggregate::QUALIFIER;

/// The official columns, in the official order.
const HEADER: [&str; 16] = [
    "nomAttribuant",
    "idAttribuant",
    "dateConvention",
    "referenceDecision",
    "nomBeneficiaire",
    "idBeneficiaire",
    "rnaBeneficiaire",
    "objet",
    "montant",
    "nature",
    "conditionsVersement",
    "datesPeriodeVersement",
    "idRAE",
    "notificationUE",
    "pourcentageSubvention",
    "dispositifAide",
];

/// The lists of `aid_natures`, each with its words in `nature`. Both name the larger part first.
const NATURES: [(&str, &str); 4] = [
    (r#"["money"]"#, "aide en numéraire"),
    (r#"["in_kind"]"#, "aide en nature"),
    (r#"["money","in_kind"]"#, "aide en numéraire;aide en nature"),
    (r#"["in_kind","money"]"#, "aide en nature;aide en numéraire"),
];

/// The longest `objet` and `conditionsVersement`, in characters.
const TEXT_LENGTH: usize = 256;

/// The longest `idRAE`, in characters.
const RAE_LENGTH: usize = 5;

/// The columns of the rows, in the order of the official ones. `period_start` and `period_end` make one official column.
/// The last official column, an aid scheme of a catalogue, stays empty.
const COLUMNS: [&str; 16] = [
    "payer_label",
    "payer_siret",
    "decided_on",
    "decision_reference",
    "beneficiary_label",
    "beneficiary_siret",
    "beneficiary_rna",
    "title",
    "amount_eur",
    "aid_natures",
    "payment_terms",
    "period_start",
    "period_end",
    "rae_code",
    "eu_notified",
    "beneficiary_share",
];

/// Writes grants as SCDL. Rows that the schema does not allow are left out, and rows whose amount is hedged: the schema has no place for
/// the words « plus de ».
pub struct ScdlWriter {
    positions: [usize; COLUMNS.len()],
    qualifier: usize,
    line: Line,
    scratch: Vec<u8>,
}

impl ScdlWriter {
    /// A writer of rows with these columns.
    ///
    /// # Errors
    /// Returns an error of the kind `InvalidInput` if a column is missing.
    pub fn new(about: &About) -> io::Result<Self> {
        let mut positions = [0; COLUMNS.len()];
        for (position, name) in positions.iter_mut().zip(COLUMNS) {
            *position = about.required(name)?;
        }
        let qualifier = about.required(QUALIFIER)?;
        Ok(Self { positions, qualifier, line: Line::new(b','), scratch: Vec::new() })
    }

    fn joined(&mut self, parts: [&str; 3]) {
        self.scratch.clear();
        parts.iter().for_each(|part| self.scratch.extend_from_slice(part.as_bytes()));
        self.line.cell(&self.scratch);
    }
}

impl RowWriter for ScdlWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        HEADER.iter().for_each(|name| self.line.cell(name.as_bytes()));
        self.line.end(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        let cells = self.positions.map(|at| row.cell(at).unwrap_or_default());
        let [.., title, amount, natures, terms, start, end, rae, notified, share] = cells;
        let nature = NATURES.iter().find(|(list, _)| *list == natures).map(|(_, words)| *words);
        let is_exact = row.cell(self.qualifier).is_none_or(|words| words == "exact");
        let (Some(nature), true) = (nature, is_exact && is_complete(&cells)) else { return Ok(()) };
        cells[..7].iter().for_each(|text| self.line.cell(text.as_bytes()));
        let (title, ending) = cut(title);
        self.joined([title, ending, ""]);
        [amount, nature, terms].iter().for_each(|text| self.line.cell(text.as_bytes()));
        let (separator, end) = if start == end { ("", "") } else { ("/", end) };
        self.joined([start, separator, end]);
        let notified = if notified == "true" { "oui" } else { "non" };
        [rae, notified, share, ""].iter().for_each(|text| self.line.cell(text.as_bytes()));
        self.line.end(out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Whether these cells, apart from `aid_natures`, are valid for the schema.
fn is_complete(cells: &[&str; COLUMNS.len()]) -> bool {
    let [payer, payer_siret, decided_on, _, beneficiary, siret, rna, title, amount, _, terms, start, end, rae, notified, share] =
        *cells;
    [payer, decided_on, beneficiary, title, amount, terms, start, end].iter().all(|text| !text.is_empty())
        && is_siret(payer_siret)
        && !(siret.is_empty() && rna.is_empty())
        && (siret.is_empty() || is_siret(siret))
        && (rna.is_empty() || is_rna(rna))
        && terms.chars().count() <= TEXT_LENGTH
        && rae.chars().count() <= RAE_LENGTH
        && matches!(notified, "true" | "false")
        && share.parse::<f64>().is_ok_and(|share| (0.01..=1.0).contains(&share))
}

fn is_siret(text: &str) -> bool {
    is_digits(text, 14)
}

fn is_rna(text: &str) -> bool {
    text.strip_prefix('W').is_some_and(|digits| is_digits(digits, 9))
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text cut to the length that the schema allows, after a word if possible, and an ellipsis if it was cut.
fn cut(text: &str) -> (&str, &'static str) {
    if text.chars().count() <= TEXT_LENGTH {
        return (text, "");
    }
    // One character less, for the ellipsis. The next character decides whether a word ends there.
    let end = |characters: usize| text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    let (room, beyond) = (&text[..end(TEXT_LENGTH - 1)], &text[..end(TEXT_LENGTH)]);
    let word = beyond.rfind(char::is_whitespace).map(|at| beyond[..at].trim_end()).filter(|word| !word.is_empty());
    (word.unwrap_or(room), "…")
}

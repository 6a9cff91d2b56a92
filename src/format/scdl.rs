//! Owns SCDL « subventions » 2.1.1 (schema.data.gouv.fr, after the arrêté of 17 November 2017): one line a beneficiary.
//! A flow that lacks what the schema requires cannot be said in it, and is left out. Must not know HTTP or SQL.

use std::io::{self, Write};

use super::csv::{CsvWriter, Dialect};
use super::{About, RowWriter};
use crate::query::{Column, Kind, Row};

/// The columns of the schema, each with the column that it is made from and whether it must have a value.
const COLUMNS: [(&str, &str, bool); 16] = [
    ("nomAttribuant", "payer_label", true),
    ("idAttribuant", "payer_siret", true),
    ("dateConvention", "decided_on", true),
    ("referenceDecision", "decision_reference", false),
    ("nomBeneficiaire", "beneficiary_label", true),
    ("idBeneficiaire", "beneficiary_siret", false),
    ("rnaBeneficiaire", "beneficiary_rna", false),
    ("objet", "title", true),
    ("montant", "amount_eur", true),
    ("nature", "aid_nature", true),
    ("conditionsVersement", "payment_terms", true),
    ("datesPeriodeVersement", "period_start", true),
    ("idRAE", "rae_code", false),
    ("notificationUE", "eu_notified", true),
    ("pourcentageSubvention", "beneficiary_share", true),
    ("dispositifAide", "measure_code", false),
];

/// The longest text of what a subsidy is for.
const OBJECT_LENGTH: usize = 256;

/// Writes SCDL.
pub struct ScdlWriter {
    inner: CsvWriter,
    positions: [usize; COLUMNS.len()],
    last_day: usize,
}

impl ScdlWriter {
    /// A writer of flows of money.
    ///
    /// # Errors
    /// When a column is missing.
    pub fn new(about: &About) -> io::Result<Self> {
        let mut positions = [0; COLUMNS.len()];
        for (at, (_, name, _)) in COLUMNS.iter().enumerate() {
            positions[at] = about.position(name)?;
        }
        let names = COLUMNS.iter().map(|(name, _, _)| Column::computed(*name, Kind::Code, false));
        let own = About { columns: names.collect(), ..about.clone() };
        Ok(Self { inner: CsvWriter::new(&own, Dialect::default()), positions, last_day: about.position("period_end")? })
    }

    /// Whether the row says all that the schema requires: also who receives, by SIRET or by the register of associations.
    fn is_complete(&self, row: &Row) -> bool {
        let required = COLUMNS.iter().zip(self.positions).filter(|((_, _, required), _)| *required);
        let mut named = COLUMNS
            .iter()
            .zip(self.positions)
            .filter(|((name, ..), _)| name.ends_with("Beneficiaire") && !name.starts_with("nom"));
        required.into_iter().all(|(_, at)| row.cell(at).is_some()) && named.any(|(_, at)| row.cell(at).is_some())
    }
}

/// Cuts a text at a word, so that it has at most so many characters.
fn cut(text: &str) -> String {
    if text.chars().count() <= OBJECT_LENGTH {
        return text.to_owned();
    }
    let kept: String = text.chars().take(OBJECT_LENGTH - 1).collect();
    let whole = kept.rfind(' ').map_or(kept.as_str(), |space| &kept[..space]);
    format!("{whole}…")
}

impl RowWriter for ScdlWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.begin(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        if !self.is_complete(row) {
            return Ok(());
        }
        let mut line = Row::with_capacity(COLUMNS.len());
        for ((name, ..), at) in COLUMNS.iter().zip(self.positions) {
            let cell = row.cell(at);
            match *name {
                "objet" => line.push(cell.map(cut).as_deref()),
                "notificationUE" => line.push(cell.map(|answer| if answer == "yes" { "oui" } else { "non" })),
                "datesPeriodeVersement" => {
                    let dates = match (cell, row.cell(self.last_day)) {
                        (Some(first), Some(last)) if first != last => Some(format!("{first}/{last}")),
                        (first, _) => first.map(str::to_owned),
                    };
                    line.push(dates.as_deref());
                }
                _ => line.push(cell),
            }
        }
        self.inner.row(out, &line)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.end(out)
    }
}

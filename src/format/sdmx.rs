//! Owns SDMX-CSV 2.0 (SDMX Technical Working Group, data message): observations with the standard's own columns.
//! Must not know HTTP or SQL.

use std::io::{self, Write};

use super::csv::{CsvWriter, Dialect};
use super::{About, RowWriter, list};
use crate::query::{Column, Kind, Row, period};

/// The columns of the standard, with the column of observations that each is made from.
const COLUMNS: [(&str, &str); 14] = [
    ("INDICATOR", "indicator_code"),
    ("REF_AREA", "territory_code"),
    ("TIME_PERIOD", "period"),
    ("BREAKDOWN", "breakdown"),
    ("NATURE", "nature"),
    ("SOURCE", "source_code"),
    ("OBS_VALUE", "value"),
    ("OBS_STATUS[]", "statuses"),
    ("UNIT_MEASURE", "unit"),
    ("QUALIFIER", "qualifier"),
    ("ROUNDING", "rounding"),
    ("GEOGRAPHY_YEAR", "geography_year"),
    ("SOURCE_LOCATION", "source_location"),
    ("COMMENT_OBS", "note"),
];

/// What stands before them: the structure that the message follows, and what a reader is to do with its rows.
const HEAD: [(&str, &str); 3] = [("STRUCTURE[;]", "dataflow"), ("STRUCTURE_ID", "REPERES:OBSERVATIONS(1.0)"), ("ACTION", "R")];

/// Separates the values of an attribute with several, as the header of the first column says.
const SEPARATOR: &str = ";";

/// What stands for a number that is missing on purpose.
const MISSING: &str = "NaN";

/// Writes SDMX-CSV.
pub struct SdmxWriter {
    inner: CsvWriter,
    positions: [usize; COLUMNS.len()],
}

impl SdmxWriter {
    /// A writer of observations.
    ///
    /// # Errors
    /// When a column is missing.
    pub fn new(about: &About) -> io::Result<Self> {
        let mut positions = [0; COLUMNS.len()];
        for (at, (_, name)) in COLUMNS.iter().enumerate() {
            positions[at] = about.position(name)?;
        }
        let names = HEAD.iter().chain(&COLUMNS).map(|(name, _)| Column::computed(*name, Kind::Code, false));
        let own = About { columns: names.collect(), ..about.clone() };
        Ok(Self { inner: CsvWriter::new(&own, Dialect::default()), positions })
    }
}

/// A period as SDMX has it: an interval is a first day and a duration.
fn time_period(text: &str) -> String {
    match (text.contains('/'), period::parse(text)) {
        (true, Some(period)) => format!("{}/P{}D", period.start, (period.end - period.start).num_days() + 1),
        _ => text.to_owned(),
    }
}

impl RowWriter for SdmxWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.begin(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        let mut message = Row::with_capacity(HEAD.len() + COLUMNS.len());
        HEAD.iter().for_each(|(_, value)| message.push(Some(value)));
        for ((name, _), at) in COLUMNS.iter().zip(self.positions) {
            let cell = row.cell(at);
            match *name {
                "TIME_PERIOD" => message.push(cell.map(time_period).as_deref()),
                "OBS_STATUS[]" => message.push(cell.map(|text| list::values(text).join(SEPARATOR)).as_deref()),
                "OBS_VALUE" => message.push(cell.or(Some(MISSING))),
                _ => message.push(cell),
            }
        }
        self.inner.row(out, &message)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.end(out)
    }
}

//! Owns the carrying out of a recipe: the records of a table become rows of a dataset.
//! Must not know how the file is written, nor what becomes of the rows.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sha2::{Digest, Sha256};

use super::header::tidy;
use super::number::{self, Figure};
use super::piece::{Row, Taken, Way, Wrong, plain};
use super::plan::Ready;
use super::{Companion, Explanation, Names, Recipe, Table};
use crate::publish::errors::FileFault;
use crate::publish::input::readers::{Broken, Form, Record, Sink};
use crate::publish::rows::copy_writer::{Origin, Output, column_name};
use crate::query::model::period;
use crate::query::{Field, Kind};

/// The status of a figure of which nothing else is said.
const NORMAL: &str = "A";

/// What a reader needs beside its table.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// Its second file.
    pub companion: Option<&'a Companion>,
    /// Territories by their names.
    pub names: &'a Names,
}

/// Reads the records of one table.
pub struct Reader<'a> {
    means: Means<'a>,
    table: &'a Table,
    origin: (usize, &'a Origin),
    output: &'a mut Output,
    explanation: Option<&'a mut Explanation>,
    header: Vec<Record>,
    ready: Option<Ready<'a>>,
    pending: Option<Record>,
    /// The digests of the rows that were written, where the same row counts once: far smaller than the rows.
    seen: HashSet<[u8; 32]>,
}

impl<'a> Reader<'a> {
    /// A reader whose rows go to `output`.
    pub fn new(
        means: Means<'a>,
        table: &'a Table,
        origin: (usize, &'a Origin),
        output: &'a mut Output,
        explanation: Option<&'a mut Explanation>,
    ) -> Self {
        let (header, seen) = (Vec::new(), HashSet::new());
        Self { means, table, origin, output, explanation, header, ready: None, pending: None, seen }
    }

    /// Ends the reading: what is wrong with the table as a whole.
    pub fn finish(mut self) {
        if self.ready.is_none() && self.output.faults.is_empty() {
            self.whole(None, "the table has no rows below its header");
        }
        if let Some(pending) = self.pending.take() {
            self.whole(Some(pending.line), "the row is not followed by one of statuses");
        }
    }

    fn whole(&mut self, line: Option<u64>, detail: impl Into<String>) {
        self.output.faults.push(self.origin.1.whole(line, detail));
    }

    /// Takes a row below the header.
    fn row(&mut self, record: &Record, ready: &Ready<'a>) {
        let Some(status_row) = &ready.status_row else { return self.count(record, None, ready) };
        match self.pending.take() {
            None => self.pending = Some(record.clone()),
            Some(values) if status_row.holds(record, None) => self.count(&values, Some(record), ready),
            Some(values) => {
                self.whole(Some(values.line), "the row is not followed by one of statuses");
                self.pending = Some(record.clone());
            }
        }
    }

    /// Takes a row, with that of its statuses, if it counts.
    fn count(&mut self, record: &Record, flags: Option<&Record>, ready: &Ready<'a>) {
        let joined = match (&ready.key, self.means.companion) {
            (Some((piece, column)), Some(companion)) => {
                let text = record.text(*column);
                match plain(piece, text).map(|key| companion.row(&key)) {
                    Ok(Some(row)) => Some(row),
                    Ok(None) => return self.wrong(record, "key", Some(*column), text, "has no row in the second file"),
                    Err(why) => return self.wrong(record, "key", Some(*column), text, why),
                }
            }
            _ => None,
        };
        if !ready.only.iter().all(|test| test.holds(record, joined)) || ready.skip.iter().any(|test| test.holds(record, joined)) {
            return;
        }
        self.output.warn_of_destroyed(self.origin.1, record);
        let (sheet, file) = (self.origin.1.sheet.as_deref().unwrap_or_default(), self.origin.1.file.as_str());
        let row = |cell| Row { record, joined, cell, header: &ready.header, sheet, file };
        match &ready.cells {
            None => self.cell(&row(None), flags, ready),
            Some(cells) => cells.iter().for_each(|cell| self.cell(&row(Some(*cell)), flags, ready)),
        }
    }

    fn wrong(&mut self, record: &Record, field: &str, column: Option<usize>, raw: &str, detail: impl Into<String>) {
        let fault = self.origin.1.fault(record.line, column_name(field, column), raw, detail);
        self.output.faults.push(fault);
    }

    /// Takes one row of the dataset.
    fn cell(&mut self, row: &Row<'_>, flags: Option<&Record>, ready: &Ready<'a>) {
        let mut statuses = match self.flag(row, flags) {
            Ok(Some(statuses)) => statuses,
            Ok(None) => return,
            Err(wrong) => return self.wrong(row.record, "statuses", wrong.column, &wrong.raw, wrong.detail),
        };
        let (mut taken, mut wrongs) = (Vec::with_capacity(ready.fields.len()), Vec::new());
        for (field, ways) in &ready.fields {
            match self.take(field, ways, row) {
                Ok(Some(mut one)) => {
                    statuses.append(&mut one.statuses);
                    taken.push(one);
                }
                Ok(None) => return,
                Err(wrong) => {
                    wrongs.push((field.name, wrong));
                    taken.push(Taken::default());
                }
            }
        }
        if wrongs.is_empty() {
            return self.write(row, &taken, statuses, ready);
        }
        // What else is wrong with the row is told too, though the row is not written.
        for ((field, _), one) in ready.fields.iter().zip(&taken).filter(|(_, one)| !one.text.is_empty()) {
            if let Err(why) = self.output.check(field, Some(&one.text)) {
                self.wrong(row.record, field.name, one.column, &one.raw, why);
            }
        }
        wrongs.into_iter().for_each(|(name, wrong)| self.wrong(row.record, name, wrong.column, &wrong.raw, wrong.detail));
    }

    /// The statuses that the row below says, of which there are none where there is no such row; nothing when the cell
    /// gives no row.
    fn flag(&self, row: &Row<'_>, flags: Option<&Record>) -> Result<Option<Vec<String>>, Wrong> {
        let (Some(flags), Some(rule)) = (flags, &self.table.status_row) else { return Ok(Some(Vec::new())) };
        let raw = tidy(flags.text(row.cell.unwrap_or_default()));
        match rule.map.get(&raw).map(String::as_str) {
            Some("skip") if row.cell.is_none_or(|cell| tidy(row.record.text(cell)).is_empty()) => Ok(None),
            Some("skip") => {
                let detail = "has no status where the figure above it needs one".to_owned();
                Err(Wrong { detail, column: row.cell, raw })
            }
            Some(status) => Ok(Some(vec![status.to_owned()])),
            None => Err(Wrong { detail: "is not one of the statuses that the recipe knows".to_owned(), column: row.cell, raw }),
        }
    }

    /// The value of a field; nothing when there is no row.
    fn take(&self, field: &'static Field, ways: &[Way<'a>], row: &Row<'_>) -> Result<Option<Taken>, Wrong> {
        let Some(way) = ways.iter().find(|way| way.is_for(row)) else {
            let (raw, column) = ways.first().map_or((String::new(), None), |way| (way.raw(row).0, way.raw(row).1));
            return match ways.is_empty() {
                true => Ok(Some(Taken::default())),
                false => Err(Wrong { raw, column, detail: "is of no form that the recipe knows".to_owned() }),
            };
        };
        let mut taken = way.take(row, self.means.names)?;
        if !matches!(field.kind, Kind::Decimal | Kind::Integer { .. }) || way.piece.constant.is_some() {
            return Ok(Some(taken));
        }
        let plain = way.raw(row).2 == Form::Number;
        let written = super::model::Numbers::default();
        let numbers = if plain { &written } else { &self.means.recipe.numbers };
        let marks: &[_] = if field.name == "value" { &self.means.recipe.marks } else { &[] };
        if taken.text.is_empty() && marks.is_empty() {
            return Ok(Some(taken));
        }
        match number::read(&taken.text, numbers, marks, way.piece.scale, way.piece.decimals) {
            Ok(Figure::Skip) => Ok(None),
            Ok(Figure::Value(text, statuses)) => {
                taken.text = text.unwrap_or_default();
                taken.statuses.extend(statuses);
                Ok(Some(taken))
            }
            Err(detail) => Err(Wrong { raw: taken.raw, column: taken.column, detail }),
        }
    }

    /// Writes one row of the dataset.
    fn write(&mut self, row: &Row<'_>, taken: &[Taken], mut statuses: Vec<String>, ready: &Ready<'a>) {
        statuses.sort();
        statuses.dedup();
        let statuses = if statuses.is_empty() { NORMAL.to_owned() } else { statuses.join("|") };
        let position = |name: &str| ready.fields.iter().position(|(field, _)| field.name == name);
        let given = |name: &str| position(name).map(|at| &taken[at]).filter(|one| !one.text.is_empty());
        if self.table.distinct {
            let whole: Vec<&str> = taken.iter().map(|one| one.text.as_str()).collect();
            if !self.seen.insert(Sha256::digest(whole.join("\u{1f}")).into()) {
                return;
            }
        }
        let place = row.cell.or_else(|| given("value").and_then(|one| one.column));
        let mut faults = Vec::new();
        for field in self.output.dataset.columns() {
            let one = given(field.name);
            let outcome = match field.kind {
                Kind::PeriodBound { end } => {
                    let period = given("period").and_then(|one| period::parse(&one.text));
                    let bound = period.map(|period| if end { period.end } else { period.start }.to_string());
                    self.output.computed(bound.as_deref());
                    Ok(())
                }
                Kind::ChoiceList(_) if field.name == "statuses" && one.is_none() => self.output.value(field, Some(&statuses)),
                _ => self.output.value(field, one.map(|one| one.text.as_str())),
            };
            if let Err(why) = outcome {
                let (raw, column) = one.map_or(("", None), |one| (one.raw.as_str(), one.column));
                faults.push(self.origin.1.fault(row.record.line, column_name(field.name, column), raw, why));
            }
        }
        faults.into_iter().for_each(|fault| self.output.faults.push(fault));
        self.output.end_row(self.origin.0, row.record.line, place);
        if let Some(explanation) = self.explanation.as_deref_mut() {
            let values = ready.fields.iter().map(|(field, _)| field.name).zip(taken);
            let marked = self.output.dataset.field("statuses").is_some() && position("statuses").is_none();
            let statuses = marked.then_some(statuses.as_str());
            explanation.row(self.output.dataset.name, self.origin.1, row.record.line, values, statuses);
        }
    }
}

impl Sink for Reader<'_> {
    fn record(&mut self, record: &Record) -> ControlFlow<()> {
        self.output.progress.advance(record.bytes());
        let last = self.table.header.iter().copied().max().unwrap_or(0);
        if self.table.header.contains(&record.line) {
            self.header.push(record.clone());
        }
        if record.line <= last || record.line < self.table.first.unwrap_or(0) || record.is_blank() {
            return ControlFlow::Continue(());
        }
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => match Ready::new(self.means, self.table, self.output.dataset, &self.header) {
                Ok(ready) => ready,
                Err(whys) => {
                    whys.into_iter().for_each(|why| self.whole(None, why));
                    return ControlFlow::Break(());
                }
            },
        };
        let ended = ready.until.as_ref().is_some_and(|test| test.holds(record, None));
        if !ended {
            self.row(record, &ready);
        }
        self.ready = Some(ready);
        if ended || self.output.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn broken(&mut self, broken: Broken) {
        let column = broken.cell.map(crate::publish::input::readers::letters);
        self.output.faults.push(FileFault { column, ..self.origin.1.whole(broken.line, broken.detail) });
    }
}

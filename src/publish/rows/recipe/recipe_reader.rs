//! Owns the reading of a recipe's table: its records become rows of a dataset.
//! Must not know the format of the file.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sha2::{Digest, Sha256};

use super::field_rule::{FieldValue, ResolvedRule, ValueError, convert};
use super::header::tidy;
use super::number::{self, ParsedNumber};
use super::resolved_table::{RecipeContext, ResolvedTable};
use super::row_context::RowContext;
use super::{Explanation, RecipeTable};
use crate::problem::{Fault, Reason};
use crate::publish::input::readers::column_letters::letters;
use crate::publish::input::readers::error::ReadError;
use crate::publish::input::readers::record::{CellType, Record};
use crate::publish::input::readers::sink::RecordSink;
use crate::publish::rows::cell;
use crate::publish::rows::copy_writer::{CopyWriter, FileOrigin, column_name};
use crate::query::model::period;
use crate::query::{Field, Kind};

/// The status of a figure without marks: normal.
const NORMAL: &str = "A";

/// Reads the records of one table.
pub struct RecipeReader<'a> {
    context: RecipeContext<'a>,
    table: &'a RecipeTable,
    origin: (usize, &'a FileOrigin),
    output: &'a mut CopyWriter,
    explanation: Option<&'a mut Explanation>,
    header: Vec<Record>,
    ready: Option<ResolvedTable<'a>>,
    pending: Option<Record>,
    /// The SHA-256 of each written row, if equal rows give one row. The digests take far less memory than the rows.
    seen: HashSet<[u8; 32]>,
}

impl<'a> RecipeReader<'a> {
    /// A reader whose rows go to `output`.
    pub fn new(
        context: RecipeContext<'a>,
        table: &'a RecipeTable,
        origin: (usize, &'a FileOrigin),
        output: &'a mut CopyWriter,
        explanation: Option<&'a mut Explanation>,
    ) -> Self {
        let (header, seen) = (Vec::new(), HashSet::new());
        Self { context, table, origin, output, explanation, header, ready: None, pending: None, seen }
    }

    /// Ends the table and adds the faults of the table as a whole.
    pub fn finish(mut self) {
        if self.ready.is_none() && self.output.faults.is_empty() {
            self.file_fault(Reason::Missing, None, "the table has no rows below its header");
        }
        if let Some(pending) = self.pending.take() {
            self.file_fault(Reason::RecipeMismatch, Some(pending.line), "the row is not followed by one of statuses");
        }
    }

    fn file_fault(&mut self, reason: Reason, line: Option<u64>, detail: impl Into<String>) {
        self.output.faults.push(self.origin.1.file_fault(reason, line, detail));
    }

    /// Takes a row below the header.
    fn row(&mut self, record: &Record, ready: &ResolvedTable<'a>) {
        let Some(status_row) = &ready.status_row else { return self.count(record, None, ready) };
        match self.pending.take() {
            None => self.pending = Some(record.clone()),
            Some(values) if status_row.holds(record, None) => self.count(&values, Some(record), ready),
            Some(values) => {
                self.file_fault(Reason::RecipeMismatch, Some(values.line), "the row is not followed by one of statuses");
                self.pending = Some(record.clone());
            }
        }
    }

    /// Takes a row, with its row of statuses, unless a condition skips it.
    fn count(&mut self, record: &Record, flags: Option<&Record>, ready: &ResolvedTable<'a>) {
        let joined = match (&ready.key, self.context.companion) {
            (Some((rule, column)), Some(companion)) => {
                let text = record.text(*column);
                match convert(rule, text).map(|key| companion.row(&key)) {
                    Ok(Some(row)) => Some(row),
                    Ok(None) => {
                        let detail = "has no row in the second file".to_owned();
                        let wrong =
                            ValueError { raw: text.to_owned(), column: Some(*column), reason: Reason::UnknownCode, detail };
                        return self.wrong(record, "key", &wrong);
                    }
                    Err(why) => {
                        let (raw, column) = (text.to_owned(), Some(*column));
                        return self.wrong(record, "key", &ValueError { raw, column, reason: Reason::BadSyntax, detail: why });
                    }
                }
            }
            _ => None,
        };
        if !ready.only.iter().all(|test| test.holds(record, joined)) || ready.skip.iter().any(|test| test.holds(record, joined)) {
            return;
        }
        self.output.warn_of_replacement_characters(self.origin.1, record);
        let (sheet, file) = (self.origin.1.sheet.as_deref().unwrap_or_default(), self.origin.1.file.as_str());
        let row = |cell| RowContext { record, joined, cell, header: &ready.header, sheet, file };
        match &ready.cells {
            None => self.cell(&row(None), flags, ready),
            Some(cells) => cells.iter().for_each(|cell| self.cell(&row(Some(*cell)), flags, ready)),
        }
    }

    fn wrong(&mut self, record: &Record, field: &str, wrong: &ValueError) {
        let column = column_name(field, wrong.column);
        self.output.faults.push(self.origin.1.fault(wrong.reason, record.line, column, &wrong.raw, wrong.detail.clone()));
    }

    /// Makes one row of the dataset.
    fn cell(&mut self, row: &RowContext<'_>, flags: Option<&Record>, ready: &ResolvedTable<'a>) {
        let mut statuses = match self.row_statuses(row, flags) {
            Ok(Some(statuses)) => statuses,
            Ok(None) => return,
            Err(wrong) => return self.wrong(row.record, "statuses", &wrong),
        };
        let (mut taken, mut wrongs) = (Vec::with_capacity(ready.fields.len()), Vec::new());
        for (field, rules) in &ready.fields {
            match self.take(field, rules, row) {
                Ok(Some(mut one)) => {
                    statuses.append(&mut one.statuses);
                    taken.push(one);
                }
                Ok(None) => return,
                Err(wrong) => {
                    wrongs.push((field.name, wrong));
                    taken.push(FieldValue::default());
                }
            }
        }
        if wrongs.is_empty() {
            return self.write(row, &taken, statuses, ready);
        }
        // The row is not written, but its other faults are reported too.
        for ((field, _), one) in ready.fields.iter().zip(&taken).filter(|(_, one)| !one.text.is_empty()) {
            if let Err(why) = cell::check(self.output.dataset, field, Some(&one.text)) {
                let place = (row.record.line, column_name(field.name, one.column), one.raw.as_str());
                self.output.faults.push(self.origin.1.value_fault(field, &one.text, place, why));
            }
        }
        wrongs.into_iter().for_each(|(name, wrong)| self.wrong(row.record, name, &wrong));
    }

    /// The statuses in the row below; empty if the table has no rows of statuses. Returns None if the cell gives no
    /// row.
    fn row_statuses(&self, row: &RowContext<'_>, flags: Option<&Record>) -> Result<Option<Vec<String>>, ValueError> {
        let (Some(flags), Some(rule)) = (flags, &self.table.status_row) else { return Ok(Some(Vec::new())) };
        let raw = tidy(flags.text(row.cell.unwrap_or_default()));
        match rule.map.get(&raw).map(String::as_str) {
            Some("skip") if row.cell.is_none_or(|cell| tidy(row.record.text(cell)).is_empty()) => Ok(None),
            Some("skip") => {
                let detail = "has no status where the figure above it needs one".to_owned();
                Err(ValueError { reason: Reason::Missing, detail, column: row.cell, raw })
            }
            Some(status) => Ok(Some(vec![status.to_owned()])),
            None => {
                let detail = "is not one of the statuses that the recipe knows".to_owned();
                Err(ValueError { reason: Reason::UnknownValue, detail, column: row.cell, raw })
            }
        }
    }

    /// The value of a field. Returns None if the cell gives no row.
    fn take(
        &self,
        field: &'static Field,
        rules: &[ResolvedRule<'a>],
        row: &RowContext<'_>,
    ) -> Result<Option<FieldValue>, ValueError> {
        let Some(rule) = rules.iter().find(|rule| rule.applies(row)) else {
            let (raw, column) = rules.first().map_or((String::new(), None), |rule| (rule.raw(row).0, rule.raw(row).1));
            return match rules.is_empty() {
                true => Ok(Some(FieldValue::default())),
                false => {
                    let detail = "is of no form that the recipe knows".to_owned();
                    Err(ValueError { raw, column, reason: Reason::BadSyntax, detail })
                }
            };
        };
        let mut taken = rule.evaluate(row, self.context.names)?;
        if !matches!(field.kind, Kind::Decimal | Kind::Integer { .. }) || rule.definition.constant.is_some() {
            return Ok(Some(taken));
        }
        let plain = rule.raw(row).2 == CellType::Number;
        let written = super::model::NumberFormat::default();
        let numbers = if plain { &written } else { &self.context.recipe.numbers };
        let marks: &[_] = if field.name == "value" { &self.context.recipe.marks } else { &[] };
        if taken.text.is_empty() && marks.is_empty() {
            return Ok(Some(taken));
        }
        match number::read(&taken.text, numbers, marks, rule.definition.scale, rule.definition.decimals) {
            Ok(ParsedNumber::Skip) => Ok(None),
            Ok(ParsedNumber::Value(text, statuses)) => {
                taken.text = text.unwrap_or_default();
                taken.statuses.extend(statuses);
                Ok(Some(taken))
            }
            Err(detail) => Err(ValueError { raw: taken.raw, column: taken.column, reason: Reason::BadSyntax, detail }),
        }
    }

    /// Writes one row of the dataset.
    fn write(&mut self, row: &RowContext<'_>, taken: &[FieldValue], mut statuses: Vec<String>, ready: &ResolvedTable<'a>) {
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
            let checked = match field.kind {
                Kind::PeriodBound { end } => {
                    let period = given("period").and_then(|one| period::parse(&one.text));
                    let day = period.and_then(|period| if end { period.end } else { Some(period.start) });
                    Ok(day.map(|day| day.to_string().into()))
                }
                Kind::ChoiceList(_) if field.name == "statuses" && one.is_none() => {
                    cell::check(self.output.dataset, field, Some(&statuses))
                }
                _ => {
                    let default = field.file_default.filter(|_| position(field.name).is_none());
                    cell::check(self.output.dataset, field, one.map(|one| one.text.as_str()).or(default))
                }
            };
            match checked {
                Ok(value) => self.output.write(value.as_deref()),
                Err(why) => {
                    self.output.write(None);
                    let (raw, column) = one.map_or(("", None), |one| (one.raw.as_str(), one.column));
                    let text = one.map_or("", |one| one.text.as_str());
                    let place = (row.record.line, column_name(field.name, column), raw);
                    faults.push(self.origin.1.value_fault(field, text, place, why));
                }
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

impl RecordSink for RecipeReader<'_> {
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
            None => match ResolvedTable::new(self.context, self.table, self.output.dataset, &self.header) {
                Ok(ready) => ready,
                Err(whys) => {
                    whys.into_iter().for_each(|why| self.file_fault(Reason::RecipeMismatch, None, why));
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

    fn broken(&mut self, broken: ReadError) {
        let column = broken.cell.map(letters);
        self.output.faults.push(Fault { column, ..self.origin.1.file_fault(Reason::Unreadable, broken.line, broken.detail) });
    }
}

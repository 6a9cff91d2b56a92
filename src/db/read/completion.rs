//! Owns the cells that the program fills in, because the database would spend more time on them than on the rest: the fields of
//! named rows, such as the unit of the indicator of each figure, and joined codes, which repeat the key.
//! Must not know how rows are read, nor how they are written.

use std::convert::Infallible;

use super::named_cells::CellsByCode;
use crate::db::sql::named_rows::NamedRows;
use crate::query::model::column::CellSource;
use crate::query::model::dataset::join_code;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Plan, Row, RowView, Rows};

/// The most rows of a dataset that an export is completed with. The database looks up the rows of a larger one.
const MOST_ROWS: usize = 5000;

/// Where a cell comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// The database sends it.
    Sent,
    /// It is the joined code.
    Code,
    /// It is a cell of the named row whose code another column has.
    Named { by: usize, table: usize, cell: usize },
}

/// The named rows of one dataset, by code.
struct NamedTable {
    dataset: &'static Dataset,
    fields: Vec<&'static Field>,
    rows: CellsByCode,
}

/// What a page or an export asks the database for, and how its rows are completed.
pub struct Completion {
    columns: Vec<Column>,
    origins: Vec<Origin>,
    /// The columns of the parts of the key.
    key: Vec<usize>,
    tables: Vec<NamedTable>,
    /// The most rows of a table.
    most: Option<usize>,
}

impl Completion {
    /// What the rows of an export need. The named rows are still to be loaded.
    pub fn of_export(plan: &Plan) -> Self {
        let context = plan.selection.context;
        let mut whole = Self::new(plan.read_columns(), Some(MOST_ROWS));
        // Of versions, each has the names of its own time.
        let at_one_release = plan.selection.vintages.is_none();
        let key = whole.key_of(context.dataset);
        let mut at = 0;
        while let Some(column) = whole.columns.get(at).cloned() {
            let named = match column.source {
                CellSource::Named { by, dataset, field } if !by.is_list() => Some((by, dataset, field)),
                _ => named_by_row(plan, &column),
            };
            let origin = match named {
                Some((by, dataset, field)) if at_one_release && !holds_territories(dataset) => {
                    let by = whole.place(by).unwrap_or_else(|| {
                        whole.columns.push(Column::of(by));
                        whole.columns.len() - 1
                    });
                    whole.named(context.dataset, by, dataset, field)
                }
                _ if key.is_some() && matches!(column.kind, Kind::JoinedCode) => Origin::Code,
                _ => Origin::Sent,
            };
            whole.origins.push(origin);
            at += 1;
        }
        whole.key = key.unwrap_or_default();
        whole
    }

    /// What the rows of a page need, of what their own columns say: versions of rows, whose names are of several times, have them from
    /// the database, and so has a code whose parts are not among the columns.
    pub fn of_page(plan: &Plan) -> Self {
        let dataset = plan.selection.context.dataset;
        let mut whole = Self::new(plan.read_columns(), None);
        let key = whole.key_of(dataset);
        for at in 0..whole.columns.len() {
            let named = named_by_row(plan, &whole.columns[at]).filter(|_| plan.selection.vintages.is_none());
            let named = named.and_then(|(by, named, field)| Some((whole.place(by)?, named, field)));
            let origin = match named {
                Some((by, named, field)) => whole.named(dataset, by, named, field),
                None if key.is_some() && matches!(whole.columns[at].kind, Kind::JoinedCode) => Origin::Code,
                None => Origin::Sent,
            };
            whole.origins.push(origin);
        }
        whole.key = key.unwrap_or_default();
        whole
    }

    /// The columns of the parts of the key; `None` if one is missing.
    fn key_of(&self, dataset: &'static Dataset) -> Option<Vec<usize>> {
        dataset.key_fields().map(|field| self.place(field)).collect()
    }

    fn new(columns: Vec<Column>, most: Option<usize>) -> Self {
        Self { origins: Vec::with_capacity(columns.len()), columns, key: Vec::new(), tables: Vec::new(), most }
    }

    /// The column of a field.
    fn place(&self, field: &'static Field) -> Option<usize> {
        self.columns.iter().position(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field)))
    }

    fn named(&mut self, of: &'static Dataset, by: usize, dataset: &'static Dataset, field: &'static Field) -> Origin {
        let table = self.tables.iter().position(|table| table.dataset.name == dataset.name).unwrap_or_else(|| {
            // All that rows have from it, whatever the columns are: so different requests share what is kept.
            let is_theirs =
                |field: &&Field| matches!(field.origin, FieldOrigin::Named { dataset: named, .. } if named == dataset.name);
            let fields = of.fields.iter().filter(is_theirs).collect();
            self.tables.push(NamedTable { dataset, fields, rows: CellsByCode::default() });
            self.tables.len() - 1
        });
        let fields = &mut self.tables[table].fields;
        // A field of the named dataset may be described again where it is repeated.
        let cell = fields.iter().position(|known| known.name == field.name).unwrap_or_else(|| {
            fields.push(field);
            fields.len() - 1
        });
        Origin::Named { by, table, cell }
    }

    /// The statements that [`Completion::keep`] needs the cells of, in this order.
    pub fn queries(&self, release: i32) -> Vec<NamedRows> {
        let most = self.most.map(|most| i64::try_from(most + 1).unwrap_or(i64::MAX));
        let query = |table: &NamedTable| NamedRows { dataset: table.dataset, fields: table.fields.clone(), release, most };
        self.tables.iter().map(query).collect()
    }

    /// Keeps the cells of the named rows of one dataset. If they are too many, the database looks them up.
    pub fn keep(&mut self, at: usize, rows: CellsByCode) {
        if self.most.is_some_and(|most| rows.len() > most) {
            let sent = |origin: &mut Origin| match origin {
                Origin::Named { table, .. } if *table == at => *origin = Origin::Sent,
                _ => {}
            };
            self.origins.iter_mut().for_each(sent);
            return;
        }
        self.tables[at].rows = rows;
    }

    /// The columns that the database is asked for: those of the plan, and after them those that named rows are found by.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether the program fills in a column.
    pub fn fills(&self, at: usize) -> bool {
        !matches!(self.origins[at], Origin::Sent)
    }

    /// Whether the program fills in any column.
    pub fn fills_any(&self) -> bool {
        (0..self.origins.len()).any(|at| self.fills(at))
    }

    /// The columns that the program fills in.
    pub fn filled(&self) -> Vec<usize> {
        (0..self.origins.len()).filter(|at| self.fills(*at)).collect()
    }

    /// Appends the joined code of a row.
    fn join(&self, row: RowView<'_>, text: &mut String) {
        join_code(text, self.key.iter().map(|part| (self.columns[*part].kind, row.cell(*part).unwrap_or_default())));
    }

    /// Completes rows.
    pub fn complete(&self, rows: Rows) -> Rows {
        if !self.fills_any() {
            return rows;
        }
        let mut whole = Rows::new(self.columns.len());
        // Neighbours mostly refer to the same row.
        let mut last: Vec<(Option<&str>, Option<&str>)> = vec![(None, None); self.columns.len()];
        for row in rows.iter() {
            for (at, origin) in self.origins.iter().enumerate() {
                match origin {
                    Origin::Sent => whole.push(row.cell(at)),
                    Origin::Code => {
                        let Ok(()) = whole.push_with::<Infallible>(|text| {
                            self.join(row, text);
                            Ok(())
                        });
                    }
                    Origin::Named { by, .. } => {
                        let code = self.cell(row, *by);
                        if last[at].0 != code {
                            last[at] = (code, self.cell(row, at));
                        }
                        whole.push(last[at].1);
                    }
                }
            }
        }
        whole
    }

    /// Completes one row of a page. Cells after those of the columns stay.
    pub fn complete_row(&self, row: &Row) -> Row {
        let origins = self.origins.iter().copied().chain(std::iter::repeat(Origin::Sent));
        let named = |by: usize, table: usize, cell: usize| self.tables[table].rows.get(row.cell(by)?)?.cell(cell);
        let mut whole = Row::with_capacity(self.origins.len() + 1);
        for (sent, origin) in row.cells().zip(origins) {
            match origin {
                Origin::Sent => whole.push(sent),
                Origin::Named { by, table, cell } => whole.push(named(by, table, cell)),
                Origin::Code => {
                    let Ok(()) = whole.push_with::<Infallible>(|text| {
                        self.join(row.view(), text);
                        Ok(())
                    });
                }
            }
        }
        whole
    }

    /// A cell that is no joined code.
    fn cell<'r>(&'r self, row: RowView<'r>, at: usize) -> Option<&'r str> {
        match self.origins[at] {
            Origin::Named { by, table, cell } => self.tables[table].rows.get(self.cell(row, by)?)?.cell(cell),
            Origin::Sent | Origin::Code => row.cell(at),
        }
    }
}

/// The row that a row has a column's cells from: the field that names it, its dataset, and the field.
fn named_by_row(plan: &Plan, column: &Column) -> Option<(&'static Field, &'static Dataset, &'static Field)> {
    let CellSource::Field(field @ Field { origin: FieldOrigin::Named { by, dataset }, .. }) = column.source else { return None };
    let context = plan.selection.context;
    let found = context.registry.iter().find(|one| one.name == *dataset)?;
    Some((context.dataset.field(by)?, found, field))
}

/// Whether its rows are territories, which are too many and depend on the day of the geography.
fn holds_territories(dataset: &Dataset) -> bool {
    dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code))
}

//! Owns the cells of an export that the program fills in, because the database would spend more time on them than on the rest:
//! joined codes, which repeat the key, and the fields of named rows, such as the unit of the indicator of each figure.
//! Must not know how rows are read, nor how they are written.

use std::collections::HashMap;

use crate::db::sql::named_rows::NamedRows;
use crate::query::model::column::CellSource;
use crate::query::model::dataset::join_code;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Plan, Row, RowView, Rows};

/// The most rows of a dataset that is kept in memory while an export runs. The database looks up the rows of a larger one.
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
    rows: HashMap<String, Row>,
}

/// What an export asks the database for, and how its rows are completed.
pub struct Completion {
    columns: Vec<Column>,
    origins: Vec<Origin>,
    /// The columns of the parts of the key.
    key: Vec<usize>,
    tables: Vec<NamedTable>,
}

impl Completion {
    /// What the rows of a plan need. The named rows are still to be loaded.
    pub fn of(plan: &Plan) -> Self {
        let context = plan.selection.context;
        let mut whole = Self { columns: plan.read_columns(), origins: Vec::new(), key: Vec::new(), tables: Vec::new() };
        // Of versions, each has the names of its own time.
        let at_one_release = plan.selection.vintages.is_none();
        let mut at = 0;
        while let Some(column) = whole.columns.get(at).cloned() {
            let named = match column.source {
                CellSource::Field(Field { origin: FieldOrigin::Named { by, dataset }, .. }) => {
                    let found = context.registry.iter().find(|one| one.name == *dataset).copied();
                    context.dataset.field(by).zip(found).zip(column.field())
                }
                CellSource::Named { by, dataset, field } if !by.is_list() => Some(((by, dataset), field)),
                _ => None,
            };
            let origin = match named {
                Some(((by, dataset), field)) if at_one_release && !holds_territories(dataset) => whole.named(by, dataset, field),
                _ if matches!(column.kind, Kind::JoinedCode) => Origin::Code,
                _ => Origin::Sent,
            };
            whole.origins.push(origin);
            at += 1;
        }
        let place = |name: &&str| whole.columns.iter().position(|column| column.field().is_some_and(|field| field.name == *name));
        whole.key = context.dataset.key.iter().filter_map(place).collect();
        whole
    }

    fn named(&mut self, by: &'static Field, dataset: &'static Dataset, field: &'static Field) -> Origin {
        let is_by = |column: &Column| column.field().is_some_and(|shown| std::ptr::eq(shown, by));
        let by = self.columns.iter().position(is_by).unwrap_or_else(|| {
            self.columns.push(Column::of(by));
            self.columns.len() - 1
        });
        let table = self.tables.iter().position(|table| table.dataset.name == dataset.name).unwrap_or_else(|| {
            self.tables.push(NamedTable { dataset, fields: Vec::new(), rows: HashMap::new() });
            self.tables.len() - 1
        });
        let fields = &mut self.tables[table].fields;
        // A field of the named dataset may be described again where it is repeated.
        let cell = fields.iter().position(|known| known.name == field.name).unwrap_or_else(|| {
            fields.push(field);
            fields.len() - 1
        });
        Origin::Named { by, table, cell: cell + 1 }
    }

    /// The statements that [`Completion::keep`] needs the rows of, in this order.
    pub fn queries(&self, release: i32) -> Vec<NamedRows> {
        let most = i64::try_from(MOST_ROWS + 1).unwrap_or(i64::MAX);
        let query = |table: &NamedTable| NamedRows { dataset: table.dataset, fields: table.fields.clone(), release, most };
        self.tables.iter().map(query).collect()
    }

    /// Keeps the named rows of one dataset. If they are too many, the database looks up their cells.
    pub fn keep(&mut self, at: usize, rows: Vec<Row>) {
        if rows.len() > MOST_ROWS {
            let sent = |origin: &mut Origin| match origin {
                Origin::Named { table, .. } if *table == at => *origin = Origin::Sent,
                _ => {}
            };
            self.origins.iter_mut().for_each(sent);
            return;
        }
        let coded = |row: Row| Some((row.cell(0)?.to_owned(), row));
        self.tables[at].rows = rows.into_iter().filter_map(coded).collect();
    }

    /// The columns that the database is asked for: those of the plan, and after them those that named rows are found by.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether the program fills in a column.
    pub fn fills(&self, at: usize) -> bool {
        !matches!(self.origins[at], Origin::Sent)
    }

    /// Completes rows.
    pub fn complete(&self, rows: Rows) -> Rows {
        if (0..self.columns.len()).all(|at| !self.fills(at)) {
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
                        let parts = self.key.iter().map(|part| (self.columns[*part].kind, row.cell(*part).unwrap_or_default()));
                        let joined: Result<(), std::convert::Infallible> = whole.push_with(|text| {
                            join_code(text, parts);
                            Ok(())
                        });
                        let Ok(()) = joined;
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

    /// A cell that is no joined code.
    fn cell<'r>(&'r self, row: RowView<'r>, at: usize) -> Option<&'r str> {
        match self.origins[at] {
            Origin::Named { by, table, cell } => self.tables[table].rows.get(self.cell(row, by)?)?.cell(cell),
            Origin::Sent | Origin::Code => row.cell(at),
        }
    }
}

/// Whether its rows are territories, which are too many and depend on the day of the geography.
fn holds_territories(dataset: &Dataset) -> bool {
    dataset.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code))
}

//! Owns the shape of a change: what stands around its row, or beside the row's own columns where one table is asked for.
//! The writers of rows then write changes like any other rows.
//! Must not know how changes are found, nor HTTP.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{RowWriter, json};
use crate::query::model::dataset::join_code;
use crate::query::{Changes, Choice, Column, Kind, Row};

/// The operations.
const OPERATIONS: &[Choice] = &[
    Choice { value: "upsert", meaning: "the row is there now, or says something else than before" },
    Choice { value: "withdraw", meaning: "the row is no longer there, or no longer what the request asks for" },
];

/// What a change is made of, as it comes: the cells before those of its row.
#[derive(Clone, Copy)]
enum Cell {
    Release,
    PublishedAt,
    Dataset,
    Operation,
    Reason,
    Successor,
}

/// Cells before those of the row.
const CELLS: usize = 6;

/// Makes rows of changes. A change comes as its release, when that was published, the dataset, the operation, the reason
/// and the successor, then the cells of its row without the joined code.
pub struct Shaper {
    layouts: BTreeMap<&'static str, Layout>,
    flat: bool,
}

/// The columns of one dataset's rows.
struct Layout {
    columns: Vec<Column>,
    /// Where the parts of the key stand.
    key: Vec<usize>,
}

impl Shaper {
    /// For these changes: with one column for the whole row, as JSON, or `flat` with the columns of the one dataset.
    pub fn new(changes: &Changes, flat: bool) -> Self {
        let layout = |columns: Vec<Column>, key: &[&str]| {
            let place = |name: &&str| columns.iter().position(|column| column.name == *name);
            Layout { key: key.iter().filter_map(place).collect(), columns }
        };
        let layouts = changes.plans.iter().map(|plan| {
            let dataset = plan.selection.context.dataset;
            (dataset.name, layout(plan.read_columns(), dataset.key))
        });
        Self { layouts: layouts.collect(), flat }
    }

    /// The columns of a change.
    pub fn columns(&self) -> Vec<Column> {
        let number = Kind::Integer { minimum: 1, maximum: i32::MAX.into() };
        let mut columns = vec![
            Column::computed("release", number, true),
            Column::computed("published_at", Kind::Timestamp, true),
            Column::computed("dataset", Kind::Text, true),
            Column::computed("op", Kind::Choice(OPERATIONS), true),
        ];
        match self.layouts.values().next().filter(|_| self.flat) {
            Some(layout) => columns.extend(layout.columns.iter().cloned()),
            None => {
                columns.push(Column::computed("code", Kind::Text, true));
                columns.push(Column::computed("row", Kind::Json { array: false }, false));
            }
        }
        columns.push(Column::computed("reason", Kind::Text, false));
        columns.push(Column::computed("successor_code", Kind::Text, false));
        columns
    }

    /// A change as a row of these columns. Of a row that goes only the key is given, in flat form too: what it said last is
    /// what the client has.
    pub fn shape(&self, change: &Row) -> Row {
        let own = |cell: Cell| change.cell(cell as usize);
        let name = own(Cell::Dataset).unwrap_or_default();
        let mut row = Row::with_capacity(CELLS + 2);
        for cell in [Cell::Release, Cell::PublishedAt, Cell::Dataset, Cell::Operation] {
            row.push(own(cell));
        }
        let cells: Vec<Option<&str>> = change.cells().skip(CELLS).collect();
        let goes = own(Cell::Operation) == Some("withdraw");
        if let Some(layout) = self.layouts.get(name) {
            let mut code = String::new();
            join_code(&mut code, layout.key.iter().map(|at| (layout.columns[*at].kind, cells[*at].unwrap_or_default())));
            let shown = layout.columns.iter().zip(cells).enumerate().map(|(at, (column, cell))| match column.kind {
                Kind::JoinedCode => Some(code.as_str()),
                _ => cell.filter(|_| !goes || layout.key.contains(&at)),
            });
            if self.flat {
                shown.for_each(|cell| row.push(cell));
            } else {
                let mut text = Vec::with_capacity(change.bytes() * 2);
                json::object(&mut text, &layout.columns, &shown.collect());
                row.push(Some(&code));
                row.push(std::str::from_utf8(&text).ok().filter(|_| !goes));
            }
        }
        row.push(own(Cell::Reason));
        row.push(own(Cell::Successor));
        row
    }
}

/// Writes changes by the writer of their rows.
pub struct ChangeWriter {
    shaper: Shaper,
    rows: Box<dyn RowWriter>,
}

impl ChangeWriter {
    /// A writer of changes, by one of rows with the shaper's columns.
    pub fn new(shaper: Shaper, rows: Box<dyn RowWriter>) -> Self {
        Self { shaper, rows }
    }
}

impl RowWriter for ChangeWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.rows.begin(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        self.rows.row(out, &self.shaper.shape(row))
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.rows.end(out)
    }
}

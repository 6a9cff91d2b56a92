//! Owns the columns of a change: its release and operation, then its row as JSON or as columns of their own.
//! The writers of rows write changes like any other rows. Must not know how changes are found, nor HTTP.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{RowWriter, json};
use crate::query::model::dataset::join_code;
use crate::query::{Changes, Choice, Column, Kind, Row, RowView};

/// The operations.
const OPERATIONS: &[Choice] = &[
    Choice { value: "upsert", label: "ajoutée ou modifiée", meaning: "the row is new or has changed" },
    Choice { value: "withdraw", label: "retirée", meaning: "the row is no longer published" },
    Choice {
        value: "leave",
        label: "sortie de la sélection",
        meaning: "the row is still published, but the request no longer selects it",
    },
];

/// The cells of a change before those of its row, in the order in which the database gives them.
#[derive(Clone, Copy)]
enum Cell {
    Release,
    PublishedAt,
    Dataset,
    Operation,
    Reason,
    Successor,
}

/// The number of cells before those of the row.
const CELLS: usize = 6;

/// Makes rows of changes. The database gives the cells of [`Cell`], then those of the row without its joined code.
pub struct Shaper {
    layouts: BTreeMap<&'static str, Layout>,
    flat: bool,
}

/// The columns of one dataset's rows.
struct Layout {
    columns: Vec<Column>,
    /// The positions of the parts of the key.
    key: Vec<usize>,
}

impl Shaper {
    /// The shaper of these changes. Rows are one column of JSON, or, if `flat`, the columns of the single dataset.
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

    /// A change as a row of these columns. A row that is withdrawn or leaves has only its key: the client has the rest.
    pub fn shape(&self, change: RowView<'_>) -> Row {
        let own = |cell: Cell| change.cell(cell as usize);
        let name = own(Cell::Dataset).unwrap_or_default();
        let mut row = Row::with_capacity(CELLS + 2);
        for cell in [Cell::Release, Cell::PublishedAt, Cell::Dataset, Cell::Operation] {
            row.push(own(cell));
        }
        let cells: Vec<Option<&str>> = change.cells().skip(CELLS).collect();
        let gone = own(Cell::Operation) != Some("upsert");
        if let Some(layout) = self.layouts.get(name) {
            let mut code = String::new();
            join_code(&mut code, layout.key.iter().map(|at| (layout.columns[*at].kind, cells[*at].unwrap_or_default())));
            let shown = layout.columns.iter().zip(cells).enumerate().map(|(at, (column, cell))| match column.kind {
                Kind::JoinedCode => Some(code.as_str()),
                _ => cell.filter(|_| !gone || layout.key.contains(&at)),
            });
            if self.flat {
                shown.for_each(|cell| row.push(cell));
            } else {
                let mut text = Vec::new();
                let shown: Row = shown.collect();
                json::object(&mut text, &layout.columns, shown.view());
                row.push(Some(&code));
                row.push(std::str::from_utf8(&text).ok().filter(|_| !gone));
            }
        }
        row.push(own(Cell::Reason));
        row.push(own(Cell::Successor));
        row
    }
}

/// Writes changes with a writer of rows.
pub struct ChangeWriter {
    shaper: Shaper,
    rows: Box<dyn RowWriter>,
}

impl ChangeWriter {
    /// A writer of changes. `rows` writes rows with the columns of the shaper.
    pub fn new(shaper: Shaper, rows: Box<dyn RowWriter>) -> Self {
        Self { shaper, rows }
    }
}

impl RowWriter for ChangeWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.rows.begin(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        self.rows.row(out, self.shaper.shape(row).view())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.rows.end(out)
    }
}

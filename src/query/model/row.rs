//! Owns a row as a list of texts, alone or in a batch. The database fills it, and every representation is written from it.
//! Must not know where rows come from, nor how they are written.

/// Set in the end of a cell that is empty.
const NULL: u32 = 1 << 31;

/// One row. Each cell is a text or empty. All cells share one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    text: String,
    ends: Vec<u32>,
}

impl Row {
    /// A row without cells, with capacity for this many.
    pub fn with_capacity(cells: usize) -> Self {
        Self { text: String::with_capacity(cells * 14), ends: Vec::with_capacity(cells) }
    }

    /// Adds a cell at the end.
    ///
    /// # Panics
    /// Panics if the row has 2 GiB of text. Postgres cannot send such a row.
    pub fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.ends.push(end(&self.text, cell.is_none()));
    }

    /// Adds the cell that `write` appends to a text.
    ///
    /// # Panics
    /// Panics if the row has 2 GiB of text.
    ///
    /// # Errors
    /// Returns the error of `write`.
    pub fn push_with<E>(&mut self, write: impl FnOnce(&mut String) -> Result<(), E>) -> Result<(), E> {
        write(&mut self.text)?;
        self.ends.push(end(&self.text, false));
        Ok(())
    }

    /// The size of the text of all cells, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The cell at a position. `None` if it is empty, or if there is no such cell.
    pub fn cell(&self, at: usize) -> Option<&str> {
        self.view().cell(at)
    }

    /// All cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = Option<&str>> {
        self.view().cells()
    }

    /// The row as writers take it.
    pub fn view(&self) -> RowView<'_> {
        RowView { text: &self.text, start: 0, ends: &self.ends }
    }
}

impl<'a> FromIterator<Option<&'a str>> for Row {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Self {
        let mut row = Self::default();
        cells.into_iter().for_each(|cell| row.push(cell));
        row
    }
}

/// A row that stands alone or in a batch.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'r> {
    /// The text of the batch.
    text: &'r str,
    /// Where the first cell begins.
    start: usize,
    ends: &'r [u32],
}

impl<'r> RowView<'r> {
    /// The cell at a position. `None` if it is empty, or if there is no such cell.
    pub fn cell(self, at: usize) -> Option<&'r str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(self.start, |before| (self.ends[before] & !NULL) as usize);
        (end & NULL == 0).then(|| &self.text[start..end as usize])
    }

    /// All cells, in order.
    pub fn cells(self) -> impl Iterator<Item = Option<&'r str>> {
        let mut start = self.start;
        self.ends.iter().map(move |end| {
            let begin = std::mem::replace(&mut start, (end & !NULL) as usize);
            (end & NULL == 0).then(|| &self.text[begin..start])
        })
    }
}

/// Rows with the same number of cells, which share one allocation: exports have millions of rows.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    width: usize,
    text: String,
    ends: Vec<u32>,
}

impl Rows {
    /// No rows, each of so many cells.
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a cell at the end, in a new row if the last one is complete.
    ///
    /// # Panics
    /// Panics if the rows have 2 GiB of text.
    pub fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.ends.push(end(&self.text, cell.is_none()));
    }

    /// Adds the cell that `write` appends to a text.
    ///
    /// # Panics
    /// Panics if the rows have 2 GiB of text.
    ///
    /// # Errors
    /// Returns the error of `write`.
    pub fn push_with<E>(&mut self, write: impl FnOnce(&mut String) -> Result<(), E>) -> Result<(), E> {
        write(&mut self.text)?;
        self.ends.push(end(&self.text, false));
        Ok(())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.ends.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the text of all cells, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The last row.
    pub fn last(&self) -> Option<RowView<'_>> {
        self.len().checked_sub(1).map(|at| self.row(at))
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = RowView<'_>> {
        (0..self.len()).map(|at| self.row(at))
    }

    fn row(&self, at: usize) -> RowView<'_> {
        let first = at * self.width;
        let start = first.checked_sub(1).map_or(0, |before| (self.ends[before] & !NULL) as usize);
        RowView { text: &self.text, start, ends: &self.ends[first..first + self.width] }
    }
}

/// Rows that all have as many cells as the first.
impl FromIterator<Row> for Rows {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut batch = Self::default();
        for row in rows {
            batch.width = row.ends.len();
            row.cells().for_each(|cell| batch.push(cell));
        }
        batch
    }
}

/// The end of the last cell of a text.
fn end(text: &str, null: bool) -> u32 {
    let end = u32::try_from(text.len()).ok().filter(|end| end & NULL == 0).expect("rows have less than 2 GiB of text");
    if null { end | NULL } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_batch_have_the_cells_that_were_pushed() {
        let rows = [[Some("a"), None, Some("")], [None, Some("é"), None], [Some(""), Some("bc"), Some("d")]];
        let mut batch = Rows::new(3);
        assert!(batch.is_empty() && batch.last().is_none());
        rows.iter().flatten().for_each(|cell| batch.push(*cell));
        assert_eq!((batch.len(), batch.bytes()), (3, 6));
        for (cells, row) in rows.iter().zip(batch.iter()) {
            assert_eq!(row.cells().collect::<Vec<_>>(), cells);
            assert_eq!([0, 1, 2].map(|at| row.cell(at)), *cells);
            let alone: Row = cells.iter().copied().collect();
            assert_eq!(alone.cells().collect::<Vec<_>>(), cells);
            assert_eq!([0, 1, 2, 3].map(|at| alone.cell(at)), [cells[0], cells[1], cells[2], None]);
        }
        assert_eq!(batch.last().and_then(|row| row.cell(1)), Some("bc"));
        assert_eq!(batch.push_with(|_| Err("no")), Err("no"));
    }
}

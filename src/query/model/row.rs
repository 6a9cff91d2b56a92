//! Owns a row as a list of texts. The database fills it, and every representation is written from it.
//! Must not know where rows come from, nor how they are written.

/// One row. Each cell is a text or empty. All cells share one allocation, since exports have millions of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    text: String,
    ends: Vec<Option<u32>>,
}

impl Row {
    /// A row without cells, with capacity for this many.
    pub fn with_capacity(cells: usize) -> Self {
        Self { text: String::with_capacity(cells * 14), ends: Vec::with_capacity(cells) }
    }

    /// Adds a cell at the end.
    ///
    /// # Panics
    /// Panics if the row has more than 4 GiB of text. Postgres cannot send such a row.
    pub fn push(&mut self, cell: Option<&str>) {
        let end = cell.map(|text| {
            self.text.push_str(text);
            u32::try_from(self.text.len()).expect("a row has less than 4 GiB of text")
        });
        self.ends.push(end);
    }

    /// The size of the text of all cells, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The cell at a position. `None` if it is empty, or if there is no such cell.
    pub fn cell(&self, at: usize) -> Option<&str> {
        let end = self.ends.get(at).copied().flatten()? as usize;
        let start = self.ends[..at].iter().rev().find_map(|end| *end).unwrap_or(0) as usize;
        Some(&self.text[start..end])
    }

    /// All cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let end = (*end)? as usize;
            let text = &self.text[start..end];
            start = end;
            Some(text)
        })
    }
}

impl<'a> FromIterator<Option<&'a str>> for Row {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Self {
        let mut row = Self::default();
        cells.into_iter().for_each(|cell| row.push(cell));
        row
    }
}

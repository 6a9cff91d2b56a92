//! Owns one record of a file: its line and its cells. Its memory is used again for the next record.
//! Must not know the format of the file.

/// The type of a cell in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// Text. Formats without types have only text.
    Text,
    /// A number of a workbook, of JSON or of Parquet, with a decimal point.
    Number,
    /// A day or a timestamp, in ISO 8601.
    Date,
    /// A JSON value other than a text, a number or a list of texts.
    Json,
    /// The error of a formula, or a formula without its result.
    Error,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The first line or row of the record, from 1.
    pub line: u64,
    text: String,
    cells: Vec<(usize, CellType)>,
    sparse: bool,
}

impl Record {
    /// Clears the record for the next one.
    pub fn begin(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.cells.clear();
    }

    /// Makes a record for a sheet, whose rows lack the empty cells at their ends.
    pub fn sparse() -> Self {
        Self { sparse: true, ..Self::default() }
    }

    /// Whether rows have the empty cells at their ends.
    pub fn has_trailing_cells(&self) -> bool {
        !self.sparse
    }

    /// About the number of bytes of the record in the file.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len()
    }

    /// About the number of bytes of a copy in memory.
    pub fn memory_size(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.cells.len() * size_of::<(usize, CellType)>()
    }

    /// Adds a cell.
    pub fn push(&mut self, text: &str, form: CellType) {
        self.text.push_str(text);
        self.cells.push((self.text.len(), form));
    }

    /// Adds cells from one text, by the ends of the cells.
    pub fn fill(&mut self, text: &str, ends: &[usize]) {
        self.text.push_str(text);
        self.cells.extend(ends.iter().map(|end| (*end, CellType::Text)));
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether all cells are empty or blank.
    pub fn is_blank(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_whitespace())
    }

    /// Whether a cell has U+FFFD, the replacement for unreadable characters.
    pub fn has_replacement_character(&self) -> bool {
        memchr::memmem::find(self.text.as_bytes(), "\u{fffd}".as_bytes()).is_some()
    }

    /// The text of a cell; empty after the last cell.
    pub fn text(&self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|before| self.cells.get(before)).map_or(0, |(end, _)| *end);
        self.cells.get(at).map_or("", |(end, _)| &self.text[start..*end])
    }

    /// The type of a cell; text after the last cell.
    pub fn form(&self, at: usize) -> CellType {
        self.cells.get(at).map_or(CellType::Text, |(_, form)| *form)
    }

    /// The texts of all cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.text(at))
    }
}

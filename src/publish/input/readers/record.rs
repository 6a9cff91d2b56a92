//! Owns one record of a file: its line and its cells, in memory that is kept from record to record.
//! Must not know how it was written.

/// What a cell was, beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// A text, or a file that has nothing but texts.
    Text,
    /// A number of a workbook or of JSON, written with a point.
    Number,
    /// A day or an instant of a workbook, written as ISO 8601.
    Date,
    /// JSON that is neither a text, a number nor a list of texts.
    Json,
    /// An error of a workbook's formula, or a formula without its result.
    Error,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The line or row on which it begins, from 1.
    pub line: u64,
    text: String,
    cells: Vec<(usize, CellType)>,
    sparse: bool,
}

impl Record {
    /// Begins a record anew.
    pub fn begin(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.cells.clear();
    }

    /// Says that empty cells at the end of a row are not there, as in a sheet.
    pub fn sparse() -> Self {
        Self { sparse: true, ..Self::default() }
    }

    /// Whether the empty cells at the end of a row are there.
    pub fn has_trailing_cells(&self) -> bool {
        !self.sparse
    }

    /// About how many bytes of the file the record takes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len()
    }

    /// About how many bytes of memory a copy of the record takes.
    pub fn memory_size(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.cells.len() * size_of::<(usize, CellType)>()
    }

    /// Adds a cell.
    pub fn push(&mut self, text: &str, form: CellType) {
        self.text.push_str(text);
        self.cells.push((self.text.len(), form));
    }

    /// Takes cells that stand one after the other in a text, by where they end.
    pub fn fill(&mut self, text: &str, ends: &[usize]) {
        self.text.push_str(text);
        self.cells.extend(ends.iter().map(|end| (*end, CellType::Text)));
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no cell holds anything.
    pub fn is_blank(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_whitespace())
    }

    /// Whether a cell holds the character that stands for one that could not be read (U+FFFD).
    pub fn has_replacement_character(&self) -> bool {
        memchr::memmem::find(self.text.as_bytes(), "\u{fffd}".as_bytes()).is_some()
    }

    /// The text of a cell; empty beyond the last.
    pub fn text(&self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|before| self.cells.get(before)).map_or(0, |(end, _)| *end);
        self.cells.get(at).map_or("", |(end, _)| &self.text[start..*end])
    }

    /// What a cell was; a text beyond the last.
    pub fn form(&self, at: usize) -> CellType {
        self.cells.get(at).map_or(CellType::Text, |(_, form)| *form)
    }

    /// The texts of all cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.text(at))
    }
}

//! Owns templates of texts: they are parsed once for a table and filled in for each row.
//! Must not know what the text is for.

use super::header::{Header, tidy};
use super::row_context::RowContext;
use crate::publish::input::readers::column_letters::letters;

/// A part of a template: a text, or a placeholder.
pub enum TemplatePart {
    Text(String),
    Line,
    Sheet,
    File,
    Letter,
    Header(usize),
    Column(usize),
}

/// Parses a template.
///
/// # Errors
/// Returns an error if a brace is not closed or a column is unknown.
pub fn parse(template: &str, header: &Header) -> Result<Vec<TemplatePart>, String> {
    let (mut parts, mut rest) = (Vec::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{template}` has a `{{` without its `}}`"))?;
        parts.push(TemplatePart::Text(before.to_owned()));
        parts.push(match name {
            "line" => TemplatePart::Line,
            "sheet" => TemplatePart::Sheet,
            "file" => TemplatePart::File,
            "letter" => TemplatePart::Letter,
            _ => match name.strip_prefix("header ").and_then(|level| level.parse().ok()) {
                Some(level) => TemplatePart::Header(level),
                None => TemplatePart::Column(header.column(name)?),
            },
        });
        rest = after;
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    Ok(parts)
}

impl TemplatePart {
    /// The text of the part for a row.
    pub fn text(&self, row: &RowContext<'_>) -> String {
        match self {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Line => row.record.line.to_string(),
            TemplatePart::Sheet => row.sheet.to_owned(),
            TemplatePart::File => row.file.to_owned(),
            TemplatePart::Letter => row.cell.map_or(String::new(), letters),
            TemplatePart::Header(level) => row.cell.map_or(String::new(), |cell| row.header.level(*level, cell).to_owned()),
            TemplatePart::Column(column) => tidy(row.record.text(*column)),
        }
    }
}

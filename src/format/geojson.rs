//! Owns GeoJSON (RFC 7946): a collection with a feature per row, whose geometry is the column `geometry`.
//! Must not know datasets or HTTP.

use std::io::{self, Write};

use super::json::{self, Members};
use super::{About, RowWriter};
use crate::query::{Column, Kind, RowView};

/// The column of geometries.
const GEOMETRY: &str = "geometry";

/// Writes GeoJSON.
pub struct GeoJsonWriter {
    about: About,
    members: Members,
    code: Option<usize>,
    geometry: Option<usize>,
    rows: u64,
    line: Vec<u8>,
}

impl GeoJsonWriter {
    /// A writer of these columns. The column `geometry` comes last.
    pub fn new(about: &About) -> Self {
        let find = |is: &dyn Fn(&Column) -> bool| about.columns.iter().position(is);
        let code = find(&|column| matches!(column.kind, Kind::Code | Kind::JoinedCode));
        let geometry = find(&|column| column.name == GEOMETRY);
        let members = Members::of(&about.columns[..geometry.unwrap_or(about.columns.len())]);
        Self { about: about.clone(), members, code, geometry, rows: 0, line: Vec::with_capacity(4096) }
    }
}

impl RowWriter for GeoJsonWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let About { dataset, release, published_at, licences, .. } = &self.about;
        let name = dataset.name;
        write!(
            out,
            "{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"release\":{release},\"published_at\":\"{published_at}\",\
             \"licences\":{},\"features\":[",
            serde_json::to_string(&licences[..])?
        )
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        let line = &mut self.line;
        line.clear();
        line.extend_from_slice(if self.rows > 0 { b",\n" } else { b"\n" });
        self.rows += 1;
        line.extend_from_slice(b"{\"type\":\"Feature\"");
        if let Some(code) = self.code.and_then(|at| row.cell(at)) {
            line.extend_from_slice(b",\"id\":");
            json::string(line, code);
        }
        line.extend_from_slice(b",\"geometry\":");
        let geometry = self.geometry.and_then(|at| row.cell(at));
        line.extend_from_slice(geometry.unwrap_or("null").as_bytes());
        line.extend_from_slice(b",\"properties\":{");
        self.members.append(line, row);
        line.extend_from_slice(b"}}");
        out.write_all(line)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]}\n")
    }
}

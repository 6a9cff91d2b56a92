//! Owns the JSON of included rows: by dataset, then by code.
//! Must not know which rows were asked for.

use std::collections::BTreeMap;

use crate::db::read::related::Included;
use crate::format::json;
use crate::query::{Column, Dataset, Row};

/// The names of the includes that have more rows than the limit.
pub fn truncated(included: &[Included]) -> Vec<String> {
    included.iter().filter(|one| one.more).map(|one| one.include.name()).collect()
}

/// Appends the included rows as an object with a member for each dataset, which has a member for each row, named by its code.
/// A row that several includes have comes once.
pub fn write(out: &mut Vec<u8>, included: &[Included]) {
    let mut datasets: BTreeMap<&'static str, (&'static Dataset, BTreeMap<&str, &Row>)> = BTreeMap::new();
    for one in included {
        let dataset = one.include.dataset();
        let (_, rows) = datasets.entry(dataset.name).or_insert_with(|| (dataset, BTreeMap::new()));
        let code = dataset.fields.iter().position(|field| dataset.code_field().is_some_and(|code| std::ptr::eq(code, field)));
        rows.extend(one.rows.iter().filter_map(|row| Some((row.cell(code?)?, row))));
    }
    for (at, (name, (dataset, rows))) in datasets.into_iter().enumerate() {
        out.push(if at == 0 { b'{' } else { b',' });
        json::string(out, name);
        out.push(b':');
        let columns: Vec<Column> = dataset.fields.iter().map(Column::of).collect();
        out.push(b'{');
        for (at, (code, row)) in rows.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::string(out, code);
            out.push(b':');
            json::object(out, &columns, row.view());
        }
        out.push(b'}');
    }
    out.push(b'}');
}

//! Owns the writing of rows as JSON by the type of each column: texts, integers, doubles and null.
//! Must not know where the rows come from.

use std::error::Error;

use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// Writes rows as `{"data": [{…}, …]}`.
pub fn json(rows: &[Row]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut body = Vec::with_capacity(64 + rows.len() * 512);
    body.extend_from_slice(b"{\"data\":[");
    for (at, row) in rows.iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        write(&mut body, row)?;
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    Ok(body)
}

fn write(body: &mut Vec<u8>, row: &Row) -> Result<(), Box<dyn Error>> {
    for (at, column) in row.columns().iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"" } else { b"," });
        serde_json::to_writer(&mut *body, column.name())?;
        body.push(b':');
        match *column.type_() {
            Type::INT4 => cell::<i32>(body, row, at)?,
            Type::FLOAT8 => cell::<f64>(body, row, at)?,
            _ => cell::<&str>(body, row, at)?,
        }
    }
    Ok(())
}

fn cell<'r, T: FromSql<'r> + Serialize>(body: &mut Vec<u8>, row: &'r Row, at: usize) -> Result<(), Box<dyn Error>> {
    Ok(serde_json::to_writer(body, &row.try_get::<_, Option<T>>(at)?)?)
}

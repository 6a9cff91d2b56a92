//! Owns the model of the data: datasets, their fields, the values of fields, rows and columns.
//! Must not know requests, nor any one dataset.

pub mod aggregate;
pub mod breakdown;
pub mod change;
pub mod column;
mod crossings;
pub mod cube;
pub mod dataset;
pub mod field;
pub mod format;
pub mod geometry;
pub mod link;
pub mod open_end;
pub mod period;
pub mod representation;
pub mod row;
pub mod text;
pub mod value;
pub mod version;

//! Owns the conversion of records to rows: canonical files, recipes, the check of cells, and the text for `COPY`.
//! Must not know how files are read.

pub mod canonical;
pub mod cell;
pub mod copy_writer;
pub mod recipe;

//! Owns rows on their way from records to typed cells: canonical files, recipes, and the text for COPY.
//! Must not know where a file comes from.

pub mod canonical;
pub mod cell;
pub mod copy_writer;
pub mod recipe;

//! Owns reads of the database, one file for each kind of read.
//! Must not write, nor know HTTP.

pub mod changes;
pub mod checked;
pub mod chunks;
pub mod codes;
pub mod comparison;
mod completion;
pub mod export;
mod figures;
pub mod geography;
pub mod history;
pub mod licences;
pub mod named_cells;
pub mod notices;
pub mod page;
pub mod ranking;
pub mod related;
pub mod releases;
pub mod search;
pub mod size;
mod spellings;
pub mod unreadable;
pub mod unselected;
pub mod withdrawn;

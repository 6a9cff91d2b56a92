//! Owns the generation of SQL from plans and from the field tables. Identifiers come from static tables, values are binds.
//! Must not know how a statement is run.

pub mod aggregate;
pub mod binary_cells;
pub mod codes;
pub mod columns;
pub mod corrections;
pub mod derivations;
pub mod double_counts;
pub mod expected_cells;
pub mod filter;
pub mod first_rows;
pub mod fragments;
pub mod functions;
pub mod geography;
pub mod keyset;
pub mod labels;
pub mod latest_observations;
pub mod money_double_counts;
pub mod money_groups;
pub mod named_rows;
pub mod observation_groups;
pub mod predicates;
pub mod references;
pub mod relations;
pub mod search;
pub mod select;
pub mod selected_rows;
pub mod spellings;
pub mod table_sizes;
pub mod text;
pub mod text_row;
pub mod writer;

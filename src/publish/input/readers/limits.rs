//! Owns the limits of a record, whatever format it is read from.
//! Must not know the formats.

/// The longest record, in bytes: more than the largest contour, and far less than memory.
pub const RECORD_BYTES: usize = 16 << 20;

/// The most cells of a record, as many as a sheet has columns.
pub const RECORD_CELLS: usize = 16_384;

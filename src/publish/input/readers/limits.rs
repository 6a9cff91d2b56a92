//! Owns the limits of a record, the same for all formats.
//! Must not know the formats.

/// The most bytes of a record: more than the largest contour has, and far less than memory.
pub const RECORD_BYTES: usize = 16 << 20;

/// The most cells of a record: as many as a sheet has columns.
pub const RECORD_CELLS: usize = 16_384;

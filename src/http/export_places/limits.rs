//! Owns the limits of exports that the operator sets, and the memory that one export is reckoned with.
//! Must not know what is running.

use crate::http::cache::compression::Coding;
use crate::query::Representation;

const MIB: u64 = 1 << 20;

/// The limits of exports that the operator sets.
#[derive(Clone, Copy, Debug)]
pub struct ExportLimits {
    /// The most exports at once.
    pub places: u64,
    /// The most exports of one client at once.
    pub places_each: u64,
    /// The most bytes of memory that all exports are reckoned with; one client may have half.
    pub memory: u64,
    /// The most bytes of temporary files of all exports; one client may have half.
    pub temporary: u64,
    /// The least rate in bytes per second while others wait; 0 for none.
    pub min_rate: u64,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self { places: 32, places_each: 8, memory: 256_000_000, temporary: 4_096_000_000, min_rate: 50_000 }
    }
}

impl ExportLimits {
    /// The most exports that are being built at once.
    pub fn builds(&self) -> usize {
        usize::try_from(self.places / 2).unwrap_or(usize::MAX).max(1)
    }
}

/// What an export asks for before it reads anything.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// The memory that it is reckoned with, in bytes.
    pub memory: u64,
    /// Whether its first byte is known only after its last row. Until then nobody can tell whether its client is slow.
    pub is_built: bool,
}

impl Demand {
    /// What an export in this representation and coding asks for.
    pub fn of(representation: Representation, coding: Coding) -> Self {
        Self { memory: memory(representation, coding), is_built: is_built(representation) }
    }
}

fn is_built(representation: Representation) -> bool {
    matches!(representation, Representation::Xlsx | Representation::JsonStat)
}

/// The memory of an export, in bytes: that of the writer, of the encoder, and of the rows that wait.
/// `bench/slow_exports.py` measures it.
fn memory(representation: Representation, coding: Coding) -> u64 {
    let writer = match representation {
        Representation::Parquet => 16,
        Representation::JsonStat => 64,
        Representation::Xlsx => 6,
        _ => 3,
    };
    let encoder = match coding {
        Coding::Brotli => 6,
        Coding::Zstd => 4,
        Coding::Gzip => 1,
        Coding::Identity => 0,
    };
    (writer + encoder) * MIB
}

//! Owns the construction of caches with a capacity in bytes, split into shards with a lock each.
//! Must not know what is cached.

use std::hash::Hash;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

/// Creates a cache of `capacity` bytes in `shards` shards. `weighter` returns the size of an entry in bytes; `typical_entry` is
/// the size of a common one, from which the number of entries is estimated.
///
/// # Panics
/// Never: both capacities are set.
pub fn bounded<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone>(
    capacity: u64,
    typical_entry: u64,
    shards: u64,
    weighter: W,
) -> Cache<K, V, W> {
    let options = OptionsBuilder::new()
        .shards(usize::try_from(shards).unwrap_or(1))
        .estimated_items_capacity(usize::try_from(capacity / typical_entry).unwrap_or(usize::MAX))
        .weight_capacity(capacity)
        .build()
        .expect("both capacities are set");
    Cache::with_options(options, weighter, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

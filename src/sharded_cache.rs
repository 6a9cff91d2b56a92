//! Owns the sharded cache: its capacity is in bytes, and each shard has a lock of its own.
//! Must not know what is cached.

use std::hash::Hash;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

/// A cache of `bytes` capacity, as `weights` weighs its entries, in `parts` shards. `usual` is the size of a common entry in
/// bytes, from which the number of entries is estimated.
pub fn bounded<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone>(
    bytes: u64,
    usual: u64,
    parts: u64,
    weights: W,
) -> Cache<K, V, W> {
    let options = OptionsBuilder::new()
        .shards(usize::try_from(parts).unwrap_or(1))
        .estimated_items_capacity(usize::try_from(bytes / usual).unwrap_or(usize::MAX))
        .weight_capacity(bytes)
        .build()
        .expect("both capacities are given");
    Cache::with_options(options, weights, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

//! Owns how caches are bounded: by the bytes of what they keep, in parts that have a lock of their own.
//! Must not know what is kept.

use std::hash::Hash;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

/// A cache of so many bytes by these weights, in so many parts that have a lock of their own, for entries of about a usual
/// size.
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

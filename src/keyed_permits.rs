//! Owns permits that are limited in total and for each key, so that one client cannot hold all of them.
//! Must not know who a key stands for, nor what a permit allows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A number of permits, such as connections or bytes. Copies share them.
#[derive(Clone)]
pub struct KeyedPermits<K>(Arc<Shared<K>>);

struct Shared<K> {
    total: u64,
    each: u64,
    held: Mutex<Held<K>>,
}

struct Held<K> {
    total: u64,
    by_key: HashMap<K, u64>,
}

/// Which limit a refused request would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// The limit of all keys together.
    Total,
    /// The limit of one key.
    Share,
}

/// Permits of one key. They are returned on drop.
pub struct KeyedPermit<K: Hash + Eq> {
    shared: Arc<Shared<K>>,
    key: K,
    number: u64,
}

impl<K: Hash + Eq + Clone> KeyedPermits<K> {
    /// `total` permits, of which each key can hold at most `each`.
    pub fn new(total: u64, each: u64) -> Self {
        let held = Mutex::new(Held { total: 0, by_key: HashMap::new() });
        Self(Arc::new(Shared { total, each, held }))
    }

    /// Takes permits for a key, all or none.
    ///
    /// # Errors
    /// Returns the limit that they would exceed.
    pub fn try_acquire(&self, key: &K, number: u64) -> Result<KeyedPermit<K>, LimitReached> {
        let mut permit = KeyedPermit { shared: Arc::clone(&self.0), key: key.clone(), number: 0 };
        permit.try_grow(number).map(|()| permit)
    }

    /// The permits that a key holds.
    pub fn held_by(&self, key: &K) -> u64 {
        self.0.lock().by_key.get(key).copied().unwrap_or(0)
    }

    /// The permits that are held, over all keys.
    pub fn held(&self) -> u64 {
        self.0.lock().total
    }

    /// The keys that hold permits.
    pub fn holders(&self) -> usize {
        self.0.lock().by_key.len()
    }
}

impl<K> Shared<K> {
    fn lock(&self) -> MutexGuard<'_, Held<K>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> KeyedPermit<K> {
    /// Takes further permits for the same key, all or none.
    ///
    /// # Errors
    /// Returns the limit that they would exceed.
    pub fn try_grow(&mut self, number: u64) -> Result<(), LimitReached> {
        let mut held = self.shared.lock();
        let own = held.by_key.get(&self.key).copied().unwrap_or(0);
        if own.saturating_add(number) > self.shared.each {
            return Err(LimitReached::Share);
        }
        if held.total.saturating_add(number) > self.shared.total {
            return Err(LimitReached::Total);
        }
        if number > 0 {
            held.total += number;
            held.by_key.insert(self.key.clone(), own + number);
            self.number += number;
        }
        Ok(())
    }
}

impl<K: Hash + Eq> KeyedPermit<K> {
    /// Returns permits before the drop, at most those that are held.
    pub fn give_back(&mut self, number: u64) {
        let number = number.min(self.number);
        self.number -= number;
        let mut held = self.shared.lock();
        held.total -= number;
        if let Some(own) = held.by_key.get_mut(&self.key) {
            *own -= number;
            if *own == 0 {
                held.by_key.remove(&self.key);
            }
        }
    }
}

impl<K: Hash + Eq> Drop for KeyedPermit<K> {
    fn drop(&mut self) {
        self.give_back(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyedPermits, LimitReached};

    #[test]
    fn a_key_holds_its_share_and_all_keys_hold_the_total() {
        let permits = KeyedPermits::new(5, 3);
        let mut first = permits.try_acquire(&"a", 2).expect("2 of 3");
        assert_eq!(permits.try_acquire(&"a", 2).err(), Some(LimitReached::Share));
        first.try_grow(1).expect("3 of 3");
        let second = permits.try_acquire(&"b", 2).expect("5 of 5 in all");
        assert_eq!(permits.try_acquire(&"c", 1).err(), Some(LimitReached::Total));
        assert_eq!((permits.held(), permits.holders()), (5, 2));
        drop(first);
        let third = permits.try_acquire(&"c", 3).expect("the first gave its permits back");
        assert_eq!((permits.held(), permits.holders()), (5, 2));
        drop((second, third));
        assert_eq!((permits.held(), permits.holders()), (0, 0));
    }

    #[test]
    fn a_refusal_takes_nothing() {
        let permits = KeyedPermits::new(4, 4);
        let mut held = permits.try_acquire(&1, 3).expect("3 of 4");
        assert_eq!(held.try_grow(2), Err(LimitReached::Share));
        assert_eq!(permits.held(), 3);
        held.try_grow(1).expect("4 of 4");
        assert_eq!((permits.held_by(&1), permits.held_by(&2)), (4, 0));
        held.give_back(3);
        assert_eq!((permits.held_by(&1), permits.held()), (1, 1));
        drop(held);
        assert_eq!((permits.held(), permits.holders()), (0, 0));
    }
}

//! The peers under one interface: byte keys, counted byte values, as their
//! documentations suggest.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::mynah_c::Mynah;

pub type Bytes = Arc<[u8]>;

pub trait Peer: Send + Sync {
    fn name(&self) -> &'static str;
    /// Copies a value out; its length.
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize>;
    /// Takes a reference to a value, and lets it go.
    fn get_value(&self, key: &[u8]) -> bool;
    fn set(&self, key: &[u8], value: &[u8]);
}

fn copy(value: Option<&[u8]>, place: &mut [u8]) -> Option<usize> {
    let value = value?;
    place[..value.len()].copy_from_slice(value);
    Some(value.len())
}

impl Peer for Mynah {
    fn name(&self) -> &'static str {
        "mynah"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        Mynah::get_into(self, key, place)
    }
    #[inline]
    fn get_value(&self, key: &[u8]) -> bool {
        Mynah::get_value(self, key)
    }
    #[inline]
    fn set(&self, key: &[u8], value: &[u8]) {
        Mynah::set(self, key, value)
    }
}

pub struct Quick(pub quick_cache::sync::Cache<Box<[u8]>, Bytes>);

impl Quick {
    pub fn new(capacity: usize) -> Self {
        Quick(quick_cache::sync::Cache::new(capacity))
    }
}

impl Peer for Quick {
    fn name(&self) -> &'static str {
        "quick_cache"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        copy(self.0.get(key).as_deref(), place)
    }
    #[inline]
    fn get_value(&self, key: &[u8]) -> bool {
        self.0.get(key).is_some()
    }
    #[inline]
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

pub struct Moka(pub moka::sync::Cache<Box<[u8]>, Bytes>);

impl Moka {
    pub fn new(capacity: usize) -> Self {
        Moka(moka::sync::Cache::new(capacity as u64))
    }
}

impl Peer for Moka {
    fn name(&self) -> &'static str {
        "moka"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        copy(self.0.get(key).as_deref(), place)
    }
    #[inline]
    fn get_value(&self, key: &[u8]) -> bool {
        self.0.get(key).is_some()
    }
    #[inline]
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

pub struct Foyer(pub foyer_memory::Cache<Box<[u8]>, Bytes>);

impl Foyer {
    pub fn new(capacity: usize) -> Self {
        let config = foyer_memory::S3FifoConfig::default();
        Foyer(
            foyer_memory::CacheBuilder::new(capacity)
                .with_shards(8)
                .with_eviction_config(config)
                .build(),
        )
    }
}

impl Peer for Foyer {
    fn name(&self) -> &'static str {
        "foyer-memory"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        let entry = self.0.get(key)?;
        copy(Some(entry.value()), place)
    }
    #[inline]
    fn get_value(&self, key: &[u8]) -> bool {
        self.0.get(key).is_some()
    }
    #[inline]
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

type LruShard = Mutex<lru::LruCache<Box<[u8]>, Bytes>>;

/// The usual home-made one: an exact LRU behind a mutex, several times.
pub struct ShardedLru {
    shards: Vec<LruShard>,
}

impl ShardedLru {
    pub fn new(capacity: usize) -> Self {
        let part = std::num::NonZeroUsize::new(capacity / 8).unwrap();
        ShardedLru { shards: (0..8).map(|_| Mutex::new(lru::LruCache::new(part))).collect() }
    }

    #[inline]
    fn shard(&self, key: &[u8]) -> &LruShard {
        &self.shards[rapidhash::v3::rapidhash_v3(key) as usize % 8]
    }
}

impl Peer for ShardedLru {
    fn name(&self) -> &'static str {
        "sharded lru"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        let value = self.shard(key).lock().get(key).cloned();
        copy(value.as_deref(), place)
    }
    #[inline]
    fn get_value(&self, key: &[u8]) -> bool {
        self.shard(key).lock().get(key).cloned().is_some()
    }
    #[inline]
    fn set(&self, key: &[u8], value: &[u8]) {
        let old = self.shard(key).lock().push(key.into(), value.into());
        drop(old);
    }
}

/// What no cache can be faster than: hash, one look-up in a table that never
/// changes, compare, copy.
pub struct Floor {
    table: Vec<Option<Box<[u8]>>>,
    key_len: usize,
}

impl Floor {
    pub fn new<'a>(keys: impl Iterator<Item = &'a [u8]>, count: usize, value: &[u8]) -> Floor {
        let size = (count * 2).next_power_of_two();
        let mut table: Vec<Option<Box<[u8]>>> = (0..size).map(|_| None).collect();
        let mut key_len = 0;
        for key in keys {
            key_len = key.len();
            let mut at = rapidhash::v3::rapidhash_v3(key) as usize & (size - 1);
            while table[at].is_some() {
                at = (at + 1) & (size - 1);
            }
            table[at] = Some([key, value].concat().into());
        }
        Floor { table, key_len }
    }
}

impl Peer for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }
    #[inline]
    fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        let mask = self.table.len() - 1;
        let mut at = rapidhash::v3::rapidhash_v3(key) as usize & mask;
        loop {
            let (stored, value) = self.table[at].as_ref()?.split_at(self.key_len);
            if stored == key {
                place[..value.len()].copy_from_slice(value);
                return Some(value.len());
            }
            at = (at + 1) & mask;
        }
    }
    fn get_value(&self, key: &[u8]) -> bool {
        self.get_into(key, &mut [0; 4096]).is_some()
    }
    fn set(&self, _: &[u8], _: &[u8]) {}
}

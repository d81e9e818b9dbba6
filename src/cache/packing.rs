//! What the cache does with its codec: packs what is stored, and trains aside.

use std::sync::Weak;

use serde_json::{Value as Json, json};

use super::Cache;
use super::compress::{Coming, has_room};
use super::entry::{COMPRESSED, Entry, Value};
use super::shard::Counts;
use crate::error::{Error, Result};
use crate::nesting;

/// An entry that is about to be stored.
pub struct Encoded<'a> {
    /// The entry, packed where that pays.
    pub entry: Entry,
    /// The value's length before.
    pub raw_len: usize,
    /// Whether it is time to train.
    pub train: bool,
    _coming: Option<Coming<'a>>,
}

impl Cache {
    /// The entry of a value, packed where that pays.
    pub(super) fn encode(&self, key: &[u8], value: &[u8], expiry_ms: u64) -> Result<Encoded<'_>> {
        let Some(codec) = &self.shared.codec else {
            // Before it is copied.
            self.check_size(key.len().saturating_add(value.len()))?;
            let entry = Entry::new(key, value, expiry_ms, 0)?;
            return Ok(Encoded { entry, raw_len: 0, train: false, _coming: None });
        };
        let train = self.has_room_for_dictionary() && codec.sample(value);
        let packed = self.metrics.packing.of(|| codec.pack(value));
        let (entry, _coming) = match packed {
            Some((packed, coming)) => {
                (Entry::new(key, &packed, expiry_ms, COMPRESSED)?, Some(coming))
            }
            None => (Entry::new(key, value, expiry_ms, 0)?, None),
        };
        Ok(Encoded { entry, raw_len: value.len(), train, _coming })
    }

    /// Whether no key and no value of such lengths are stored, whatever they are: a
    /// value that may be packed is to be judged by what it packs to.
    pub(super) fn never_fits(&self, key_len: usize, value_len: usize) -> bool {
        let may_pack = self.shared.codec.as_ref().is_some_and(|codec| codec.may_pack(value_len));
        self.is_too_large(key_len.saturating_add(if may_pack { 0 } else { value_len }))
    }

    /// The value of a packed entry.
    pub(super) fn unpack(&self, entry: &Entry) -> Result<Value> {
        let codec = self.shared.codec.as_ref();
        let codec = codec.ok_or_else(|| Error::Internal("a packed value, but no codec".into()))?;
        self.metrics.unpacking.of(|| codec.unpack(entry.value()))
    }

    /// Tells of the value of a packed entry that has left, which then needs its
    /// dictionary no more. One that cannot be unpacked for want of memory is empty.
    pub(super) fn with_departed(&self, entry: &Entry, tell: impl FnOnce(&[u8])) {
        let value = self.unpack(entry);
        tell(value.as_ref().map_or(&[], Value::as_bytes));
        if let Some(codec) = &self.shared.codec {
            codec.count(entry, -1);
        }
    }

    pub(super) fn has_room_for_dictionary(&self) -> bool {
        has_room(self.options.values.max_memory_mb)
    }

    /// Trains on a thread of its own, which ends with the training.
    pub(super) fn train_aside(&self) {
        let cache: Weak<Cache> = self.me.clone();
        let work = move || {
            if let Some(cache) = cache.upgrade() {
                cache.train();
            }
        };
        if nesting::thread("mynah-train").spawn(work).is_err()
            && let Some(codec) = &self.shared.codec
        {
            // No thread to be had: the next sample tries again.
            codec.end_training();
        }
    }

    /// Trains, and accounts for the dictionary.
    pub(super) fn train(&self) {
        if let Some(codec) = &self.shared.codec {
            codec.train(&|bytes| self.pay(bytes));
        }
    }

    /// Trains once nobody else does.
    #[cfg(test)]
    pub(super) fn train_next(&self) {
        while self.shared.codec.as_ref().is_some_and(|codec| codec.is_training()) {
            std::thread::yield_now();
        }
        self.train();
    }

    /// What compression does, for the metrics; null without it.
    pub(super) fn compression_json(&self, counts: &Counts) -> Json {
        let Some(codec) = &self.shared.codec else { return Json::Null };
        let ratio =
            (counts.packed_bytes > 0).then(|| counts.raw_bytes as f64 / counts.packed_bytes as f64);
        json!({
            "ratio": ratio,
            "packed_values": counts.packed,
            "raw_bytes": counts.raw_bytes,
            "packed_bytes": counts.packed_bytes,
            "pack_ns": self.metrics.packing.ns(),
            "unpack_ns": self.metrics.unpacking.ns(),
            "dictionaries_trained": codec.trained(),
            "dictionary_bytes": codec.dictionary_bytes(),
        })
    }
}

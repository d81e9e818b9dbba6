//! Values packed with zstd, and the dictionary that makes short ones shrink.
//!
//! A packed value is a version, the length before, and a zstd frame without its
//! four magic bytes. Version 0 has no dictionary; the others are trained in the
//! background from values that were stored, once there are enough of them and
//! they are short, and again as many more have passed. A dictionary stays as
//! long as an entry that needs it: entries are counted by version, those on
//! their way into the cache too, and those that are still to be told of. A version
//! is not given to another dictionary before all others have had their turn:
//! whoever still holds an entry whose dictionary is gone finds nothing, and never
//! another's reading of it.
//!
//! zstd's contexts may take more than the cache: what is kept of them is paid for
//! in advance, and the level of a long value is as low as leaves those at work no
//! more than an eighth of the bound on memory.

mod contexts;
mod dictionary;
mod samples;
mod sizes;
#[cfg(test)]
mod tests;
mod training;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;
use zstd::zstd_safe::{CCtx, DCtx, compress_bound, get_error_name};

use self::contexts::{Contexts, LIGHT};
use self::dictionary::Dictionary;
use self::samples::Samples;
use self::sizes::{context_bytes, is_long, level_for};
use super::entry::{COMPRESSED, Entry, Value};
use crate::error::{Error, Result};

pub use self::dictionary::{DICTIONARY_BYTES, has_room, most_bytes as most_dictionary_bytes};
pub use self::samples::ROOM as SAMPLE_ROOM;

/// Version, and length before.
const HEAD: usize = 5;
/// What every frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes of contexts that are kept at most, for packing and for unpacking.
const KEPT: [u64; 2] = [3 << 20, 1 << 20];
/// Bytes of heavy contexts at work, where memory is not bounded.
const AT_WORK: u64 = 256 << 20;

/// Bytes of contexts that a codec keeps at most, for packing and for unpacking; with
/// a bound on memory, a sixteenth of it.
fn kept(max_bytes: Option<u64>) -> [u64; 2] {
    let of = |most: u64, part: u64| max_bytes.map_or(most, |bytes| most.min(bytes / 64 * part));
    [of(KEPT[0], 3), of(KEPT[1], 1)]
}

/// Bytes of contexts that a codec keeps at most, when memory is bounded so.
pub fn context_room(max_bytes: Option<u64>) -> u64 {
    kept(max_bytes).iter().sum()
}

/// Counts as an entry of a version until it is dropped: by then the entry that
/// was packed is in the cache, or never will be.
pub struct Coming<'a>(&'a Codec, u8);

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.0.entries[self.1 as usize].fetch_sub(1, Relaxed);
    }
}

/// Packs and unpacks the values of one cache.
pub struct Codec {
    level: i32,
    threshold: usize,
    /// The newest last; all that an entry may need.
    dictionaries: RwLock<Vec<Arc<Dictionary>>>,
    /// Entries of each version. Relaxed: changed under shards' locks.
    entries: Box<[AtomicI64; 256]>,
    packers: Contexts<CCtx<'static>>,
    unpackers: Contexts<DCtx<'static>>,
    /// Bytes that the context of a value may take.
    at_work: u64,
    samples: Samples,
    training: AtomicBool,
    trained: AtomicU64,
    /// The version that was given out last.
    version: AtomicU8,
}

fn no_memory() -> Error {
    Error::Internal("out of memory".into())
}

fn broken(code: usize) -> Error {
    Error::Internal(format!("zstd: {}", get_error_name(code)))
}

impl Codec {
    /// A codec without a dictionary; with the bound on memory, in bytes, if there is
    /// one.
    pub fn new(level: u32, threshold: u64, max_bytes: Option<u64>) -> Codec {
        let [packers, unpackers] = kept(max_bytes);
        let at_work = max_bytes.map_or(AT_WORK, |bytes| (bytes / 8).max(LIGHT));
        Codec {
            level: level as i32,
            threshold: threshold as usize,
            dictionaries: RwLock::default(),
            entries: Box::new([const { AtomicI64::new(0) }; 256]),
            packers: Contexts::new(CCtx::try_create, CCtx::sizeof, packers, at_work),
            unpackers: Contexts::new(DCtx::try_create, DCtx::sizeof, unpackers, at_work),
            at_work: if max_bytes.is_some() { at_work } else { u64::MAX },
            samples: Samples::new(),
            training: AtomicBool::new(false),
            trained: AtomicU64::new(0),
            version: AtomicU8::new(0),
        }
    }

    /// The newest dictionary, unless the value is too long for one, and an entry of
    /// it to come.
    fn for_packing(&self, len: usize) -> (Option<Arc<Dictionary>>, Coming<'_>) {
        // Under the lock: whoever drops dictionaries counts entries under it.
        let all = self.dictionaries.read();
        let newest = all.last().filter(|_| !is_long(len));
        let version = newest.map_or(0, |d| d.version);
        self.entries[version as usize].fetch_add(1, Relaxed);
        (newest.cloned(), Coming(self, version))
    }

    /// Whether values of such a length are packed if they get smaller.
    pub fn may_pack(&self, len: usize) -> bool {
        len >= self.threshold.max(1)
    }

    /// The packed form of a value, if it is long enough and gets smaller.
    pub fn pack(&self, value: &[u8]) -> Option<(Vec<u8>, Coming<'_>)> {
        if !self.may_pack(value.len()) {
            return None;
        }
        let length = u32::try_from(value.len()).ok()?;
        // The head takes the place of the magic number, and one byte before it.
        let frame_at = HEAD - MAGIC.len();
        let room = frame_at + compress_bound(value.len());
        let mut packed = Vec::new();
        packed.try_reserve_exact(room).ok()?;
        packed.resize(room, 0);
        let (dictionary, coming) = self.for_packing(value.len());
        let level = level_for(self.level, value.len(), self.at_work);
        let bytes = context_bytes(level, value.len());
        let frame = &mut packed[frame_at..];
        let made = self.packers.with(bytes, |context| match &dictionary {
            Some(d) => context.compress_using_cdict(frame, value, d.encoder.as_cdict()),
            None => context.compress(frame, value, level),
        })?;
        packed.truncate(frame_at + made.ok()?);
        if packed.len() >= value.len() {
            return None;
        }
        packed[0] = coming.1;
        packed[1..HEAD].copy_from_slice(&length.to_le_bytes());
        Some((packed, coming))
    }

    /// The length of what was packed; 0 if that is cut.
    pub fn length(packed: &[u8]) -> usize {
        match packed {
            [_, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
            _ => 0,
        }
    }

    /// What was packed. Never makes more than the length that was noted.
    pub fn unpack(&self, packed: &[u8]) -> Result<Value> {
        let short = || Error::Internal("a packed value is cut".into());
        let (head, frame) = packed.split_at_checked(HEAD).ok_or_else(short)?;
        let length = Self::length(head);
        let mut whole = Vec::new();
        whole.try_reserve_exact(MAGIC.len() + frame.len()).map_err(|_| no_memory())?;
        whole.extend_from_slice(&MAGIC);
        whole.extend_from_slice(frame);
        let dictionary = match head[0] {
            0 => None,
            // A dictionary goes with its last entry: whoever still held that
            // entry then finds nothing any more.
            version => Some(self.dictionary(version).ok_or(Error::NotFound)?),
        };
        Value::with(length, |place| {
            let made = self.unpackers.with(0, |context| match &dictionary {
                Some(d) => context.decompress_using_ddict(place, &whole, d.decoder.as_ddict()),
                None => context.decompress(place, &whole),
            });
            match made.ok_or_else(no_memory)?.map_err(broken)? == length {
                true => Ok(()),
                false => Err(short()),
            }
        })
    }

    fn dictionary(&self, version: u8) -> Option<Arc<Dictionary>> {
        self.dictionaries.read().iter().find(|d| d.version == version).cloned()
    }

    /// Counts an entry in, or out, under its shard's lock; out only after it has been
    /// told of, where somebody is.
    pub fn count(&self, entry: &Entry, by: i64) {
        if entry.flags() & COMPRESSED != 0 {
            let version = entry.value().first().copied().unwrap_or(0);
            self.entries[version as usize].fetch_add(by, Relaxed);
        }
    }
}

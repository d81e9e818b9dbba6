//! Values packed with zstd, and the dictionary that makes short ones shrink.
//!
//! A packed value is a version, the length before, and a zstd frame without its
//! four magic bytes. Version 0 has no dictionary; the others are trained in the
//! background from values that were stored, once there are enough of them and
//! they are short, and again as many more have passed. A dictionary stays as
//! long as an entry that needs it: entries are counted by version, those on
//! their way into the cache too. A version is not given to another dictionary
//! before all others have had their turn: whoever still holds an entry whose
//! dictionary is gone finds nothing, and never another's reading of it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use serde_json::{Value as Json, json};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CCtx, DCtx, get_error_name};

use super::Cache;
use super::entry::{COMPRESSED, Entry, Value};
use super::shard::Counts;
use crate::error::{Error, Result};

/// Version, and length before.
const HEAD: usize = 5;
/// What every frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Values up to this size are what a dictionary is for.
const SHORT: usize = 2_048;
/// Samples that are kept, and what they may take together.
const SAMPLES: usize = 1_024;
const SAMPLE_BYTES: usize = 512 * 1024;
/// Samples that the first dictionary needs.
const FIRST_AT: u64 = 128;
/// Largest dictionary.
const DICTIONARY_BYTES: usize = 32 * 1024;
/// Contexts that are kept for the next call.
const CONTEXTS: usize = 4;

/// A dictionary, prepared both ways.
pub struct Dictionary {
    version: u8,
    bytes: Vec<u8>,
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

/// Least `max_memory_mb` at which a dictionary is trained.
const DICTIONARY_LEAST_MB: u64 = 8;

/// Whether a bound on memory, in MiB or 0 for none, leaves room for a
/// dictionary: prepared, it takes half a MiB.
pub fn has_room(bound_mb: u64) -> bool {
    bound_mb == 0 || bound_mb >= DICTIONARY_LEAST_MB
}

/// Counts as an entry of a version until it is dropped: by then the entry that
/// was packed is in the cache, or never will be.
struct Coming<'a>(&'a Codec, u8);

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.0.entries[self.1 as usize].fetch_sub(1, Relaxed);
    }
}

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

/// Packs and unpacks the values of one cache.
pub struct Codec {
    level: i32,
    threshold: usize,
    /// The newest last; all that an entry may need.
    dictionaries: RwLock<Vec<Arc<Dictionary>>>,
    /// Entries of each version. Relaxed: changed under shards' locks.
    entries: Box<[AtomicI64; 256]>,
    packers: Mutex<Vec<CCtx<'static>>>,
    unpackers: Mutex<Vec<DCtx<'static>>>,
    samples: Mutex<Samples>,
    training: AtomicBool,
    trained: AtomicU64,
    /// The version that was given out last.
    version: AtomicU8,
}

/// Stored values, a random choice of all of them.
#[derive(Default)]
struct Samples {
    kept: Vec<Box<[u8]>>,
    bytes: usize,
    seen: u64,
    short: u64,
    next_at: u64,
}

impl Dictionary {
    /// Bytes of it: as it is, and prepared both ways.
    fn cost(&self) -> i64 {
        let (encoder, decoder) = (self.encoder.as_cdict(), self.decoder.as_ddict());
        (self.bytes.len() + encoder.sizeof() + decoder.sizeof()) as i64
    }

    /// Bytes of some texts, packed with it.
    fn packed_size(&self, texts: &[&[u8]]) -> usize {
        let Some(mut context) = CCtx::try_create() else { return usize::MAX };
        let packed = |text: &&[u8]| {
            let mut frame = vec![0u8; zstd::zstd_safe::compress_bound(text.len())];
            let cdict = self.encoder.as_cdict();
            context.compress_using_cdict(&mut frame[..], text, cdict).unwrap_or(text.len())
        };
        texts.iter().map(packed).sum()
    }
}

fn broken(code: usize) -> Error {
    Error::Internal(format!("zstd: {}", get_error_name(code)))
}

impl Codec {
    /// A codec without a dictionary.
    pub fn new(level: u32, threshold: u64) -> Codec {
        Codec {
            level: level as i32,
            threshold: threshold as usize,
            dictionaries: RwLock::default(),
            entries: Box::new([const { AtomicI64::new(0) }; 256]),
            packers: Mutex::default(),
            unpackers: Mutex::default(),
            samples: Mutex::new(Samples { next_at: FIRST_AT, ..Samples::default() }),
            training: AtomicBool::new(false),
            trained: AtomicU64::new(0),
            version: AtomicU8::new(0),
        }
    }

    /// The newest dictionary, and an entry of it to come.
    fn for_packing(&self) -> (Option<Arc<Dictionary>>, Coming<'_>) {
        // Under the lock: whoever drops dictionaries counts entries under it.
        let all = self.dictionaries.read();
        let version = all.last().map_or(0, |d| d.version);
        self.entries[version as usize].fetch_add(1, Relaxed);
        (all.last().cloned(), Coming(self, version))
    }

    /// The packed form of a value, if it is long enough and gets smaller.
    fn pack(&self, value: &[u8]) -> Option<(Vec<u8>, Coming<'_>)> {
        if value.len() < self.threshold.max(1) {
            return None;
        }
        let mut context = self.packers.lock().pop().or_else(CCtx::try_create)?;
        let mut frame = vec![0u8; zstd::zstd_safe::compress_bound(value.len())];
        let (dictionary, coming) = self.for_packing();
        let packed = match &dictionary {
            Some(d) => context.compress_using_cdict(&mut frame[..], value, d.encoder.as_cdict()),
            None => context.compress(&mut frame[..], value, self.level),
        };
        self.keep(&self.packers, context);
        let frame = frame.get(MAGIC.len()..packed.ok()?)?;
        if HEAD + frame.len() >= value.len() {
            return None;
        }
        let length = (value.len() as u32).to_le_bytes();
        Some(([&[coming.1], &length[..], frame].concat(), coming))
    }

    fn keep<T>(&self, pool: &Mutex<Vec<T>>, context: T) {
        let mut pool = pool.lock();
        if pool.len() < CONTEXTS {
            pool.push(context);
        }
    }

    /// What was packed. Never makes more than the length that was noted.
    pub fn unpack(&self, packed: &[u8]) -> Result<Value> {
        let short = || Error::Internal("a packed value is cut".into());
        let (head, frame) = packed.split_at_checked(HEAD).ok_or_else(short)?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let frame = [&MAGIC[..], frame].concat();
        let dictionary = match head[0] {
            0 => None,
            // A dictionary goes with its last entry: whoever still held that
            // entry then finds nothing any more.
            version => Some(self.dictionary(version).ok_or(Error::NotFound)?),
        };
        let context = self.unpackers.lock().pop().or_else(DCtx::try_create);
        let mut context = context.ok_or_else(|| Error::Internal("out of memory".into()))?;
        let value = Value::with(length, |place| {
            let made = match &dictionary {
                Some(d) => context.decompress_using_ddict(place, &frame, d.decoder.as_ddict()),
                None => context.decompress(place, &frame),
            };
            match made.map_err(broken)? == length {
                true => Ok(()),
                false => Err(short()),
            }
        });
        self.keep(&self.unpackers, context);
        value
    }

    fn dictionary(&self, version: u8) -> Option<Arc<Dictionary>> {
        self.dictionaries.read().iter().find(|d| d.version == version).cloned()
    }

    /// Counts an entry in or out, under its shard's lock.
    pub fn count(&self, entry: &Entry, by: i64) {
        if entry.flags() & COMPRESSED != 0 {
            let version = entry.value().first().copied().unwrap_or(0);
            self.entries[version as usize].fetch_add(by, Relaxed);
        }
    }

    /// Notes a value that was stored; whether it is time to train.
    fn sample(&self, value: &[u8]) -> bool {
        let mut samples = self.samples.lock();
        samples.seen += 1;
        if value.len() > SHORT || value.is_empty() {
            return false;
        }
        samples.short += 1;
        let full = samples.kept.len() >= SAMPLES || samples.bytes >= SAMPLE_BYTES;
        if !full {
            samples.bytes += value.len();
            samples.kept.push(value.into());
        } else {
            // Each of all values so far has the same chance to be among them.
            let at = fastrand::Rng::with_seed(samples.short).u64(0..samples.short) as usize;
            if let Some(place) = samples.kept.get_mut(at) {
                let old = std::mem::replace(place, value.into());
                samples.bytes = samples.bytes + value.len() - old.len();
            }
        }
        let mostly_short = samples.short * 2 > samples.seen;
        samples.short >= samples.next_at && mostly_short && !self.training.swap(true, Relaxed)
    }

    /// Trains a dictionary from the samples, and takes it if it is better than
    /// the newest one. `pay` takes bytes, or gives some back.
    pub fn train(&self, pay: &dyn Fn(i64)) {
        let samples = {
            let mut samples = self.samples.lock();
            samples.next_at = samples.short.saturating_mul(8);
            samples.kept.clone()
        };
        // One sample in eight judges what the others taught.
        let (judges, teachers): (Vec<_>, Vec<_>) =
            samples.iter().enumerate().partition(|(i, _)| i % 8 == 7);
        let teachers: Vec<&[u8]> = teachers.into_iter().map(|(_, s)| &s[..]).collect();
        let total: usize = teachers.iter().map(|s| s.len()).sum();
        let size = (total / 3).clamp(256, DICTIONARY_BYTES);
        if let Ok(bytes) = zstd::dict::from_samples(&teachers, size)
            && let Some(made) = self.prepare(bytes)
        {
            let judges: Vec<&[u8]> = judges.into_iter().map(|(_, s)| &s[..]).collect();
            self.adopt(made, &judges, pay);
        }
        self.training.store(false, Relaxed);
    }

    /// A version that no entry uses, and that has not been in use for longest.
    fn next_version(&self) -> Option<u8> {
        let taken = |version: u8| {
            self.entries[version as usize].load(Relaxed) > 0
                || self.dictionaries.read().iter().any(|d| d.version == version)
        };
        let next = |_| self.version.fetch_add(1, Relaxed).wrapping_add(1);
        (0..=u8::MAX).map(next).find(|version| *version != 0 && !taken(*version))
    }

    /// A dictionary under a version of its own.
    fn prepare(&self, mut bytes: Vec<u8>) -> Option<Dictionary> {
        let version = self.next_version()?;
        // A frame repeats the dictionary's id: a small one takes one byte.
        bytes.get_mut(4..8)?.copy_from_slice(&(version as u32).to_le_bytes());
        Some(Dictionary {
            version,
            encoder: EncoderDictionary::try_copy(&bytes, self.level).ok()?,
            decoder: DecoderDictionary::try_copy(&bytes).ok()?,
            bytes,
        })
    }

    /// Takes a dictionary that packs the judges better than the newest one, and
    /// lets those go that no entry needs.
    fn adopt(&self, made: Dictionary, judges: &[&[u8]], pay: &dyn Fn(i64)) {
        let newest = self.dictionaries.read().last().cloned();
        let better = newest
            .is_none_or(|newest| made.packed_size(judges) * 100 < newest.packed_size(judges) * 97);
        if better {
            pay(made.cost());
            self.trained.fetch_add(1, Relaxed);
        }
        let freed = {
            let mut all = self.dictionaries.write();
            all.extend(better.then(|| Arc::new(made)));
            let newest = all.last().map(|d| d.version);
            let in_use = |version: u8| self.entries[version as usize].load(Relaxed) > 0;
            let gone = all.extract_if(.., |d| Some(d.version) != newest && !in_use(d.version));
            gone.map(|d| d.cost()).sum::<i64>()
        };
        pay(-freed);
    }

    /// The newest dictionary, for a snapshot.
    pub fn newest(&self) -> Option<Vec<u8>> {
        self.dictionaries.read().last().map(|d| d.bytes.clone())
    }

    /// Takes a dictionary over from a snapshot, unless there is one already.
    /// `pay` takes bytes.
    pub fn import(&self, bytes: Vec<u8>, pay: &dyn Fn(i64)) {
        if self.dictionaries.read().is_empty()
            && let Some(made) = self.prepare(bytes)
        {
            self.adopt(made, &[], pay);
        }
    }

    /// Bytes of the dictionaries.
    pub fn dictionary_bytes(&self) -> u64 {
        self.dictionaries.read().iter().map(|d| d.cost() as u64).sum()
    }

    /// Bytes set aside for the samples.
    pub const SAMPLE_ROOM: u64 = SAMPLE_BYTES as u64 + 16 * SAMPLES as u64;
}

impl Cache {
    /// The entry of a value, packed where that pays.
    pub(super) fn encode(&self, key: &[u8], value: &[u8], expiry_ms: u64) -> Result<Encoded<'_>> {
        let Some(codec) = &self.shared.codec else {
            let entry = Entry::new(key, value, expiry_ms, 0)?;
            return Ok(Encoded { entry, raw_len: 0, train: false, _coming: None });
        };
        let train = self.has_room_for_dictionary() && codec.sample(value);
        let start = self.clock.now_ns();
        let packed = codec.pack(value);
        self.metrics.pack_ns.fetch_add(self.clock.now_ns() - start, Relaxed);
        let (entry, _coming) = match packed {
            Some((packed, coming)) => {
                (Entry::new(key, &packed, expiry_ms, COMPRESSED)?, Some(coming))
            }
            None => (Entry::new(key, value, expiry_ms, 0)?, None),
        };
        Ok(Encoded { entry, raw_len: value.len(), train, _coming })
    }

    /// The value of a packed entry.
    pub(super) fn unpack(&self, entry: &Entry) -> Result<Value> {
        let codec = self.shared.codec.as_ref();
        let codec = codec.ok_or_else(|| Error::Internal("a packed value, but no codec".into()))?;
        let start = self.clock.now_ns();
        let value = codec.unpack(entry.value());
        self.metrics.unpack_ns.fetch_add(self.clock.now_ns() - start, Relaxed);
        value
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
        let thread = std::thread::Builder::new().name("mynah-train".into());
        if thread.spawn(work).is_err()
            && let Some(codec) = &self.shared.codec
        {
            // No thread to be had: the next sample tries again.
            codec.training.store(false, Relaxed);
        }
    }

    /// Trains, and accounts for the dictionary.
    pub(super) fn train(&self) {
        if let Some(codec) = &self.shared.codec {
            codec.train(&|bytes| self.pay(bytes));
        }
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
            "pack_ns": self.metrics.pack_ns.load(Relaxed),
            "unpack_ns": self.metrics.unpack_ns.load(Relaxed),
            "dictionaries_trained": codec.trained.load(Relaxed),
            "dictionary_bytes": codec.dictionary_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(seed: u64) -> Vec<Vec<u8>> {
        let mut random = fastrand::Rng::with_seed(seed);
        let words = ["river", "stone", "light", "paper", "north", "seven", "glass", "quiet"];
        let mut text = || (0..40).map(|_| words[random.usize(..8)]).collect::<Vec<_>>().join(" ");
        (0..200).map(|_| text().into_bytes()).collect()
    }

    fn codec() -> Codec {
        let codec = Codec::new(3, 1);
        texts(1).iter().for_each(|text| _ = codec.sample(text));
        codec
    }

    fn pay(_: i64) {}

    #[test]
    fn a_frame_that_would_make_more_than_was_noted_makes_nothing() {
        let codec = codec();
        let (packed, _) = codec.pack(&[7; 100_000]).unwrap();
        assert_eq!(codec.unpack(&packed).unwrap().as_bytes(), [7; 100_000]);
        for noted in [0u32, 10, 99_999, 100_001] {
            let mut lies = packed.clone();
            lies[1..HEAD].copy_from_slice(&noted.to_le_bytes());
            assert!(codec.unpack(&lies).is_err(), "{noted}");
        }
        assert!(codec.unpack(&packed[..3]).is_err());
        assert!(codec.unpack(&packed[..packed.len() - 1]).is_err());
    }

    #[test]
    fn a_dictionary_waits_for_what_is_on_its_way_into_the_cache() {
        let codec = codec();
        codec.train(&pay);
        let text = &texts(2)[0];
        let (packed, coming) = codec.pack(text).unwrap();
        let old = packed[0];
        assert_ne!(old, 0, "with a dictionary");
        let replace = || {
            codec.samples.lock().kept.clear();
            for seed in 0..3u8 {
                let other = |n: u8| (0..300u16).map(move |i| (i as u8).wrapping_mul(n | 1));
                let others = (0..100u8).map(|n| other(n ^ seed).collect::<Vec<u8>>());
                others.for_each(|text| _ = codec.sample(&text));
            }
            codec.train(&pay);
        };
        replace();
        assert_eq!(codec.trained.load(Relaxed), 2, "another one was better");
        assert_eq!(codec.unpack(&packed).unwrap().as_bytes(), &text[..]);
        drop(coming);
        codec.train(&pay);
        assert_eq!(codec.unpack(&packed).unwrap_err(), Error::NotFound, "nobody needs it");
        // Nor does another one take its version.
        assert!((0..250).all(|_| codec.next_version() != Some(old)));
    }
}

//! Storing values, and how long they live.

use std::sync::atomic::Ordering::Relaxed;

use super::carried::Carried;
use super::departure::Departures;
use super::entry::{COMPRESSED, EXPIRY_MAX_MS, Entry, NEGATIVE};
use super::simulate::What;
use super::{Cache, Ttl};
use crate::error::{Error, Result};

/// Rounds of looking for bytes in vain after which there are none, those not counted
/// in which others carried enough.
const ROUNDS_MAX: u32 = 4_096;
/// An entry finds room whatever else takes some if it is no larger than this part of
/// the bound on memory, and so than this, which is that part of the least bound.
const SMALL_PART: u64 = 16;
const SMALL: usize = (1 << 20) / SMALL_PART as usize;
/// Lives from here on are counted from the coarse clock, in ms.
const LONG_LIFE_MS: u64 = 60_000;

/// When an entry expires that is stored now.
#[derive(Debug, Clone, Copy)]
pub struct Expiry {
    /// In ms; 0: never.
    pub ms: u64,
    /// When now is, or a little later; of what never expires, the last moment there is.
    now_ms: u64,
}

impl Expiry {
    /// Whether an entry that expires at a time (0: never) is still live, and does so
    /// no later; or neither ever expires. One comparison: counted from now, what is
    /// past is far away, and `ms` of what never expires is one away.
    #[inline(always)]
    pub fn is_like_before(self, before_ms: u64) -> bool {
        let after_now = before_ms.wrapping_sub(self.now_ms.wrapping_add(1));
        after_now < self.ms.wrapping_sub(self.now_ms)
    }
}

impl Cache {
    /// Stores a copy of `value` under `key`.
    pub fn set(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<()> {
        self.store(key, value, ttl).map(Departures::deliver)
    }

    /// As [`Cache::set`]; what left on the way is the caller's to deliver.
    pub fn store(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<Departures> {
        let start = self.metrics.start_set(&self.clock);
        let (hash, expiry) = (self.shared.hash(key), self.expiry(ttl));
        let mut out = match self.renew(hash, key, value, expiry)? {
            true => Departures::default(),
            false => self.store_anew(hash, key, value, expiry.ms)?,
        };
        self.observe(hash, What::Stored(expiry.ms));
        if let Some(start) = start {
            let own_life = !matches!(ttl, Ttl::Default);
            let end = self.metrics.end_set(&self.clock, start, own_life);
            self.tick(end, &mut out);
        }
        Ok(out)
    }

    /// Stores a copy in an entry of its own.
    pub(super) fn store_anew(
        &self,
        hash: u64,
        key: &[u8],
        value: &[u8],
        expiry_ms: u64,
    ) -> Result<Departures> {
        let encoded = self.encode(key, value, expiry_ms)?;
        let out = self.put(hash, encoded.entry, encoded.raw_len)?;
        self.tell_waiters(key);
        if encoded.train {
            self.train_aside();
        }
        Ok(out)
    }

    /// Says that there is nothing under a key, for a while: look-ups miss, and
    /// nobody is asked to load it.
    pub fn set_negative(&self, key: &[u8], ttl: Ttl) -> Result<()> {
        let (hash, expiry_ms) = (self.shared.hash(key), self.expiry_ms(ttl));
        let entry = Entry::new(key, &[], expiry_ms, NEGATIVE)?;
        let out = self.put(hash, entry, 0)?;
        self.observe(hash, What::Denied(expiry_ms));
        self.tell_waiters(key);
        out.deliver();
        Ok(())
    }

    /// Has what is due now and then done at delivery.
    #[cold]
    fn tick(&self, now_ns: u64, out: &mut Departures) {
        if self.alerts.is_due(now_ns) {
            out.tick(self.me.upgrade());
        }
    }

    /// When an entry that is stored now expires, in ms; 0: never.
    pub(super) fn expiry_ms(&self, ttl: Ttl) -> u64 {
        self.expiry(ttl).ms
    }

    /// The same, and when now is.
    #[inline]
    pub(super) fn expiry(&self, ttl: Ttl) -> Expiry {
        let values = &self.options.values;
        let ms = match ttl {
            Ttl::Never => 0,
            Ttl::Default => values.default_ttl_ms,
            Ttl::Millis(ms) | Ttl::Exactly(ms) => ms,
        };
        if ms == 0 {
            return Expiry { ms: 0, now_ms: u64::MAX };
        }
        let percent = match ttl {
            Ttl::Exactly(_) => 0,
            _ => values.ttl_jitter_percent.into(),
        };
        let ms = if percent == 0 { ms } else { ms - self.jitter(ms, percent) };
        // A life of a minute or more may end a tick late: the precise clock
        // costs as much as the rest of a small store. Rounded up, so that no
        // life is ever shorter than asked for.
        let now_ns = if ms < LONG_LIFE_MS { self.clock.now_ns() } else { self.clock.soon_ns() };
        let now_ms = now_ns.div_ceil(1_000_000);
        Expiry { ms: now_ms.saturating_add(ms.max(1)).min(EXPIRY_MAX_MS), now_ms }
    }

    /// A random part of up to so many percent.
    fn jitter(&self, ms: u64, percent: u64) -> u64 {
        let most = (ms as u128 * percent as u128 / 100) as u64;
        if most == 0 {
            return 0;
        }
        let step = self.jitter.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        fastrand::Rng::with_seed(step).u64(0..=most)
    }

    /// Stores an entry, making room for it wherever there is some to make.
    pub(super) fn put(&self, hash: u64, entry: Entry, raw_len: usize) -> Result<Departures> {
        let size = entry.key().len() + entry.value().len();
        self.check_size(size)?;
        if size > SMALL {
            self.check_room(&entry)?;
        }
        let lapse = self.shared.lapse(&entry);
        let mut out = Departures::default();
        let stored = self.put_in(hash, entry, raw_len, &mut out);
        let out = self.finish(out);
        match stored {
            Ok(()) => {
                self.expect_lapse(lapse);
                Ok(out)
            }
            Err(error) => {
                out.deliver();
                Err(error)
            }
        }
    }

    /// Puts an entry into its shard, which is tried again with what could be
    /// gathered elsewhere as long as there is anything.
    #[inline]
    fn put_in(
        &self,
        hash: u64,
        mut entry: Entry,
        raw_len: usize,
        out: &mut Departures,
    ) -> Result<()> {
        let packed_len = (entry.flags() & COMPRESSED != 0).then(|| entry.value().len());
        let now_ms = self.clock.coarse_ns() / 1_000_000;
        let mut carried = Carried::nothing(&self.shared.budget);
        let mut rounds = 0;
        loop {
            let (_, mut shard) = self.directory.write(hash)?;
            self.check_open()?;
            shard.receive(carried.put_down());
            let put = shard.put(&self.shared, self.share(), hash, entry, now_ms, out);
            let Err((back, lacking)) = put else {
                if let Some(packed_len) = packed_len {
                    shard.counts.add_packed(raw_len, packed_len);
                }
                return Ok(());
            };
            entry = back;
            let index = shard.index;
            drop(shard);
            carried = self.gather(index, lacking, out);
            if !carried.amount().is_some() {
                // There is a place for every entry; bytes there may not be, unless
                // others hold as many, on their way to where they go.
                rounds += (lacking.bytes > self.shared.budget.under_way()) as u32;
                if rounds > ROUNDS_MAX {
                    return Err(self.no_room(&entry));
                }
                crate::sync::yield_now();
            }
        }
    }

    fn no_room(&self, entry: &Entry) -> Error {
        let limit = self.shared.budget.bytes.limit() as u64;
        Error::TooLarge { what: "entry", needed: entry.cost(), limit }
    }

    /// Refuses an entry for which there would be no room if all others left: they
    /// are not to leave in vain.
    #[cold]
    fn check_room(&self, entry: &Entry) -> Result<()> {
        let needed = entry.cost();
        let Some(bytes) = self.max_bytes().filter(|bytes| needed > bytes / SMALL_PART) else {
            return Ok(());
        };
        let limit = bytes.saturating_sub(self.least_bytes());
        match needed > limit {
            true => Err(Error::TooLarge { what: "entry", needed, limit }),
            false => Ok(()),
        }
    }

    /// The bounds of a single entry of so many bytes.
    pub(super) fn check_size(&self, size: usize) -> Result<()> {
        match self.is_too_large(size) {
            true => Err(Error::TooLarge {
                what: "entry",
                needed: size as u64,
                limit: self.entry_limit(),
            }),
            false => Ok(()),
        }
    }

    /// Whether no entry may have so many bytes.
    #[inline]
    pub(super) fn is_too_large(&self, size: usize) -> bool {
        let limit = self.entry_limit();
        limit > 0 && size as u64 > limit
    }

    /// Most bytes of an entry; 0: no limit.
    #[inline]
    fn entry_limit(&self) -> u64 {
        let values = &self.options.values;
        match (values.max_memory_mb, values.max_entry_bytes) {
            (0, most) => most,
            (mb, 0) => mb << 19,
            (mb, most) => most.min(mb << 19),
        }
    }

    /// Gives a live entry another lifetime from now; `NotFound`, or `Busy`.
    pub fn touch(&self, key: &[u8], ttl: Ttl) -> Result<()> {
        let hash = self.shared.hash(key);
        let expiry = self.expiry_ms(ttl);
        let (_, mut shard) = self.directory.write(hash)?;
        let slot = shard.table.find(hash, key).ok_or(Error::NotFound)?;
        let entry = shard.table.entry(slot).ok_or(Error::NotFound)?;
        if self.is_expired(entry) || entry.flags() & NEGATIVE != 0 {
            return Err(Error::NotFound);
        }
        entry.set_expiry_ms(expiry);
        let lapse = self.shared.lapse(entry);
        shard.table.lower_due(slot, lapse);
        drop(shard);
        self.expect_lapse(lapse);
        Ok(())
    }
}

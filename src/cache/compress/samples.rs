//! What a dictionary is trained from: stored values, a random choice of all of
//! them since the last training.
//!
//! A value that is not chosen is only counted, so that who stores waits for
//! nobody; that is nearly every one once there are samples enough.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

/// Values up to this size are what a dictionary is for.
const SHORT: usize = 2_048;
/// Samples that are kept, and what they may take together.
const SAMPLES: usize = 1_024;
const SAMPLE_BYTES: usize = 512 * 1024;
/// Samples that the first dictionary needs.
const FIRST_AT: u64 = 128;
/// How many times as many the next one needs.
const NEXT_AFTER: u64 = 8;

/// Bytes that samples take at most, with what says where they are.
pub const ROOM: u64 = SAMPLE_BYTES as u64 + 16 * SAMPLES as u64;

/// Short values, and how many there were of any kind. Relaxed: the counts tell
/// about when it is time, and what is as likely as the rest.
pub struct Samples {
    kept: Mutex<Kept>,
    seen: AtomicU64,
    short: AtomicU64,
    /// Short values at the last training.
    begun: AtomicU64,
    next_at: AtomicU64,
}

#[derive(Default)]
struct Kept {
    values: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Samples {
    /// None yet.
    pub fn new() -> Samples {
        Samples {
            kept: Mutex::default(),
            seen: AtomicU64::new(0),
            short: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            next_at: AtomicU64::new(FIRST_AT),
        }
    }

    /// Notes a value that was stored; whether it is time to train.
    pub fn note(&self, value: &[u8]) -> bool {
        let seen = self.seen.fetch_add(1, Relaxed) + 1;
        if value.len() > SHORT || value.is_empty() {
            return false;
        }
        let short = self.short.fetch_add(1, Relaxed) + 1;
        self.choose(value, short.saturating_sub(self.begun.load(Relaxed)).max(1));
        short >= self.next_at.load(Relaxed) && short * 2 > seen
    }

    /// Keeps the `nth` value, or not: each so far has the same chance.
    fn choose(&self, value: &[u8], nth: u64) {
        let at = match nth <= SAMPLES as u64 {
            true => nth - 1,
            false => fastrand::Rng::with_seed(nth).u64(0..nth),
        };
        if at < SAMPLES as u64 {
            let value = value.into();
            let left_out = self.kept.lock().keep(at as usize, value);
            drop(left_out);
        }
    }

    /// What there is to train from; the next time is when many more have passed.
    pub fn take_turn(&self) -> Vec<Box<[u8]>> {
        let short = self.short.load(Relaxed);
        self.next_at.store(short.saturating_mul(NEXT_AFTER), Relaxed);
        self.begun.store(short, Relaxed);
        std::mem::take(&mut *self.kept.lock()).values
    }
}

impl Kept {
    /// Takes a value in, in place of the one there if there are enough; which
    /// one is left out.
    fn keep(&mut self, at: usize, value: Box<[u8]>) -> Option<Box<[u8]>> {
        let room = SAMPLE_BYTES - self.bytes;
        if self.values.len() < SAMPLES && value.len() <= room {
            self.bytes += value.len();
            self.values.push(value);
            return None;
        }
        match self.values.get_mut(at) {
            Some(place) if value.len() <= room + place.len() => {
                self.bytes = self.bytes + value.len() - place.len();
                Some(std::mem::replace(place, value))
            }
            _ => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stores_what_is_not_chosen_waits_for_nobody() {
        let samples = Samples::new();
        samples.short.store(1 << 50, Relaxed);
        let _kept = samples.kept.lock();
        (0..1_000).for_each(|_| _ = samples.note(b"text"));
    }

    #[test]
    fn longer_samples_in_the_place_of_shorter_ones_take_no_more_room() {
        let samples = Samples::new();
        for len in [100, SHORT] {
            (0..4 * SAMPLES).for_each(|_| _ = samples.note(&vec![1; len]));
        }
        let kept = samples.take_turn();
        let bytes: usize = kept.iter().map(|sample| sample.len()).sum();
        assert!(kept.len() <= SAMPLES && bytes <= SAMPLE_BYTES, "{bytes}");
        assert!(kept.iter().any(|sample| sample.len() == SHORT));
        assert!(samples.take_turn().is_empty());
    }
}

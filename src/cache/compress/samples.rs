//! What a dictionary is trained from: stored values, a random choice of all of
//! them.

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

/// Short values, and how many there were of any kind.
pub struct Samples {
    kept: Vec<Box<[u8]>>,
    bytes: usize,
    seen: u64,
    short: u64,
    next_at: u64,
}

impl Samples {
    /// None yet.
    pub const fn new() -> Samples {
        Samples { kept: Vec::new(), bytes: 0, seen: 0, short: 0, next_at: FIRST_AT }
    }

    /// Notes a value that was stored; whether it is time to train.
    pub fn note(&mut self, value: &[u8]) -> bool {
        self.seen += 1;
        if value.len() > SHORT || value.is_empty() {
            return false;
        }
        self.short += 1;
        self.keep(value);
        let mostly_short = self.short * 2 > self.seen;
        self.short >= self.next_at && mostly_short
    }

    fn keep(&mut self, value: &[u8]) {
        if self.kept.len() < SAMPLES && self.bytes < SAMPLE_BYTES {
            self.bytes += value.len();
            self.kept.push(value.into());
            return;
        }
        // Each of all values so far has the same chance to be among them.
        let at = fastrand::Rng::with_seed(self.short).u64(0..self.short) as usize;
        if let Some(place) = self.kept.get_mut(at) {
            let old = std::mem::replace(place, value.into());
            self.bytes = self.bytes + value.len() - old.len();
        }
    }

    /// What there is to train from; the next time is when many more have passed.
    pub fn take_turn(&mut self) -> Vec<Box<[u8]>> {
        self.next_at = self.short.saturating_mul(NEXT_AFTER);
        self.kept.clone()
    }

    #[cfg(test)]
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}

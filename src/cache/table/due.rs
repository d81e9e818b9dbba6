//! When entries lapse: the time of each bucket, and of each group of them.

use super::{Entry, GROUP, NEVER, Slot, Table};

/// Milliseconds to a tick, as a power of two: lapse times are kept to 64 ms.
const TICK_SHIFT: u32 = 6;

/// The tick in which a time lies.
pub fn tick_of(ms: u64) -> u32 {
    (ms >> TICK_SHIFT).min(NEVER as u64 - 1) as u32
}

/// The first moment after a tick.
pub fn end_of(tick: u32) -> u64 {
    (tick as u64 + 1) << TICK_SHIFT
}

impl Table {
    /// Says that the entry in a slot may lapse at a time.
    pub fn lower_due(&mut self, slot: Slot, lapse_ms: Option<u64>) {
        let Some(ms) = lapse_ms else { return };
        let (at, tick) = (slot.0 as usize >> 3, tick_of(ms));
        if tick < self.backs[at].due {
            self.backs[at].due = tick;
            let group = &mut self.groups[at / GROUP];
            *group = (*group).min(tick);
        }
    }

    /// The tick before which nothing lapses.
    pub fn next_due(&self) -> u32 {
        self.groups.iter().copied().min().unwrap_or(NEVER)
    }

    /// Collects up to `max` slots whose entry lapses by `now_ms`, looking only
    /// at buckets in which something may. `lapse` answers an entry's time.
    pub fn lapsed(
        &mut self,
        now_ms: u64,
        max: usize,
        lapse: impl Fn(&Entry) -> Option<u64>,
    ) -> Vec<Slot> {
        let (now, mut found) = (tick_of(now_ms), Vec::new());
        for group in 0..self.groups.len() {
            if self.groups[group] > now {
                continue;
            }
            let last = ((group + 1) * GROUP).min(self.buckets.len());
            for at in group * GROUP..last {
                if self.backs[at].due <= now {
                    if found.len() >= max {
                        return found;
                    }
                    self.collect_lapsed(at, now_ms, &lapse, &mut found);
                }
            }
            let due = self.backs[group * GROUP..last].iter().map(|back| back.due).min();
            self.groups[group] = due.unwrap_or(NEVER);
        }
        found
    }

    /// The part of one bucket; its time becomes that of the entries which stay.
    fn collect_lapsed(
        &mut self,
        at: usize,
        now_ms: u64,
        lapse: &impl Fn(&Entry) -> Option<u64>,
        found: &mut Vec<Slot>,
    ) {
        let mut due = NEVER;
        for (i, entry) in self.buckets[at].entries.iter().enumerate() {
            match entry.as_ref().and_then(lapse) {
                Some(ms) if ms <= now_ms => found.push(Slot::of(at, i)),
                Some(ms) => due = due.min(tick_of(ms)),
                None => {}
            }
        }
        self.backs[at].due = due;
    }
}

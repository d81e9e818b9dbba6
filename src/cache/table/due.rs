//! When entries lapse: the time of each bucket, and of each group of them.

use super::{Entry, GROUP, HASHES, NEVER, Slot, Table};

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

/// Buckets that who needs room looks at in vain, at most. To look at one takes about as
/// long as to evict, and puts its time right: it is not looked at in vain again.
const LOOKS: usize = 8;

/// A sweep's round over a table, in parts: between them others may change the table,
/// or rebuild it.
#[derive(Default)]
pub struct Round {
    /// What hashes have as their upper half from here on has not been seen.
    from: u64,
    /// Buckets without a find that it may look at in this part.
    pub looks: usize,
}

impl Round {
    /// Whether all has been seen.
    pub fn is_over(&self) -> bool {
        self.from >= HASHES
    }
}

impl Table {
    /// Says that the entry in a slot may lapse at a time.
    pub fn lower_due(&mut self, slot: Slot, lapse_ms: Option<u64>) {
        let Some(ms) = lapse_ms else { return };
        let (at, tick) = (slot.0 as usize >> 3, tick_of(ms));
        self.soonest = self.soonest.min(tick);
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

    /// The next slot of a round whose entry lapses by `now_ms`; none at the end of a
    /// part. It looks only at buckets in which something may, and stays at the one
    /// where it found something: whoever takes that may pull another one back to
    /// there. Only what comes round the end of a small table can escape it so, and is
    /// due still. `lapse` answers an entry's time.
    pub fn next_lapsed(
        &mut self,
        round: &mut Round,
        now_ms: u64,
        lapse: impl Fn(&Entry) -> Option<u64>,
    ) -> Option<Slot> {
        let (now, all) = (tick_of(now_ms), self.buckets.len());
        let mut at = self.home(round.from << 32);
        while at < all && round.looks > 0 {
            if self.groups[at / GROUP] > now {
                at = (at / GROUP + 1) * GROUP;
                continue;
            }
            if self.backs[at].due <= now {
                if let Some(slot) = self.lapsed_in(at, now_ms, &lapse) {
                    round.from = self.first_hash(at);
                    return Some(slot);
                }
                round.looks -= 1;
            }
            at += 1;
            if at == all || at.is_multiple_of(GROUP) {
                self.sum_up((at - 1) / GROUP);
            }
        }
        round.from = self.first_hash(at.min(all));
        None
    }

    /// A slot whose entry has lapsed by `now_ms`, for who needs room: found within a few
    /// looks from a place `from`, the upper half of a hash. Where there is none nobody
    /// looks again until the next tick in which something lapses.
    #[inline]
    pub fn any_lapsed(
        &mut self,
        now_ms: u64,
        from: u32,
        lapse: impl Fn(&Entry) -> Option<u64>,
    ) -> Option<Slot> {
        match tick_of(now_ms) < self.soonest {
            true => None,
            false => self.look_for_lapsed(now_ms, from, lapse),
        }
    }

    #[cold]
    fn look_for_lapsed(
        &mut self,
        now_ms: u64,
        from: u32,
        lapse: impl Fn(&Entry) -> Option<u64>,
    ) -> Option<Slot> {
        let mut round = Round { from: from.into(), looks: LOOKS };
        let mut found = self.next_lapsed(&mut round, now_ms, &lapse);
        if round.is_over() {
            // All of it, from the beginning.
            round.from = 0;
            found = self.next_lapsed(&mut round, now_ms, &lapse);
        }
        if round.is_over() {
            self.soonest = self.next_due().max(tick_of(now_ms) + 1);
        }
        found
    }

    /// A lapsed entry of one bucket; if there is none, its time becomes that of its
    /// entries.
    fn lapsed_in(
        &mut self,
        at: usize,
        now_ms: u64,
        lapse: &impl Fn(&Entry) -> Option<u64>,
    ) -> Option<Slot> {
        let (mut due, mut found) = (NEVER, None);
        for (i, entry) in self.buckets[at].entries.iter().enumerate() {
            match entry.as_ref().and_then(lapse) {
                Some(ms) if ms <= now_ms => found = Some(Slot::of(at, i)),
                Some(ms) => due = due.min(tick_of(ms)),
                None => {}
            }
        }
        if found.is_none() {
            self.backs[at].due = due;
        }
        found
    }

    /// A group's time becomes that of its buckets.
    fn sum_up(&mut self, group: usize) {
        let last = ((group + 1) * GROUP).min(self.backs.len());
        let due = self.backs[group * GROUP..last].iter().map(|back| back.due).min();
        self.groups[group] = due.unwrap_or(NEVER);
    }
}

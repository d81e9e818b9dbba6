//! Bytes and entries for who lacks them: from the budget, from what others have
//! in hand, and, entry by entry, from what they hold. One lock at a time.

use std::sync::atomic::Ordering;

use super::carried::Carried;
use super::departure::{Departures, Reason};
use super::making::cell_bytes;
use super::shard::Shard;
use super::{Amount, Cache};

/// How often all shards are asked for bytes that others may have on their way.
const PASSES_MAX: usize = 16;

impl Cache {
    /// Bytes that would be in use if all entries left.
    pub(super) fn least_bytes(&self) -> u64 {
        let empty = cell_bytes(*self.maker.lock());
        self.own_bytes() + self.directory.used() as u64 * empty
    }

    /// Takes bytes that no shard accounts for out of the budget, or gives some
    /// back. Called before they are in use, so that the bound is never passed,
    /// and with no lock held.
    pub(super) fn pay(&self, bytes: i64) {
        let mut out = Departures::default();
        self.reserve(bytes, &mut out);
        self.shared.budget.keeps_outside(bytes);
        self.finish(out).deliver();
    }

    /// Takes bytes out of the budget: entries leave if there are too few. What
    /// cannot be had even so is owed.
    pub(super) fn reserve(&self, bytes: i64, out: &mut Departures) {
        let mut got = self.free_up(bytes, out).put_down();
        got.bytes -= bytes;
        self.shared.budget.give(got);
    }

    /// Takes bytes out of the budget, and makes entries leave if there are too
    /// few; less, if there is no more even so.
    pub(super) fn free_up(&self, bytes: i64, out: &mut Departures) -> Carried<'_> {
        let wanted = Amount { entries: 0, bytes };
        let mut got = self.draw_some(wanted);
        for _ in 0..PASSES_MAX {
            // Over all cells that there are by then: a resize may go on.
            let all = self.directory.used();
            for (at, cell) in self.directory.cells().enumerate() {
                let lacking = got.amount().lacks(wanted);
                if !lacking.is_some() {
                    return got;
                }
                let mut shard = cell.write();
                let part = lacking.part(all.saturating_sub(at));
                got.add(self.evict_for(&mut shard, part, out));
            }
            // Others may have some on its way to where it goes.
            crate::sync::yield_now();
        }
        got
    }

    /// Makes up for what a shard has taken that had nothing left to give for it.
    pub(super) fn pay_debt(&self, out: &mut Departures) {
        let debt = self.shared.budget.bytes.missing();
        if debt > 0 {
            self.shared.budget.bytes.give(debt);
            self.reserve(debt, out);
        }
    }

    /// Finds what a shard lacks elsewhere: first what others have in hand,
    /// then, entry by entry, what they hold. One lock at a time.
    pub(super) fn gather(&self, home: usize, lacking: Amount, out: &mut Departures) -> Carried<'_> {
        let budget = &self.shared.budget;
        if let Some(collection) = budget.tighten(lacking) {
            for cell in self.directory.cells() {
                let mut shard = cell.write();
                budget.give(shard.surrender());
            }
            budget.collected(collection);
            return Carried::nothing(budget);
        }
        let mut gathered = self.draw_some(lacking);
        // Those too that a resize has filled and calls do not try first yet, or any more.
        let all = self.directory.used();
        let first = self.next_giver.fetch_add(1, Ordering::Relaxed);
        // Each its part, and then whoever has it.
        for pass in 0..2 {
            let others = (0..all).map(|step| first.wrapping_add(step) % all);
            for (at, giver) in others.filter(|giver| *giver != home).enumerate() {
                let missing = gathered.amount().lacks(lacking);
                if !missing.is_some() {
                    return gathered;
                }
                let asked = if pass == 0 { missing.part(all - 1 - at) } else { missing };
                let mut shard = self.directory.cell(giver).write();
                gathered.add(self.evict_for(&mut shard, asked, out));
            }
        }
        gathered
    }

    /// What there is in the budget of what is lacking.
    fn draw_some(&self, lacking: Amount) -> Carried<'_> {
        let mut drawn = Carried::nothing(&self.shared.budget);
        drawn.add(self.shared.budget.draw_some(lacking));
        drawn
    }

    fn evict_for(&self, shard: &mut Shard, missing: Amount, out: &mut Departures) -> Amount {
        let mut found = shard.surrender();
        let reason = if missing.entries > 0 { Reason::Capacity } else { Reason::Memory };
        while found.lacks(missing).is_some() {
            let shrinks = missing.bytes > 0 && shard.shrink(&self.shared);
            if !shrinks && !shard.evict(&self.shared, reason, out) {
                break;
            }
            found.add(shard.surrender());
        }
        found
    }
}

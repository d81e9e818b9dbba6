//! A shard's entries on the way into other tables: of another size, under another
//! policy, in two halves, or together with another shard's.

use std::sync::atomic::Ordering::Relaxed;

use super::{SMALLEST_ROOM, Shard, Shared};
use crate::cache::departure::Departures;
use crate::cache::entry::Entry;
use crate::cache::policy::{self, Policy};
use crate::cache::table::Table;

impl Shard {
    /// Moves everything into a table of another size, under another policy if
    /// one is given. The difference in bytes comes from what is in hand.
    pub fn rebuild(&mut self, shared: &Shared, room: usize, policy: Option<Box<dyn Policy>>) {
        let (before, same) = (self.overhead_bytes(), policy.is_none());
        if let Some(policy) = policy {
            self.counts_up_to = policy.counts_up_to();
            self.policy = policy;
        }
        let table = Table::new(room.max(self.table.len()), self.policy.lists());
        self.move_into(shared, table, same);
        self.in_hand.bytes -= self.overhead_bytes() as i64 - before as i64;
    }

    /// Moves everything into a larger table, if there is memory for one; whether there
    /// was. The difference in bytes comes from what is in hand.
    pub fn grow(&mut self, shared: &Shared, room: usize) -> bool {
        let before = self.overhead_bytes();
        let Some(table) = Table::try_new(room, self.policy.lists()) else { return false };
        self.move_into(shared, table, true);
        self.in_hand.bytes -= self.overhead_bytes() as i64 - before as i64;
        true
    }

    fn move_into(&mut self, shared: &Shared, table: Table, same: bool) {
        let old = std::mem::replace(&mut self.table, table);
        self.policy.sized(self.table.room());
        for (entry, list) in old.drain() {
            self.adopt(shared, entry, same.then_some(list));
        }
    }

    /// Takes in an entry from another table, where it was on a list of the same
    /// policy, or that of another policy.
    fn adopt(&mut self, shared: &Shared, entry: Entry, list: Option<u8>) {
        let hash = shared.hash(entry.key());
        let list = match list {
            Some(list) => self.policy.place(list, entry.word()),
            None => {
                let (list, word) = self.policy.admit(hash);
                entry.word().store(word, Relaxed);
                list
            }
        };
        let lapse = shared.lapse(&entry);
        self.table.insert(hash, entry, lapse, list);
    }

    /// Hands half of the entries over to the shard `upper`, which is empty:
    /// those whose hash has the bit that distinguishes the two.
    pub fn split(&mut self, shared: &Shared, upper: &mut Shard, out: &mut Departures) {
        let bit = self.mask + 1;
        let before = self.overhead_bytes() as i64 + upper.overhead_bytes() as i64;
        let (lower_part, upper_part): (Vec<_>, Vec<_>) =
            self.empty_table().drain().partition(|(e, _)| shared.hash(e.key()) as usize & bit == 0);
        (upper.policy, upper.counts_up_to) = (self.policy.fork(), self.counts_up_to);
        upper.entry_bytes = upper_part.iter().map(|(entry, _)| entry.cost()).sum();
        self.entry_bytes -= upper.entry_bytes;
        self.follow_only(|hash| hash as usize & bit == 0);
        self.fill(shared, lower_part);
        upper.fill(shared, upper_part);
        (self.mask, upper.mask) = (bit * 2 - 1, bit * 2 - 1);
        let after = self.overhead_bytes() as i64 + upper.overhead_bytes() as i64;
        self.in_hand.bytes -= after - before;
        self.repay(shared, out);
    }

    /// Takes over the entries of the shard `upper`, which is empty and out of
    /// use afterwards.
    pub fn merge(&mut self, shared: &Shared, upper: &mut Shard, out: &mut Departures) {
        let bit = self.mask / 2 + 1;
        let before = self.overhead_bytes() as i64 + upper.overhead_bytes() as i64;
        let shift = self.policy.now().wrapping_sub(upper.policy.now());
        let mine: Vec<_> = self.empty_table().drain().collect();
        let theirs: Vec<_> = upper.empty_table().drain().collect();
        theirs.iter().for_each(|(entry, _)| {
            let word = entry.word().load(Relaxed);
            entry.word().store(word.wrapping_add(shift), Relaxed);
        });
        self.fill(shared, interleave(mine, theirs));
        upper.rest(shared);
        self.entry_bytes += std::mem::take(&mut upper.entry_bytes);
        self.in_hand.add(upper.surrender());
        self.counts.add(&std::mem::take(&mut upper.counts));
        (self.mask, upper.mask) = (bit - 1, bit - 1);
        let after = self.overhead_bytes() as i64 + upper.overhead_bytes() as i64;
        self.in_hand.bytes -= after - before;
        self.repay(shared, out);
    }

    /// Takes as little as it can while it is out of use: an order of one list.
    fn rest(&mut self, shared: &Shared) {
        self.policy = policy::maker("fifo")();
        self.counts_up_to = self.policy.counts_up_to();
        self.fill(shared, Vec::new());
        self.follow_only(|_| false);
    }

    /// Whether it is out of use: what would be its own belongs to a lower one.
    pub fn is_resting(&self) -> bool {
        self.index & self.mask != self.index
    }

    /// Forgets when entries came that are not among these.
    fn follow_only(&mut self, stays: impl Fn(u64) -> bool) {
        self.born.iter_mut().filter(|(hash, _)| !stays(*hash)).for_each(|one| *one = (0, 0));
    }

    /// Whether it knows of no entry of another shard's when it came.
    #[cfg(test)]
    pub fn follows_its_own(&self) -> bool {
        self.born.iter().all(|(hash, _)| *hash == 0 || *hash as usize & self.mask == self.index)
    }

    /// Takes the table away, for what is in it to be sorted anew.
    fn empty_table(&mut self) -> Table {
        std::mem::replace(&mut self.table, Table::new(SMALLEST_ROOM, self.policy.lists()))
    }

    fn fill(&mut self, shared: &Shared, entries: Vec<(Entry, u8)>) {
        self.table = Table::new(entries.len().max(SMALLEST_ROOM), self.policy.lists());
        self.policy.sized(self.table.room());
        entries.into_iter().for_each(|(entry, list)| self.adopt(shared, entry, Some(list)));
    }
}

/// Two shards' entries as one: list by list, each in its order, evenly mixed.
fn interleave(a: Vec<(Entry, u8)>, b: Vec<(Entry, u8)>) -> Vec<(Entry, u8)> {
    let ranked = |entries: Vec<(Entry, u8)>| {
        let mut totals = [0u32; 256];
        entries.iter().for_each(|(_, list)| totals[*list as usize] += 1);
        let mut seen = [0u32; 256];
        let rank = move |(entry, list): (Entry, u8)| {
            let i = list as usize;
            seen[i] += 1;
            (list, seen[i] as f64 / totals[i] as f64, entry)
        };
        entries.into_iter().map(rank).collect::<Vec<_>>()
    };
    let mut all = ranked(a);
    all.extend(ranked(b));
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    all.into_iter().map(|(list, _, entry)| (entry, list)).collect()
}

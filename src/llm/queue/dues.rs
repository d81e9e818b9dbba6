//! Whose time in line is up, and when: ordered, so that looking costs what is due,
//! however many stand there.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Instant;

/// When the time of each is up.
#[derive(Debug, Default)]
pub(super) struct Dues(BTreeSet<Due>);

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Instant,
    id: u64,
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> Ordering {
        #[cfg(test)]
        tests::COMPARED.set(tests::COMPARED.get() + 1);
        (self.at, self.id).cmp(&(other.at, other.id))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Dues {
    /// Adds one; whether it is the first of all.
    pub fn add(&mut self, at: Instant, id: u64) -> bool {
        self.0.insert(Due { at, id });
        self.0.first().is_some_and(|first| first.id == id)
    }

    /// Takes one out; whether it was the last.
    pub fn remove(&mut self, at: Instant, id: u64) -> bool {
        self.0.remove(&Due { at, id }) && self.0.is_empty()
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// When the next one's time is up.
    pub fn next(&self) -> Option<Instant> {
        self.0.first().map(|due| due.at)
    }

    /// Takes out those whose time is up.
    pub fn take(&mut self, now: Instant) -> Vec<u64> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            due.extend(self.0.pop_first().map(|due| due.id));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    thread_local! {
        /// How often two were compared.
        pub static COMPARED: Cell<u64> = const { Cell::new(0) };
    }

    #[test]
    fn those_that_are_due_come_in_the_order_of_their_times() {
        let (mut dues, start) = (Dues::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(dues.add(at(5), 1) && !dues.add(at(7), 2) && dues.add(at(3), 3));
        assert!(dues.add(at(1), 4) && !dues.remove(at(1), 4) && !dues.remove(at(1), 4));
        assert_eq!((dues.next(), dues.take(at(2))), (Some(at(3)), vec![]));
        assert_eq!((dues.take(at(5)), dues.next()), (vec![3, 1], Some(at(7))));
        assert!(dues.remove(at(7), 2) && dues.next().is_none());
    }

    #[test]
    fn what_a_turn_costs_does_not_grow_with_the_line() {
        let (mut dues, start) = (Dues::default(), Instant::now());
        let at = |id| start + Duration::from_millis(id);
        (0..20_000).for_each(|id| _ = dues.add(at(id), id));
        let before = COMPARED.get();
        for id in 0..10_000 {
            assert_eq!(dues.take(at(id)), [id]);
            dues.remove(at(19_999 - id), 19_999 - id);
        }
        let each = (COMPARED.get() - before) as f64 / 10_000.0;
        assert!(each < 100.0, "{each} comparisons each turn");
    }
}

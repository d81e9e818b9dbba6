//! What a provider takes in a minute, as it shows while it refuses more.
//!
//! Before its first refusal nobody knows what it would take, and an idle hour says
//! nothing. So only the time between two refusals counts, and only if it is no
//! longer than the minute over which such limits are meant.

use parking_lot::Mutex;

const MINUTE_NS: u64 = 60_000_000_000;

/// What was taken between refusals.
#[derive(Debug, Default)]
pub struct Pace(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// When the last refusal came, and what had been taken in all by then.
    last: Option<(u64, [u64; 2])>,
    ns: u64,
    requests_and_tokens: [u64; 2],
}

impl Pace {
    /// A refusal, and the requests and tokens that have been taken in all.
    pub fn refused(&self, now_ns: u64, so_far: [u64; 2]) {
        let mut taken = self.0.lock();
        if let Some((at_ns, before)) = taken.last.replace((now_ns, so_far))
            && now_ns.saturating_sub(at_ns) <= MINUTE_NS
        {
            taken.ns += now_ns.saturating_sub(at_ns);
            for (kind, sum) in taken.requests_and_tokens.iter_mut().enumerate() {
                *sum += so_far[kind].saturating_sub(before[kind]);
            }
        }
    }

    /// Requests and tokens a minute; none before there is a time to tell from.
    pub fn per_minute(&self) -> Option<[f64; 2]> {
        let taken = self.0.lock();
        let minutes = taken.ns as f64 / MINUTE_NS as f64;
        (taken.ns > 0).then(|| taken.requests_and_tokens.map(|sum| sum as f64 / minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_counts_from_one_refusal_to_the_next_and_over_no_pause() {
        let (pace, second) = (Pace::default(), 1_000_000_000);
        assert_eq!(pace.per_minute(), None);
        pace.refused(5 * second, [20, 2_000]);
        assert_eq!(pace.per_minute(), None, "what came at first says nothing");
        pace.refused(6 * second, [30, 3_000]);
        pace.refused(8 * second, [50, 5_000]);
        assert_eq!(pace.per_minute(), Some([600.0, 60_000.0]));
        pace.refused(900 * second, [60, 6_000]);
        assert_eq!(pace.per_minute(), Some([600.0, 60_000.0]), "nobody asked meanwhile");
    }
}

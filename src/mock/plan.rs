//! Which requests are answered as they should be, and which are not.

use super::options::MockOptions;

/// How one request fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// This status instead of success.
    pub status: Option<u16>,
    /// The connection fails on the way.
    pub fault: bool,
    /// The content is wrong.
    pub content: bool,
}

/// Requests that have met each kind of trouble so far.
#[derive(Debug, Default)]
pub(super) struct Planner {
    requests: u64,
    refused: u64,
    faulty: u64,
    wrong: u64,
}

impl Planner {
    /// The plan of the next request.
    pub fn next(&mut self, options: &MockOptions) -> Plan {
        let chosen = choose(options, self.requests);
        self.requests += 1;
        let take = |wanted: bool, used: &mut u64, times: u64| {
            let taken = wanted && (times == 0 || *used < times);
            *used += u64::from(taken);
            taken
        };
        let refused = take(options.status > 0, &mut self.refused, options.status_times);
        let fault = take(chosen && options.fault != "none", &mut self.faulty, options.fault_times);
        let content = take(
            chosen && !refused && options.content != "right",
            &mut self.wrong,
            options.content_times,
        );
        Plan { status: refused.then_some(options.status as u16), fault, content }
    }
}

/// Whether the share that meets trouble takes this request.
fn choose(options: &MockOptions, index: u64) -> bool {
    let mut random = fastrand::Rng::with_seed(options.seed ^ index.wrapping_mul(0x9e37_79b9));
    random.u64(0..100) < options.fault_percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_answered_so_many_times_and_then_no_more() {
        let options = MockOptions { status: 503, status_times: 2, ..MockOptions::default() };
        let mut planner = Planner::default();
        let statuses: Vec<_> = (0..4).map(|_| planner.next(&options).status).collect();
        assert_eq!(statuses, [Some(503), Some(503), None, None]);
    }

    #[test]
    fn the_share_of_faults_is_about_what_was_asked_for_and_repeatable() {
        let options = MockOptions {
            fault: "reset".into(),
            fault_percent: 20,
            seed: 7,
            ..MockOptions::default()
        };
        let run = || {
            let mut planner = Planner::default();
            (0..5_000).filter(|_| planner.next(&options).fault).count()
        };
        assert_eq!(run(), run());
        assert!((850..1150).contains(&run()), "{}", run());
    }
}

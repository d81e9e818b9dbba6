use super::*;

fn timing(change: impl FnOnce(&mut ClientOptions)) -> Timing {
    let mut options = ClientOptions::default();
    change(&mut options);
    Timing::start(&options, &Clock::manual().0)
}

#[test]
fn the_first_deadline_to_come_is_the_one() {
    let timing = timing(|o| {
        (o.first_token_timeout_ms, o.idle_timeout_ms, o.timeout_ms) = (2_000, 3_000, 9_000);
    });
    let mut progress = timing.progress();
    let next = |progress: &Progress| {
        let Deadline { at_ns, phase } = timing.next_content(progress);
        (phase, (at_ns - timing.started_ns) / 1_000_000)
    };
    assert_eq!(next(&progress), (Phase::FirstToken, 2_000));
    progress.last_content_ns = Some(timing.started_ns);
    assert_eq!(next(&progress), (Phase::Idle, 3_000));
    progress.last_content_ns = Some(timing.started_ns + 7_000_000_000);
    assert_eq!(next(&progress), (Phase::Total, 9_000));
}

#[test]
fn zero_is_no_bound_and_a_plain_body_has_no_idle_time() {
    let timing = timing(|o| {
        (o.silence_timeout_ms, o.idle_timeout_ms) = (0, 1);
    });
    let mut progress = timing.progress();
    progress.streamed = false;
    assert_eq!(timing.next_content(&progress).phase, Phase::Total);
    assert_eq!((timing.first_byte_ns(), timing.silence_ns()), (u64::MAX, u64::MAX));
}

#[test]
fn a_renewal_stands_in_no_line_and_keeps_its_limits() {
    let (options, clock) = (ClientOptions::default(), Clock::manual().0);
    let renewal = Timing::of_renewal(&options, &clock, Arc::default());
    let shared = Timing::of_shared(&options, &clock, Arc::default());
    assert_eq!((renewal.in_line_until_ns(), renewal.silence_ns()), (0, 60_000_000_000));
    timing(|_| {}).ask_for(shared.common().unwrap());
    assert_eq!((shared.in_line_until_ns(), shared.silence_ns()), (shared.total().at_ns, u64::MAX));
    assert!(shared.in_line_until_ns() > clock.now_ns());
}

#[test]
fn a_timeout_names_its_option() {
    let error = timing(|_| {}).error(Phase::Connect);
    assert_eq!(error.to_string(), "no connection within connect_timeout_ms = 10000");
}

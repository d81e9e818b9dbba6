//! A cancel in each phase, and each limit on time. How soon they act is
//! measured by a program of the benches; here it need only be long before the
//! phase would end by itself.

use super::phases::{LIMITS, PHASES, Scene};
use super::*;

/// Each phase would last a minute.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_cancel_ends_a_call_in_every_phase_and_the_provider_sees_it_go() {
    let mut wrong = Vec::new();
    for phase in PHASES {
        let scene = Scene::new(*phase, &[]);
        for pause in [0, 1, 20] {
            match scene.cancelled_after(Duration::from_millis(pause)) {
                Result::Ok(took) if took < SOON => {}
                other => wrong.push(format!("{} after {pause} ms: {other:?}", phase.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_limit_ends_a_call_when_its_time_has_come_and_not_before() {
    let mut wrong = Vec::new();
    for limit in LIMITS {
        let options = [(limit.option, "60"), ("retry_count", "0")];
        match limit.run(&Scene::new(limit.phase, &options)) {
            Result::Ok(took) if took >= Duration::from_millis(60) && took < SOON => {}
            other => wrong.push(format!("{}, {}: {other:?}", limit.option, limit.phase.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! The same targets under libFuzzer, which keeps inputs that reach new code.
//!
//! `guided.sh` builds and runs it; the target's name is in `MYNAH_FUZZ`. The way
//! in which a stream is cut is drawn from the input itself, so that an input
//! means the same each time.

#![no_main]

use std::cell::RefCell;

use fastrand::Rng;
use libfuzzer_sys::fuzz_target;
use mynah_fuzz::targets::{self, Target};

thread_local! {
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

fn chosen() -> Target {
    let name = std::env::var("MYNAH_FUZZ").expect("MYNAH_FUZZ names a target");
    targets::all().into_iter().find(|target| target.name == name).expect("a known target")
}

fuzz_target!(|input: &[u8]| {
    TARGET.with_borrow_mut(|target| {
        let target = target.get_or_insert_with(chosen);
        let seed = input.iter().fold(input.len() as u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if let Err(difference) = (target.check)(input, &mut Rng::with_seed(seed)) {
            panic!("{}: {difference}", target.name);
        }
    });
});

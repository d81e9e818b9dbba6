//! Handles under a scheduler that tries the orders in which threads may go on
//! (see `cache::models`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::handle::{Handle, Kind, insert_hot, refused, remove, resolve, with};
use crate::error::Error;
use crate::sync::{at_once, explore, yield_now};

/// Says when it is gone.
struct Canary {
    number: u32,
    gone: Arc<AtomicBool>,
}

impl Handle for Canary {
    const KIND: Kind = Kind::Fruit;
    const NAME: &'static str = "canary";
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.gone.store(true, SeqCst);
    }
}

fn make(number: u32) -> (usize, Arc<AtomicBool>) {
    let gone = Arc::<AtomicBool>::default();
    let handle = insert_hot::<_, u8>(Arc::new(Canary { number, gone: gone.clone() })).unwrap();
    (handle as usize, gone)
}

fn known(error: Error) {
    assert_eq!(error, Error::InvalidHandle("canary"));
}

#[test]
fn a_call_finishes_or_finds_nothing_while_others_free_and_make() {
    explore(|| {
        let (handle, gone) = make(1);
        let caller = || -> Box<dyn FnOnce() + Send> {
            let gone = gone.clone();
            Box::new(move || {
                let alive = |canary: &Canary| {
                    yield_now();
                    assert!(!gone.load(SeqCst), "freed under a call");
                    assert_eq!(canary.number, 1);
                };
                let place = handle as *const u8;
                for _ in 0..2 {
                    with::<Canary, u8, _>(place, alive)
                        .unwrap_or_else(|| known(refused::<Canary, u8>(place)));
                }
            })
        };
        let counted = move || match resolve::<Canary, u8>(handle as *const u8) {
            Ok(canary) => {
                yield_now();
                assert_eq!(canary.number, 1);
            }
            Err(error) => known(error),
        };
        let replace = move || {
            drop(remove::<Canary, u8>(handle as *const u8).unwrap());
            let (next, gone) = make(2);
            assert_ne!(next, handle);
            let number = with::<Canary, u8, _>(next as *const u8, |canary| canary.number);
            assert_eq!(number, Some(2));
            assert!(!gone.load(SeqCst));
            drop(remove::<Canary, u8>(next as *const u8).unwrap());
        };
        // One that has a line of its own, and one of the crowd.
        at_once(vec![caller(), caller(), Box::new(counted), Box::new(replace)]);
        assert!(with::<Canary, u8, _>(handle as *const u8, |_| ()).is_none());
    });
}

#[test]
fn of_several_frees_one_succeeds() {
    explore(|| {
        let (handle, _) = make(3);
        let freed = Arc::<std::sync::atomic::AtomicU32>::default();
        let free = || -> Box<dyn FnOnce() + Send> {
            let freed = freed.clone();
            Box::new(move || match remove::<Canary, u8>(handle as *const u8) {
                Ok(canary) => {
                    assert_eq!(canary.number, 3);
                    freed.fetch_add(1, SeqCst);
                }
                Err(error) => known(error),
            })
        };
        at_once(vec![free(), free(), free()]);
        assert_eq!(freed.load(SeqCst), 1);
    });
}

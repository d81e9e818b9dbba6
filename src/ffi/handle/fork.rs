//! What `fork` does to handles: the child has them, but not the threads.

use std::ptr;
use std::sync::MutexGuard;

use super::table::{FreeList, TABLE};
use crate::cache::{heap, ledger, lent};
use crate::forks;
use crate::llm::totals;
use crate::metrics::striped;
use crate::nesting;
use crate::own::Own;
use crate::section;
use crate::sync::atomic::Ordering;

/// Has the child's inherited handles marked. The locks of the process are
/// held while it forks, so that the child finds their tables in order.
pub fn install() {
    // SAFETY: the handlers are functions of this library, which is never
    // unloaded once it has handed them out (libc pins it).
    unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
}

/// Runs before `main`, and so before the program can register handlers of its own:
/// of those that prepare, the library's then comes last, and of those that follow
/// in parent and child, first. So the program's may call it. A linker that leaves
/// this out of a static program leaves the first handle to do the same.
#[cfg(not(miri))]
#[used]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
static AT_LOAD: extern "C" fn() = loaded;

#[cfg(not(miri))]
extern "C" fn loaded() {
    TABLE.free.lock().begin();
}

thread_local! {
    /// What the forking thread holds while it forks.
    static HELD: Own<Option<Held>> = const { Own::new(None) };
}

/// In the order in which they are taken: none is taken under one that comes
/// later. Whoever waits for sections to end holds the first, and inside a
/// section any of the others may be asked for.
struct Held {
    _waits: nesting::Held,
    _sections: section::Held,
    table: MutexGuard<'static, FreeList>,
    _lent: lent::Held,
    _ledgers: ledger::Held,
    _lines: striped::Held,
    clients: totals::Held,
    _heap: heap::Held,
}

extern "C" fn prepare() {
    let held = Held {
        _waits: nesting::hold(),
        _sections: section::hold(),
        table: TABLE.free.lock(),
        _lent: lent::hold(),
        _ledgers: ledger::hold(),
        _lines: striped::hold(),
        clients: totals::hold(),
        _heap: heap::hold(),
    };
    HELD.with(|place| place.replace(Some(held)));
}

extern "C" fn parent() {
    HELD.with(|place| place.replace(None));
}

extern "C" fn child() {
    forks::forked();
    section::forget();
    lent::forget();
    if let Some(mut held) = HELD.with(|place| place.replace(None)) {
        held.clients.forget();
        let free = &mut held.table;
        free.recycled.clear();
        (0..free.fresh).filter_map(|i| TABLE.slot(i)).for_each(|slot| {
            slot.forked.store(true, Ordering::Relaxed);
            slot.hot.store(ptr::null_mut(), Ordering::Relaxed);
        });
    }
}

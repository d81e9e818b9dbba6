//! Which process this is, of those that `fork` has made of one.
//!
//! A caller's function may fork, and then returns into the call twice: in the
//! child with files, sockets and connections that are the parent's as well. What
//! must leave those alone there notes the process that it belongs to. The fork
//! handler counts, so asking costs a load.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};

/// Forks between the first process and this one. Relaxed: it is written in the
/// child while that has one thread.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// This one.
    pub fn this() -> Process {
        Process(FORKS.load(Ordering::Relaxed))
    }

    /// Whether it is still this one, and no child of it.
    pub fn is_this(self) -> bool {
        self == Process::this()
    }

    /// The error of a call on `what` that comes back in a child of its process.
    pub fn check(self, what: &'static str) -> Result<()> {
        if self.is_this() { Ok(()) } else { Err(Error::Forked(what)) }
    }
}

/// This is a child of the process that it was.
pub fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

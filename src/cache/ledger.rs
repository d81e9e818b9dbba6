//! Who pays for entries that have left their cache while a caller holds them.
//!
//! Each cache opens a ledger: a number, and a sum of bytes. An entry that
//! leaves while shared writes the number into its header and its size into the
//! sum; the last holder, perhaps long after the cache is gone, takes it out. So
//! an entry needs no pointer to its cache. A closed ledger is used again once
//! its sum is back at zero.

#[cfg(unix)]
use std::sync::MutexGuard;

use crate::process_lock::ProcessLock;

#[derive(Default)]
struct Account {
    open: bool,
    bytes: u64,
    entries: u64,
}

static ACCOUNTS: ProcessLock<Vec<Account>> = ProcessLock::new(Vec::new());

/// The lock of all ledgers, while the process forks.
#[cfg(unix)]
pub struct Held(#[allow(dead_code)] MutexGuard<'static, Vec<Account>>);

/// Keeps every ledger as it is until the guard is dropped.
#[cfg(unix)]
pub fn hold() -> Held {
    Held(ACCOUNTS.lock())
}

/// A cache's ledger, open until it is dropped.
#[derive(Debug)]
pub struct Ledger(u32);

impl Ledger {
    /// Opens one.
    pub fn open() -> Ledger {
        let mut accounts = ACCOUNTS.lock();
        let unused = accounts.iter().position(|a| !a.open && a.entries == 0);
        let index = unused.unwrap_or_else(|| {
            accounts.push(Account::default());
            accounts.len() - 1
        });
        accounts[index].open = true;
        Ledger(index as u32)
    }

    /// The number that entries carry.
    pub fn index(&self) -> u32 {
        self.0
    }

    /// Entries held outside, and their bytes.
    pub fn pinned(&self) -> (u64, u64) {
        let accounts = ACCOUNTS.lock();
        accounts.get(self.0 as usize).map_or((0, 0), |a| (a.entries, a.bytes))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Some(account) = ACCOUNTS.lock().get_mut(self.0 as usize) {
            account.open = false;
        }
    }
}

/// Enters an entry that leaves its cache while shared.
pub fn pin(ledger: u32, bytes: u64) {
    if let Some(account) = ACCOUNTS.lock().get_mut(ledger as usize) {
        account.bytes += bytes;
        account.entries += 1;
    }
}

/// Strikes an entry out that its last holder has let go.
pub fn unpin(ledger: u32, bytes: u64) {
    if let Some(account) = ACCOUNTS.lock().get_mut(ledger as usize) {
        account.bytes = account.bytes.saturating_sub(bytes);
        account.entries = account.entries.saturating_sub(1);
    }
}

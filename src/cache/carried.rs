//! An amount on its way: out of the budget or a shard, and not yet where it goes.

use super::budget::{Amount, Budget};

/// What a call carries. As long as it does, the bytes count as being on their way: who
/// finds none anywhere knows by that whether some are to be found yet. What is not put
/// down goes back to the budget.
pub struct Carried<'a> {
    budget: &'a Budget,
    amount: Amount,
}

impl<'a> Carried<'a> {
    /// Nothing yet.
    pub fn nothing(budget: &'a Budget) -> Carried<'a> {
        Carried { budget, amount: Amount::default() }
    }

    /// Takes up what comes out of a shard, whose lock is held.
    pub fn add(&mut self, amount: Amount) {
        self.budget.sets_out(amount.bytes);
        self.amount.add(amount);
    }

    /// What it carries.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// Puts all of it down: in a shard, whose lock is held.
    pub fn put_down(&mut self) -> Amount {
        self.budget.sets_out(-self.amount.bytes);
        std::mem::take(&mut self.amount)
    }
}

impl Drop for Carried<'_> {
    fn drop(&mut self) {
        self.budget.give(self.amount);
        self.put_down();
    }
}

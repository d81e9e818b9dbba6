//! What options come to for who uses them on each call, worked out once.

use std::any::Any;
use std::sync::Arc;

use once_cell::race::OnceBox;

type Kept = Arc<dyn Any + Send + Sync>;

/// A place for one thing that is worked out from options. A copy of the options has an
/// empty one, since they may be changed. Nobody waits for it: two threads that come at
/// once both work it out, and one result is kept.
#[derive(Default)]
pub struct Memo(OnceBox<Kept>);

impl Memo {
    /// What is kept, worked out now if nothing of its type is.
    pub fn get<T: Any + Send + Sync>(&self, work_out: impl Fn() -> T) -> Arc<T> {
        let kept = self.0.get_or_init(|| Box::new(Arc::new(work_out())));
        kept.clone().downcast().unwrap_or_else(|_| Arc::new(work_out()))
    }
}

impl Clone for Memo {
    fn clone(&self) -> Memo {
        Memo::default()
    }
}

/// Shows nothing: what options come to may hold secrets.
impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_worked_out_once_and_for_a_copy_anew() {
        let memo = Memo::default();
        assert_eq!(*memo.get(|| 1), 1);
        assert_eq!(*memo.get(|| 2), 1);
        assert_eq!(*memo.clone().get(|| 3), 3);
        assert_eq!(*memo.get(|| "another type"), "another type");
    }
}

//! Taking what has arrived, and waiting for it.

use std::time::{Duration, Instant};

use super::{Item, ItemKind, Queue, State};
use crate::error::{Error, Result, Status};
use crate::waiting::MutexGuard;

impl Queue {
    /// The next item; `TIMEOUT` if none came in time, `STOPPED` if woken.
    pub fn next(&self, timeout: Duration) -> Result<Item> {
        let mut state = self.when_some(timeout)?;
        self.pop(&mut state).ok_or_else(|| Error::Internal("an item of the queue was lost".into()))
    }

    /// What is there, up to `most` items; waits for the first as `next` does.
    pub fn next_many(&self, timeout: Duration, most: usize) -> Result<Vec<Item>> {
        let mut state = self.when_some(timeout)?;
        let count = most.min(state.items.len());
        Ok((0..count).filter_map(|_| self.pop(&mut state)).collect())
    }

    /// Waits until there is an item.
    fn when_some(&self, timeout: Duration) -> Result<MutexGuard<'_, State>> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state.lock();
        loop {
            if !state.items.is_empty() {
                return Ok(state);
            }
            if std::mem::take(&mut state.woken) {
                return Err(Error::call(Status::Stopped, "the queue was woken"));
            }
            if state.closed {
                return Err(Error::Closed("mynah_queue"));
            }
            let late = match deadline {
                Some(at) => self.arrived.wait_until(&mut state, at).timed_out(),
                None => {
                    self.arrived.wait(&mut state);
                    false
                }
            };
            if late && state.items.is_empty() && !state.woken {
                return Err(Error::call(Status::Timeout, "nothing arrived in time"));
            }
        }
    }

    fn pop(&self, state: &mut State) -> Option<Item> {
        let (id, item) = state.items.pop_front()?;
        self.took(state, id, &item);
        Some(item)
    }

    fn took(&self, state: &mut State, id: u64, item: &Item) {
        if state.items.is_empty() {
            self.bell.silence();
        }
        if let Some(bytes) = item.kind.notice() {
            (state.notices, state.notice_bytes) = (state.notices - 1, state.notice_bytes - bytes);
        }
        if let (ItemKind::Event(_), Some(stream)) = (&item.kind, state.streams.get_mut(&id)) {
            stream.undelivered -= 1;
            if let Some(room) = stream.room.take() {
                room.raise();
            }
        }
    }
}

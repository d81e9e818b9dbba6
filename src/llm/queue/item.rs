//! What arrives in a queue.

use crate::error::Result;
use crate::llm::event::Event;
use crate::llm::failed::Failed;
use crate::llm::response::Response;

/// Something that has happened.
#[derive(Debug)]
pub struct Item {
    /// The caller's own number of the call.
    pub tag: u64,
    /// What it is.
    pub kind: ItemKind,
}

/// What arrives in a queue.
#[derive(Debug)]
pub enum ItemKind {
    /// An event of a stream.
    Event(Event),
    /// The end of a call: the last item with its tag.
    Done(Result<Box<Response>, Failed>),
    /// The end of a batch; an error if it was cancelled before it began.
    Batch(Result<()>),
    /// A log record; its tag is the level.
    Log(String),
    /// A threshold that was crossed, as JSON; its tag is 1 if it is raised.
    Alert(String),
    /// An entry that left a cache; its tag is the reason.
    Left(Box<Departed>),
}

/// An entry that left a cache.
#[derive(Debug)]
pub struct Departed {
    /// Its key.
    pub key: Box<[u8]>,
    /// Its value.
    pub value: Box<[u8]>,
}

impl ItemKind {
    /// Whether it tells of something that no call waits for, and its size.
    pub(super) fn notice(&self) -> Option<usize> {
        match self {
            ItemKind::Event(_) | ItemKind::Done(_) | ItemKind::Batch(_) => None,
            ItemKind::Log(text) | ItemKind::Alert(text) => Some(text.len()),
            ItemKind::Left(entry) => Some(entry.key.len() + entry.value.len()),
        }
    }
}

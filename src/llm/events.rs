//! The events that one read of a stream has brought.
//!
//! Nearly all are pieces of text, and those are kept as such, one after the other
//! in one memory. An event is made of a piece only while it is handed out. So a
//! stream allocates while its reads grow, and not for each event.

use super::event::{Event, EventKind};
use super::excerpt::Excerpt;
use super::message::ToolCall;
use crate::error::Result;

/// Events whose memory is kept: as many as a large read brings.
const KEPT_MAX: usize = 128;
/// The memory of fewer than this is kept whatever was brought: a stream that waits
/// should hold little.
const KEPT_MIN: usize = 8;
/// Bytes of text that are kept for each.
const KEPT_BYTES: usize = 8;

/// Events that are to be delivered.
#[derive(Debug, Default)]
pub struct Events {
    list: Vec<Entry>,
    /// The pieces of text, one after the other.
    texts: String,
    /// The length of each in bytes.
    lens: Vec<usize>,
}

/// Pieces of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pieces<'a> {
    /// One after the other.
    pub text: &'a str,
    /// The length of each in bytes; none where it is one piece.
    pub lens: &'a [usize],
}

impl<'a> Pieces<'a> {
    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let mut at = 0;
        let next = move |len: usize| {
            at += len;
            self.text.get(at - len..at).unwrap_or_default()
        };
        let whole = self.lens.is_empty().then_some(self.text.len());
        whole.into_iter().chain(self.lens.iter().copied()).map(next)
    }

    /// The others, where the first is this.
    pub fn after(self, first: &str) -> Option<Pieces<'a>> {
        let lens = self.lens.get(1..).unwrap_or_default();
        let is_it = self.iter().next() == Some(first);
        is_it.then(|| Pieces { text: self.text.get(first.len()..).unwrap_or_default(), lens })
    }
}

impl<'a> From<&'a str> for Pieces<'a> {
    fn from(text: &'a str) -> Self {
        Pieces { text, lens: &[] }
    }
}

/// One of them.
#[derive(Debug)]
enum Entry {
    /// The next pieces of text, or of thinking.
    Pieces { choice: u32, thought: bool, count: usize },
    /// The next pieces of what a call is given, boxed because they are seldom.
    Arguments(Box<Arguments>),
    /// Another event, boxed because it is seldom, and large.
    Other(Box<Event>),
}

/// Pieces of what a call is given.
#[derive(Debug)]
struct Arguments {
    choice: u32,
    index: u32,
    id: String,
    name: String,
    count: usize,
}

impl Events {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them carries something of the answer.
    pub fn have_content(&self) -> bool {
        self.list.iter().any(|entry| match entry {
            Entry::Pieces { .. } | Entry::Arguments(_) => true,
            Entry::Other(event) => event.kind.is_content(),
        })
    }

    /// Adds one.
    pub fn push(&mut self, event: Event) {
        self.list.push(Entry::Other(Box::new(event)));
    }

    /// Adds pieces of text, or of thinking.
    pub fn push_pieces(&mut self, choice: u32, thought: bool, pieces: Pieces<'_>) {
        let count = self.push_texts(pieces);
        self.list.push(Entry::Pieces { choice, thought, count });
    }

    /// Adds texts: how many.
    fn push_texts(&mut self, pieces: Pieces<'_>) -> usize {
        self.texts.push_str(pieces.text);
        let before = self.lens.len();
        match pieces.lens {
            [] => self.lens.push(pieces.text.len()),
            lens => self.lens.extend(lens),
        }
        self.lens.len() - before
    }

    /// Adds pieces of what a call is given, which has this number.
    pub fn push_arguments(&mut self, choice: u32, index: u32, call: &ToolCall, pieces: Pieces<'_>) {
        let count = self.push_texts(pieces);
        if let Some(Entry::Arguments(last)) = self.list.last_mut()
            && (last.choice, last.index) == (choice, index)
            && (&last.id, &last.name) == (&call.id, &call.name)
        {
            last.count += count;
            return;
        }
        let (id, name) = (call.id.clone(), call.name.clone());
        self.list.push(Entry::Arguments(Box::new(Arguments { choice, index, id, name, count })));
    }

    /// Hands them out, up to the first that is answered with an error: the next
    /// ones are another read's.
    pub fn deliver(&mut self, mut each: impl FnMut(&Event) -> Result<()>) -> Result<()> {
        let texts = Excerpt::before(std::mem::take(&mut self.texts));
        let mut lent = Event { choice: 0, kind: EventKind::Text(texts) };
        let mut lens = self.lens.iter();
        let result = self.list.iter_mut().try_for_each(|entry| match entry {
            Entry::Pieces { choice, thought, count } => {
                lent.choice = *choice;
                lens.by_ref().take(*count).filter(|len| **len > 0).try_for_each(|len| {
                    go_on(&mut lent.kind, *thought, *len);
                    each(&lent)
                })
            }
            Entry::Arguments(call) => {
                call.lend(&mut lent);
                lens.by_ref().take(call.count).try_for_each(|len| {
                    if let Some(texts) = excerpt(&mut lent.kind) {
                        texts.go_on(*len);
                    }
                    each(&lent)
                })
            }
            Entry::Other(event) => each(event),
        });
        if let Some(texts) = excerpt(&mut lent.kind) {
            self.texts = std::mem::take(texts).into_all();
        }
        self.forget();
        result
    }

    /// All of them, for who keeps them.
    pub fn take(&mut self) -> Vec<Event> {
        let mut all = Vec::with_capacity(self.list.len());
        let _ = self.deliver(|event| {
            all.push(event.clone());
            Ok(())
        });
        all
    }

    fn forget(&mut self) {
        let kept = (2 * self.list.len().max(self.lens.len())).clamp(KEPT_MIN, KEPT_MAX);
        self.list.clear();
        self.list.shrink_to(2 * kept);
        self.lens.clear();
        self.lens.shrink_to(2 * kept);
        self.texts.clear();
        self.texts.shrink_to(2 * kept * KEPT_BYTES);
    }
}

impl Arguments {
    /// Makes an event theirs, which keeps its text.
    fn lend(&mut self, event: &mut Event) {
        let arguments = excerpt(&mut event.kind).map(std::mem::take).unwrap_or_default();
        let (id, name) = (std::mem::take(&mut self.id), std::mem::take(&mut self.name));
        let kind = EventKind::ToolCall { index: self.index, id, name, arguments };
        *event = Event { choice: self.choice, kind };
    }
}

/// The text that pieces are lent from.
fn excerpt(kind: &mut EventKind) -> Option<&mut Excerpt> {
    match kind {
        EventKind::Text(texts)
        | EventKind::Reasoning(texts)
        | EventKind::ToolCall { arguments: texts, .. } => Some(texts),
        _ => None,
    }
}

/// Becomes the next piece.
#[inline]
fn go_on(kind: &mut EventKind, thought: bool, len: usize) {
    match (kind, thought) {
        (EventKind::Text(texts), false) | (EventKind::Reasoning(texts), true) => texts.go_on(len),
        (kind, _) => {
            if let Some(texts) = excerpt(kind) {
                let mut texts = std::mem::take(texts);
                texts.go_on(len);
                *kind = EventKind::piece(thought, texts);
            }
        }
    }
}

#[cfg(test)]
mod tests;

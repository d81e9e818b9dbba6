//! The events that one read of a stream has brought.
//!
//! Nearly all are pieces of text, and those are kept as such, one after the other
//! in one memory. An event is made of a piece only while it is handed out. So a
//! stream allocates while its reads grow, and not for each event.

use super::event::{Event, EventKind};
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
}

/// One of them.
#[derive(Debug)]
enum Entry {
    /// The next piece of text, or of thinking.
    Piece { choice: u32, thought: bool, len: usize },
    /// Another event, boxed because it is seldom, and large.
    Other(Box<Event>),
}

impl Events {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them carries something of the answer.
    pub fn have_content(&self) -> bool {
        self.list.iter().any(|entry| match entry {
            Entry::Piece { .. } => true,
            Entry::Other(event) => event.kind.is_content(),
        })
    }

    /// Adds one.
    pub fn push(&mut self, event: Event) {
        self.list.push(Entry::Other(Box::new(event)));
    }

    /// Adds a piece of text, or of thinking.
    pub fn push_piece(&mut self, choice: u32, thought: bool, piece: &str) {
        self.texts.push_str(piece);
        self.list.push(Entry::Piece { choice, thought, len: piece.len() });
    }

    /// Hands them out, up to the first that is answered with an error: the next
    /// ones are another read's.
    pub fn deliver(&mut self, mut each: impl FnMut(&Event) -> Result<()>) -> Result<()> {
        let mut lent = Event { choice: 0, kind: EventKind::Text(String::new()) };
        let mut texts = self.texts.as_str();
        let result = self.list.iter().try_for_each(|entry| match entry {
            Entry::Piece { choice, thought, len } => {
                let (piece, rest) = texts.split_at(*len);
                texts = rest;
                lent.choice = *choice;
                lent.kind.set_piece(*thought, piece);
                each(&lent)
            }
            Entry::Other(event) => each(event),
        });
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
        let kept = (2 * self.list.len()).clamp(KEPT_MIN, KEPT_MAX);
        self.list.clear();
        self.list.shrink_to(2 * kept);
        self.texts.clear();
        self.texts.shrink_to(2 * kept * KEPT_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn text(piece: &str) -> Event {
        Event { choice: 0, kind: EventKind::Text(piece.into()) }
    }

    #[test]
    fn events_come_in_their_order_and_once() {
        let other = Event { choice: 0, kind: EventKind::Other("{}".into()) };
        let thought = Event { choice: 1, kind: EventKind::Reasoning("thought".into()) };
        let mut events = Events::default();
        events.push(other.clone());
        assert!(!events.have_content());
        events.push_piece(0, false, "first");
        events.push_piece(1, true, "thought");
        events.push_piece(0, false, "se\u{e9}ond");
        events.push(other.clone());
        assert!(events.have_content());
        let wanted = [other.clone(), text("first"), thought, text("se\u{e9}ond"), other];
        assert_eq!(events.take(), wanted);
        assert_eq!(events.take(), []);
        events.push_piece(0, false, "next");
        assert_eq!(events.take(), [text("next")]);
    }

    #[test]
    fn who_answers_with_an_error_gets_no_more() {
        let (mut events, mut met) = (Events::default(), 0);
        ["a", "b", "c"].iter().for_each(|piece| events.push_piece(0, false, piece));
        let result = events.deliver(|event| {
            met += 1;
            if *event == text("b") { Err(Error::NotFound) } else { Ok(()) }
        });
        assert_eq!((result, met), (Err(Error::NotFound), 2));
        assert!(events.is_empty());
    }

    #[test]
    fn a_stream_that_goes_quiet_holds_little() {
        let mut events = Events::default();
        for _ in 0..1_000 {
            events.push_piece(0, false, &"long ".repeat(100));
        }
        events.take();
        for _ in 0..2 {
            events.push_piece(0, false, "short");
            events.take();
        }
        let held = (events.list.capacity(), events.texts.capacity());
        assert!(held <= (2 * KEPT_MIN, 2 * KEPT_MIN * KEPT_BYTES), "{held:?}");
    }
}

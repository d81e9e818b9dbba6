//! The events that one read of a stream has brought.
//!
//! Nearly all are pieces of text, and those are kept as such, one after the other
//! in one memory. An event is made of a piece only while it is handed out. So a
//! stream allocates while its reads grow, and not for each event.

use super::event::{Event, EventKind};
use super::excerpt::Excerpt;
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
            Entry::Pieces { .. } => true,
            Entry::Other(event) => event.kind.is_content(),
        })
    }

    /// Adds one.
    pub fn push(&mut self, event: Event) {
        self.list.push(Entry::Other(Box::new(event)));
    }

    /// Adds pieces of text, or of thinking.
    pub fn push_pieces(&mut self, choice: u32, thought: bool, pieces: Pieces<'_>) {
        self.texts.push_str(pieces.text);
        let before = self.lens.len();
        match pieces.lens {
            [] => self.lens.push(pieces.text.len()),
            lens => self.lens.extend(lens),
        }
        let count = self.lens.len() - before;
        self.list.push(Entry::Pieces { choice, thought, count });
    }

    /// Hands them out, up to the first that is answered with an error: the next
    /// ones are another read's.
    pub fn deliver(&mut self, mut each: impl FnMut(&Event) -> Result<()>) -> Result<()> {
        let texts = Excerpt::before(std::mem::take(&mut self.texts));
        let mut lent = Event { choice: 0, kind: EventKind::Text(texts) };
        let mut lens = self.lens.iter();
        let result = self.list.iter().try_for_each(|entry| match entry {
            Entry::Pieces { choice, thought, count } => {
                lent.choice = *choice;
                lens.by_ref().take(*count).filter(|len| **len > 0).try_for_each(|len| {
                    go_on(&mut lent.kind, *thought, *len);
                    each(&lent)
                })
            }
            Entry::Other(event) => each(event),
        });
        if let EventKind::Text(texts) | EventKind::Reasoning(texts) = lent.kind {
            self.texts = texts.into_all();
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

/// Becomes the next piece.
#[inline]
fn go_on(kind: &mut EventKind, thought: bool, len: usize) {
    match (kind, thought) {
        (EventKind::Text(texts), false) | (EventKind::Reasoning(texts), true) => texts.go_on(len),
        (kind, _) => {
            if let EventKind::Text(texts) | EventKind::Reasoning(texts) = kind {
                let mut texts = std::mem::take(texts);
                texts.go_on(len);
                *kind = EventKind::piece(thought, texts);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn text(piece: &str) -> Event {
        Event { choice: 0, kind: EventKind::Text(piece.into()) }
    }

    impl Events {
        fn push_piece(&mut self, choice: u32, thought: bool, piece: &str) {
            self.push_pieces(choice, thought, piece.into());
        }
    }

    #[test]
    fn pieces_that_came_together_are_told_one_by_one() {
        let mut events = Events::default();
        events.push_pieces(2, true, Pieces { text: "a\u{e9}bc", lens: &[1, 2, 0, 2] });
        let told = events.take().into_iter().map(|event| (event.choice, event.kind));
        let piece = |text: &str| (2, EventKind::Reasoning(text.into()));
        assert_eq!(told.collect::<Vec<_>>(), [piece("a"), piece("\u{e9}"), piece("bc")]);
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
        let held = [events.list.capacity(), events.lens.capacity(), events.texts.capacity()];
        let most = [2 * KEPT_MIN, 2 * KEPT_MIN, 2 * KEPT_MIN * KEPT_BYTES];
        assert!(held.iter().zip(most).all(|(held, most)| *held <= most), "{held:?}");
    }
}

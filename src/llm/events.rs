//! The events that one read of a stream has brought.
//!
//! They are handed out and then overwritten by those of the next read, texts in
//! the texts' memory: a stream allocates while its reads grow, and moves no event
//! from one list to another.

use super::event::{Event, EventKind};

/// Events kept for their memory: as many as a large read brings.
const SPARE_MAX: usize = 128;
/// The largest text that is kept: a stream that waits should hold little.
const SPARE_BYTES: usize = 64;
/// Fewer than this are kept whatever was brought.
const SPARE_MIN: usize = 8;

/// Events, and the memory of earlier ones.
#[derive(Debug, Default)]
pub struct Events {
    /// Those that are to be delivered, and behind them those that were.
    list: Vec<Event>,
    /// How many are to be delivered.
    live: usize,
}

impl Events {
    /// What is to be delivered.
    pub fn list(&self) -> &[Event] {
        &self.list[..self.live]
    }

    /// Adds one.
    pub fn push(&mut self, event: Event) {
        match self.list.get_mut(self.live) {
            Some(old) => *old = event,
            None => self.list.push(event),
        }
        self.live += 1;
    }

    /// Adds a piece of text, or of thinking.
    pub fn push_piece(&mut self, choice: u32, thought: bool, piece: &str) {
        if let Some(old) = self.list.get_mut(self.live)
            && let (EventKind::Text(text), false) | (EventKind::Reasoning(text), true) =
                (&mut old.kind, thought)
        {
            text.clear();
            text.push_str(piece);
            old.choice = choice;
            self.live += 1;
            return;
        }
        let kind = match thought {
            true => EventKind::Reasoning(piece.into()),
            false => EventKind::Text(piece.into()),
        };
        self.push(Event { choice, kind });
    }

    /// They have been delivered: the next ones are another read's.
    pub fn delivered(&mut self) {
        for event in &mut self.list[..self.live] {
            match &mut event.kind {
                EventKind::Text(text) | EventKind::Reasoning(text) => {
                    if text.capacity() > SPARE_BYTES {
                        *text = String::new();
                    }
                }
                other => *other = EventKind::Text(String::new()),
            }
        }
        let kept = (2 * self.live).clamp(SPARE_MIN, SPARE_MAX);
        self.list.truncate(kept);
        self.list.shrink_to(2 * kept);
        self.live = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(piece: &str) -> Event {
        Event { choice: 0, kind: EventKind::Text(piece.into()) }
    }

    #[test]
    fn what_was_delivered_is_not_told_again_and_lends_its_memory() {
        let mut events = Events::default();
        events.push_piece(0, false, "first");
        events.push(Event { choice: 0, kind: EventKind::Other("{}".into()) });
        let place = events.list()[0].kind.text().map(str::as_ptr);
        events.delivered();
        assert_eq!(events.list(), []);
        events.push_piece(0, false, "next");
        events.push_piece(1, true, "thought");
        let thought = Event { choice: 1, kind: EventKind::Reasoning("thought".into()) };
        assert_eq!(events.list(), [text("next"), thought]);
        assert_eq!(events.list()[0].kind.text().map(str::as_ptr), place);
    }

    #[test]
    fn a_stream_that_goes_quiet_holds_little() {
        let mut events = Events::default();
        for _ in 0..1_000 {
            events.push_piece(0, false, &"long ".repeat(100));
        }
        events.delivered();
        for _ in 0..2 {
            events.push_piece(0, false, "short");
            events.delivered();
        }
        assert!(events.list.capacity() <= 2 * SPARE_MIN, "{}", events.list.capacity());
        let held: usize = events.list.iter().filter_map(|e| e.kind.text()).map(str::len).sum();
        assert!(held <= SPARE_MIN * SPARE_BYTES);
    }
}

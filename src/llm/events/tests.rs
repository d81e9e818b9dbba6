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
fn pieces_of_a_call_are_told_one_by_one_with_what_call_it_is() {
    let call = |id: &str| ToolCall { id: id.into(), name: "f".into(), ..ToolCall::default() };
    let told = |index: u32, id: &str, arguments: &str| Event {
        choice: 2,
        kind: EventKind::ToolCall {
            index,
            id: id.into(),
            name: "f".into(),
            arguments: arguments.into(),
        },
    };
    let mut events = Events::default();
    let pieces = [(0, "a", "{"), (0, "a", ""), (0, "a", "\u{e9}}"), (1, "b", "{}"), (0, "a", "x")];
    for (index, id, piece) in pieces {
        events.push_arguments(2, index, &call(id), piece.into());
    }
    assert!(events.have_content());
    events.push_piece(0, false, "after");
    let mut wanted = pieces.map(|(index, id, piece)| told(index, id, piece)).to_vec();
    wanted.push(text("after"));
    assert_eq!(events.take(), wanted);
    events.push_piece(0, false, "next");
    assert_eq!(events.take(), [text("next")]);
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

//! Calls in the making, and which of them a piece belongs to.

use crate::llm::message::ToolCall;

/// Calls or items of an answer that nobody's model gives: each new one is looked for
/// among all before.
pub const CALLS_MAX: usize = 4_096;
/// Bytes of a name or id that nobody gives a call: each piece of it is told with both.
pub const WORD_MAX: usize = 1 << 16;

/// What a call is given that is given nothing.
pub const NONE_GIVEN: &str = "{}";

/// A piece of a call.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fragment<'a> {
    /// The provider's number of the call.
    pub index: Option<u64>,
    /// The provider's id of it.
    pub id: Option<&'a str>,
    /// The function.
    pub name: Option<&'a str>,
    /// A piece of the arguments' text.
    pub arguments: &'a str,
    /// Whether it is known to begin a call, whatever its id and index.
    pub begins: bool,
    /// Whether the call is given a text of the model's own instead of JSON.
    pub is_custom: bool,
}

impl Fragment<'_> {
    /// Whether it says that the call is given nothing.
    pub fn is_given_none(&self) -> bool {
        self.arguments == NONE_GIVEN && !self.is_custom
    }
}

/// A call in the making.
#[derive(Debug, Default)]
pub struct Call {
    /// The provider's number of it.
    pub index: Option<u64>,
    /// What it is so far.
    pub done: ToolCall,
    /// No more of it comes.
    pub ended: bool,
    /// Its id is ours: the host has told none yet.
    made_up: bool,
    /// Its name comes with each piece.
    repeats: bool,
    /// It began as one that is given nothing: some gateways begin so where more is to
    /// come, and then that is no part of it.
    began_empty: bool,
    /// How far its arguments have come.
    shape: Shape,
}

/// Which of the calls a piece belongs to; none: a new one.
pub fn place_of(calls: &[Call], piece: &Fragment) -> Option<usize> {
    if piece.begins {
        return None;
    }
    let latest = |wanted: &dyn Fn(&Call) -> bool| calls.iter().rposition(wanted);
    if let Some(place) = piece.id.and_then(|id| latest(&|call| call.done.id == id)) {
        return (!calls[place].is_followed_by(piece)).then_some(place);
    }
    let place = match piece.index {
        // Some hosts tell a call's head under another number than its tail.
        Some(index) => latest(&|call| call.index == Some(index))
            .or_else(|| calls.len().checked_sub(1).filter(|last| calls[*last].awaits(piece)))?,
        None => calls.len().checked_sub(1)?,
    };
    if piece.id.is_some() && piece.name.is_some() {
        let is_head = calls[place].lacks_head(piece);
        return (is_head || calls[place].goes_on_in(piece)).then_some(place);
    }
    let call = &calls[place];
    let known = &call.done.name;
    if call.repeats && piece.arguments.is_empty() && piece.name == Some(known) {
        return Some(place);
    }
    // A name begins a call, unless it only repeats or goes on.
    let begins = piece.name.is_some_and(|name| {
        !known.is_empty() && call.is_whole() || piece.index.is_none() && name != known
    });
    (!begins).then_some(place)
}

impl Call {
    /// One that begins with a piece.
    pub fn new(piece: &Fragment, done: ToolCall) -> Call {
        let (index, made_up) = (piece.index, piece.id.is_none());
        Call { index, done, made_up, began_empty: piece.is_given_none(), ..Call::default() }
    }

    /// Whether its arguments are whole as far as it is known.
    fn is_whole(&self) -> bool {
        self.shape.is_whole() || self.began_empty && self.done.arguments.is_empty()
    }

    /// Whether a piece with this call's id begins another one: some hosts give
    /// each call of a function, or all of them, the same id.
    fn is_followed_by(&self, piece: &Fragment) -> bool {
        let elsewhere = self.index.zip(piece.index).is_some_and(|(old, new)| old != new);
        let begins = piece.name.is_some_and(|name| elsewhere || name != self.done.name);
        begins && self.is_whole()
    }

    /// Whether a piece with a name and an unknown id is the rest of this call after
    /// all: vLLM makes up another id for each piece of a call that was asked for by
    /// name. What goes on then is no beginning of arguments.
    fn goes_on_in(&self, piece: &Fragment) -> bool {
        let ToolCall { name, arguments, .. } = &self.done;
        let is_open = !arguments.is_empty() && !self.shape.is_whole();
        let begins = piece.arguments.is_empty() || piece.arguments.trim_start().starts_with('{');
        is_open && !begins && piece.name == Some(name)
    }

    /// Whether a piece with name and id is the head of this call, which came after what
    /// it is given.
    fn lacks_head(&self, piece: &Fragment) -> bool {
        let is_same = self.index.is_some() && self.index == piece.index;
        is_same && self.made_up && self.done.name.is_empty() && !self.ended
    }

    /// Whether a piece that says nothing but arguments may be the rest of this call.
    fn awaits(&self, piece: &Fragment) -> bool {
        let says_no_more = piece.id.is_none() && piece.name.is_none();
        says_no_more && !self.ended && !self.shape.is_whole()
    }

    /// Whether a piece says all of the arguments again: vLLM's parser for xLAM ends so
    /// (request 51697).
    pub fn is_repeated_by(&self, piece: &Fragment) -> bool {
        self.shape.is_whole() && piece.arguments == self.done.arguments && !self.done.is_custom()
    }

    /// Whether no end of its arguments is within this text, so that all of that is its
    /// own, in whatever pieces it came.
    pub fn stays_open(&self, text: &str) -> bool {
        !self.ended
            && !self.shape.is_whole()
            && memchr::memchr2(b'}', b']', text.as_bytes()).is_none()
    }

    /// Adds a piece to it.
    pub fn add(&mut self, piece: &Fragment) {
        let call = &mut self.done;
        if let Some(name) = piece.name {
            if call.name.is_empty() {
                call.name = name.into();
            } else if call.name == name {
                self.repeats = true;
            } else if call.arguments.is_empty() {
                call.name.push_str(name);
            }
        }
        if let (true, Some(id)) = (self.made_up, piece.id) {
            call.id = id.into();
            self.made_up = false;
        }
        if self.index.is_none() {
            self.index = piece.index;
        }
        call.arguments.push_str(piece.arguments);
        self.shape.go_on(piece.arguments);
    }
}

/// How far a JSON text has come, told by its brackets: to read it again with each piece
/// would cost more each time.
#[derive(Debug, Default)]
struct Shape {
    has_begun: bool,
    /// Whether it is one object, as far as it has come.
    is_object: bool,
    /// Brackets that are open.
    depth: usize,
    /// Whether it is within a text, and there behind a backslash.
    is_text: bool,
    is_escaped: bool,
}

impl Shape {
    /// Whether the object is whole, so that what follows belongs to another call.
    fn is_whole(&self) -> bool {
        self.is_object && self.depth == 0
    }

    fn go_on(&mut self, piece: &str) {
        let mut rest = piece.as_bytes();
        while let [byte, after @ ..] = rest {
            // What is no object, or something after it, never becomes one.
            if self.has_begun && !self.is_object {
                return;
            }
            if self.is_text && !self.is_escaped && !matches!(byte, b'"' | b'\\') {
                let end = memchr::memchr2(b'"', b'\\', after).unwrap_or(after.len());
                rest = &after[end..];
                continue;
            }
            if !byte.is_ascii_whitespace() {
                self.take(*byte);
            }
            rest = after;
        }
    }

    fn take(&mut self, byte: u8) {
        if self.is_text {
            self.is_text = self.is_escaped || byte != b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return;
        }
        match self.has_begun {
            true => self.is_object &= self.depth > 0,
            false => self.is_object = byte == b'{',
        }
        self.has_begun = true;
        match byte {
            b'"' => self.is_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_whole_where_a_reader_of_json_says_so_in_whatever_pieces() {
        let text = " {\"a\\\"}\": [{}, \"\\\\\"], \"b\": {\"c\": \"}\"}}\n x";
        let mut shape = Shape::default();
        for (at, _) in text.char_indices() {
            let so_far = &text[..at];
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(so_far).is_ok();
            assert_eq!(shape.is_whole(), is_json, "{so_far}");
            shape.go_on(&text[at..=at]);
        }
        for other in ["", "[]", "1", "\"{}\"", "{}{}", "{} x", "}{", "x{}"] {
            let mut shape = Shape::default();
            shape.go_on(other);
            assert!(!shape.is_whole(), "{other}");
        }
    }
}

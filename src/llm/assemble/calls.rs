//! Calls in the making, and which of them a piece belongs to.

use crate::llm::message::ToolCall;

/// A piece of a call.
#[derive(Debug, Default)]
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
    /// Its name comes with each piece.
    repeats: bool,
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
        return calls[place].goes_on_in(piece).then_some(place);
    }
    let Call { done: call, repeats, .. } = &calls[place];
    if *repeats && piece.arguments.is_empty() && piece.name == Some(&call.name) {
        return Some(place);
    }
    // A name begins a call, unless it only repeats or goes on.
    let begins = piece.name.is_some_and(|name| {
        !call.name.is_empty() && is_whole(&call.arguments)
            || piece.index.is_none() && name != call.name
    });
    (!begins).then_some(place)
}

impl Call {
    /// One that begins.
    pub fn new(index: Option<u64>, done: ToolCall) -> Call {
        Call { index, done, ..Call::default() }
    }

    /// Whether a piece with this call's id begins another one: some hosts give
    /// each call of a function, or all of them, the same id.
    fn is_followed_by(&self, piece: &Fragment) -> bool {
        let elsewhere = self.index.zip(piece.index).is_some_and(|(old, new)| old != new);
        let begins = piece.name.is_some_and(|name| elsewhere || name != self.done.name);
        begins && is_whole(&self.done.arguments)
    }

    /// Whether a piece with a name and an unknown id is the rest of this call after
    /// all: vLLM makes up another id for each piece of a call that was asked for by
    /// name. What goes on then is no beginning of arguments.
    fn goes_on_in(&self, piece: &Fragment) -> bool {
        let ToolCall { name, arguments, .. } = &self.done;
        let is_open = !arguments.is_empty() && !is_whole(arguments);
        let begins = piece.arguments.is_empty() || piece.arguments.trim_start().starts_with('{');
        is_open && !begins && piece.name == Some(name)
    }

    /// Whether a piece that says nothing but arguments may be the rest of this call.
    fn awaits(&self, piece: &Fragment) -> bool {
        let says_no_more = piece.id.is_none() && piece.name.is_none();
        says_no_more && !self.ended && !is_whole(&self.done.arguments)
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
        if self.index.is_none() {
            self.index = piece.index;
        }
        call.arguments.push_str(piece.arguments);
    }
}

/// Whether a text is a whole JSON value already, so that what follows belongs
/// to another call.
fn is_whole(text: &str) -> bool {
    text.trim_end().ends_with('}') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

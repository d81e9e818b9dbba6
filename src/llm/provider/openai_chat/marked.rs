//! Thoughts in the content, as Google sends them behind OpenAI's form: a flag beside
//! the text says that it is one, and marks in the text enclose it all. The mark that
//! ends it stands at the head of the first text without the flag, or in a plain answer
//! between the two.

use serde_json::Value;

use crate::llm::json::Json;

const BEGIN: &str = "<thought>";
const END: &str = "</thought>";

/// Whether a thought is open.
#[derive(Default)]
pub struct Marked {
    is_open: bool,
}

impl Marked {
    /// Whether the next text ends a thought.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// What a piece of the content is: the thought in it, and the text.
    pub fn split<'a>(&mut self, piece: &'a str, is_flagged: bool) -> (&'a str, &'a str) {
        match (is_flagged, self.is_open) {
            (true, is_open) => {
                let begun = (!is_open).then(|| piece.strip_prefix(BEGIN)).flatten();
                let parts = begun.unwrap_or(piece).split_once(END);
                self.is_open = parts.is_none();
                parts.unwrap_or((begun.unwrap_or(piece), ""))
            }
            (false, true) if !piece.is_empty() => {
                self.is_open = false;
                ("", piece.strip_prefix(END).unwrap_or(piece))
            }
            (false, _) => ("", piece),
        }
    }
}

/// Whether the content of a piece is flagged as a thought.
pub fn is_flagged(piece: &Json) -> bool {
    piece.at(&["extra_content", "google", "thought"]).bool() == Some(true)
}

/// What stands beside the content, without the flag: of what goes back none is a
/// thought. Null if nothing else is said.
pub fn without_flag(mut beside: Value) -> Value {
    let Some(all) = beside.as_object_mut() else { return beside };
    if let Some(google) = all.get_mut("google").and_then(Value::as_object_mut)
        && google.shift_remove("thought").is_some()
        && google.is_empty()
    {
        all.shift_remove("google");
    }
    if all.is_empty() { Value::Null } else { beside }
}

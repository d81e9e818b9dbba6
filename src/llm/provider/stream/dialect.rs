//! What a dialect says of its events and of its plain answers.

use crate::error::{Error, Result};
use crate::llm::assemble::Assembler;
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};

/// What the events of a dialect mean.
pub trait Dialect: Send {
    /// Takes one event; true if it is the stream's end mark.
    fn event(&mut self, name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool>;

    /// Whether a value that stands alone is an event, where that is read in another
    /// way than a plain answer.
    fn is_event(&self, json: &Json) -> bool {
        let _ = json;
        false
    }

    /// Takes a plain answer.
    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()>;

    /// The text of an event that did nothing but add it, and would do nothing
    /// else with another text in its place; as it lies in the event.
    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let _ = json;
        None
    }

    /// What events do whose texts have this place.
    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        let choice = lane.index as u32;
        match lane.of {
            PieceOf::Arguments(call) => out.arguments(choice, call, pieces),
            of => out.pieces(choice, of == PieceOf::Thought, pieces),
        }
    }

    /// The error that the answer is if nothing more of it comes.
    fn given_up(&self, out: &Assembler) -> Option<Error> {
        let _ = out;
        None
    }

    /// Whether what was told to be the end of the answer was none.
    fn goes_on(&self) -> bool {
        false
    }

    /// The end, proper or not: hands over what was kept for the last.
    fn end(&mut self, out: &mut Assembler) {
        let _ = out;
    }
}

//! The calls of an answer, put together from their pieces and told.

use serde_json::Value;

use super::calls::{self, CALLS_MAX, Call, Fragment, NONE_GIVEN, WORD_MAX};
use super::{Assembler, EventKind};
use crate::llm::events::Pieces;
use crate::llm::message::{ToolCall, call_json};

impl Assembler<'_> {
    /// A piece of a call; answers the call's place.
    pub fn tool(&mut self, choice: u32, mut piece: Fragment) -> usize {
        let seed = self.context.seed;
        let mut is_too_much = false;
        let building = self.building(choice);
        let place = calls::place_of(&building.calls, &piece).unwrap_or_else(|| {
            is_too_much = building.calls.len() >= CALLS_MAX;
            let id = piece.id.map(String::from);
            let id = id.unwrap_or_else(|| ToolCall::made_up_id(seed, choice, building.calls.len()));
            let done = ToolCall { id, ..ToolCall::default() };
            building.calls.push(Call::new(&piece, done));
            if piece.is_given_none() {
                piece.arguments = "";
            }
            building.calls.len() - 1
        });
        // What comes after its end is none of it (pydantic/pydantic-ai, issue 5757).
        if building.calls[place].ended {
            return place;
        }
        if building.calls[place].is_repeated_by(&piece) {
            piece.arguments = "";
        }
        building.calls[place].add(&piece);
        self.is_too_much |= is_too_much;
        self.tell_arguments(choice, place, piece.arguments.into());
        place
    }

    /// Pieces of what the call with the provider's number is given.
    pub fn arguments(&mut self, choice: u32, call: u64, pieces: Pieces<'_>) {
        self.given(choice, Fragment { index: Some(call), ..Fragment::default() }, pieces);
    }

    /// Pieces of what the call is given that `of` says, one after the other.
    pub fn given(&mut self, choice: u32, of: Fragment, pieces: Pieces<'_>) {
        let calls = &mut self.building(choice).calls;
        let place = calls::place_of(calls, &of);
        match place.filter(|place| calls[*place].stays_open(pieces.text)) {
            Some(place) => {
                calls[place].add(&Fragment { arguments: pieces.text, ..of });
                self.tell_arguments(choice, place, pieces);
            }
            None => pieces.iter().for_each(|arguments| {
                self.tool(choice, Fragment { arguments, ..of });
            }),
        }
    }

    fn tell_arguments(&mut self, choice: u32, place: usize, pieces: Pieces<'_>) {
        if !self.started && !self.quiet {
            self.tell_start();
        }
        let at = self.choices.iter().position(|building| building.choice.index == choice);
        let Some(call) = at.and_then(|at| self.choices[at].calls.get(place)) else { return };
        self.is_too_much |= call.done.id.len().max(call.done.name.len()) > WORD_MAX;
        if !self.quiet {
            self.events.push_arguments(choice, place as u32, &call.done, pieces);
        }
    }

    /// What a call is given after all, where what was told of it is something else.
    pub fn given_after_all(&mut self, choice: u32, place: usize, arguments: &str) {
        if let Some(call) = self.building(choice).calls.get_mut(place) {
            call.done.arguments = arguments.into();
        }
    }

    /// The place of the latest call with the provider's index.
    pub fn tool_of(&mut self, choice: u32, index: Option<u64>) -> Option<usize> {
        let calls = &self.building(choice).calls;
        calls.iter().rposition(|call| index.is_none() || call.index == index)
    }

    /// A call so far.
    pub fn called(&mut self, choice: u32, place: usize) -> Option<&ToolCall> {
        self.building(choice).calls.get(place).map(|call| &call.done)
    }

    /// The id of a call.
    pub fn tool_id(&mut self, choice: u32, place: usize) -> String {
        self.called(choice, place).map(|call| call.id.clone()).unwrap_or_default()
    }

    /// Keeps what else the host says about a call.
    pub fn tool_extra(&mut self, choice: u32, place: usize, key: &str, value: Value) {
        if let Some(call) = self.building(choice).calls.get_mut(place) {
            call.done.extra.insert(key.into(), value);
        }
    }

    /// Likewise what it says beside the call's name.
    pub fn tool_within(&mut self, choice: u32, place: usize, key: &str, value: Value) {
        if let Some(call) = self.building(choice).calls.get_mut(place) {
            call.done.within.insert(key.into(), value);
        }
    }

    /// The arguments of a call are complete: `{}` if none came, except where they are
    /// a text of the model's own.
    pub fn tool_end(&mut self, choice: u32, place: usize) {
        let building = self.building(choice);
        let Some(call) = building.calls.get_mut(place).filter(|call| !call.ended) else { return };
        call.ended = true;
        let (index, id, name) = (place as u32, call.done.id.clone(), call.done.name.clone());
        if call.done.arguments.trim().is_empty() && !call.done.is_custom() {
            let arguments = NONE_GIVEN;
            call.add(&Fragment { arguments, ..Fragment::default() });
            self.tell_arguments(choice, place, arguments.into());
        }
        self.tell(choice, || EventKind::ToolCallEnd { index, id, name });
    }

    /// A call was none of the caller's: the provider has answered it itself.
    pub fn forget_call(&mut self, choice: u32, id: &str) {
        self.building(choice).calls.retain(|call| call.done.id != id);
    }

    /// The calls of an answer so far, in OpenAI's form.
    pub fn calls_json(&mut self, choice: u32) -> Vec<Value> {
        let calls = &self.building(choice).calls;
        calls.iter().map(|call| call_json(&call.done)).collect()
    }

    /// How many calls an answer has so far.
    pub fn calls_of(&mut self, choice: u32) -> usize {
        self.building(choice).calls.len()
    }
}

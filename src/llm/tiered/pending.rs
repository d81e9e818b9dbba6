//! Which tier a tool's result is for: the one that called the tool.
//!
//! An answer that goes back whole says what it came from, and so which tier; but not
//! among tiers of one model, and not if its caller writes the message anew. The last
//! calls are remembered by their ids for those.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;

use crate::llm::message::{Message, Role};
use crate::llm::request::Request;
use crate::llm::response::Response;

/// How many calls are remembered, 16 bytes each: results come back within moments.
const CALLS_MAX: usize = 4_096;

/// The last calls of tools, by a digest of the id, and the tier of each.
#[derive(Default)]
pub struct Called {
    calls: Mutex<VecDeque<(u64, usize)>>,
    state: RandomState,
}

impl Called {
    /// Remembers the calls of a tier's answer.
    pub fn remember(&self, response: &Response, tier: usize) {
        let ids =
            response.choices.iter().flat_map(|choice| &choice.tool_calls).map(|call| &call.id);
        let mut ids = ids.filter(|id| !id.is_empty()).peekable();
        if ids.peek().is_none() {
            return;
        }
        let mut calls = self.calls.lock();
        for id in ids {
            calls.truncate(CALLS_MAX - 1);
            calls.push_front((self.state.hash_one(id), tier));
        }
    }

    /// The tier that last made the call of this id.
    fn tier(&self, id: &str) -> Option<usize> {
        let digest = self.state.hash_one(id);
        self.calls.lock().iter().find(|(call, _)| *call == digest).map(|(_, tier)| *tier)
    }

    /// The tier that waits for a tool's result, if a request ends with one. `fitting`
    /// are the tiers that a message of the assistant's can have come from.
    pub fn pending(
        &self,
        request: &Request,
        fitting: impl FnOnce(&Message) -> Vec<usize>,
    ) -> Option<usize> {
        let result = request.messages.last().filter(|message| message.role == Role::Tool)?;
        let asked = request.messages.iter().rev().find(|m| m.role == Role::Assistant)?;
        let fitting = fitting(asked);
        if let [only] = fitting[..] {
            return Some(only);
        }
        let known = result.tool_call_id.as_deref().and_then(|id| self.tier(id));
        let known = known.filter(|tier| fitting.is_empty() || fitting.contains(tier));
        known.or_else(|| fitting.first().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::message::ToolCall;
    use crate::llm::response::Choice;

    #[test]
    fn the_oldest_calls_are_forgotten() {
        let called = Called::default();
        let answer = |id: usize| {
            let call = ToolCall { id: id.to_string(), ..ToolCall::default() };
            let choice = Choice { tool_calls: vec![call], ..Choice::default() };
            Response { choices: vec![choice], ..Response::default() }
        };
        (0..=CALLS_MAX).for_each(|id| called.remember(&answer(id), id % 2));
        assert_eq!(called.calls.lock().len(), CALLS_MAX);
        assert_eq!(["0", "1", "4096"].map(|id| called.tier(id)), [None, Some(1), Some(0)]);
    }
}

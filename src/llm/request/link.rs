//! Which call a result answers that does not say so.

use super::Request;
use crate::error::{Error, Result};
use crate::llm::message::{Message, Role, ToolCall};

impl Request {
    /// Gives calls and results that have no id one of ours: results in the legacy
    /// form, and Ollama's, name their function, and belong to its first call without
    /// one; those that name nothing to the first of all. What was looked at is not
    /// again: a long conversation would be gone through for each of its messages.
    pub(super) fn link_nameless_results(&mut self) -> Result<()> {
        for i in self.linked.min(self.messages.len())..self.messages.len() {
            let (before, rest) = self.messages.split_at_mut(i);
            let message = &mut rest[0];
            for (k, call) in message.tool_calls.iter_mut().enumerate() {
                if call.id.is_empty() {
                    call.id = ToolCall::made_up_id(0, i as u32, k);
                }
            }
            let has_none = message.tool_call_id.as_ref().is_none_or(String::is_empty);
            if message.role == Role::Tool && has_none {
                let named = message.name.as_deref().and_then(|name| call_of(before, name));
                message.tool_call_id = named.or_else(|| unanswered(before, |_| true));
                if message.tool_call_id.is_none() && message.name.is_none() {
                    let reason = "a tool's message needs tool_call_id";
                    return Err(Error::invalid("message", reason));
                }
            }
        }
        self.linked = self.messages.len();
        Ok(())
    }
}

/// The id of a function's first call without a result, or else of its last.
fn call_of(before: &[Message], name: &str) -> Option<String> {
    let is_of = |call: &ToolCall| call.name == name;
    let last = || {
        let calls = before.iter().rev().flat_map(|message| message.tool_calls.iter().rev());
        calls.into_iter().find(|call| is_of(call)).map(|call| call.id.clone())
    };
    unanswered(before, is_of).or_else(last)
}

/// The id of the first call without a result in the last message that has such
/// calls: what a result answers that does not say which, as Ollama's.
fn unanswered(before: &[Message], is_such: impl Fn(&ToolCall) -> bool) -> Option<String> {
    let asked = before.iter().rposition(|message| message.tool_calls.iter().any(&is_such))?;
    let answered = |id: &str| {
        before[asked..].iter().any(|message| message.tool_call_id.as_deref() == Some(id))
    };
    let calls = before[asked].tool_calls.iter().filter(|call| is_such(call));
    calls.map(|call| &call.id).find(|id| !answered(id)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_looked_at_once_and_a_result_still_finds_its_call() {
        let mut request = Request::new();
        for so_far in 0..100 {
            assert_eq!(request.linked, so_far, "the next one alone is left to be looked at");
            request.add_message_json(r#"{"role": "user", "content": "and so on"}"#).unwrap();
        }
        let mut asked = Message::new(Role::Assistant, "");
        asked.tool_calls.push(ToolCall { name: "clock".into(), ..ToolCall::default() });
        request.messages.push(asked);
        for name in [r#""name": "clock", "#, ""] {
            let result = format!(r#"{{"role": "tool", {name}"content": "noon"}}"#);
            let added = request.add_message_json(&result);
            assert_eq!(added.is_ok(), !name.is_empty(), "the one call is answered once");
        }
        let [.., call, result] = &request.messages[..] else { panic!() };
        assert_eq!(result.tool_call_id.as_ref(), Some(&call.tool_calls[0].id));
        assert!(!call.tool_calls[0].id.is_empty());
    }
}

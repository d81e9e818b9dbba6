//! The calls of a conversation: what they are given, and which result is whose.
//!
//! A result names its call by an id. Some hosts count their calls anew in each
//! answer, so an id stands for the last call of that name before the result; and
//! where one answer has it more than once, its results take the calls in turn.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::exact;
use super::wanted::Wanted;
use crate::error::{Error, Result, Status};
use crate::llm::json::has_long_number;
use crate::llm::message::{Message, Role, ToolCall};
use crate::llm::request::Request;

/// Where a call stands: the message, and its place among that one's calls.
pub type Place = (usize, usize);

/// The call that the message at this place is the result of.
pub fn place_of(messages: &[Message], at: usize) -> Option<Place> {
    let id = messages[at].tool_call_id.as_deref().filter(|id| !id.is_empty())?;
    let asks = |message: &Message| message.tool_calls.iter().any(|call| call.id == id);
    let asked = messages[..at].iter().rposition(asks)?;
    let is_earlier = |message: &&Message| message.tool_call_id.as_deref() == Some(id);
    let earlier = messages[asked + 1..at].iter().filter(is_earlier).count();
    let calls = messages[asked].tool_calls.iter().enumerate();
    let call = calls.filter(|(_, call)| call.id == id).take(earlier + 1).last();
    call.map(|(call, _)| (asked, call))
}

/// The arguments of a message's call as an object. What a model wrote, and was cut
/// or is none, goes as one text: it must not end the conversation, as a caller's
/// own mistake does.
pub fn arguments(message: &Message, call: &ToolCall, wanted: &mut Wanted) -> Result<Value> {
    let object = call.object();
    if object.is_ok() && !call.is_custom() {
        return object.map(|object| exact::of(&call.arguments, object));
    }
    if object.is_ok() || message.origin.is_none() {
        return object;
    }
    let name = &call.name;
    let what = format!("arguments of {name:.40} that are no JSON object: sent as one text, input");
    wanted.note("tool_calls", &what);
    Ok(call.only_argument())
}

/// The same as a text; what is an object, and what a caller wrote, as it stands.
pub fn arguments_text(message: &Message, call: &ToolCall, wanted: &mut Wanted) -> Result<String> {
    match call.is_custom() || message.origin.is_none() || call.object().is_ok() {
        true => Ok(call.arguments.clone()),
        false => Ok(arguments(message, call, wanted)?.to_string()),
    }
}

/// Replaces what a model has cut among the calls of its own message, in the form of
/// chat completions: it is not taken back as it came.
pub fn mend(own: &mut Value, message: &Message, wanted: &mut Wanted) -> Result<()> {
    for (i, call) in message.tool_calls.iter().enumerate() {
        let place = format!("/tool_calls/{i}/function/arguments");
        if let Some(text) = own.pointer_mut(&place)
            && call.object().is_err()
        {
            *text = arguments_text(message, call, wanted)?.into();
        }
    }
    Ok(())
}

/// Gives the calls of a message's own block the ids that they have in the conversation.
pub fn name(own: &mut Value, message: &Message, fitting: impl Fn(&str) -> String) {
    let calls = own.get_mut("tool_calls").and_then(Value::as_array_mut);
    for (own, call) in calls.into_iter().flatten().zip(&message.tool_calls) {
        if own.get("id").is_some_and(Value::is_string) {
            own["id"] = fitting(&call.id).into();
        }
    }
}

/// Whether a message's content holds no text, and nothing else.
pub fn is_empty(content: &Value) -> bool {
    match content {
        Value::String(text) => text.is_empty(),
        Value::Array(parts) => parts.iter().all(|part| part["text"] == ""),
        content => content.is_null(),
    }
}

/// Puts the digits of its calls back into a message's own blocks, whose trees have
/// lost some: `slots` are the places of the calls' arguments there, in order.
pub fn restore<'a>(slots: impl Iterator<Item = &'a mut Value>, message: &Message) {
    for (slot, call) in slots.zip(&message.tool_calls) {
        let has_more = has_long_number(&call.arguments);
        if has_more && call.object().is_ok_and(|object| object == *slot) {
            *slot = exact::of(&call.arguments, Value::Null);
        }
    }
}

/// The function whose result the message at this place is.
pub fn function_of(messages: &[Message], at: usize) -> Option<&str> {
    let called = |(asked, call): Place| messages[asked].tool_calls[call].name.as_str();
    place_of(messages, at).map(called).or(messages[at].name.as_deref())
}

/// Whether a message is the result of a call that is not there.
pub fn lacks_id(message: &Message) -> bool {
    message.role == Role::Tool && message.tool_call_id.as_ref().is_none_or(String::is_empty)
}

/// Refuses the result of a call that is not there, for those who take none: only the
/// legacy form of chat completions has such, and Ollama's.
pub fn check_asked(messages: &[Message], wanted: &Wanted) -> Result<()> {
    let Some(result) = messages.iter().find(|message| lacks_id(message)) else { return Ok(()) };
    let (provider, model) = (wanted.provider, &wanted.model);
    let name = result.name.as_deref().unwrap_or_default();
    Err(Error::call(
        Status::BadRequest,
        format!(
            "messages: {provider} {model} takes no result without its call, and none of \
             {name:.40} stands before it; add the assistant's message that calls it"
        ),
    ))
}

/// The conversation without the results of calls that are left out of it, and what is
/// to be noted of them: what another provider's tool asks of the caller stands among
/// the items of that one's message alone, which `is_sent` says of a message.
pub fn without_strays(
    request: &Request,
    is_sent: impl Fn(&Message) -> bool,
) -> (Cow<'_, Request>, Vec<String>) {
    let messages = &request.messages;
    let blocks = messages.iter().filter_map(|message| message.origin.as_ref());
    if !blocks.flat_map(|origin| &origin.blocks).any(|block| item_id(block).is_some()) {
        return (Cow::Borrowed(request), Vec::new());
    }
    let stray = |at: usize| {
        let (message, kind) = item_asked(messages, at)?;
        let origin = message.origin.as_ref().filter(|_| !is_sent(message))?;
        let (provider, model) = (&origin.provider, &origin.model);
        let of = format!("{kind:.40} of an answer of {provider:.20} {model:.60}");
        Some((at, format!("messages: left out: the result of {of}")))
    };
    let strays: Vec<_> = (0..messages.len()).filter_map(stray).collect();
    if strays.is_empty() {
        return (Cow::Borrowed(request), Vec::new());
    }
    let mut kept = request.clone();
    let mut at = 0..;
    kept.messages.retain(|_| at.next().is_some_and(|at| strays.iter().all(|(s, _)| *s != at)));
    let mut notes: Vec<_> = strays.into_iter().map(|(_, note)| note).collect();
    notes.dedup();
    (Cow::Owned(kept), notes)
}

/// The message with the item that the message at this place answers, and its kind, if
/// that is no call of the conversation.
fn item_asked(messages: &[Message], at: usize) -> Option<(&Message, &str)> {
    let is_result = messages[at].role == Role::Tool && place_of(messages, at).is_none();
    let id = messages[at].tool_call_id.as_deref().filter(|id| is_result && !id.is_empty())?;
    let is_it = |item: &&Value| item_id(item) == Some(id);
    messages[..at].iter().rev().find_map(|message| {
        let item = message.origin.as_ref()?.blocks.iter().find(is_it)?;
        Some((message, item["type"].as_str()?))
    })
}

/// The id by which a result names an item: an approval is asked for under the item's own.
fn item_id(item: &Value) -> Option<&str> {
    let name = if item["type"] == "mcp_approval_request" { "id" } else { "call_id" };
    item[name].as_str()
}

/// Puts results that follow each other into the order of their calls: where no ids
/// are sent, nothing else tells which is whose.
pub fn sort_results(messages: &[Message], order: &mut [usize]) {
    let is_result = |at: usize| messages[at].role == Role::Tool;
    for run in order.chunk_by_mut(|a, b| is_result(*a) && is_result(*b)) {
        if run.len() > 1 {
            let place = |at: usize| place_of(messages, at).unwrap_or((usize::MAX, 0));
            let mut sorted: Vec<_> = run.iter().map(|at| (place(*at), *at)).collect();
            sorted.sort_unstable();
            run.iter_mut().zip(sorted).for_each(|(at, (_, next))| *at = next);
        }
    }
}

/// The conversation with an ending of its own for an id that an earlier call has,
/// for vendors that take none twice; `is_verbatim` says whose calls go as they came.
pub fn with_unique_ids(
    messages: &[Message],
    is_verbatim: impl Fn(&Message) -> bool,
) -> Cow<'_, [Message]> {
    let mut seen = HashSet::new();
    let mut ids = messages.iter().flat_map(|message| &message.tool_calls).map(|call| &*call.id);
    if ids.all(|id| seen.insert(id)) {
        return Cow::Borrowed(messages);
    }
    let mut seen = HashSet::new();
    let mut out = messages.to_vec();
    for (at, message) in messages.iter().enumerate() {
        let is_fixed = !message.tool_calls.is_empty() && is_verbatim(message);
        for (k, call) in message.tool_calls.iter().enumerate() {
            let id = if is_fixed { call.id.clone() } else { unlike(&call.id, &seen) };
            seen.insert(id.clone());
            out[at].tool_calls[k].id = id;
        }
        if let Some((asked, call)) = place_of(messages, at) {
            out[at].tool_call_id = Some(out[asked].tool_calls[call].id.clone());
        }
    }
    Cow::Owned(out)
}

/// The id, or with the first number behind it that no other has.
fn unlike(id: &str, seen: &HashSet<String>) -> String {
    let numbered = (2_usize..).map(|n| format!("{id}_{n}"));
    std::iter::once(id.to_string())
        .chain(numbered)
        .find(|id| !seen.contains(id))
        .unwrap_or_else(|| id.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conversation(json: serde_json::Value) -> Vec<Message> {
        json.as_array().unwrap().iter().map(|json| Message::from_json(json).unwrap()).collect()
    }

    fn asks(ids: &[&str]) -> serde_json::Value {
        let call = |id: &&str| json!({"id": id, "type": "function", "function": {"name": "f"}});
        json!({"role": "assistant", "tool_calls": ids.iter().map(call).collect::<Vec<_>>()})
    }

    fn result(id: &str) -> serde_json::Value {
        json!({"role": "tool", "tool_call_id": id, "content": id})
    }

    #[test]
    fn a_result_belongs_to_the_last_call_of_its_id_before_it() {
        let said = conversation(json!([
            asks(&["a"]),
            result("a"),
            asks(&["b", "a"]),
            result("a"),
            result("b"),
            result("c"),
        ]));
        let places: Vec<_> = (0..said.len()).map(|at| place_of(&said, at)).collect();
        let expected = [None, Some((0, 0)), None, Some((2, 1)), Some((2, 0)), None];
        assert_eq!(places, expected);
    }

    #[test]
    fn calls_of_one_answer_with_one_id_are_answered_in_turn() {
        let said = conversation(json!([asks(&["a", "a"]), result("a"), result("a"), result("a")]));
        let places: Vec<_> = (1..4).map(|at| place_of(&said, at)).collect();
        assert_eq!(places, [Some((0, 0)), Some((0, 1)), Some((0, 1))]);
    }

    #[test]
    fn an_id_that_is_used_again_is_told_apart_from_those_that_there_are() {
        let said = conversation(json!([
            asks(&["a"]),
            result("a"),
            asks(&["a_2"]),
            result("a_2"),
            asks(&["a", "a"]),
            result("a"),
            result("a"),
        ]));
        let ids = |said: &[Message]| -> Vec<String> {
            let ids = said.iter().flat_map(|message| {
                let calls = message.tool_calls.iter().map(|call| call.id.clone());
                calls.chain(message.tool_call_id.clone())
            });
            ids.collect()
        };
        let unique = with_unique_ids(&said, |_| false);
        assert_eq!(ids(&unique), ["a", "a", "a_2", "a_2", "a_3", "a_4", "a_3", "a_4"]);
        assert_eq!(ids(&with_unique_ids(&said, |_| true)), ids(&said));
        assert!(matches!(with_unique_ids(&said[..4], |_| false), Cow::Borrowed(_)));
    }
}

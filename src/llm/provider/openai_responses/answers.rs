//! What the caller's machine answers to the vendor's own tools.
//!
//! Such a tool is no function, and its result no text: each kind of item that asks the
//! caller has a kind that answers it. A tool's message with the id of such an item is
//! that answer. What it says may be the item itself, as JSON; members of it may stand
//! beside the message's content; or it is a text or a picture, which then is what the
//! kind has for such.

use serde_json::{Map, Value, json};

use super::hosted;
use crate::error::Result;
use crate::llm::message::{Message, Part, Source};
use crate::llm::provider::lost;
use crate::llm::provider::wanted::Wanted;

/// How one kind of item is answered.
struct Row {
    /// The kind that asks.
    asks: &'static str,
    /// The kind that answers.
    answers: &'static str,
    /// The members in which that says whom it answers.
    ids: &'static [&'static str],
    /// The member that it must have.
    needs: &'static str,
    /// What that may be, for who says something else.
    takes: &'static str,
    /// What else it may say.
    members: &'static [&'static str],
    /// What a text, or a picture, comes to.
    said: fn(&Message, &str) -> Value,
}

static ROWS: &[Row] = &[
    Row {
        asks: "shell_call",
        answers: "shell_call_output",
        ids: &["call_id"],
        needs: "output",
        takes: "a text, or a list with stdout, stderr and outcome of each command",
        members: &["max_output_length", "status"],
        said: of_shell,
    },
    Row {
        asks: "local_shell_call",
        answers: "local_shell_call_output",
        ids: &["id", "call_id"],
        needs: "output",
        takes: "a text",
        members: &["status"],
        said: |_, text| json!({"output": text}),
    },
    Row {
        asks: "apply_patch_call",
        answers: "apply_patch_call_output",
        ids: &["call_id"],
        needs: "status",
        takes: "completed or failed as its status",
        members: &["output"],
        said: |message, text| {
            let status = if message.is_error { "failed" } else { "completed" };
            json!({"status": status, "output": text})
        },
    },
    Row {
        asks: "computer_call",
        answers: "computer_call_output",
        ids: &["call_id"],
        needs: "output",
        takes: "no less than a picture of the screen",
        members: &["acknowledged_safety_checks", "status"],
        said: of_screen,
    },
    Row {
        asks: "mcp_approval_request",
        answers: "mcp_approval_response",
        ids: &["approval_request_id"],
        needs: "approve",
        takes: "true or false, or an object with approve and reason",
        members: &["reason"],
        said: |_, text| match json_of(text) {
            answer @ Value::Bool(_) => json!({"approve": answer}),
            answer => answer,
        },
    },
    Row {
        asks: "tool_search_call",
        answers: "tool_search_output",
        ids: &["call_id"],
        needs: "tools",
        takes: "a list of tools",
        members: &["execution", "status"],
        said: |_, text| match json_of(text) {
            tools @ Value::Array(_) => json!({"execution": "client", "tools": tools}),
            found => found,
        },
    },
];

/// The item that answers one; none if the message says nothing that could.
pub fn answer(asked: &Value, message: &Message, wanted: &mut Wanted) -> Result<Option<Value>> {
    let Some(row) = ROWS.iter().find(|row| asked["type"] == row.asks) else { return Ok(None) };
    let mut item = Map::new();
    item.insert("type".into(), row.answers.into());
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    item.extend(row.ids.iter().map(|name| (name.to_string(), id.into())));
    let is_member = |name: &str| name == row.needs || row.members.contains(&name);
    item.extend(said(row, message).into_iter().filter(|(name, _)| is_member(name)));
    for (name, value) in &message.extra {
        match is_member(name) {
            true => drop(item.insert(name.clone(), value.clone())),
            false => lost::note_unknown(message, name, wanted),
        }
    }
    if let Some(caller) = hosted::caller_of(asked) {
        item.insert("caller".into(), caller.clone());
    }
    if !item.contains_key(row.needs) {
        let why = format!("takes {} as the result of {}", row.takes, row.asks);
        wanted.refuse("messages", &why)?;
        return Ok(None);
    }
    Ok(Some(item.into()))
}

/// What a message says, as members of the item.
fn said(row: &Row, message: &Message) -> Map<String, Value> {
    let text = message.text();
    let own = Some(json_of(&text)).filter(|own| own["type"] == row.answers);
    match own.unwrap_or_else(|| (row.said)(message, &text)) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The results of a shell's commands; a text is that of the only one.
fn of_shell(message: &Message, text: &str) -> Value {
    let are_results = |results: &Value| results[0]["outcome"].is_object();
    match json_of(text) {
        results if are_results(&results) => json!({"output": results}),
        own if are_results(&own["output"]) => own,
        _ => {
            let (out, err) = if message.is_error { ("", text) } else { (text, "") };
            let outcome = json!({"type": "exit", "exit_code": i32::from(message.is_error)});
            json!({"output": [{"stdout": out, "stderr": err, "outcome": outcome}]})
        }
    }
}

/// A picture of the screen.
fn of_screen(message: &Message, _text: &str) -> Value {
    const KIND: &str = "computer_screenshot";
    let screen = |part: &Part| match part {
        Part::Image(Source::File(id), _) => Some(json!({"type": KIND, "file_id": id})),
        Part::Image(source, _) => Some(json!({"type": KIND, "image_url": source.to_url()})),
        Part::Other(own) if own["type"] == KIND => Some(own.clone()),
        _ => None,
    };
    match message.content.iter().find_map(|piece| screen(&piece.part)) {
        Some(screen) => json!({"output": screen}),
        None => json!({}),
    }
}

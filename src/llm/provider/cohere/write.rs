//! Requests in Cohere's form.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::llm::message::{Message, Part, Role, Source, ToolCall};
use crate::llm::provider::models::Thinking;
use crate::llm::provider::send::{self, put};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, calls, lost, offer};
use crate::llm::request::{Format, Request, ToolChoice};

/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] = &[
    "documents",
    "citation_options",
    "k",
    "p",
    "stop_sequences",
    "safety_mode",
    "strict_tools",
    "logprobs",
    "thinking",
    "priority",
];

/// Writes the body.
pub fn body(chat: &Chat) -> Result<(Wanted, Map<String, Value>)> {
    let request = chat.request;
    let mut wanted = Wanted::new(chat)?;
    lost::note_fields(chat, &mut wanted);
    let messages = messages(chat, &mut wanted)?;
    let other = with_documents(&request.other, documents(chat));
    let mut body = Map::new();
    put(&mut body, "model", Some(wanted.model.clone()));
    put(&mut body, "messages", Some(messages));
    put(&mut body, "max_tokens", wanted.max_tokens);
    put(&mut body, "temperature", wanted.temperature);
    put(&mut body, "p", wanted.top_p);
    put(&mut body, "k", wanted.top_k);
    put(&mut body, "presence_penalty", wanted.presence_penalty);
    put(&mut body, "frequency_penalty", wanted.frequency_penalty);
    put(&mut body, "seed", wanted.seed);
    put(&mut body, "stop_sequences", wanted.stop_texts());
    put(&mut body, "thinking", thinking(&wanted));
    put(&mut body, "response_format", format(request, &other, &mut wanted)?);
    tools(chat, &mut wanted, &mut body)?;
    // The vendor's schema asks for it in every request.
    put(&mut body, "stream", Some(chat.stream));
    lost::refuse_marks(request, &mut wanted)?;
    send::other_fields(&other, &mut wanted, OWN_FIELDS, &mut body)?;
    Ok((wanted, body))
}

fn thinking(wanted: &Wanted) -> Option<Value> {
    let off = wanted.effort.as_deref() == Some("none");
    match (off, wanted.budget) {
        (true, _) => Some(json!({"type": "disabled"})),
        (_, Some(budget)) => Some(json!({"type": "enabled", "token_budget": budget})),
        _ => wanted.effort.is_some().then(|| json!({"type": "enabled"})),
    }
}

fn format(
    request: &Request,
    other: &Map<String, Value>,
    wanted: &mut Wanted,
) -> Result<Option<Value>> {
    let format = match &request.response_format {
        None | Some(Format::Text | Format::Own(_)) => return Ok(None),
        Some(Format::JsonObject) => json!({"type": "json_object"}),
        Some(Format::JsonSchema { schema, .. }) => {
            json!({"type": "json_object", "json_schema": schema})
        }
    };
    if !request.tools.is_empty() || other.contains_key("documents") {
        wanted.refuse("response_format", "does not take it together with tools or documents")?;
        return Ok(None);
    }
    Ok(Some(format))
}

fn tools(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    let request = chat.request;
    if request.tools.is_empty() {
        return Ok(());
    }
    let mut offered = offer::functions(offer::allowed(request), wanted)?;
    let choice = offer::choice(request, &offered, wanted);
    if let Some(ToolChoice::Function(named)) = &choice {
        // It is the only one that is offered, for none can be named.
        let all = offered.len();
        offered.retain(|tool| tool.name == named.name);
        if offered.is_empty() {
            wanted.refuse("tool_choice", "needs the function that it names among the tools")?;
        } else if offered.len() < all {
            wanted.note("tools", "left out: all but the one that tool_choice names");
        }
    }
    if offered.is_empty() {
        return Ok(());
    }
    let tools = offered.into_iter().map(|tool| offer::function(tool, wanted));
    put(body, "tools", Some(tools.collect::<Result<Vec<_>>>()?));
    offer::note_unsaid(request, true, wanted);
    if request.tools.iter().any(|tool| tool.strict == Some(true)) {
        put(body, "strict_tools", Some(true));
    }
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    put(
        body,
        "tool_choice",
        match choice {
            Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true)) => {
                Some("REQUIRED")
            }
            Some(ToolChoice::None) => Some("NONE"),
            _ => None,
        },
    );
    Ok(())
}

fn messages(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    let said = calls::with_unique_ids(&chat.request.messages, |_| false);
    for message in said.iter() {
        let json = match message.role {
            Role::Assistant => assistant(chat, message, wanted)?,
            Role::Tool => json!({
                "role": "tool",
                "tool_call_id": message.tool_call_id,
                "content": content(message, wanted)?,
            }),
            role => json!({"role": role.name(), "content": content(message, wanted)?}),
        };
        match is_silent(&json) {
            true => lost::note_silence(message.role, wanted),
            false => out.push(json),
        }
    }
    Ok(out)
}

/// Whether the assistant says and calls nothing, which the vendor refuses.
fn is_silent(json: &Value) -> bool {
    let says_nothing = calls::is_empty(&json["content"]);
    json["role"] == "assistant" && json["tool_calls"].is_null() && says_nothing
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let own = send::own(chat, message, wanted);
    // An answer of nothing has a block of nothing, which is not taken back.
    let says = |block: &&Value| !block["content"].is_null() || !block["tool_calls"].is_null();
    if let Some(block) = own.and_then(|origin| origin.blocks.first()).filter(says) {
        let mut block = block.clone();
        calls::mend(&mut block, message, wanted)?;
        calls::name(&mut block, message, |id| id.into());
        return Ok(block);
    }
    lost::note_foreign(message, wanted);
    let mut out = Map::new();
    out.insert("role".into(), "assistant".into());
    let said = content(message, wanted)?;
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function =
                json!({"name": call.name, "arguments": arguments(message, call, wanted)?});
            Ok(json!({"id": call.id, "type": "function", "function": function}))
        });
        out.insert("tool_calls".into(), calls.collect::<Result<Vec<_>>>()?.into());
        // A text beside calls is a plan here.
        let plan = message.extra.get("tool_plan").cloned();
        let text = Some(message.text()).filter(|text| !text.is_empty());
        if let Some(plan) = plan.or(text.map(Value::String)) {
            out.insert("tool_plan".into(), plan);
        }
    } else {
        out.insert("content".into(), said);
    }
    think(message, wanted, &mut out);
    Ok(out.into())
}

/// Puts the thought of a caller's own message before what it says, for models that
/// think; another's is nobody else's.
fn think(message: &Message, wanted: &Wanted, out: &mut Map<String, Value>) {
    let thinks = message.origin.is_none() && wanted.takes.thinking != Thinking::No;
    let thought = message.reasoning().filter(|thought| thinks && !thought.is_empty());
    let Some(thought) = thought else { return };
    let mut parts = vec![json!({"type": "thinking", "thinking": thought})];
    match out.shift_remove("content") {
        Some(Value::Array(said)) => parts.extend(said),
        Some(Value::String(text)) if !text.is_empty() => {
            parts.push(json!({"type": "text", "text": text}));
        }
        _ => {}
    }
    out.insert("content".into(), parts.into());
}

/// A text that holds an object, also where the call has none; a caller's own goes as
/// it is.
fn arguments(message: &Message, call: &ToolCall, wanted: &mut Wanted) -> Result<String> {
    match call.arguments.trim() {
        "" | "null" => Ok("{}".into()),
        _ if call.is_custom() => Ok(call.only_argument().to_string()),
        _ => calls::arguments_text(message, call, wanted),
    }
}

fn content(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let said = message.spoken();
    if let [piece] = &*said
        && let Some(text) = piece.bare_text()
    {
        return Ok(text.into());
    }
    let mut parts = Vec::new();
    for piece in &*said {
        if piece.cache_control.is_some() {
            wanted.note_mark();
        }
        if let Some(why) = wanted.cannot_see(&piece.part) {
            wanted.leave_out(message.role, why)?;
            continue;
        }
        match &piece.part {
            Part::Text(text) => parts.push(json!({"type": "text", "text": text})),
            Part::Image(..) if message.role != Role::User => {
                wanted.leave_out(message.role, "takes images only from the user")?;
            }
            Part::Image(source, detail) if !matches!(source, Source::File(_)) => {
                let mut image = json!({"url": source.to_url()});
                if let Some(detail) = detail {
                    image["detail"] = detail.clone().into();
                }
                parts.push(json!({"type": "image_url", "image_url": image}));
            }
            part => match (document(part), message.role) {
                (Some(document), Role::Tool) => {
                    parts.push(json!({"type": "document", "document": document}));
                }
                // They stand beside the messages.
                (Some(_), Role::User | Role::System) => {}
                (None, role) if matches!(part, Part::Document(..)) => {
                    wanted.leave_out(role, "takes documents only as text")?;
                }
                (_, role) => wanted.leave_out(role, "does not take this kind of content")?,
            },
        }
    }
    Ok(if parts.is_empty() { "".into() } else { parts.into() })
}

/// The documents that are shown with the conversation: the vendor takes them beside
/// the messages, and in one only from a tool.
fn documents(chat: &Chat) -> Vec<Value> {
    let shows = |message: &&Message| matches!(message.role, Role::User | Role::System);
    let pieces = chat.request.messages.iter().filter(shows).flat_map(|message| &message.content);
    pieces.filter_map(|piece| document(&piece.part)).collect()
}

/// The caller's own fields, with more documents behind those that it names there.
fn with_documents(other: &Map<String, Value>, more: Vec<Value>) -> Map<String, Value> {
    let mut other = other.clone();
    match other.get_mut("documents") {
        _ if more.is_empty() => {}
        Some(Value::Array(own)) => own.extend(more),
        _ => drop(other.insert("documents".into(), more.into())),
    }
    other
}

/// A document in the vendor's form, of one that is a text or was given so.
fn document(part: &Part) -> Option<Value> {
    let (source, name) = match part {
        Part::Other(json) if json["type"] == "document" => {
            return Some(json["document"].clone()).filter(Value::is_object);
        }
        Part::Document(source @ Source::Bytes { .. }, name) if source.is_text() => (source, name),
        _ => return None,
    };
    let mut data = json!({"text": source.decoded()?});
    if let Some(name) = name {
        data["title"] = name.clone().into();
    }
    Some(json!({"data": data}))
}

//! Ollama's chat: a JSON object on each line.

use serde_json::{Map, Value, json};

use super::alike::{Added, Lane, PieceOf};
use super::send::{self, put};
use super::stream::{Dialect, Stream, plain};
use super::wanted::Wanted;
use super::{
    Access, Chat, Context, Prepared, Provider, StreamDecoder, calls, embed, errors, finish, lost,
    offer,
};
use crate::error::Result;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::dates;
use crate::llm::json::Json;
use crate::llm::message::{Message, Part, Role, Source, ToolCall};
use crate::llm::request::{Format, ToolChoice};
use crate::llm::response::{Response, Usage};
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Ollama's chat.
pub struct Ollama;

/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] =
    &["format", "keep_alive", "think", "logprobs", "top_logprobs", "shift", "truncate"];

/// The path that clients of its OpenAI-compatible interface use does not lead
/// to its own one.
fn url(options: &Resolved<ClientOptions>, endpoint: &str) -> Result<String> {
    let url = Access::of(options).url(endpoint)?;
    let url = url.replacen(&format!("/v1{endpoint}"), endpoint, 1);
    // An address may already lead to the interface.
    Ok(url.replacen(&format!("/api{endpoint}"), endpoint, 1))
}

impl Provider for Ollama {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = url(chat.options, "/api/chat")?;
        let mut wanted = Wanted::new(chat)?;
        lost::note_fields(chat, &mut wanted);
        let body = body(chat, &mut wanted)?;
        send::prepare(chat, wanted, url, body)
    }

    fn reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Response> {
        plain(Decoder::default(), context, head, body)
    }

    fn stream(&self, context: &Context, head: &Head) -> Box<dyn StreamDecoder> {
        Box::new(Stream::lines(Decoder::default(), context, head))
    }

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        let own = ["dimensions", "truncate", "keep_alive", "options"];
        let known = [&["model", "input", "encoding_format"][..], &own].concat();
        embed::only("ollama", json, &known)?;
        let model = embed::model(json)?;
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("input".into(), embed::texts(json)?.into());
        for key in own {
            if let Some(value) = json.get(key) {
                body.insert(key.into(), value.clone());
            }
        }
        let endpoint = "/api/embed";
        embed::seal_at(options, model, url(options, endpoint)?, &body)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let json = embed::read(context, head, body)?;
        // Older servers give one vector, without a list of them.
        let one = json.get("embedding");
        let single = !one.items().is_empty();
        let rows = if single { std::slice::from_ref(one) } else { json.get("embeddings").items() };
        let vectors = rows.iter().map(Json::to_value).collect();
        let tokens = json.get("prompt_eval_count").u64();
        embed::answer(context, json.get("model").text(), vectors, tokens)
    }
}

fn body(chat: &Chat, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    let messages = messages(chat, wanted)?;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.into(), value));
    put("model", wanted.model.clone().into());
    put("messages", messages.into());
    // It streams unless it is told not to.
    put("stream", chat.stream.into());
    match wanted.effort.as_deref() {
        None => {}
        Some("none") => put("think", false.into()),
        Some(effort) => put("think", effort.into()),
    }
    match &request.response_format {
        None | Some(Format::Text | Format::Own(_)) => {}
        Some(Format::JsonObject) => put("format", "json".into()),
        Some(Format::JsonSchema { schema, .. }) => put("format", schema.clone()),
    }
    let tools = tools(chat, wanted)?;
    if !tools.is_empty() {
        put("tools", tools.into());
    }
    let mut other = request.other.clone();
    let mut options = sampling(wanted);
    // Below what an option of ours can say: a cap that is none, a seed of chance.
    for (ours, its) in [("seed", "seed"), ("top_k", "top_k"), ("max_tokens", "num_predict")] {
        if let Some(value) = other.shift_remove(ours) {
            options.insert(its.into(), value);
        }
    }
    if let Some(Value::Object(own)) = other.shift_remove("options") {
        options.extend(own);
    }
    if !options.is_empty() {
        put("options", options.into());
    }
    lost::refuse_marks(request, wanted)?;
    send::other_fields(&other, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

fn sampling(wanted: &Wanted) -> Map<String, Value> {
    let mut options = Map::new();
    put(&mut options, "num_predict", wanted.max_tokens);
    put(&mut options, "temperature", wanted.temperature);
    put(&mut options, "top_p", wanted.top_p);
    put(&mut options, "top_k", wanted.top_k);
    put(&mut options, "presence_penalty", wanted.presence_penalty);
    put(&mut options, "frequency_penalty", wanted.frequency_penalty);
    put(&mut options, "seed", wanted.seed);
    put(&mut options, "stop", wanted.stop_texts());
    options
}

/// The tools; it cannot be told to use one, only to use none.
fn tools(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let request = chat.request;
    match &request.tool_choice {
        _ if request.tools.is_empty() => return Ok(Vec::new()),
        Some(ToolChoice::None) => return Ok(Vec::new()),
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true)) => {
            wanted.refuse("tool_choice", "cannot be made to call a tool")?;
        }
        _ => {}
    }
    offer::note_unsaid(request, false, wanted);
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    let functions = offer::functions(offer::allowed(request), wanted)?;
    functions.into_iter().map(|tool| offer::function(tool, wanted)).collect()
}

fn messages(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    let messages = &chat.request.messages;
    let mut order: Vec<_> = (0..messages.len()).collect();
    calls::sort_results(messages, &mut order);
    for at in order {
        let message = &messages[at];
        out.push(match message.role {
            Role::Assistant => assistant(chat, message, wanted)?,
            Role::Tool => result(messages, at, wanted)?,
            _ => said(message, wanted)?,
        });
    }
    Ok(out)
}

/// A result, with the function's name found from its call.
fn result(messages: &[Message], at: usize, wanted: &mut Wanted) -> Result<Value> {
    let mut out = said(&messages[at], wanted)?;
    if let Some(name) = calls::function_of(messages, at) {
        out["tool_name"] = name.into();
    }
    Ok(out)
}

fn said(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let mut images = Vec::new();
    for piece in &*message.spoken() {
        if piece.cache_control.is_some() {
            wanted.note_mark();
        }
        match &piece.part {
            Part::Text(_) => {}
            Part::Image(Source::Bytes { base64, .. }, _) => images.push(base64.clone()),
            Part::Image(..) => {
                wanted.refuse("messages", "takes images only as bytes, not by address")?;
            }
            _ => wanted.refuse("messages", "takes only texts and images")?,
        }
    }
    let mut out = json!({"role": message.role.name(), "content": message.text()});
    if !images.is_empty() {
        out["images"] = images.into();
    }
    Ok(out)
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let own = send::own(chat, message, wanted);
    if let Some(mut block) = own.and_then(|origin| origin.blocks.first()).cloned() {
        let calls = block.get_mut("tool_calls").and_then(Value::as_array_mut);
        let calls = calls.into_iter().flatten();
        calls::restore(calls.filter_map(|call| call.pointer_mut("/function/arguments")), message);
        return Ok(block);
    }
    lost::note_foreign(message, wanted);
    let mut out = said(message, wanted)?;
    // Another's thoughts are nobody else's; of a caller's own message they are its.
    let own = message.extra.get("thinking").and_then(Value::as_str).or(message.reasoning());
    if let Some(thought) = own.filter(|thought| message.origin.is_none() && !thought.is_empty()) {
        out["thinking"] = thought.into();
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let arguments = calls::arguments(message, call, wanted)?;
            Ok(json!({"function": {"name": call.name, "arguments": arguments}}))
        };
        out["tool_calls"] = message.tool_calls.iter().map(call).collect::<Result<Vec<_>>>()?.into();
    }
    Ok(out)
}

/// What is kept between the lines of an answer.
#[derive(Default)]
struct Decoder {
    calls: Vec<Value>,
    images: Vec<Value>,
    logprobs: Vec<Value>,
    /// An event has come: its date, if it could be read, is the answer's.
    dated: bool,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        if !json.get("message").is_object() && json.get("done").is_null() {
            if let Some(error) = errors::instead(out.context(), out.head(), json) {
                return Err(error);
            }
            out.other(json);
            return Ok(false);
        }
        out.start(json.get("model"), &Json::Null);
        out.open(0);
        // That of the first, however later ones read: they are compared with it
        // but for their dates (see `added`).
        if !std::mem::replace(&mut self.dated, true) {
            out.created(json.get("created_at").text().and_then(dates::rfc3339));
        }
        self.message(json.get("message"), out);
        self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
        if json.get("done").bool() != Some(true) {
            return Ok(false);
        }
        usage(json, out);
        if let Some(word) = json.get("done_reason").label() {
            out.finish(0, finish::reason(&word), Some(word));
        }
        Ok(true)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.event(b"", json, out).map(|_| ())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let message = json.get("message");
        if !json.has_only(&[
            "model",
            "created_at",
            "message",
            "done",
            "remote_model",
            "remote_host",
        ]) || json.get("done").bool() != Some(false)
            || !message.has_only(&["role", "content", "thinking"])
        {
            return None;
        }
        let word = |name: &str| message.get(name).word();
        let (thought, text) = match (word("thinking"), word("content")) {
            (Some(text), None) => (true, text),
            (None, Some(text)) => (false, text),
            _ => return None,
        };
        Some(Added { lane: Lane::new(0, PieceOf::said(thought)), text, noise: &["created_at"] })
    }

    fn end(&mut self, out: &mut Assembler) {
        let choice = out.choice(0);
        if !self.logprobs.is_empty() {
            choice.logprobs = Some(std::mem::take(&mut self.logprobs).into());
        }
        let mut block = json!({"role": "assistant", "content": choice.text});
        if let Some(thinking) = &choice.reasoning {
            block["thinking"] = thinking.clone().into();
        }
        if !self.calls.is_empty() {
            block["tool_calls"] = std::mem::take(&mut self.calls).into();
        }
        if !self.images.is_empty() {
            block["images"] = std::mem::take(&mut self.images).into();
        }
        out.blocks(0, vec![block]);
    }
}

impl Decoder {
    fn message(&mut self, message: &Json, out: &mut Assembler) {
        out.reasoning(0, message.get("thinking").text().unwrap_or_default());
        out.text(0, message.get("content").text().unwrap_or_default());
        self.images.extend(message.get("images").items().iter().map(Json::to_value));
        for call in message.get("tool_calls").items() {
            let function = call.get("function");
            let arguments = match function.get("arguments") {
                Json::Text(text) => text.to_string(),
                Json::Null => "{}".into(),
                object => object.to_text(),
            };
            // Calls come whole; the vendor's own index may repeat.
            let number = out.calls_of(0) as u64;
            let (id, name) = (call.get("id").word(), function.get("name").word());
            let index = Some(number);
            let piece = Fragment {
                index,
                id,
                name,
                arguments: &arguments,
                begins: true,
                ..Fragment::default()
            };
            let place = out.tool(0, piece);
            out.tool_end(0, place);
            self.calls.push(call.to_value());
        }
    }
}

/// Counts that are absent were cached, or not told.
fn usage(json: &Json, out: &mut Assembler) {
    let (input, output) = (json.get("prompt_eval_count").u64(), json.get("eval_count").u64());
    if input.is_none() && output.is_none() {
        return;
    }
    let own: Map<String, Value> = json
        .members()
        .iter()
        .filter(|(key, _)| key.ends_with("_count") || key.ends_with("_duration"))
        .map(|(key, value)| (key.to_string(), value.to_value()))
        .collect();
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        cached_input_tokens: json.get("prompt_eval_cached_count").u64(),
        provider_usage: Some(Value::Object(own).to_string()),
        ..Usage::default()
    });
}

//! OpenAI's chat completions, the dialect of most hosts.
//!
//! Hosts differ in details that are all read here, whoever sends them: usage
//! in the last chunk, in a choice or under `x_groq`; thinking under two names;
//! calls without an index or id, or in the legacy form; texts in parts.

use serde_json::{Map, Value, json};

use super::stream::{Dialect, Stream, plain};
use super::wanted::Wanted;
use super::{Chat, Context, Prepared, Provider, StreamDecoder, embed, errors, finish, hosts, send};
use crate::error::Result;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::json::Json;
use crate::llm::message::{self, Message, Role, ToolCall};
use crate::llm::request::{Format, Tool, ToolChoice};
use crate::llm::response::{Response, Usage};
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// OpenAI's chat completions.
pub struct OpenAiChat;

impl Provider for OpenAiChat {
    fn prepare(&self, chat: &Chat) -> Result<Prepared> {
        let url = hosts::url(&chat.options.values, "/chat/completions")?;
        let mut wanted = Wanted::new(chat)?;
        let body = body(chat, &mut wanted, &url)?;
        send::prepare(chat, wanted, url, body)
    }

    fn reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Response> {
        plain(Decoder::default(), context, head, body)
    }

    fn stream(&self, context: &Context, head: &Head) -> Box<dyn StreamDecoder> {
        Box::new(Stream::sse(Decoder::default(), context, head))
    }

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        let options = &options.values;
        if !matches!(options.provider.as_str(), "openai" | "siliconflow" | "custom") {
            return Err(embed::none(&options.provider));
        }
        embed::seal(options, embed::model(json)?, "/embeddings", json)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        Ok(embed::read(context, head, body)?.to_value())
    }
}

/// What Kimi documents beyond the common fields: it ignores every other one
/// without a word, so they are refused here.
const KIMI_FIELDS: &[&str] = &[
    "logprobs",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "thinking",
    "top_logprobs",
];

/// Whether a host is known to refuse fields that are not in OpenAI's schema.
fn is_strict(url: &str) -> bool {
    url.contains("://api.openai.com/")
}

fn body(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), wanted.model.clone().into());
    body.insert("messages".into(), messages(chat, wanted, url).into());
    sampling(wanted, &mut body);
    thinking(wanted, &mut body);
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| tool_json(tool, wanted)).collect();
        body.insert("tools".into(), tools);
        if let Some(choice) = &request.tool_choice {
            body.insert("tool_choice".into(), tool_choice(choice));
        }
        if let Some(parallel) = request.parallel_tool_calls {
            body.insert("parallel_tool_calls".into(), parallel.into());
        }
    }
    format(chat, wanted, &mut body)?;
    if let Some(user) = &request.user {
        body.insert("user".into(), user.clone().into());
    }
    if let Some(metadata) = &request.metadata {
        body.insert("metadata".into(), metadata.clone());
    }
    match wanted.provider {
        "kimi" => send::other_fields(&request.other, wanted, KIMI_FIELDS, &mut body)?,
        _ => body.extend(request.other.clone()),
    }
    if chat.stream {
        body.insert("stream".into(), true.into());
        let host = hosts::find(wanted.provider);
        if chat.options.values.include_usage.unwrap_or(host.include_usage) {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
    }
    Ok(body)
}

fn sampling(wanted: &Wanted, body: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.into(), value);
        }
    };
    put(wanted.takes.cap, wanted.max_tokens.map(Into::into));
    put("temperature", wanted.temperature.map(Into::into));
    put("top_p", wanted.top_p.map(Into::into));
    put("top_k", wanted.top_k.map(Into::into));
    put("presence_penalty", wanted.presence_penalty.map(Into::into));
    put("frequency_penalty", wanted.frequency_penalty.map(Into::into));
    put("seed", wanted.seed.map(Into::into));
    put("n", wanted.n.map(Into::into));
    put("stop", (!wanted.stop.is_empty()).then(|| wanted.stop.clone().into()));
}

/// Efforts, in each host's own way.
fn thinking(wanted: &mut Wanted, body: &mut Map<String, Value>) {
    let effort = wanted.effort.clone();
    let switch =
        |effort: &str| json!({"type": if effort == "none" { "disabled" } else { "enabled" }});
    match (wanted.provider, effort) {
        (_, None) => {}
        ("kimi", Some(effort)) if wanted.model.starts_with("kimi-k3") => {
            body.insert("reasoning_effort".into(), effort.into());
        }
        ("kimi", Some(effort)) => {
            body.insert("thinking".into(), switch(&effort));
        }
        ("deepseek", Some(effort)) => {
            body.insert("thinking".into(), switch(&effort));
            if effort != "none" {
                body.insert("reasoning_effort".into(), effort.into());
            }
        }
        ("siliconflow", Some(effort)) => {
            body.insert("enable_thinking".into(), (effort != "none").into());
            if effort != "none" {
                body.insert("reasoning_effort".into(), effort.into());
            }
        }
        (_, Some(effort)) => {
            body.insert("reasoning_effort".into(), effort.into());
        }
    }
    if let Some(budget) = wanted.budget {
        body.insert("thinking_budget".into(), budget.into());
    }
}

fn format(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    let Some(format) = &chat.request.response_format else { return Ok(()) };
    let json = match format {
        Format::Text => json!({"type": "text"}),
        Format::JsonObject => json!({"type": "json_object"}),
        Format::JsonSchema { .. } if !wanted.takes.schema => {
            wanted.refuse("response_format", "takes json_object, but no schema")?;
            json!({"type": "json_object"})
        }
        Format::JsonSchema { name, schema, strict, description } => {
            let mut inner = json!({"name": name, "schema": schema});
            if let Some(strict) = strict {
                inner["strict"] = (*strict).into();
            }
            if let Some(description) = description {
                inner["description"] = description.clone().into();
            }
            json!({"type": "json_schema", "json_schema": inner})
        }
    };
    body.insert("response_format".into(), json);
    Ok(())
}

fn tool_json(tool: &Tool, wanted: &mut Wanted) -> Value {
    if let Some(other) = &tool.other {
        return other.clone();
    }
    let mut function = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        function["description"] = description.clone().into();
    }
    if let Some(parameters) = &tool.parameters {
        function["parameters"] = parameters.clone();
    }
    if let Some(strict) = tool.strict {
        function["strict"] = strict.into();
    }
    let mut json = json!({"type": "function", "function": function});
    if let Some(mark) = &tool.cache_control {
        if keeps_marks(wanted.provider) {
            json["cache_control"] = mark.clone();
        } else {
            wanted.note("cache_control", "left out: only Anthropic has it");
        }
    }
    json
}

fn keeps_marks(provider: &str) -> bool {
    matches!(provider, "custom" | "huggingface")
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) => json!({"type": "function", "function": {"name": name}}),
        ToolChoice::Allowed(names, must) => {
            let tools: Vec<_> = names
                .iter()
                .map(|name| json!({"type": "function", "function": {"name": name}}))
                .collect();
            let mode = if *must { "required" } else { "auto" };
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
    }
}

fn messages(chat: &Chat, wanted: &mut Wanted, url: &str) -> Vec<Value> {
    let mut out = Vec::with_capacity(chat.request.messages.len() + 1);
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    for message in &chat.request.messages {
        out.push(match message.role {
            Role::Assistant => assistant(chat, message, wanted, url),
            Role::Tool => tool_result(chat, message, wanted, url),
            _ => said(message, wanted, url),
        });
    }
    out
}

/// A system's or user's message.
fn said(message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let mut out = Map::new();
    out.insert("role".into(), message.role.name().into());
    out.insert("content".into(), content(message, wanted));
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if !is_strict(url) {
        out.extend(message.extra.clone());
    }
    out.into()
}

fn content(message: &Message, wanted: &mut Wanted) -> Value {
    let marked = message.content.iter().any(|piece| piece.cache_control.is_some());
    if !marked || keeps_marks(wanted.provider) {
        return message::content_json(&message.content);
    }
    wanted.note("cache_control", "left out: only Anthropic has it");
    let mut pieces = message.content.clone();
    pieces.iter_mut().for_each(|piece| piece.cache_control = None);
    message::content_json(&pieces)
}

/// The result of a call; of one in the legacy form, in the legacy form.
fn tool_result(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let id = message.tool_call_id.clone().unwrap_or_default();
    let content = match message.content.is_empty() {
        true => "".into(),
        false => content(message, wanted),
    };
    if is_legacy(chat, &id, wanted, url) {
        let name = chat.request.function_of(&id).unwrap_or_default();
        return json!({"role": "function", "name": name, "content": content});
    }
    json!({"role": "tool", "tool_call_id": id, "content": content})
}

/// Whether the call of this id was made in the legacy form by this provider.
fn is_legacy(chat: &Chat, id: &str, wanted: &Wanted, url: &str) -> bool {
    !ToolCall::has_own_id(id)
        && chat.request.messages.iter().any(|message| {
            message.tool_calls.iter().any(|call| call.id == id)
                && own_block(chat, message, wanted, url)
                    .is_some_and(|block| block["function_call"].is_object())
        })
}

/// The message in the provider's own words, if it is the one that said it.
fn own_block<'a>(
    chat: &Chat,
    message: &'a Message,
    wanted: &Wanted,
    url: &str,
) -> Option<&'a Value> {
    let origin = send::own(chat, message, wanted, url)?;
    // Items of the Responses interface have a type.
    origin.blocks.first().filter(|block| block.is_object() && block.get("type").is_none())
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let thinks = matches!(wanted.provider, "deepseek" | "kimi");
    if let Some(block) = own_block(chat, message, wanted, url) {
        let mut block = block.clone();
        if thinks && !message.tool_calls.is_empty() && block["reasoning_content"].is_null() {
            block["reasoning_content"] = "".into();
        }
        return block;
    }
    let mut out = Map::new();
    out.insert("role".into(), "assistant".into());
    out.insert("content".into(), content(message, wanted));
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if !message.tool_calls.is_empty() {
        let foreign = message.origin.is_some();
        let calls = message.tool_calls.iter().map(|call| {
            let mut call = call.clone();
            if foreign || is_strict(url) {
                call.extra.retain(|key, _| key == "type");
            }
            message::call_json(&call)
        });
        out.insert("tool_calls".into(), calls.collect());
    }
    for (key, value) in &message.extra {
        let foreign = message.origin.is_some() || is_strict(url);
        let only_own = !matches!(key.as_str(), "refusal" | "prefix" | "partial" | "cache_control");
        if !(foreign && only_own) {
            out.insert(key.clone(), value.clone());
        }
    }
    if thinks && !message.tool_calls.is_empty() && !out.contains_key("reasoning_content") {
        out.insert("reasoning_content".into(), "".into());
    }
    out.into()
}

/// What is kept between the pieces of an answer.
#[derive(Default)]
struct Decoder {
    choices: Vec<Kept>,
}

/// What is kept of one answer, besides what the assembler holds.
#[derive(Default)]
struct Kept {
    index: u32,
    /// The name under which the host sends thinking.
    reasoning_name: Option<&'static str>,
    details: Vec<Value>,
    legacy: bool,
    extra: Map<String, Value>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        if let Some(error) = json.at(&["x_groq", "error"]).word() {
            let error = Json::Object(vec![("error".into(), Json::Text(error.into()))]);
            return Err(errors::stated_in(out.context(), &Head::default(), &error));
        }
        self.read(json, out, "delta");
        Ok(false)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.read(json, out, "message");
        for place in 0..self.choices.len() {
            out.open(self.choices[place].index);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Assembler) {
        for kept in std::mem::take(&mut self.choices) {
            kept.end(out);
        }
    }
}

impl Decoder {
    fn read(&mut self, json: &Json, out: &mut Assembler, body: &str) {
        out.start(json.get("model"), json.get("id"));
        out.created(json.get("created").u64());
        for (place, choice) in json.get("choices").items().iter().enumerate() {
            let index = choice.get("index").u64().unwrap_or(place as u64) as u32;
            self.choice(index, choice, out, body);
            if choice.get("usage").is_object() {
                usage(choice.get("usage"), out);
            }
        }
        for place in [json.get("usage"), json.at(&["x_groq", "usage"])] {
            if place.is_object() {
                usage(place, out);
            }
        }
        if !json.get("citations").items().is_empty() {
            out.choice(0).citations = Some(json.get("citations").to_value());
        }
    }

    fn kept(&mut self, index: u32) -> &mut Kept {
        let place = self.choices.iter().position(|kept| kept.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Kept { index, ..Kept::default() });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }

    fn choice(&mut self, index: u32, choice: &Json, out: &mut Assembler, body: &str) {
        let kept = self.kept(index);
        match (choice.get(body), choice.get("message"), choice.get("text")) {
            (piece @ Json::Object(_), ..) => kept.piece(piece, out),
            (_, piece @ Json::Object(_), _) => kept.piece(piece, out),
            (_, _, Json::Text(text)) => out.text(index, text),
            _ => out.open(index),
        }
        let logprobs = choice.get("logprobs");
        if logprobs.is_object() {
            let all = out.choice(index).logprobs.get_or_insert_default();
            merge(all, logprobs.to_value());
        }
        if let Some(text) = choice.get("stop_reason").word().or(choice.get("matched_stop").word()) {
            out.choice(index).stop_sequence = Some(text.into());
        }
        if let Some(word) = choice.get("finish_reason").label() {
            out.finish(index, finish::reason(&word), Some(word));
        }
    }
}

impl Kept {
    /// A delta or a whole message.
    fn piece(&mut self, piece: &Json, out: &mut Assembler) {
        let index = self.index;
        out.open(index);
        let has_reasoning = piece.get("reasoning_content").text().is_some();
        for (key, value) in piece.members() {
            match (key.as_ref(), value) {
                (_, Json::Null) | ("role", _) => {}
                ("content", Json::Text(text)) => out.text(index, text),
                ("content", Json::Array(parts)) => self.parts(parts, out),
                ("reasoning_content", Json::Text(text)) => {
                    self.reasoning_name = Some("reasoning_content");
                    out.reasoning(index, text);
                }
                ("reasoning", Json::Text(text)) if !has_reasoning => {
                    self.reasoning_name.get_or_insert("reasoning");
                    out.reasoning(index, text);
                }
                ("reasoning", Json::Text(_)) => {}
                ("reasoning_details", Json::Array(items)) => self.details(items),
                ("refusal", Json::Text(text)) => out.refusal(index, text),
                ("tool_calls", Json::Array(calls)) => {
                    calls.iter().for_each(|call| self.call(call, out));
                }
                ("tool_calls", call @ Json::Object(_)) => self.call(call, out),
                ("function_call", call @ Json::Object(_)) => {
                    self.legacy = true;
                    let arguments = arguments(call.get("arguments"));
                    let name = call.get("name").word();
                    out.tool(
                        index,
                        Fragment { index: Some(0), id: None, name, arguments: &arguments },
                    );
                }
                ("annotations", Json::Array(items)) if !items.is_empty() => {
                    let all = out.choice(index).citations.get_or_insert_default();
                    merge(all, value.to_value());
                }
                ("annotations", _) => {}
                (key, value) => {
                    merge(self.extra.entry(key).or_insert(Value::Null), value.to_value());
                }
            }
        }
    }

    /// A content in parts, as some hosts send it.
    fn parts(&mut self, parts: &[Json], out: &mut Assembler) {
        for part in parts {
            match (part.get("text"), part.get("thinking")) {
                (Json::Text(text), _) => out.text(self.index, text),
                (_, Json::Text(text)) => out.reasoning(self.index, text),
                (_, Json::Array(inner)) => {
                    let texts = inner.iter().filter_map(|part| part.get("text").text());
                    texts.for_each(|text| out.reasoning(self.index, text));
                }
                _ => {}
            }
        }
    }

    /// Pieces of details with one number belong together.
    fn details(&mut self, items: &[Json]) {
        for item in items {
            let item = item.to_value();
            let same = self.details.iter_mut().rfind(|old| {
                !item["index"].is_null()
                    && old["index"] == item["index"]
                    && old["type"] == item["type"]
            });
            match same {
                Some(old) => merge(old, item),
                None => self.details.push(item),
            }
        }
    }

    fn call(&mut self, call: &Json, out: &mut Assembler) {
        let function = match call.get("custom") {
            custom @ Json::Object(_) => custom,
            _ => call.get("function"),
        };
        let given = match function.get("input") {
            Json::Null => function.get("arguments"),
            input => input,
        };
        let arguments = arguments(given);
        let place = out.tool(
            self.index,
            Fragment {
                index: call.get("index").u64(),
                id: call.get("id").word(),
                name: function.get("name").word(),
                arguments: &arguments,
            },
        );
        for (key, value) in call.members() {
            let known = matches!(key.as_ref(), "id" | "index" | "function" | "custom")
                || key == "type" && value.text() == Some("function");
            if !known && !value.is_null() {
                out.tool_extra(self.index, place, key, value.to_value());
            }
        }
    }

    /// Hands over what the message keeps for the way back.
    fn end(self, out: &mut Assembler) {
        let index = self.index;
        let mut extra = self.extra;
        if let Some(name) = self.reasoning_name {
            let reasoning = out.choice(index).reasoning.clone().unwrap_or_default();
            extra.insert(name.into(), reasoning.into());
        }
        if !self.details.is_empty() {
            extra.insert("reasoning_details".into(), self.details.into());
        }
        *out.message_extra(index) = extra;
        if self.legacy {
            out.legacy_call(index);
        }
    }
}

/// Arguments as a text; some hosts send the object itself.
fn arguments<'a>(json: &'a Json) -> std::borrow::Cow<'a, str> {
    match json {
        Json::Text(text) => std::borrow::Cow::Borrowed(text),
        Json::Null => "".into(),
        json => json.to_text().into(),
    }
}

/// Adds a piece to what came before: texts and lists grow, the rest is
/// replaced, and so are texts that name something.
fn merge(old: &mut Value, piece: Value) {
    match (old, piece) {
        (Value::String(old), Value::String(piece)) => old.push_str(&piece),
        (Value::Array(old), Value::Array(piece)) => old.extend(piece),
        (Value::Object(old), Value::Object(piece)) => {
            for (key, value) in piece {
                match old.get_mut(&key) {
                    Some(old)
                        if !matches!(
                            key.as_str(),
                            "id" | "type" | "format" | "index" | "signature"
                        ) =>
                    {
                        merge(old, value);
                    }
                    _ if value.is_null() => {}
                    _ => drop(old.insert(key, value)),
                }
            }
        }
        (old, piece) if !piece.is_null() => *old = piece,
        _ => {}
    }
}

/// Usage as OpenAI and its compatible hosts state it.
fn usage(json: &Json, out: &mut Assembler) {
    let details = json.get("prompt_tokens_details");
    let first = |places: &[&Json]| places.iter().find_map(|place| place.u64());
    let input = first(&[json.get("prompt_tokens"), json.get("input_tokens")]);
    let mut output = first(&[json.get("completion_tokens"), json.get("output_tokens")]);
    let total = json.get("total_tokens").u64();
    let reasoning = first(&[
        json.at(&["completion_tokens_details", "reasoning_tokens"]),
        json.get("reasoning_tokens"),
    ]);
    // xAI counts thinking apart, which its total tells.
    if let (Some(i), Some(o), Some(r), Some(t)) = (input, output, reasoning, total)
        && r > 0
        && i + o + r == t
    {
        output = Some(o + r);
    }
    let cost = json.get("cost");
    let stated = cost
        .f64()
        .or_else(|| cost.get("total_cost").f64())
        .or_else(|| json.get("cost_in_usd_ticks").f64().map(|ticks| ticks * 1e-10));
    if stated.is_some() {
        out.response().stated_cost_usd = stated;
    }
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        total_tokens: total,
        cached_input_tokens: first(&[
            details.get("cached_tokens"),
            json.get("prompt_cache_hit_tokens"),
            json.get("cached_tokens"),
        ]),
        cache_write_tokens: first(&[
            details.get("cache_write_tokens"),
            details.get("cache_creation_tokens"),
        ]),
        reasoning_tokens: reasoning,
        provider_usage: Some(json.to_text()),
    });
}

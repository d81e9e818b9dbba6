//! Cohere's chat, version 2.

use serde_json::{Map, Value, json};

use super::alike::{Added, Lane};
use super::stream::{Dialect, Stream, plain};
use super::wanted::Wanted;
use super::{Chat, Context, Prepared, Provider, StreamDecoder, embed, errors, finish, hosts, send};
use crate::error::{Error, Result};
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::json::Json;
use crate::llm::message::{Message, Part, Piece, Role, Source};
use crate::llm::request::{Format, Tool, ToolChoice};
use crate::llm::response::{Response, Usage};
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Cohere's chat.
pub struct Cohere;

/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] = &[
    "documents",
    "citation_options",
    "safety_mode",
    "strict_tools",
    "logprobs",
    "thinking",
    "priority",
];

impl Provider for Cohere {
    fn prepare(&self, chat: &Chat) -> Result<Prepared> {
        let url = hosts::url(&chat.options.values, "/chat")?;
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
        let known = ["model", "input", "dimensions", "encoding_format", "input_type", "truncate"];
        embed::only("cohere", json, &known)?;
        let model = embed::model(json)?;
        let kind = json.get("input_type").cloned().unwrap_or_else(|| "search_document".into());
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("texts".into(), embed::texts(json)?.into());
        body.insert("input_type".into(), kind);
        body.insert("embedding_types".into(), json!(["float"]));
        for (ours, theirs) in [("dimensions", "output_dimension"), ("truncate", "truncate")] {
            if let Some(value) = json.get(ours) {
                body.insert(theirs.into(), value.clone());
            }
        }
        embed::seal(&options.values, model, "/embed", &body)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let json = embed::read(context, head, body)?;
        let rows = json.get("embeddings");
        let lists = |name: &&str| rows.get(name).items().iter().any(|row| !row.items().is_empty());
        let kind = ["float", "int8", "uint8", "binary", "ubinary"].into_iter().find(lists);
        let rows = kind.map_or(rows, |kind| rows.get(kind));
        if rows.items().is_empty() {
            return Err(Error::Protocol("the answer holds no embeddings".into()));
        }
        let vectors = rows.items().iter().map(Json::to_value).collect();
        let tokens = json.at(&["meta", "billed_units", "input_tokens"]).u64();
        Ok(embed::answer(context, None, vectors, tokens))
    }
}

fn body(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let messages = messages(chat, wanted, url)?;
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.into(), value);
        }
    };
    put("model", Some(wanted.model.clone().into()));
    put("messages", Some(messages.into()));
    put("max_tokens", wanted.max_tokens.map(Into::into));
    put("temperature", wanted.temperature.map(Into::into));
    put("p", wanted.top_p.map(Into::into));
    put("k", wanted.top_k.map(Into::into));
    put("presence_penalty", wanted.presence_penalty.map(Into::into));
    put("frequency_penalty", wanted.frequency_penalty.map(Into::into));
    put("seed", wanted.seed.map(Into::into));
    put("stop_sequences", (!wanted.stop.is_empty()).then(|| wanted.stop.clone().into()));
    put("thinking", thinking(wanted));
    put("response_format", format(chat, wanted)?);
    tools(chat, wanted, &mut put)?;
    // The vendor's schema asks for it in every request.
    put("stream", Some(chat.stream.into()));
    if request.user.is_some() {
        wanted.refuse("user", "does not take it")?;
    }
    if request.metadata.is_some() {
        wanted.refuse("metadata", "does not take it")?;
    }
    send::other_fields(&request.other, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

fn thinking(wanted: &Wanted) -> Option<Value> {
    let off = wanted.effort.as_deref() == Some("none");
    match (off, wanted.budget) {
        (true, _) => Some(json!({"type": "disabled"})),
        (_, Some(budget)) => Some(json!({"type": "enabled", "token_budget": budget})),
        _ => wanted.effort.is_some().then(|| json!({"type": "enabled"})),
    }
}

fn format(chat: &Chat, wanted: &mut Wanted) -> Result<Option<Value>> {
    let request = chat.request;
    let format = match &request.response_format {
        None | Some(Format::Text) => return Ok(None),
        Some(Format::JsonObject) => json!({"type": "json_object"}),
        Some(Format::JsonSchema { schema, .. }) => {
            json!({"type": "json_object", "json_schema": schema})
        }
    };
    if !request.tools.is_empty() || request.other.contains_key("documents") {
        wanted.refuse("response_format", "does not take it together with tools or documents")?;
        return Ok(None);
    }
    Ok(Some(format))
}

fn tools(
    chat: &Chat,
    wanted: &mut Wanted,
    put: &mut impl FnMut(&str, Option<Value>),
) -> Result<()> {
    let request = chat.request;
    if request.tools.is_empty() {
        return Ok(());
    }
    let named: Vec<&Tool> = match &request.tool_choice {
        Some(ToolChoice::Function(name)) => {
            request.tools.iter().filter(|tool| tool.name == *name).collect()
        }
        _ => send::allowed_tools(request).collect(),
    };
    let mut tools = Vec::new();
    for tool in named {
        if tool.other.is_some() {
            wanted.refuse("tools", "takes only functions")?;
            continue;
        }
        let parameters = tool.parameters.clone();
        let mut function = json!({
            "name": tool.name,
            "parameters": parameters.unwrap_or_else(|| json!({"type": "object", "properties": {}})),
        });
        if let Some(description) = &tool.description {
            function["description"] = description.clone().into();
        }
        tools.push(json!({"type": "function", "function": function}));
    }
    put("tools", Some(tools.into()));
    send::note_unsaid_of_tools(request, true, wanted);
    if request.tools.iter().any(|tool| tool.strict == Some(true)) {
        put("strict_tools", Some(true.into()));
    }
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    // A named function is the only one that is offered.
    put(
        "tool_choice",
        match &request.tool_choice {
            Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true)) => {
                Some("REQUIRED".into())
            }
            Some(ToolChoice::None) => Some("NONE".into()),
            _ => None,
        },
    );
    Ok(())
}

fn messages(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    for message in &chat.request.messages {
        out.push(match message.role {
            Role::Assistant => assistant(chat, message, wanted, url)?,
            Role::Tool => json!({
                "role": "tool",
                "tool_call_id": message.tool_call_id,
                "content": content(message, wanted)?,
            }),
            role => json!({"role": role.name(), "content": content(message, wanted)?}),
        });
    }
    Ok(out)
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Result<Value> {
    let own = send::own(chat, message, wanted, url);
    // An answer of nothing has a block of nothing, which is not taken back.
    let says = |block: &&Value| !block["content"].is_null() || !block["tool_calls"].is_null();
    if let Some(block) = own.and_then(|origin| origin.blocks.first()).filter(says) {
        return Ok(block.clone());
    }
    let mut out = Map::new();
    out.insert("role".into(), "assistant".into());
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            json!({
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            })
        });
        out.insert("tool_calls".into(), calls.collect());
        // A text beside calls is a plan here.
        let plan = message.extra.get("tool_plan").cloned();
        let text = Some(message.text()).filter(|text| !text.is_empty());
        if let Some(plan) = plan.or(text.map(Value::String)) {
            out.insert("tool_plan".into(), plan);
        }
    } else {
        out.insert("content".into(), content(message, wanted)?);
    }
    Ok(out.into())
}

fn content(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let said = message.spoken();
    if let [Piece { part: Part::Text(text), cache_control: None }] = &*said {
        return Ok(text.clone().into());
    }
    let mut parts = Vec::new();
    for piece in &*said {
        if piece.cache_control.is_some() {
            wanted.note("cache_control", "left out: only Anthropic has it");
        }
        match &piece.part {
            Part::Text(text) => parts.push(json!({"type": "text", "text": text})),
            Part::Image(source, detail) if !matches!(source, Source::File(_)) => {
                let mut image = json!({"url": source.to_url()});
                if let Some(detail) = detail {
                    image["detail"] = detail.clone().into();
                }
                parts.push(json!({"type": "image_url", "image_url": image}));
            }
            Part::Other(json) if json["type"] == "document" => parts.push(json.clone()),
            Part::Document(source, name) => match text_document(source, name.as_deref()) {
                Some(document) => parts.push(document),
                None => wanted.refuse("messages", "takes documents only as text")?,
            },
            _ => wanted.refuse("messages", "does not take this kind of content")?,
        }
    }
    Ok(if parts.is_empty() { "".into() } else { parts.into() })
}

fn text_document(source: &Source, name: Option<&str>) -> Option<Value> {
    let Source::Bytes { mime, .. } = source else { return None };
    if !mime.starts_with("text/") {
        return None;
    }
    let mut data = json!({"text": source.decoded()?});
    if let Some(name) = name {
        data["title"] = name.into();
    }
    Some(json!({"type": "document", "document": {"data": data}}))
}

/// What is kept between the events of an answer.
#[derive(Default)]
struct Decoder {
    plan: String,
    /// The content as received: each part and its text.
    content: Vec<(Lane, String)>,
    citations: Vec<Value>,
    logprobs: Vec<Value>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let message = json.at(&["delta", "message"]);
        let index = json.get("index").u64();
        match json.get("type").text().unwrap_or_default() {
            "message-start" => {
                out.start(&Json::Null, json.get("id"));
                out.open(0);
            }
            "content-start" | "content-delta" => {
                self.content(index.unwrap_or(0), message.get("content"), out);
                if json.get("logprobs").is_object() {
                    self.logprobs.push(json.get("logprobs").to_value());
                }
            }
            "tool-plan-delta" => self.plan(message.get("tool_plan"), out),
            "tool-call-start" | "tool-call-delta" => {
                let calls = message.get("tool_calls");
                let all = calls.items();
                let all = if all.is_empty() { std::slice::from_ref(calls) } else { all };
                for call in all {
                    tool_call(index, call, out);
                }
            }
            "tool-call-end" => {
                if let Some(place) = out.tool_of(0, index) {
                    out.tool_end(0, place);
                }
            }
            "citation-start" => {
                let citations = message.get("citations");
                match citations.items() {
                    [] if citations.is_object() => self.citations.push(citations.to_value()),
                    items => self.citations.extend(items.iter().map(Json::to_value)),
                }
            }
            "message-end" => {
                self.stop(json.get("delta"), out)?;
                return Ok(true);
            }
            "content-end" | "citation-end" => {}
            _ => out.other(json),
        }
        Ok(false)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        out.start(json.get("model"), json.get("id"));
        let message = json.get("message");
        if message.is_object() {
            out.open(0);
        }
        match message.get("content") {
            Json::Text(text) => self.content(0, &content_of(text), out),
            parts => {
                for (index, part) in parts.items().iter().enumerate() {
                    self.content(index as u64, part, out);
                }
            }
        }
        // Thoughts come before it in a stream.
        self.plan(message.get("tool_plan"), out);
        for (index, call) in message.get("tool_calls").items().iter().enumerate() {
            let place = tool_call(Some(index as u64), call, out);
            out.tool_end(0, place);
        }
        self.citations.extend(message.get("citations").items().iter().map(Json::to_value));
        self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
        self.stop(json, out)
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let content = json.at(&["delta", "message", "content"]);
        let plain = json.get("type").text() == Some("content-delta")
            && json.has_only(&["type", "index", "delta"])
            && json.get("delta").has_only(&["message"])
            && json.at(&["delta", "message"]).has_only(&["content"]);
        let thought = content.has_only(&["thinking"]);
        let name = if thought { "thinking" } else { "text" };
        let text = content.get(name).text().filter(|_| plain && content.has_only(&[name]))?;
        let index = json.get("index").u64().unwrap_or(0);
        Some(Added { lane: Lane { index, thought }, text, noise: &[] })
    }

    fn add(&mut self, lane: Lane, text: &str, out: &mut Assembler) {
        match lane.thought {
            true => out.reasoning(0, text),
            false => out.text(0, text),
        }
        match self.content.last_mut() {
            Some((last, old)) if *last == lane => old.push_str(text),
            _ => self.content.push((lane, text.into())),
        }
    }

    fn end(&mut self, out: &mut Assembler) {
        let mut block = Map::new();
        block.insert("role".into(), "assistant".into());
        let parts: Vec<_> = std::mem::take(&mut self.content)
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(lane, text)| match lane.thought {
                true => json!({"type": "thinking", "thinking": text}),
                false => json!({"type": "text", "text": text}),
            })
            .collect();
        if !parts.is_empty() {
            block.insert("content".into(), parts.into());
        }
        if !self.plan.is_empty() {
            block.insert("tool_plan".into(), std::mem::take(&mut self.plan).into());
        }
        let calls = out.calls_json(0);
        if !calls.is_empty() {
            block.insert("tool_calls".into(), calls.into());
        }
        if !self.citations.is_empty() {
            out.choice(0).citations = Some(std::mem::take(&mut self.citations).into());
        }
        if !self.logprobs.is_empty() {
            out.choice(0).logprobs = Some(std::mem::take(&mut self.logprobs).into());
        }
        out.blocks(0, vec![block.into()]);
    }
}

fn content_of<'a>(text: &'a str) -> Json<'a> {
    Json::Object(vec![("text".into(), Json::Text(text.into()))])
}

fn tool_call(index: Option<u64>, call: &Json, out: &mut Assembler) -> usize {
    let function = call.get("function");
    out.tool(
        0,
        Fragment {
            index,
            id: call.get("id").word(),
            name: function.get("name").word(),
            arguments: function.get("arguments").text().unwrap_or_default(),
            begins: false,
        },
    )
}

impl Decoder {
    fn content(&mut self, index: u64, part: &Json, out: &mut Assembler) {
        for (name, thought) in [("thinking", true), ("text", false)] {
            let Some(text) = part.get(name).text() else { continue };
            self.add(Lane { index, thought }, text, out);
        }
    }

    /// What the model means to do with the tools: thinking, in our words.
    fn plan(&mut self, plan: &Json, out: &mut Assembler) {
        let Some(text) = plan.text() else { return };
        self.plan.push_str(text);
        out.reasoning(0, text);
    }

    fn stop(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        usage(json.get("usage"), out);
        let word = json.get("finish_reason").label();
        if json.get("error").is_object() || json.get("error").word().is_some() {
            return Err(errors::stated_in(out.context(), out.head(), json));
        }
        if matches!(word.as_deref(), Some("ERROR" | "TIMEOUT")) {
            let words = "the provider ended the answer with an error";
            return Err(errors::in_words(out.context(), out.head(), words));
        }
        if let Some(word) = word {
            out.finish(0, finish::reason(&word), Some(word));
        }
        Ok(())
    }
}

/// Real tokens where they are stated, else billed ones.
fn usage(json: &Json, out: &mut Assembler) {
    if !json.is_object() {
        return;
    }
    let n = |key: &str| {
        json.at(&["tokens", key]).u64().or_else(|| json.at(&["billed_units", key]).u64())
    };
    out.usage(Usage {
        input_tokens: n("input_tokens"),
        output_tokens: n("output_tokens"),
        total_tokens: None,
        cached_input_tokens: json.get("cached_tokens").u64(),
        cache_write_tokens: None,
        reasoning_tokens: json.at(&["tokens", "reasoning_tokens"]).u64(),
        provider_usage: Some(json.to_text()),
    });
}

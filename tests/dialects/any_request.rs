//! Requests of every kind, drawn at random: each vendor gets what its schema
//! accepts, with no field that it does not know, and turns in its own order.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::spec::Spec;
use crate::*;

/// A file of schemas, and the name of one in it.
type Schema = Option<(&'static str, &'static str)>;

const OPENAI: Schema = Some(("openai-openapi.json", "CreateChatCompletionRequest"));
const RESPONSES: Schema = Some(("openai-openapi.json", "CreateResponse"));
const ANTHROPIC: Schema = Some(("anthropic-tryagi-openapi.yaml", "CreateMessageParams"));
const GEMINI: Schema = Some(("gemini-openapi.json", "GenerateContentRequest"));

/// Providers with a model and the schema of what it is sent.
const ALL: &[(&str, &str, Schema)] = &[
    ("openai", "gpt-4o", OPENAI),
    ("openai", "gpt-5.4", OPENAI),
    ("responses", "gpt-6-sol", RESPONSES),
    ("anthropic", "claude-sonnet-4-5", ANTHROPIC),
    ("anthropic", "claude-opus-5-5", ANTHROPIC),
    ("gemini", "gemini-2.5-flash", GEMINI),
    ("gemini", "gemini-3.8-flash", GEMINI),
    ("ollama", "qwen3", Some(("ollama-openapi.yaml", "ChatRequest"))),
    ("cohere", "command-a-03-2025", None),
    ("deepseek", "deepseek-flash", OPENAI),
    ("kimi", "kimi-k2.6", OPENAI),
    ("siliconflow", "Qwen/Qwen3-8B", OPENAI),
    ("huggingface", "openai/gpt-oss-20b", OPENAI),
];

pub fn client_of(provider: &str, model: &str) -> Resolved<ClientOptions> {
    let mut set = vec![("model", model), ("api_key", "sk-secret-key"), ("unsupported", "drop")];
    match provider {
        "responses" => set.extend([("provider", "openai"), ("openai_api", "responses")]),
        _ => set.push(("provider", provider)),
    }
    options(&set)
}

fn pick<'a, T>(random: &mut Rng, all: &'a [T]) -> &'a T {
    &all[random.usize(..all.len())]
}

fn text(random: &mut Rng) -> &'static str {
    const TEXTS: [&str; 8] =
        ["Hi", "", " ", "\n", "Grüße \u{1f426}", "a\"b\\c", "{\"a\":1}", "\u{0}\u{7f}"];
    TEXTS[random.usize(..TEXTS.len())]
}

/// A part of what a person says.
fn part(random: &mut Rng) -> Value {
    let mut part = match random.u8(..8) {
        6 => json!({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}),
        0 => json!({"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}),
        1 => json!({"type": "image_url",
            "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}),
        2 => json!({"type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}),
        _ => json!({"type": "text", "text": text(random)}),
    };
    if random.u8(..6) == 0 {
        part["cache_control"] = json!({"type": "ephemeral"});
    }
    part
}

/// A text, a list of parts, or nothing.
fn content(random: &mut Rng, pictures: bool) -> Value {
    match random.u8(..16) {
        0 => return Value::Null,
        1 => return json!([]),
        2..8 => return text(random).into(),
        _ => {}
    }
    let parts = (0..random.usize(1..4)).map(|_| part(random));
    parts.filter(|part| pictures || part["type"] == "text").collect()
}

fn message(role: &str, content: Value) -> Value {
    json!({"role": role, "content": content})
}

/// What an assistant says, and the results of what it calls.
fn turn(random: &mut Rng, out: &mut Vec<Value>) {
    let mut said = message("assistant", content(random, false));
    if random.u8(..4) == 0 {
        said["reasoning_content"] = "Hm".into();
    }
    if random.u8(..8) == 0 {
        said["refusal"] = "No.".into();
    }
    if random.u8(..8) == 0 {
        said["name"] = "mynah".into();
    }
    let calls = random.usize(..4).saturating_sub(1);
    let kind = random.u8(..6);
    let id = |i: usize, at: usize| match kind {
        0 => format!("call_{at}_{i}{}", "x".repeat(100)),
        1 => format!("\u{fc} {at}/{i}"),
        2 => String::from("same"),
        _ => format!("call_{at}_{i}{}", "|fc".repeat(at % 2)),
    };
    let at = out.len();
    if calls > 0 {
        let arguments = ["{}", "{\"city\":\"Oslo\"}", "", "{\"a\":[1,null,\"\\u00e4\"]}"];
        let call = |i: usize, random: &mut Rng| {
            json!({"id": id(i, at), "type": "function", "function": {
                "name": pick(random, &["weather", "time"]),
                "arguments": pick(random, &arguments)}})
        };
        said["tool_calls"] = (0..calls).map(|i| call(i, random)).collect();
        if random.bool() {
            said["content"] = Value::Null;
        }
    }
    out.push(said);
    let mut order: Vec<usize> = (0..calls).collect();
    random.shuffle(&mut order);
    for i in order {
        let mut result = message("tool", content(random, false));
        result["tool_call_id"] = id(i, at).into();
        out.push(result);
    }
}

/// What a provider has answered, and the results of what it calls.
fn answer(random: &mut Rng, out: &mut Vec<Value>) {
    let said = any_answer::message(random);
    let calls = said["tool_calls"].as_array().cloned().unwrap_or_default();
    out.push(said);
    for call in calls {
        let mut result = message("tool", content(random, false));
        result["tool_call_id"] = call["id"].clone();
        out.push(result);
    }
}

fn messages(random: &mut Rng) -> Value {
    let mut out = Vec::new();
    if random.bool() {
        let role = if random.bool() { "system" } else { "developer" };
        out.push(message(role, content(random, false)));
    }
    out.push(message("user", "Begin".into()));
    for _ in 0..random.usize(..5) {
        match random.u8(..5) {
            4 => out.push(message("assistant", content(random, false))),
            0 => out.push(message("user", content(random, true))),
            1 => out.push(message("system", content(random, false))),
            2 => answer(random, &mut out),
            _ => turn(random, &mut out),
        }
    }
    if random.bool() {
        out.push(message("user", content(random, true)));
    }
    out.into()
}

fn tools(random: &mut Rng) -> Value {
    let schemas = [
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
            "additionalProperties": false}),
        json!({"type": "object", "properties": {}}),
        json!({}),
        Value::Null,
        json!({"$defs": {"p": {"type": "object", "properties": {"next": {"$ref": "#/$defs/p"}}}},
            "properties": {"p": {"$ref": "#/$defs/p", "type": "object", "description": "d"},
                "e": {"enum": [1, 2.5, null]}, "any": true, "o": {"type": "object"},
                "u": {"type": "string", "anyOf": [{"minLength": 1}, {"type": "null"}]},
                "t": {"type": "array", "items": [{"type": "string"}]}},
            "oneOf": [{"required": ["p"]}, {"properties": {"q": {"const": 1}}}]}),
        (0..40).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "object", "properties": {"x": inner}}),
        ),
    ];
    let tool = |name: &str, random: &mut Rng| {
        let mut tool = json!({"type": "function", "function": {"name": name}});
        if random.bool() {
            tool["function"]["description"] = text(random).into();
        }
        if random.bool() {
            tool["function"]["parameters"] = pick(random, &schemas).clone();
        }
        if random.bool() {
            tool["function"]["strict"] = random.bool().into();
        }
        tool
    };
    let mut tools: Vec<Value> = ["weather", "time"].iter().map(|name| tool(name, random)).collect();
    if random.u8(..8) == 0 {
        tools.push(json!({"type": "custom", "custom": {"name": "paint", "description": "Paints"}}));
    }
    tools.into()
}

/// One of these, or that the field is not there.
fn maybe(random: &mut Rng, to: &mut Map<String, Value>, name: &str, values: &[Value]) {
    if random.u8(..3) == 0 {
        to.insert(name.into(), pick(random, values).clone());
    }
}

fn draw(random: &mut Rng) -> Value {
    let mut json = Map::new();
    json.insert("messages".into(), messages(random));
    if random.bool() {
        json.insert("tools".into(), tools(random));
        let named = json!({"type": "function", "function": {"name": "time"}});
        let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto",
            "tools": [{"type": "function", "function": {"name": "time"}}]}});
        let choices = ["auto".into(), "none".into(), "required".into(), named, allowed];
        maybe(random, &mut json, "tool_choice", &choices);
        maybe(random, &mut json, "parallel_tool_calls", &[true.into(), false.into()]);
    }
    let schema = json!({"type": "object", "properties": {"a": {"type": "number"}},
        "required": ["a"], "additionalProperties": false});
    let formats = [
        json!({"type": "text"}),
        json!({"type": "json_object"}),
        json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}),
        json!({"type": "json_schema",
            "json_schema": {"name": "s", "strict": true, "description": "d", "schema": schema}}),
        json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object",
            "properties": {"n": {"type": "integer", "minimum": 1}, "any": {"type": "object"}}}}}),
    ];
    maybe(random, &mut json, "response_format", &formats);
    let floats = [0.into(), 0.3.into(), 1.into(), 2.into()];
    maybe(random, &mut json, "temperature", &floats);
    maybe(random, &mut json, "top_p", &[0.1.into(), 1.into()]);
    maybe(random, &mut json, "presence_penalty", &floats);
    maybe(random, &mut json, "frequency_penalty", &floats);
    maybe(random, &mut json, "top_k", &[1.into(), 40.into()]);
    maybe(random, &mut json, "max_tokens", &[1.into(), 2_000.into(), 30_000.into()]);
    maybe(random, &mut json, "n", &[1.into(), 2.into()]);
    maybe(random, &mut json, "seed", &[0.into(), 7.into(), (1u64 << 40).into()]);
    maybe(random, &mut json, "stop", &["END".into(), json!(["a", "b", "c", "d", "e", "f"])]);
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh"].map(Value::from);
    maybe(random, &mut json, "reasoning_effort", &efforts);
    maybe(random, &mut json, "reasoning_budget", &[0.into(), 1_024.into(), 9_000.into()]);
    maybe(random, &mut json, "user", &["someone".into()]);
    maybe(random, &mut json, "metadata", &[json!({"a": "b"})]);
    maybe(random, &mut json, "service_tier", &["auto".into(), "flex".into()]);
    maybe(random, &mut json, "logprobs", &[true.into()]);
    maybe(random, &mut json, "verbosity", &["low".into()]);
    json.into()
}

/// The roles of turns, as Anthropic and Gemini want them: one after the other,
/// each with something in it, and all results right after their calls; Gemini's stand
/// alone.
fn check_turns(body: &Value, (list, parts): (&str, &str)) {
    let turns = body[list].as_array().unwrap();
    let (mut open, mut wanted) = (0, "user");
    for (i, turn) in turns.iter().enumerate() {
        let role = turn["role"].as_str().unwrap().replace("model", "assistant");
        assert!(wanted.contains(&role), "turn {i}: {body:#}");
        wanted = if role == "user" { "assistant" } else { "user" };
        let Some(parts) = turn[parts].as_array() else { continue };
        assert!(!parts.is_empty(), "turn {i} is empty: {body:#}");
        let count = |kind: &str| {
            let is = |part: &&Value| part["type"] == kind || part.get(kind).is_some();
            parts.iter().filter(is).count()
        };
        let results = count("tool_result") + count("functionResponse");
        assert_eq!(results, open, "results of turn {i}: {body:#}");
        if list == "contents" && results > 0 {
            assert_eq!(results, parts.len(), "beside the results of turn {i}: {body:#}");
            wanted = "user or assistant";
        }
        open = count("tool_use") + count("functionCall");
    }
}

/// Claude's turns without the system's, which are later than this copy of the schema.
fn without_system(body: &Value) -> Value {
    let mut body = body.clone();
    body["messages"].as_array_mut().unwrap().retain(|turn| turn["role"] != "system");
    body
}

/// The system's turns stand behind the user's and before the assistant's, if before any.
fn check_system(body: &Value) {
    let mut roles = vec!["assistant"];
    let turns = body["messages"].as_array().unwrap().iter();
    roles.extend(turns.map(|turn| turn["role"].as_str().unwrap()));
    roles.push("assistant");
    for around in roles.windows(3).filter(|around| around[1] == "system") {
        assert_eq!((around[0], around[2]), ("user", "assistant"), "{body:#}");
    }
}

/// What hosts that follow OpenAI take of their own: not in OpenAI's schema.
fn without_own(provider: &str, mut body: Value) -> Value {
    if provider == "anthropic" {
        return without_system(&body);
    }
    if provider == "gemini" {
        // Later than this copy of the schema.
        body.as_object_mut().unwrap().shift_remove("serviceTier");
    }
    if !matches!(provider, "deepseek" | "kimi" | "siliconflow" | "huggingface") {
        return body;
    }
    let members = body.as_object_mut().unwrap();
    // They take more stop texts, which the table of models counts.
    members.retain(|key, _| {
        !matches!(&**key, "thinking" | "enable_thinking" | "thinking_budget" | "top_k" | "stop")
    });
    for message in members["messages"].as_array_mut().unwrap() {
        message.as_object_mut().unwrap().shift_remove("reasoning_content");
        if let ("deepseek", "tool", Value::Array(parts)) =
            (provider, message["role"].clone().as_str().unwrap(), &mut message["content"])
        {
            parts.retain(|part| part["type"] != "image_url");
            parts.push(json!({"type": "text", "text": ""}));
        }
        for part in message["content"].as_array_mut().into_iter().flatten() {
            // The router hands them on to who has them.
            if provider == "huggingface" {
                part.as_object_mut().unwrap().shift_remove("cache_control");
            }
            // It has no object around what is said of a file.
            if provider == "deepseek" && part["type"] == "file" {
                let mut file = part.take();
                file.as_object_mut().unwrap().shift_remove("type");
                *part = json!({"type": "file", "file": file});
            }
        }
    }
    body
}

/// Sends a request as the provider is sent it, and looks at the body.
fn check(provider: &str, model: &str, request: &Request, stream: bool) -> Result<(), String> {
    let prepared = prepare(&client_of(provider, model), request, stream);
    let body = prepared.map_err(|error| error.to_string())?.http.body;
    let sent: Value = serde_json::from_slice(&body).unwrap();
    let own = ALL.iter().find(|row| row.0 == provider).and_then(|row| row.2);
    // Some models get theirs through the other interface.
    let schema = if sent["input"].is_array() { RESPONSES } else { own };
    if let Some((file, schema)) = schema
        && let Some(spec) = Spec::load(file)
        && let Err(why) = spec.verdict(schema, &without_own(provider, sent.clone()), usize::MAX)
        // Documented since this copy of the schema was made.
        && !["/tool_name", "/thinking", "/id"].iter().any(|name| provider == "ollama" && why.ends_with(name))
    {
        return Err(format!("{why}\n{sent:#}"));
    }
    for (signature, owner) in any_answer::SIGNED {
        if model != owner && sent.to_string().contains(signature) {
            return Err(format!("what {owner} has signed\n{sent:#}"));
        }
    }
    if sent.to_string().contains("\"mynah\":") {
        return Err(format!("what is kept of an answer\n{sent:#}"));
    }
    for message in ["messages", "input"].iter().flat_map(|list| sent[list].as_array()).flatten() {
        let content = message.get("content");
        let called = message.get("tool_calls").is_some() || message["role"].is_null();
        let refused = message.get("refusal").is_some();
        if content == Some(&json!([]))
            || !(called || refused || content.is_some_and(|c| !c.is_null()))
        {
            return Err(format!("a message without content: {message}\n{sent:#}"));
        }
    }
    match provider {
        "anthropic" => {
            check_system(&sent);
            check_turns(&without_system(&sent), ("messages", "content"));
        }
        "gemini" => check_turns(&sent, ("contents", "parts")),
        _ => {}
    }
    Ok(())
}

#[test]
fn whatever_is_asked_goes_out_as_each_vendor_takes_it() {
    let mut random = Rng::with_seed(42);
    for run in 0..400 {
        let json = draw(&mut random);
        let request = request(json.clone());
        for (provider, model, _) in ALL {
            if let Err(why) = check(provider, model, &request, random.bool()) {
                panic!("run {run}, {provider} {model}: {why}\n{json:#}");
            }
        }
    }
}

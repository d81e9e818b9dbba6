//! Answers drawn at random by the vendors' own schemas: with every member that may
//! be left out, empty, null, or of another kind than usual.

use fastrand::Rng;
use mynah::error::Status;
use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

/// Where texts stand; see [`gather`].
type Path = &'static [&'static str];

/// What a vendor's schemas are, and where their answers say what.
struct Vendor {
    file: &'static str,
    provider: &'static str,
    model: &'static str,
    /// Of a plain answer, and of an event.
    schemas: [&'static str; 2],
    /// What no answer lacks, though the schema may let it.
    holds: &'static [&'static str],
    text: Path,
    /// The text of an event, where an event says only what is new.
    delta: Option<Path>,
    calls: &'static [Path],
    thoughts: &'static [Path],
}

const VENDORS: [Vendor; 5] = [
    Vendor {
        file: "openai-openapi.json",
        provider: "siliconflow",
        model: "Qwen/Qwen3-8B",
        schemas: ["CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"],
        holds: &["choices", "*", "message"],
        text: &["choices", "*", "index=n", "message", "content"],
        delta: Some(&["choices", "*", "index=n", "delta", "content"]),
        calls: &[
            &["choices", "*", "message", "tool_calls", "*", "function", "name"],
            &["choices", "*", "message", "tool_calls", "*", "custom", "name"],
            &["choices", "*", "message", "function_call", "name"],
        ],
        thoughts: &[],
    },
    Vendor {
        file: "openai-openapi.json",
        provider: "responses",
        model: "gpt-6-sol",
        schemas: ["BetaResponse", "BetaResponseStreamEvent"],
        holds: &[],
        text: &["output", "*", "type=message", "content", "*", "type=output_text", "text"],
        delta: None,
        calls: &[
            &["output", "*", "type=function_call", "name"],
            &["output", "*", "type=custom_tool_call", "name"],
        ],
        thoughts: &[
            &["output", "*", "type=reasoning", "content", "*", "text"],
            &["output", "*", "type=reasoning", "summary", "*", "text"],
        ],
    },
    Vendor {
        file: "anthropic-tryagi-openapi.yaml",
        provider: "anthropic",
        model: "claude-opus-5-5",
        schemas: ["BetaMessage", "BetaMessageStreamEvent"],
        holds: &[],
        text: &["content", "*", "type=text", "text"],
        delta: None,
        calls: &[&["content", "*", "type=tool_use", "name"]],
        thoughts: &[&["content", "*", "type=thinking", "thinking"]],
    },
    Vendor {
        file: "gemini-openapi.json",
        provider: "gemini",
        model: "gemini-3.8-flash",
        schemas: ["GenerateContentResponse"; 2],
        holds: &["candidates", "*"],
        text: &["candidates", "*", "index=n", "content", "parts", "*", "thought!true", "text"],
        delta: Some(&[
            "candidates",
            "*",
            "index=n",
            "content",
            "parts",
            "*",
            "thought!true",
            "text",
        ]),
        calls: &[&["candidates", "*", "content", "parts", "*", "functionCall", "name"]],
        thoughts: &[&["candidates", "*", "content", "parts", "*", "thought=true", "text"]],
    },
    Vendor {
        file: "ollama-openapi.yaml",
        provider: "ollama",
        model: "qwen3",
        schemas: ["ChatResponse", "ChatStreamEvent"],
        holds: &["message"],
        text: &["message", "content"],
        delta: Some(&["message", "content"]),
        calls: &[&["message", "tool_calls", "*", "function", "name"]],
        thoughts: &[&["message", "thinking"]],
    },
];

/// What is at a path, in which `*` is each item of a list, and `a=b` and `a!b` what
/// an object must hold, and must not.
fn gather<'a>(value: &'a Value, path: &[&str], to: &mut Vec<&'a Value>) {
    let holds = |(name, wanted): (&str, &str)| {
        value[name].as_str().map_or_else(|| value[name].to_string(), Into::into) == wanted
    };
    match path {
        [] => to.extend((!value.is_null()).then_some(value)),
        ["*", rest @ ..] => {
            value.as_array().into_iter().flatten().for_each(|item| gather(item, rest, to));
        }
        [name, rest @ ..] => match (name.split_once('='), name.split_once('!')) {
            (Some(member), _) if holds(member) => gather(value, rest, to),
            (_, Some(member)) if !holds(member) => gather(value, rest, to),
            (None, None) => gather(&value[*name], rest, to),
            _ => {}
        },
    }
}

/// The texts at these paths of an answer.
fn texts<'a>(answer: &'a Value, paths: &[&[&str]]) -> Vec<&'a str> {
    let mut found = Vec::new();
    paths.iter().for_each(|path| gather(answer, path, &mut found));
    found.into_iter().filter_map(Value::as_str).collect()
}

/// What is said aloud at a path of these answers or events: all of the first choice,
/// all of the second.
fn spoken(answers: &[Value], path: Path) -> String {
    const CHOICES: [&str; 3] = ["index=0", "index=1", "index=2"];
    let several = path.contains(&"index=n");
    let mut said = String::new();
    for choice in &CHOICES[..if several { 3 } else { 1 }] {
        let path: Vec<&str> = path
            .iter()
            .map(|step| if *step == "index=n" { choice } else { step })
            .copied()
            .collect();
        answers.iter().for_each(|answer| said.extend(texts(answer, &[&path])));
    }
    said
}

/// No vendor calls a function without a name, though the schemas would let it.
fn named(mut names: Vec<&str>) -> Vec<&str> {
    names.retain(|name| !name.is_empty());
    names.sort();
    names
}

/// Whether an answer says itself that it is none.
fn has_failed(answer: &Value) -> bool {
    answer["error"].is_object()
        || ["failed", "cancelled"].iter().any(|word| answer["status"] == *word)
}

/// What a part of Gemini's holds one of.
const PART: [&str; 7] = [
    "text",
    "inlineData",
    "functionCall",
    "functionResponse",
    "fileData",
    "executableCode",
    "codeExecutionResult",
];

/// What the schemas do not say: choices have different numbers, a message calls
/// either in the old way or in the new, a part of Gemini's holds one thing, a call
/// has no result yet, and `output_text` only repeats what the items say. Nothing here
/// is of an agent that the model has set to work.
fn put_right(mut answer: Value) -> Value {
    for place in ["", "/response"] {
        let members = answer.pointer_mut(place).and_then(Value::as_object_mut);
        members.map(|members| members.remove("output_text"));
    }
    if let Some(items) = answer.get_mut("output").and_then(Value::as_array_mut) {
        items.retain(|item| !item["type"].as_str().is_some_and(|it| it.ends_with("call_output")));
        let items = items.iter_mut().filter_map(Value::as_object_mut);
        items.for_each(|item| drop(item.shift_remove("agent")));
    }
    for list in ["choices", "candidates"] {
        let all = answer.get_mut(list).and_then(Value::as_array_mut);
        for (i, one) in all.into_iter().flatten().enumerate() {
            one["index"] = i.into();
            let message = one.get_mut("message").and_then(Value::as_object_mut);
            if let Some(message) = message.filter(|message| message.contains_key("tool_calls")) {
                message.remove("function_call");
            }
            let parts = one.pointer_mut("/content/parts").and_then(Value::as_array_mut);
            for part in parts.into_iter().flatten() {
                let part = part.as_object_mut().unwrap();
                let held: Vec<_> = PART.iter().filter(|name| part.contains_key(**name)).collect();
                held.into_iter().skip(1).for_each(|name| drop(part.remove(*name)));
            }
        }
    }
    answer
}

fn plain(vendor: &Vendor, (dialect, context): (&dyn Provider, &Context), answer: &Value) {
    let read = dialect.reply(context, &head(200, &[]), answer.to_string().as_bytes());
    let mut held = Vec::new();
    gather(answer, vendor.holds, &mut held);
    match read {
        Ok(response) if !held.is_empty() => {
            assert!(!has_failed(answer), "{answer:#}");
            let text: String = response.choices.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(text, spoken(std::slice::from_ref(answer), vendor.text), "{answer:#}");
            let calls = response.choices.iter().flat_map(|one| &one.tool_calls);
            let names = named(calls.map(|call| call.name.as_str()).collect());
            assert_eq!(names, named(texts(answer, vendor.calls)), "{answer:#}");
            let choices = response.choices.iter();
            let thoughts: String = choices.filter_map(|one| one.reasoning.as_deref()).collect();
            for wanted in texts(answer, vendor.thoughts) {
                assert!(thoughts.contains(wanted), "{wanted:?} in {answer:#}");
            }
        }
        // Gemini says in this way that it will not answer.
        Ok(response) => assert!(response.first().finish_reason.is_some(), "{answer:#}"),
        Err(error) => assert!(has_failed(answer) || held.is_empty(), "{error}\n{answer:#}"),
    }
}

fn streamed(vendor: &Vendor, (dialect, context): (&dyn Provider, &Context), events: &[Value]) {
    let text: String = match vendor.provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(events),
    };
    let read = stream(dialect, context, &text);
    let states = events.iter().any(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        matches!(kind, "error" | "response.failed") || has_failed(&event["response"])
    });
    match (&read, vendor.delta) {
        (Err(error), _) => {
            let may_be = [Status::Truncated, Status::ContextLength];
            assert!(states || may_be.contains(&error.status()), "{error}\n{text}");
        }
        (Ok((_, response)), Some(delta)) => {
            let last = events.iter().position(|event| event["done"] == true);
            let events = &events[..last.map_or(events.len(), |last| last + 1)];
            let told: String = response.choices.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(told, spoken(events, delta), "{text}");
        }
        (Ok(_), None) => {}
    }
    // Who hears of the raw events has each of them read in full.
    let mut hears_all = context.clone();
    hears_all.raw_events = true;
    let in_full = stream(dialect, &hears_all, &text);
    let but_raw = |read: Result<(Vec<Event>, Response)>| {
        read.map(|(mut events, response)| {
            events.retain(|event| !matches!(event.kind, EventKind::Raw(_)));
            (events, response)
        })
    };
    assert_eq!(but_raw(in_full), read, "{text}");
}

#[test]
fn whatever_a_vendors_schema_allows_is_read() {
    let mut random = Rng::with_seed(42);
    for vendor in VENDORS {
        let Some(spec) = Spec::load(vendor.file) else { continue };
        let client = any_request::client_of(vendor.provider, vendor.model);
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        let [whole, event] = vendor.schemas;
        for _ in 0..300 {
            let answer = put_right(spec.draw(whole, &mut random));
            plain(&vendor, (dialect, &context), &answer);
            let events: Vec<Value> =
                (0..random.usize(..6)).map(|_| put_right(spec.draw(event, &mut random))).collect();
            streamed(&vendor, (dialect, &context), &events);
        }
    }
}

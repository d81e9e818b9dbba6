//! Answers drawn at random by the vendors' own schemas: with every member that may
//! be left out, empty, null, or of another kind than usual.

use fastrand::Rng;
use mynah::error::Status;
use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

/// A vendor's file, a provider and model that speak so, and the schemas of a plain
/// answer and of an event.
type Vendor = (&'static str, &'static str, &'static str, [&'static str; 2]);

const VENDORS: [Vendor; 5] = [
    (
        "openai-openapi.json",
        "siliconflow",
        "Qwen/Qwen3-8B",
        ["CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"],
    ),
    ("openai-openapi.json", "responses", "gpt-6-sol", ["Response", "ResponseStreamEvent"]),
    (
        "anthropic-tryagi-openapi.yaml",
        "anthropic",
        "claude-opus-5-5",
        ["Message", "MessageStreamEvent"],
    ),
    ("gemini-openapi.json", "gemini", "gemini-3.8-flash", ["GenerateContentResponse"; 2]),
    ("ollama-openapi.yaml", "ollama", "qwen3", ["ChatResponse", "ChatStreamEvent"]),
];

/// What is said aloud in a plain answer, all choices one after the other; none if
/// it holds no answer.
fn spoken(provider: &str, answer: &Value) -> Option<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let texts = |parts: Vec<Value>, kind: Option<&str>| -> String {
        let said = parts.iter().filter(|part| kind.is_none_or(|kind| part["type"] == kind));
        said.filter(|part| part["thought"] != true)
            .filter_map(|part| part["text"].as_str())
            .collect()
    };
    match provider {
        "siliconflow" => {
            let choices = list(&answer["choices"]);
            let said = choices.iter().filter_map(|choice| choice["message"]["content"].as_str());
            (!choices.is_empty()).then(|| said.collect())
        }
        "gemini" => {
            let candidates = list(&answer["candidates"]);
            let said = candidates.iter().map(|one| texts(list(&one["content"]["parts"]), None));
            (!candidates.is_empty()).then(|| said.collect())
        }
        "anthropic" => Some(texts(list(&answer["content"]), Some("text"))),
        "responses" => {
            let items = list(&answer["output"]);
            let said = items.iter().map(|item| texts(list(&item["content"]), Some("output_text")));
            Some(said.collect())
        }
        _ => answer["message"]
            .is_object()
            .then(|| answer["message"]["content"].as_str().unwrap_or_default().into()),
    }
}

/// The functions that a plain answer calls, as far as they have names.
fn called(provider: &str, answer: &Value) -> Vec<String> {
    let places: &[&[&str]] = match provider {
        "siliconflow" => &[
            &["choices", "*", "message", "tool_calls", "*", "function", "name"],
            &["choices", "*", "message", "tool_calls", "*", "custom", "name"],
            &["choices", "*", "message", "function_call", "name"],
        ],
        "gemini" => &[&["candidates", "*", "content", "parts", "*", "functionCall", "name"]],
        "anthropic" => &[&["content", "*", "type=tool_use", "name"]],
        "responses" => &[
            &["output", "*", "type=function_call", "name"],
            &["output", "*", "type=custom_tool_call", "name"],
        ],
        _ => &[&["message", "tool_calls", "*", "function", "name"]],
    };
    let mut names = Vec::new();
    places.iter().for_each(|path| gather(answer, path, &mut names));
    named(names)
}

/// No vendor calls a function without a name, though the schemas would let it.
fn named(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.is_empty());
    names.sort();
    names
}

/// The thoughts of a plain answer.
fn thought(provider: &str, answer: &Value) -> Vec<String> {
    let places: &[&[&str]] = match provider {
        "gemini" => &[&["candidates", "*", "content", "parts", "*", "thought=true", "text"]],
        "anthropic" => &[&["content", "*", "type=thinking", "thinking"]],
        "responses" => &[
            &["output", "*", "type=reasoning", "content", "*", "text"],
            &["output", "*", "type=reasoning", "summary", "*", "text"],
        ],
        "ollama" => &[&["message", "thinking"]],
        _ => &[&["choices", "*", "message", "reasoning_content"]],
    };
    let mut thoughts = Vec::new();
    places.iter().for_each(|path| gather(answer, path, &mut thoughts));
    thoughts
}

/// The texts at a path, in which `*` is each item of a list and `a=b` what an object
/// must hold.
fn gather(value: &Value, path: &[&str], to: &mut Vec<String>) {
    match path {
        [] => to.extend(value.as_str().map(Into::into)),
        ["*", rest @ ..] => {
            value.as_array().into_iter().flatten().for_each(|item| gather(item, rest, to));
        }
        [name, rest @ ..] => match name.split_once('=') {
            Some((name, "true")) if value[name] == true => gather(value, rest, to),
            Some((name, wanted)) if value[name] == wanted => gather(value, rest, to),
            Some(_) => {}
            None => gather(&value[*name], rest, to),
        },
    }
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
/// either in the old way or in the new, and a part of Gemini's holds one thing.
fn put_right(mut answer: Value) -> Value {
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

/// What the events of a stream say aloud, all choices one after the other, for
/// dialects in which each event says only what is new.
fn said_by(provider: &str, events: &[Value]) -> Option<String> {
    let path: &[&str] = match provider {
        "siliconflow" => &["choices", "delta", "content"],
        "gemini" => &["candidates"],
        "ollama" => &[],
        _ => return None,
    };
    let mut texts = [const { String::new() }; 3];
    for event in events {
        let [list, inner @ ..] = path else {
            texts[0] += &spoken(provider, event).unwrap_or_default();
            if event["done"] == true {
                break;
            }
            continue;
        };
        for (text, one) in texts.iter_mut().zip(event[*list].as_array().into_iter().flatten()) {
            let mut found = Vec::new();
            match inner {
                [] => found.extend(spoken(provider, &json!({(*list): [one]}))),
                _ => gather(one, inner, &mut found),
            }
            text.extend(found);
        }
    }
    Some(texts.concat())
}

fn plain(provider: &str, (dialect, context): (&dyn Provider, &Context), answer: &Value) {
    let read = dialect.reply(context, &head(200, &[]), answer.to_string().as_bytes());
    match (read, spoken(provider, answer)) {
        (Ok(response), Some(said)) => {
            assert!(!has_failed(answer), "{provider}: {answer:#}");
            let text: String = response.choices.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(text, said, "{provider}: {answer:#}");
            let calls = response.choices.iter().flat_map(|one| &one.tool_calls);
            let names = named(calls.map(|call| call.name.clone()).collect());
            assert_eq!(names, called(provider, answer), "{provider}: {answer:#}");
            let choices = response.choices.iter();
            let thoughts: String = choices.filter_map(|one| one.reasoning.as_deref()).collect();
            for wanted in thought(provider, answer) {
                assert!(thoughts.contains(&wanted), "{provider}: {wanted:?} in {answer:#}");
            }
        }
        (Ok(response), None) => {
            // Gemini says in this way that it will not answer.
            let reason = response.first().finish_reason;
            assert!(reason.is_some(), "{provider}: {answer:#}");
        }
        (Err(error), said) => {
            assert!(has_failed(answer) || said.is_none(), "{provider}: {error}\n{answer:#}");
        }
    }
}

fn streamed(provider: &str, (dialect, context): (&dyn Provider, &mut Context), events: &[Value]) {
    let text: String = match provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(events),
    };
    context.raw_events = false;
    let read = stream(dialect, context, &text);
    let states = events.iter().any(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        matches!(kind, "error" | "response.failed") || has_failed(&event["response"])
    });
    if let Err(error) = &read {
        assert!(states || error.status() == Status::Truncated, "{provider}: {error}\n{text}");
    }
    if let (Ok((_, response)), Some(said)) = (&read, said_by(provider, events)) {
        let text: String = response.choices.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(text, said, "{provider}: {text}");
    }
    // Who hears of the raw events has each of them read in full.
    context.raw_events = true;
    let in_full = stream(dialect, context, &text);
    let but_raw = |read: Result<(Vec<Event>, Response)>| {
        read.map(|(mut events, response)| {
            events.retain(|event| !matches!(event.kind, EventKind::Raw(_)));
            (events, response)
        })
    };
    assert_eq!(but_raw(in_full), read, "{provider}: {text}");
}

#[test]
fn whatever_a_vendors_schema_allows_is_read() {
    let mut random = Rng::with_seed(42);
    for (file, provider, model, [whole, event]) in VENDORS {
        let Some(spec) = Spec::load(file) else { continue };
        let client = any_request::client_of(provider, model);
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, mut context) = reader(&client, &asked);
        for _ in 0..300 {
            let answer = put_right(spec.draw(whole, &mut random));
            plain(provider, (dialect, &context), &answer);
            let events: Vec<Value> =
                (0..random.usize(..6)).map(|_| put_right(spec.draw(event, &mut random))).collect();
            streamed(provider, (dialect, &mut context), &events);
            context.raw_events = false;
        }
    }
}

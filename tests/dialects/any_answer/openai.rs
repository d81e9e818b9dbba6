//! OpenAI's two interfaces.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Answer, SIGNED, Told, mixed, pieces};

/// Chat completions.
pub fn chat(answer: &Answer, random: &mut Rng) -> Told {
    let mut usage = json!({"prompt_tokens": answer.tokens.0, "completion_tokens": answer.tokens.1,
        "total_tokens": answer.tokens.0 + answer.tokens.1});
    if answer.more {
        usage["prompt_tokens_details"] = json!({"cached_tokens": 3});
        usage["completion_tokens_details"] = json!({"reasoning_tokens": 2});
    }
    let head = |choices: Vec<Value>, usage: &Value| json!({"id": "c", "model": "m", "created": 7, "choices": choices, "usage": usage});
    let (mut choices, mut lists) = (Vec::new(), Vec::new());
    for index in 0..1 + usize::from(answer.twice) {
        let (mut choice, mut list) = chat_choice(answer, random);
        list.iter_mut().for_each(|part| part["index"] = index.into());
        choice["index"] = index.into();
        choices.push(choice);
        lists.push(list.into_iter().map(|part| head(vec![part], &Value::Null)).collect());
    }
    let mut events = mixed(random, lists);
    events.push(head(Vec::new(), &usage));
    (head(choices, &usage), events)
}

/// One choice, and its parts.
fn chat_choice(answer: &Answer, random: &mut Rng) -> Told {
    let called = !answer.calls.is_empty();
    let finish = if called { "tool_calls" } else { "stop" };
    let function = |call: &(String, String), arguments: &str| {
        json!({"id": call.0, "type": "function",
            "function": {"name": "weather", "arguments": arguments}})
    };
    let mut message = json!({"role": "assistant", "content": answer.all(false)});
    if !answer.all(true).is_empty() {
        message["reasoning_content"] = answer.all(true).into();
    }
    if called {
        message["tool_calls"] = answer.calls.iter().map(|call| function(call, &call.1)).collect();
    }
    let part = |delta: Value| json!({"delta": delta, "finish_reason": null});
    let mut parts = vec![part(json!({"role": "assistant", "content": ""}))];
    let mut chances = Vec::new();
    for (thought, text) in &answer.said {
        let name = if *thought { "reasoning_content" } else { "content" };
        for piece in pieces(random, text) {
            let mut part = part(json!({name: piece}));
            if answer.more && !thought {
                let chance = json!({"token": piece, "logprob": -0.5});
                part["logprobs"] = json!({"content": [chance]});
                chances.push(chance);
            }
            parts.push(part);
        }
    }
    let mut lists = Vec::new();
    for (i, call) in answer.calls.iter().enumerate() {
        let mut begin = function(call, "");
        begin["index"] = i.into();
        parts.push(part(json!({"tool_calls": [begin]})));
        let piece =
            |piece| part(json!({"tool_calls": [{"index": i, "function": {"arguments": piece}}]}));
        lists.push(pieces(random, &call.1).into_iter().map(piece).collect());
    }
    parts.extend(mixed(random, lists));
    parts.push(json!({"delta": {}, "finish_reason": finish}));
    let mut choice = json!({"message": message, "finish_reason": finish});
    if !chances.is_empty() {
        choice["logprobs"] = json!({"content": chances});
    }
    (choice, parts)
}

/// Responses.
pub fn responses(answer: &Answer, random: &mut Rng) -> Told {
    let (mut output, mut events) = (Vec::new(), Vec::new());
    let head = json!({"id": "r", "model": "m", "created_at": 7, "status": "in_progress",
        "output": []});
    events.push(json!({"type": "response.created", "response": head}));
    let mut item = |begun: Value, done: Value, deltas: Vec<Value>, events: &mut Vec<Value>| {
        let index = output.len();
        let framed =
            |kind: &str, item: &Value| json!({"type": kind, "output_index": index, "item": item});
        events.push(framed("response.output_item.added", &begun));
        events.extend(deltas.into_iter().map(|mut delta| {
            delta["output_index"] = index.into();
            delta
        }));
        events.push(framed("response.output_item.done", &done));
        output.push(done);
    };
    let deltas = |kind: &str, text: &str, random: &mut Rng| -> Vec<Value> {
        let pieces = pieces(random, text).into_iter().enumerate();
        pieces
            .map(|(i, piece)| {
                json!({"type": kind, "delta": piece, "sequence_number": 9 + i,
                    "obfuscation": "x".repeat(7 * i % 5)})
            })
            .collect()
    };
    let thought = |summary: Value| json!({"type": "reasoning", "id": "rs", "summary": summary, "encrypted_content": SIGNED[2].0});
    let message = |content: Value| json!({"type": "message", "id": "m", "status": "completed", "role": "assistant", "content": content});
    for now in [answer.calls_first, !answer.calls_first] {
        for (is_thought, text) in answer.said.iter().filter(|_| !now) {
            if *is_thought {
                let deltas = deltas("response.reasoning_summary_text.delta", text, random);
                let summary = json!([{"type": "summary_text", "text": text}]);
                item(thought(json!([])), thought(summary), deltas, &mut events);
            } else {
                let mut deltas = deltas("response.output_text.delta", text, random);
                let mut notes = Vec::new();
                if answer.more {
                    notes.push(json!({"type": "url_citation", "url": "u", "start_index": 0, "end_index": 1, "title": text}));
                    deltas.push(json!({"type": "response.output_text.annotation.added",
                        "annotation_index": 0, "annotation": notes[0]}));
                    let search = json!({"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "q"}});
                    item(search.clone(), search, Vec::new(), &mut events);
                }
                let said = json!([{"type": "output_text", "text": text, "annotations": notes, "logprobs": []}]);
                item(message(json!([])), message(said), deltas, &mut events);
            }
        }
        for (id, arguments) in answer.calls.iter().filter(|_| now) {
            let call = |arguments: &str| {
                json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id,
                    "name": "weather", "arguments": arguments})
            };
            let told = deltas("response.function_call_arguments.delta", arguments, random);
            item(call(""), call(arguments), told, &mut events);
        }
    }
    let plain = json!({"id": "r", "model": "m", "created_at": 7, "status": "completed",
        "output": output,
        "usage": {"input_tokens": answer.tokens.0, "output_tokens": answer.tokens.1}});
    events.push(json!({"type": "response.completed", "response": plain}));
    (plain, events)
}

//! The other dialects.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Answer, SIGNED, Told, pieces};

/// Anthropic's messages.
pub fn anthropic(answer: &Answer, random: &mut Rng) -> Told {
    let (mut content, mut events) = (Vec::new(), Vec::new());
    let reason = if answer.calls.is_empty() { "end_turn" } else { "tool_use" };
    let message = |content: Value, reason: Value, output: u64| {
        json!({"id": "msg", "type": "message", "role": "assistant", "model": "m",
            "content": content, "stop_reason": reason, "stop_sequence": null,
            "usage": {"input_tokens": answer.tokens.0, "cache_read_input_tokens": 3,
                "cache_creation_input_tokens": 4, "output_tokens": output}})
    };
    let mut block = |begun: Value, done: Value, deltas: Vec<Value>| {
        let index = content.len();
        events.push(json!({"type": "content_block_start", "index": index, "content_block": begun}));
        let deltas = deltas.into_iter();
        events.extend(
            deltas.map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
        content.push(done);
    };
    let deltas = |kind: &str, name: &str, text: &str, random: &mut Rng| -> Vec<Value> {
        let pieces = pieces(random, text).into_iter();
        pieces.map(|piece| json!({"type": kind, name: piece})).collect()
    };
    let thought = |text: &str, signature: &str| json!({"type": "thinking", "thinking": text, "signature": signature});
    let said = |text: &str| json!({"type": "text", "text": text});
    for now in [answer.calls_first, !answer.calls_first] {
        for (is_thought, text) in answer.said.iter().filter(|_| !now) {
            if *is_thought {
                let mut told = deltas("thinking_delta", "thinking", text, random);
                told.push(json!({"type": "signature_delta", "signature": SIGNED[0].0}));
                block(thought("", ""), thought(text, SIGNED[0].0), told);
            } else {
                let mut told = deltas("text_delta", "text", text, random);
                let mut done = said(text);
                if answer.more {
                    let source = json!({"type": "char_location", "cited_text": text, "document_index": 0, "document_title": "t", "start_char_index": 0, "end_char_index": 1});
                    told.push(json!({"type": "citations_delta", "citation": source}));
                    done["citations"] = json!([source]);
                    let search = |input: Value| {
                        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
                            "input": input})
                    };
                    let asked =
                        vec![json!({"type": "input_json_delta", "partial_json": "{\"q\":1}"})];
                    block(search(json!({})), search(json!({"q": 1})), asked);
                    let found = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
                        "content": [{"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "e", "page_age": null}]});
                    block(found.clone(), found, Vec::new());
                    let hidden = json!({"type": "redacted_thinking", "data": SIGNED[0].0});
                    block(hidden.clone(), hidden, Vec::new());
                }
                block(said(""), done, told);
            }
        }
        for (id, arguments) in answer.calls.iter().filter(|_| now) {
            let call = |input: Value| json!({"type": "tool_use", "id": id, "name": "weather", "input": input});
            let told = deltas("input_json_delta", "partial_json", arguments, random);
            block(call(json!({})), call(serde_json::from_str(arguments).unwrap()), told);
        }
    }
    let begun = message(json!([]), Value::Null, 1);
    events.insert(0, json!({"type": "message_start", "message": begun}));
    events.insert(random.usize(1..=events.len()), json!({"type": "ping"}));
    events.push(json!({"type": "message_delta", "usage": {"output_tokens": answer.tokens.1},
        "delta": {"stop_reason": reason, "stop_sequence": null}}));
    events.push(json!({"type": "message_stop"}));
    (message(content.into(), reason.into(), answer.tokens.1), events)
}

/// Gemini's contents.
pub fn gemini(answer: &Answer, random: &mut Rng) -> Told {
    let usage = json!({"promptTokenCount": answer.tokens.0,
        "candidatesTokenCount": answer.tokens.1,
        "totalTokenCount": answer.tokens.0 + answer.tokens.1});
    let chunk = |parts: Vec<Value>, last: bool| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
        if last {
            candidate["finishReason"] = "STOP".into();
            if answer.more {
                candidate["groundingMetadata"] = json!({"webSearchQueries": ["q"],
                    "groundingChunks": [{"web": {"uri": "u", "title": "t"}}]});
            }
        }
        json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m",
            "responseId": "r"})
    };
    let (mut parts, mut told) = (Vec::new(), Vec::new());
    let said = |text: &str, thought: bool| match thought {
        true => json!({"text": text, "thought": true}),
        false => json!({"text": text}),
    };
    for now in [answer.calls_first, !answer.calls_first] {
        for (thought, text) in answer.said.iter().filter(|_| !now) {
            parts.push(said(text, *thought));
            let pieces = pieces(random, text).into_iter().filter(|piece| !piece.is_empty());
            told.extend(pieces.map(|piece| said(&piece, *thought)));
        }
        for (id, arguments) in answer.calls.iter().filter(|_| now) {
            let args: Value = serde_json::from_str(arguments).unwrap();
            let call = json!({"id": id, "name": "weather", "args": args});
            let part = json!({"functionCall": call, "thoughtSignature": SIGNED[1].0});
            parts.push(part.clone());
            told.push(part);
        }
    }
    if answer.more {
        let own = [
            json!({"executableCode": {"language": "PYTHON", "code": "1"}}),
            json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}),
        ];
        parts.extend(own.clone());
        told.extend(own);
    }
    let mut events: Vec<Value> = told.into_iter().map(|part| chunk(vec![part], false)).collect();
    events.push(chunk(vec![json!({"text": ""})], true));
    (chunk(parts, true), events)
}

/// Cohere's chat.
pub fn cohere(answer: &Answer, random: &mut Rng) -> Told {
    let called = !answer.calls.is_empty();
    let finish = if called { "TOOL_CALL" } else { "COMPLETE" };
    let tokens = json!({"input_tokens": answer.tokens.0, "output_tokens": answer.tokens.1});
    let usage = json!({"billed_units": tokens, "tokens": tokens});
    let mut events = vec![json!({"type": "message-start", "id": "c",
        "delta": {"message": {"role": "assistant"}}})];
    let mut content = Vec::new();
    for (thought, text) in answer.said.iter().filter(|said| !called || answer.more && said.0) {
        let kind = if *thought { "thinking" } else { "text" };
        let index = content.len();
        let part = |kind: &str, content: Value| json!({"type": kind, "index": index, "delta": {"message": {"content": content}}});
        events.push(part("content-start", json!({"type": kind, kind: ""})));
        for piece in pieces(random, text) {
            events.push(part("content-delta", json!({kind: piece})));
        }
        events.push(json!({"type": "content-end", "index": index}));
        content.push(json!({"type": kind, kind: text}));
    }
    let mut message = json!({"role": "assistant"});
    if !content.is_empty() || !called {
        message["content"] = content.into();
    }
    if called {
        let function = |call: &(String, String), arguments: &str| {
            json!({"id": call.0,
            "type": "function", "function": {"name": "weather", "arguments": arguments}})
        };
        let calls: Value = answer.calls.iter().map(|call| function(call, &call.1)).collect();
        message["tool_calls"] = calls;
        message["tool_plan"] = "I look".into();
        events.push(
            json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I look"}}}),
        );
        for (i, call) in answer.calls.iter().enumerate() {
            let part = |kind: &str, calls: Value| json!({"type": kind, "index": i, "delta": {"message": {"tool_calls": calls}}});
            events.push(part("tool-call-start", function(call, "")));
            for piece in pieces(random, &call.1) {
                events.push(part("tool-call-delta", json!({"function": {"arguments": piece}})));
            }
            events.push(json!({"type": "tool-call-end", "index": i}));
        }
    }
    events.push(json!({"type": "message-end",
        "delta": {"finish_reason": finish, "usage": usage}}));
    let plain = json!({"id": "c", "finish_reason": finish, "message": message, "usage": usage});
    (plain, events)
}

/// Ollama's lines.
pub fn ollama(answer: &Answer, random: &mut Rng) -> Told {
    let calls: Vec<Value> = answer
        .calls
        .iter()
        .map(|(id, arguments)| {
            let arguments: Value = serde_json::from_str(arguments).unwrap();
            json!({"id": id, "function": {"name": "weather", "arguments": arguments}})
        })
        .collect();
    let line = |message: Value| {
        json!({"model": "m", "created_at": "2026-11-01T00:00:00Z",
        "message": message, "done": false})
    };
    let mut events = Vec::new();
    for (thought, text) in &answer.said {
        for piece in pieces(random, text) {
            let mut message = json!({"role": "assistant", "content": ""});
            message[if *thought { "thinking" } else { "content" }] = piece.into();
            events.push(line(message));
        }
    }
    for call in &calls {
        events.push(line(json!({"role": "assistant", "content": "", "tool_calls": [call]})));
    }
    let end = |message: Value| {
        json!({"model": "m", "created_at": "2026-11-01T00:00:00Z",
        "message": message, "done": true, "done_reason": "stop",
        "prompt_eval_count": answer.tokens.0, "eval_count": answer.tokens.1})
    };
    events.push(end(json!({"role": "assistant", "content": ""})));
    let mut message = json!({"role": "assistant", "content": answer.all(false)});
    if !answer.all(true).is_empty() {
        message["thinking"] = answer.all(true).into();
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    (end(message), events)
}

//! Answers drawn at random, plain and as each vendor streams them: both ways of
//! reading come to the same.

use fastrand::Rng;
use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use crate::*;

/// What is answered.
struct Answer {
    /// Thoughts and texts, as they come.
    said: Vec<(bool, String)>,
    /// Ids, and JSON texts of arguments.
    calls: Vec<(String, String)>,
    /// Tokens in and out.
    tokens: (u64, u64),
    /// What the vendor says beside it: sources, probabilities, a search.
    more: bool,
    /// Whether the calls come before what is said, where that is possible.
    calls_first: bool,
    /// Whether it is said a second time, as another choice.
    twice: bool,
}

impl Answer {
    /// All thoughts or all texts.
    fn all(&self, thought: bool) -> String {
        self.said.iter().filter(|said| said.0 == thought).map(|said| said.1.as_str()).collect()
    }
}

fn words(random: &mut Rng, most: usize) -> String {
    const WORDS: [&str; 9] =
        ["It", " is", "\n\n", " \"3\"", "\\", "°", " Grüße", "\u{1f426}\u{200d}", "\u{7f}\t"];
    (0..random.usize(..most)).map(|_| WORDS[random.usize(..WORDS.len())]).collect()
}

fn draw(random: &mut Rng) -> Answer {
    let call = |i: usize, random: &mut Rng| {
        let arguments = json!({"city": words(random, 4), "n": random.i32(-9..9)});
        (format!("call_{i}{:04x}", random.u16(..)), arguments.to_string())
    };
    let calls = random.usize(..4).saturating_sub(1);
    let first = random.bool();
    let said = |i: usize, random: &mut Rng| (i.is_multiple_of(2) == first, words(random, 6) + ".");
    Answer {
        said: (0..random.usize(..5)).map(|i| said(i, random)).collect(),
        calls: (0..calls).map(|i| call(i, random)).collect(),
        tokens: (random.u64(10..99), random.u64(10..99)),
        more: random.bool(),
        calls_first: random.u8(..4) == 0,
        twice: random.u8(..4) == 0,
    }
}

/// A text in pieces, the first of which may be empty; none of an empty one.
fn pieces(random: &mut Rng, text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut pieces = vec![String::new()];
    for letter in text.chars() {
        if random.u8(..3) == 0 {
            pieces.push(String::new());
        }
        pieces.last_mut().unwrap().push(letter);
    }
    pieces
}

/// Each of these events, or lists of them, one after the other, their turns mixed.
fn mixed(random: &mut Rng, mut lists: Vec<Vec<Value>>) -> Vec<Value> {
    let mut out = Vec::new();
    lists.iter_mut().for_each(|list| list.reverse());
    while !lists.is_empty() {
        let at = random.usize(..lists.len());
        match lists[at].pop() {
            Some(event) => out.push(event),
            None => drop(lists.remove(at)),
        }
    }
    out
}

/// The plain answer and the events of a dialect.
type Told = (Value, Vec<Value>);
/// A provider, and what tells an answer in its words.
type Dialect = (&'static str, fn(&Answer, &mut Rng) -> Told);

fn chat(answer: &Answer, random: &mut Rng) -> Told {
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

fn responses(answer: &Answer, random: &mut Rng) -> Told {
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
    let thought = |summary: Value| json!({"type": "reasoning", "id": "rs", "summary": summary, "encrypted_content": "e"});
    let message = |content: Value| json!({"type": "message", "id": "m", "role": "assistant", "content": content});
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
                    notes.push(json!({"type": "url_citation", "url": "u", "title": text}));
                    deltas.push(json!({"type": "response.output_text.annotation.added",
                        "annotation_index": 0, "annotation": notes[0]}));
                    let search =
                        json!({"type": "web_search_call", "id": "ws", "status": "completed"});
                    item(search.clone(), search, Vec::new(), &mut events);
                }
                let said = json!([{"type": "output_text", "text": text, "annotations": notes}]);
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

fn anthropic(answer: &Answer, random: &mut Rng) -> Told {
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
                told.push(json!({"type": "signature_delta", "signature": "c2ln"}));
                block(thought("", ""), thought(text, "c2ln"), told);
            } else {
                let mut told = deltas("text_delta", "text", text, random);
                let mut done = said(text);
                if answer.more {
                    let source =
                        json!({"type": "char_location", "cited_text": text, "document_index": 0});
                    told.push(json!({"type": "citations_delta", "citation": source}));
                    done["citations"] = json!([source]);
                    let search = |input: Value| {
                        json!({"type": "server_tool_use", "id": "st", "name": "web_search",
                            "input": input})
                    };
                    let asked =
                        vec![json!({"type": "input_json_delta", "partial_json": "{\"q\":1}"})];
                    block(search(json!({})), search(json!({"q": 1})), asked);
                    let found = json!({"type": "web_search_tool_result", "tool_use_id": "st",
                        "content": [{"type": "web_search_result", "url": "u"}]});
                    block(found.clone(), found, Vec::new());
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

fn gemini(answer: &Answer, random: &mut Rng) -> Told {
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
            let part = json!({"functionCall": call, "thoughtSignature": "c2ln"});
            parts.push(part.clone());
            told.push(part);
        }
    }
    let mut events: Vec<Value> = told.into_iter().map(|part| chunk(vec![part], false)).collect();
    events.push(chunk(vec![json!({"text": ""})], true));
    (chunk(parts, true), events)
}

fn cohere(answer: &Answer, random: &mut Rng) -> Told {
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

fn ollama(answer: &Answer, random: &mut Rng) -> Told {
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

/// What of a response does not tell how it came.
fn essence(mut response: Response) -> Response {
    response.raw = None;
    response
}

/// Reads an answer in each way, and holds them together.
fn check(provider: &str, answer: &Answer, (plain, events): Told) {
    let client = any_request::client_of(provider, "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, mut context) = reader(&client, &asked);
    let text: String = match provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(&events),
    };
    let read = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes());
    let read = essence(read.unwrap());
    let (told, streamed) = stream(dialect, &context, &text).unwrap();
    assert_eq!(read, essence(streamed), "{provider}: {plain:#}\n{text}");
    let calls: Vec<_> = read.first().tool_calls.iter().map(|call| call.id.clone()).collect();
    let wanted: Vec<_> = answer.calls.iter().map(|call| call.0.clone()).collect();
    assert_eq!(calls, wanted, "{provider}: {plain:#}");
    // Who hears of the raw events has each of them read in full.
    context.raw_events = true;
    let (mut in_full, streamed) = stream(dialect, &context, &text).unwrap();
    in_full.retain(|event| !matches!(event.kind, EventKind::Raw(_)));
    assert_eq!(told, in_full, "{provider}: {text}");
    assert_eq!(read, essence(streamed), "{provider}: {text}");
}

#[test]
fn a_plain_answer_and_a_stream_come_to_the_same() {
    const DIALECTS: [Dialect; 7] = [
        ("siliconflow", chat),
        ("deepseek", chat),
        ("responses", responses),
        ("anthropic", anthropic),
        ("gemini", gemini),
        ("cohere", cohere),
        ("ollama", ollama),
    ];
    let mut random = Rng::with_seed(42);
    for _ in 0..300 {
        let answer = draw(&mut random);
        for (provider, tell) in DIALECTS {
            check(provider, &answer, tell(&answer, &mut random));
        }
    }
}

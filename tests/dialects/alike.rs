//! Streams whose events differ in little but the text: read in one piece they
//! take a shorter way than byte by byte, and must say the same.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

fn read(provider: &str, text: &str) -> Result<Response> {
    let client = match provider {
        "responses" => options(&[
            ("provider", "openai"),
            ("openai_api", "responses"),
            ("model", "m"),
            ("api_key", "sk-secret-key"),
        ]),
        provider => client(provider, "m"),
    };
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    stream(dialect, &context, text).map(|(_, response)| response)
}

/// Pieces of a text as they stand in JSON, and what they mean.
const WORDS: &[(&str, &str)] = &[
    ("The", "The"),
    (" m\u{ff}nah", " m\u{ff}nah"),
    ("", ""),
    (r#" \"says\" "#, " \"says\" "),
    (r"\n\u00e4\ud83e\udd9c\\", "\n\u{e4}\u{1f99c}\\"),
    (" \u{1f99c}: {}", " \u{1f99c}: {}"),
    (r#"\"text\":\"no\""#, "\"text\":\"no\""),
    (".", "."),
];

fn meant() -> String {
    WORDS.iter().map(|(_, meant)| *meant).collect()
}

/// Events made of a pattern: `$T` is the text, `$N` a number, `$W` a word.
fn events(pattern: &str) -> String {
    let fill = |(n, (text, _)): (usize, &(&str, &str))| {
        let word = &"abcdefgh"[..n % 8];
        pattern.replace("$N", &(n * 7).to_string()).replace("$W", word).replace("$T", text)
    };
    WORDS.iter().enumerate().map(fill).collect()
}

#[test]
fn texts_arrive_whole_in_every_dialect() {
    let openai = r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"$T"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"$W"}"#;
    let done = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let responses = r#"{"type":"response.output_text.delta","sequence_number":$N,"item_id":"i","output_index":0,"content_index":0,"delta":"$T","logprobs":[],"obfuscation":"$W"}"#;
    let completed = r#"data: {"type":"response.completed","response":{"status":"completed"}}"#;
    let begin = r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let anthropic =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$T"}}"#;
    let stop = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}";
    let cohere =
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"$T"}}}}"#;
    let end = r#"data: {"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;
    let ollama = r#"{"model":"m","created_at":"2026-11-0$NT00:00:00Z","message":{"role":"assistant","content":"$T"},"done":false}"#;
    let last = r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop"}"#;
    for line in ["\n", "\r\n", "\r"] {
        let sse = |name: &str, pattern: &str| events(&format!("{name}data: {pattern}{line}{line}"));
        let named = format!("event: content_block_delta{line}");
        let gap = format!("{line}{line}");
        let streams = [
            ("custom", format!("{}{done}{gap}", sse("", openai))),
            ("responses", format!("{}{completed}{gap}", sse("", responses))),
            ("anthropic", format!("{begin}{gap}{}{stop}{gap}", sse(&named, anthropic))),
            ("cohere", format!("{}{end}{gap}", sse("", cohere))),
            ("ollama", format!("{}{last}{line}", events(&format!("{ollama}{line}")))),
        ];
        for (provider, text) in streams {
            let response = read(provider, &text).unwrap();
            assert_eq!(response.text(), meant(), "{provider}, {line:?}");
            let blocks = response.first().message.value()["mynah"]["blocks"].to_string();
            assert!(provider == "responses" || blocks.contains("nah"), "{provider}: {blocks}");
        }
    }
}

#[test]
fn what_a_call_is_given_arrives_whole_in_every_dialect() {
    let openai = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"function":{"arguments":"$T"}}]},"finish_reason":null}],"obfuscation":"$W"}"#;
    let called = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"id":"c","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}"#;
    let done = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
    let responses = r#"data: {"type":"response.function_call_arguments.delta","sequence_number":$N,"item_id":"i","output_index":0,"delta":"$T","obfuscation":"$W"}"#;
    let item = r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"function_call","call_id":"c","name":"f","arguments":""}}"#;
    let completed = r#"data: {"type":"response.completed","response":{"status":"completed"}}"#;
    let anthropic = r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"$T"}}"#;
    let block = r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#;
    let stop = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\ndata: {\"type\":\"message_stop\"}";
    let cohere = r#"data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"$T"}}}}}"#;
    let start = r#"data: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":""}}}}}"#;
    let end = r#"data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}"#;
    for (provider, begins, piece, ends) in [
        ("custom", called, openai, done),
        ("responses", item, responses, completed),
        ("anthropic", block, anthropic, stop),
        ("cohere", start, cohere, end),
    ] {
        let pieces = events(&format!("{piece}\n\n"));
        let response = read(provider, &format!("{begins}\n\n{pieces}{ends}\n\n")).unwrap();
        let [call] = &response.first().tool_calls[..] else { panic!("{provider}: {response:?}") };
        let found = (call.id.as_str(), call.name.as_str(), &call.arguments);
        assert_eq!(found, ("c", "f", &meant()), "{provider}");
    }
}

#[test]
fn pieces_of_two_calls_that_alternate_go_to_their_own() {
    let piece = |index: u32, arguments: &str| {
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [
        {"index": index, "function": {"arguments": arguments}}]}, "finish_reason": null}]})
    };
    let begun = |index: u32, id: &str| {
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [
        {"index": index, "id": id, "function": {"name": "f", "arguments": ""}}]}}]})
    };
    let mut all = vec![begun(0, "a"), begun(1, "b")];
    let order = [0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1];
    all.extend(order.map(|index| piece(index, ["x", "y"][index as usize])));
    let response = read("custom", &(sse(&all) + "data: [DONE]\n\n")).unwrap();
    let given = response.first().tool_calls.iter().map(|call| call.arguments.as_str());
    assert_eq!(given.collect::<Vec<_>>(), ["xxxxxx", "yyyyyy"]);
}

#[test]
fn what_is_only_nearly_alike_is_read_in_full() {
    let chunk = |extra: &str, choice: &str, text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}}{choice}}}]{extra}}}\n\n"
        )
    };
    let plain: String = ["\"a\"", "\"b\"", "\"c\""].map(|t| chunk("", "", t)).concat();
    let text = |tail: &str| {
        let done = "data: [DONE]\n\n";
        read("custom", &format!("{plain}{tail}{plain}{done}")).map(|r| r.text().to_string())
    };
    assert_eq!(text("").unwrap(), "abcabc");
    assert_eq!(text(&chunk("", "", "null")).unwrap(), "abcabc");
    assert_eq!(text(&chunk("", ",\"finish_reason\":\"stop\"", "\"d\"")).unwrap(), "abcdabc");
    assert_eq!(text(": keep-alive\n\n").unwrap(), "abcabc");
    assert_eq!(
        text("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}\n\n").unwrap(),
        "abcabc"
    );
    let error = text(&chunk(",\"error\":{\"message\":\"overloaded\",\"code\":503}", "", "\"d\""));
    assert_eq!(error.unwrap_err().status(), Status::Overloaded);
    assert_eq!(text(&chunk("", "", "\"\\ud800\"")).unwrap(), "abc\u{fffd}abc");
    for bad in ["\"\\x\"", "\"\u{1}\"", "\"open"] {
        assert_eq!(text(&chunk("", "", bad)).unwrap_err().status(), Status::Protocol, "{bad:?}");
    }
}

#[test]
fn a_usage_or_a_call_between_texts_is_not_lost() {
    let chunk = |delta: Value, usage: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}], "usage": usage});
    let call = json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]});
    let mut all: Vec<Value> =
        ["a", "b", "c"].map(|t| chunk(json!({"content": t}), Value::Null)).into();
    all.push(chunk(json!({"content": "d"}), json!({"prompt_tokens": 1, "completion_tokens": 2})));
    all.extend(["e", "f"].map(|t| chunk(json!({"content": t}), Value::Null)));
    all.push(chunk(call, Value::Null));
    all.extend(["g", "h"].map(|t| chunk(json!({"content": t}), Value::Null)));
    all.extend(["i", "j"].map(|t| chunk(json!({"reasoning_content": t}), Value::Null)));
    let response = read("custom", &(sse(&all) + "data: [DONE]\n\n")).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("abcdefgh", Some("ij")));
    assert_eq!(response.first().tool_calls.len(), 1);
    assert_eq!(response.usage.unwrap().total_tokens, Some(3));
}

#[test]
fn a_text_goes_where_the_event_before_has_left_it_in_any_cut() {
    let item = r#"data: {"type":"response.output_item.added","output_index":1,"item":{"id":"m","type":"message","role":"assistant","content":[]}}"#;
    let say = |kind: &str, more: &str, text: &str| {
        format!(
            r#"data: {{"item_id":"m","output_index":1,"delta":"{text}",{more}"content_index":0,"type":"response.{kind}.delta","sequence_number":8}}"#
        )
    };
    let events = [
        item.to_string(),
        say("output_text", "", "I"),
        say("output_text", "", " heard"),
        // A thought of an item that was an answer: what follows is of it too.
        say("reasoning_summary_text", r#""strange":0,"#, " it"),
        say("output_text", "", " all"),
        say("output_text", "", " day"),
        r#"data: {"type":"response.completed","response":{"status":"completed"}}"#.into(),
    ];
    let text: String = events.iter().map(|event| format!("{event}\n\n")).collect();
    assert_eq!(read("responses", &text).unwrap().text(), "I heard");
}

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

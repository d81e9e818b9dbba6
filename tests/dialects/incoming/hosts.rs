//! What single hosts do otherwise than the documentation, and what is told of it.

use mynah::error::Status;
use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use super::*;

#[test]
fn odd_hosts_are_understood() {
    let legacy = [
        chunk(json!({"function_call": {"name": "f", "arguments": ""}}), Value::Null),
        chunk(json!({"function_call": {"arguments": "{}"}}), "function_call".into()),
    ];
    let response = read("custom", &sse(&legacy)).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, "{}");
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("function_call"));
    let object = chunk(
        json!({"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}),
        "stop".into(),
    );
    let response = read("custom", &sse(&[object])).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, "{\"a\":1}");
    assert_eq!(response.first().finish_reason, Some(FinishReason::ToolCalls), "a stop with calls");
    let number = chunk(json!({"content": "Hi"}), json!(3));
    let response = read("custom", &sse(&[number])).unwrap();
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("3"));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Other));
    let parts = chunk(
        json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
        {"type": "text", "text": "Hi"}]}),
        "stop".into(),
    );
    let response = read("custom", &sse(&[parts])).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("Hi", Some("Hm")));
    let summary = |text: &str| {
        json!({"content": [{"type": "reasoning",
        "summary": [{"type": "summary_text", "text": text, "signature": "s"}]}]})
    };
    let blocks = [
        chunk(summary("H"), Value::Null),
        chunk(summary("m"), Value::Null),
        chunk(json!({"content": "Hi"}), "stop".into()),
    ];
    let response = read("custom", &sse(&blocks)).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("Hi", Some("Hm")));
    let filtered = json!({"choices": [{"index": 0, "finish_reason": "content_filter: SAFETY"}]});
    let response = read("custom", &sse(&[filtered])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("content_filter: SAFETY"));
    let refusal = chunk(json!({"refusal": "No."}), "stop".into());
    let response = read("openai", &sse(&[refusal])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Refusal));
}

#[test]
fn thinking_that_stands_only_in_its_details_is_thinking() {
    let details = |text: &str| json!([{"type": "reasoning.text", "index": 0, "text": text}]);
    let end = chunk(json!({"content": "Hi"}), "stop".into());
    let only = ["H", "m"]
        .map(|text| chunk(json!({"content": "", "reasoning_details": details(text)}), Value::Null));
    let both = ["H", "m"].map(|text| {
        let delta = json!({"reasoning_details": details(text), "reasoning": text});
        chunk(delta, Value::Null)
    });
    let signed = chunk(json!({"reasoning": null, "reasoning_details": details("Hm")}), Value::Null);
    let unsaid = ["H", "m"].map(|text| {
        let delta = json!({"reasoning": "", "reasoning_details": details(text)});
        chunk(delta, Value::Null)
    });
    let [a, b] = both;
    for events in [only.to_vec(), vec![a, b, signed], unsaid.to_vec()] {
        let response = read("custom", &sse(&[events, vec![end.clone()]].concat())).unwrap();
        assert_eq!(response.first().reasoning.as_deref(), Some("Hm"));
        assert_eq!(response.text(), "Hi");
    }
}

#[test]
fn a_message_after_its_pieces_is_not_told_again() {
    let whole = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "base_resp": {"status_code": 0, "status_msg": ""}});
    let pieces = chunk(json!({"content": "Hi"}), "stop".into());
    for events in [vec![pieces, whole.clone()], vec![whole]] {
        let response = read("custom", &sse(&events)).unwrap();
        assert_eq!(response.text(), "Hi");
        assert_eq!(response.usage.unwrap().total_tokens, Some(3));
    }
}

#[test]
fn a_plain_answer_to_a_stream_is_an_answer() {
    let plain = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi"}}]});
    for text in [plain.to_string(), format!("{plain:#}"), format!("\n\n{plain:#}\n")] {
        let response = read("custom", &text).unwrap();
        assert_eq!(response.text(), "Hi");
    }
    assert_eq!(status("custom", &format!("{plain:#}")[..40]), Status::Truncated);
}

#[test]
fn white_space_before_anything_changes_nothing() {
    for text in [" \n{", " \r\n \n: ping\n", "\n "] {
        assert_eq!(status("custom", text), Status::Truncated, "{text:?}");
    }
    let late = format!(" \n {}", text_then("data: [DONE]\n\n"));
    assert_eq!(read("custom", &late).unwrap().text(), "Hi");
}

#[test]
fn anthropic_pauses_and_unknown_blocks_pass_through() {
    let plain = json!({"id": "m", "model": "m", "content": [
        {"type": "text", "text": "Searching", "citations": [{"url": "u"}]},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
        {"type": "of_the_future", "x": [1]},
    ], "stop_reason": "pause_turn", "usage": {"input_tokens": 1, "output_tokens": 2}});
    let client = client("anthropic", "m");
    let (dialect, context) = reader(&client, &asked());
    let response = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes()).unwrap();
    let first = response.first();
    assert_eq!(first.finish_reason, Some(FinishReason::Pause));
    assert_eq!(first.message.value()["mynah"]["blocks"], plain["content"]);
    assert_eq!(first.citations, Some(json!([{"url": "u"}])));
    let unknown = json!({"type": "of_the_future", "x": 1});
    let stop = [
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ];
    let (events, _) =
        stream(dialect, &context, &(sse(std::slice::from_ref(&unknown)) + &sse(&stop))).unwrap();
    assert!(events.iter().any(|event| event.kind == EventKind::Other(unknown.to_string())));
}

#[test]
fn framing_of_every_kind_means_the_same() {
    let events = [
        chunk(json!({"content": "H\u{e9}"}), Value::Null),
        chunk(json!({"content": "llo \u{1f99c}"}), "stop".into()),
    ];
    let plain = sse(&events);
    let wanted = read("custom", &plain).unwrap();
    let variants = [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("data: ", "data:"),
        format!("\u{feff}{plain}"),
        plain.replace("data:", ": ping\n\nevent: x\nid: 1\nretry: 5\ndata:"),
        plain.trim_end().to_string(),
        plain.replace(",\"choices\"", ",\ndata: \"choices\""),
    ];
    for text in variants {
        let got = read("custom", &text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(got, wanted, "{text}");
    }
}

#[test]
fn several_answers_are_kept_apart() {
    let both = |a: &str, b: &str, reason: Value| {
        json!({"choices": [
            {"index": 1, "delta": {"content": b}, "finish_reason": reason},
            {"index": 0, "delta": {"content": a}, "finish_reason": reason}]})
    };
    let text = sse(&[both("a", "b", Value::Null), both("A", "B", "stop".into())]);
    let response = read("custom", &text).unwrap();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.text.as_str()).collect();
    assert_eq!(texts, ["aA", "bB"]);
    let json = response.to_json();
    assert_eq!((&json["text"], &json["choices"][1]["text"]), (&json!("aA"), &json!("bB")));
}

#[test]
fn raw_events_come_only_on_request() {
    let text = text_then(&sse(&[chunk(json!({}), "stop".into())]));
    let mut asked = asked();
    for (wanted, count) in [("false", 0), ("true", 2)] {
        asked.set("raw_events", wanted).unwrap();
        let client = client("custom", "m");
        let (dialect, context) = reader(&client, &asked);
        let (events, _) = stream(dialect, &context, &text).unwrap();
        let raw = events.iter().filter(|event| matches!(event.kind, EventKind::Raw(_)));
        assert_eq!(raw.count(), count);
    }
}

#[test]
fn thinking_under_a_second_name_counts_where_the_first_is_empty() {
    let delta = json!({"reasoning_content": "", "reasoning": "think", "content": "a"});
    let response = read("custom", &sse(&[chunk(delta, "stop".into())])).unwrap();
    assert_eq!(response.first().reasoning.as_deref(), Some("think"));
}

#[test]
fn half_a_character_costs_no_more_than_itself() {
    let text =
        r#"data: {"choices":[{"index":0,"delta":{"content":"a\ud83d"},"finish_reason":"stop"}]}"#;
    let response = read("custom", &format!("{text}\n\n")).unwrap();
    assert_eq!(response.first().text, "a\u{fffd}");
}

#[test]
fn an_answer_without_vectors_is_no_embeddings() {
    let client = client("openai", "m");
    let (dialect, context) = reader(&client, &asked());
    for body in ["{}", r#"{"data":[]}"#] {
        let end = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes());
        assert_eq!(end.unwrap_err().status(), Status::Protocol);
    }
}

#[test]
fn whole_answers_with_one_number_are_told_apart_by_their_places() {
    let choice = |text: &str| {
        json!({"index": 0, "message": {"role": "assistant", "content": text},
        "finish_reason": "stop"})
    };
    let client = client("custom", "m");
    let (dialect, context) = reader(&client, &asked());
    let answer = json!({"choices": [choice("a"), choice("b")]}).to_string();
    let response = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.text.as_str()).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn results_of_a_search_are_cited_with_all_that_is_told_of_them() {
    let (urls, results) = (json!(["https://a"]), json!([{"title": "t", "url": "https://a"}]));
    let with = |more: Value| {
        let mut last = chunk(json!({"content": "Hi"}), "stop".into());
        last.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read("custom", &sse(&[last])).unwrap().first().citations.clone().unwrap()
    };
    assert_eq!(with(json!({"search_results": results})), results);
    assert_eq!(with(json!({"search_results": results, "citations": urls})), results);
    assert_eq!(with(json!({"search_results": [], "citations": urls})), urls);
}

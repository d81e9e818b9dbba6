//! What gateways to several vendors make of their answers, in OpenAI's form.

use serde_json::{Value, json};

use mynah::error::Status;
use mynah::llm::response::FinishReason;

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

/// A stream of deltas that ends for this reason.
fn streamed(deltas: &[Value], reason: &str) -> Response {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let chunk = |delta: &Value, reason: Value| {
        json!({"id": "c", "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let mut events: Vec<_> = deltas.iter().map(|delta| chunk(delta, Value::Null)).collect();
    events.push(chunk(&json!({}), reason.into()));
    stream(dialect, &context, &sse(&events)).unwrap().1
}

fn plain(choices: &Value) -> Response {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let answer = json!({"id": "c", "model": "m", "choices": choices}).to_string();
    dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap()
}

/// The answer as its host has it back.
fn back(response: &Response) -> Value {
    let said = response.first().message.value().into_owned();
    let next = request(json!({"messages": [{"role": "user", "content": "Hi"}, said,
        {"role": "user", "content": "And?"}]}));
    body(&client("custom", "m"), &next)["messages"][1].clone()
}

fn call(id: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}})
}

#[test]
fn claudes_thinking_goes_back_through_litellm_in_the_blocks_that_it_was() {
    let piece = |text: &str, signature: &str| json!({"type": "thinking", "thinking": text, "signature": signature});
    let thought = |text: &str, signature: &str| json!({"reasoning_content": text, "thinking_blocks": [piece(text, signature)]});
    let sealed = json!({"type": "redacted_thinking", "data": "X"});
    let with_sealed = json!({"thinking_blocks": [sealed]});
    let whole = json!([piece("One. Two.", "S"), sealed, piece("Three.", "T")]);
    let in_pieces = [
        thought("One.", ""),
        thought(" Two.", ""),
        thought("", "S"),
        with_sealed.clone(),
        thought("Three.", ""),
        thought("", "T"),
        json!({"content": "Hi"}),
    ];
    // Newer versions say all of a block again with its signature.
    let again = [
        thought("One.", ""),
        thought(" Two.", ""),
        json!({"thinking_blocks": [piece("One. Two.", "S")]}),
        with_sealed,
        thought("Three.", ""),
        json!({"thinking_blocks": [piece("Three.", "T")]}),
        json!({"content": "Hi"}),
    ];
    for deltas in [&in_pieces[..], &again] {
        let response = streamed(deltas, "stop");
        assert_eq!(response.first().reasoning.as_deref(), Some("One. Two.Three."));
        assert_eq!(back(&response)["thinking_blocks"], whole);
    }
    let unsigned = [thought("One.", ""), thought(" Two.", "")];
    let unsigned = back(&streamed(&unsigned, "stop"));
    assert_eq!(unsigned["thinking_blocks"], json!([piece("One. Two.", "")]));
    let message = json!({"role": "assistant", "content": "Hi", "thinking_blocks": whole});
    let response = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    assert_eq!(back(&response)["thinking_blocks"], whole);
}

#[test]
fn what_litellm_numbers_below_0_after_a_thought_is_no_call() {
    let call = |index: i32, more: Value| {
        let mut call = json!({"index": index, "type": "function", "function": {"arguments": "{}"}});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"tool_calls": [call]})
    };
    let thought = json!({"reasoning_content": "Two?"});
    let nobodys = call(-1, json!({}));
    let response = streamed(&[thought.clone(), nobodys, json!({"content": "2"})], "stop");
    assert_eq!(response.first().reasoning.as_deref(), Some("Two?"));
    assert_eq!((response.text(), response.first().tool_calls.len()), ("2", 0));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
    // Whoever names it means it.
    let named = call(-1, json!({"id": "a", "function": {"name": "f", "arguments": ""}}));
    let response = streamed(&[thought, named, call(-1, json!({}))], "tool_calls");
    let calls = &response.first().tool_calls;
    assert_eq!((calls.len(), &*calls[0].name, &*calls[0].arguments), (1, "f", "{}"));
}

#[test]
fn thinking_under_githubs_name_is_thinking_and_goes_back_under_it() {
    let deltas = [
        json!({"role": "assistant", "reasoning_text": "Let me"}),
        json!({"reasoning_text": " see.", "reasoning_opaque": "AB"}),
        json!({"content": "Hi"}),
    ];
    let message = json!({"role": "assistant", "content": "Hi", "reasoning_text": "Let me see.",
        "reasoning_opaque": "AB"});
    let whole = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    for response in [streamed(&deltas, "stop"), whole] {
        assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
        assert_eq!(back(&response), message);
    }
    let twice = json!({"reasoning_content": "Hm.", "reasoning_text": "Hm."});
    assert_eq!(streamed(&[twice], "stop").first().reasoning.as_deref(), Some("Hm."));
}

#[test]
fn a_thought_that_envoy_streams_with_its_signature_is_told_and_goes_back_with_it() {
    let thought = |name: &str, text: &str| json!({"reasoning_content": {name: text}});
    let said = json!({"content": "Hi"});
    let deltas = [thought("text", "Let me"), thought("text", " see."), thought("signature", "S")];
    let response = streamed(&[deltas.as_slice(), &[said]].concat(), "stop");
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
    let whole = json!({"text": "Let me see.", "signature": "S"});
    assert_eq!(back(&response)["reasoning_content"], whole);
    let whole = json!({"reasoningContent": {"reasoningText": whole}});
    let message = json!({"role": "assistant", "content": "Hi", "reasoning_content": whole});
    let response = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
    assert_eq!(back(&response), message);
}

#[test]
fn a_text_and_its_calls_in_one_choice_each_are_one_answer() {
    let choice = |more: Value, message: Value| {
        let mut choice = json!({"finish_reason": "tool_calls", "message": message});
        choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        choice
    };
    for index in [json!({}), json!({"index": 0})] {
        let text = choice(index.clone(), json!({"role": "assistant", "content": "Let me look."}));
        let calls = |id: &str| {
            choice(index.clone(), json!({"role": "assistant", "tool_calls": [call(id)]}))
        };
        let response = plain(&json!([text, calls("a"), calls("b")]));
        assert_eq!(response.choices.len(), 1);
        let answer = response.first();
        assert_eq!(answer.text, "Let me look.");
        let ids: Vec<_> = answer.tool_calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!((ids, answer.finish_reason), (vec!["a", "b"], Some(FinishReason::ToolCalls)));
        // Where each has calls of its own, each is an answer.
        assert_eq!(plain(&json!([calls("a"), calls("b")])).choices.len(), 2);
        assert_eq!(plain(&json!([text, text])).choices.len(), 2, "as it is where none calls");
    }
}

#[test]
fn a_text_that_the_host_has_read_as_json_is_a_text() {
    let message = json!({"role": "assistant", "content": {"name": "Bo", "age": 30}});
    let response = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    assert_eq!(response.first().text, r#"{"name":"Bo","age":30}"#);
    assert_eq!(back(&response)["content"], response.first().text);

    let pieces = [json!("It is $0."), json!(5), json!(", see ["), json!(1), json!("]")];
    let response = streamed(&pieces.map(|piece| json!({"content": piece})), "stop");
    assert_eq!(response.first().text, "It is $0.5, see [1]");
    assert_eq!(back(&response), json!({"role": "assistant", "content": "It is $0.5, see [1]"}));

    let message = json!({"role": "assistant", "content": [{"name": "Bo"}, "Al"]});
    let response = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    assert_eq!(back(&response)["content"], r#"[{"name":"Bo"},"Al"]"#);
    let pieces = [json!("See a"), json!([0]), json!([{"type": "text", "text": "."}])];
    let response = streamed(&pieces.map(|piece| json!({"content": piece})), "stop");
    assert_eq!(response.text(), "See a[0].");
}

#[test]
fn cloudflare_gets_an_empty_text_with_calls() {
    let url = "https://api.cloudflare.com/client/v4/accounts/a/ai/v1";
    let cloudflare = options(&[("provider", "custom"), ("base_url", url), ("model", "m")]);
    let answer = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": null, "tool_calls": [call("a")]}}]});
    let (dialect, context) = reader(&cloudflare, &asked());
    let response = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let own = response.first().message.value().into_owned();
    let theirs = json!({"role": "assistant", "content": null, "tool_calls": [call("a")]});
    let result = json!({"role": "tool", "tool_call_id": "a", "content": "1"});
    for asking in [own, theirs] {
        let next =
            request(json!({"messages": [{"role": "user", "content": "Hi"}, asking, result]}));
        assert_eq!(body(&cloudflare, &next)["messages"][1]["content"], "");
        assert_eq!(body(&client("custom", "m"), &next)["messages"][1]["content"], Value::Null);
    }
}

#[test]
fn thoughts_of_one_number_go_back_as_those_that_they_were() {
    let detail = |kind: &str, more: Value| {
        let mut detail = json!({"type": kind, "index": 0});
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        detail
    };
    let summary =
        |text: &str, id: &str| detail("reasoning.summary", json!({"summary": text, "id": id}));
    let sealed = |data: &str| detail("reasoning.encrypted", json!({"data": data}));
    let text = |text: &str, signature: &str| {
        detail("reasoning.text", json!({"text": text, "signature": signature}))
    };
    let pieces = [
        summary("One.", "a"),
        summary(" Two.", "a"),
        sealed("A"),
        summary("Three.", "b"),
        sealed("B"),
        sealed("B"),
        text("Four.", ""),
        text("", "S"),
        text("Five.", ""),
        text("", "T"),
    ];
    let whole = [
        summary("One. Two.", "a"),
        sealed("A"),
        summary("Three.", "b"),
        sealed("B"),
        text("Four.", "S"),
        text("Five.", "T"),
    ];
    let deltas: Vec<_> = pieces.iter().map(|one| json!({"reasoning_details": [one]})).collect();
    let message = json!({"content": "Hi", "reasoning_details": whole});
    let answers = [
        streamed(&deltas, "stop"),
        plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}])),
    ];
    for answer in answers {
        assert_eq!(back(&answer)["reasoning_details"], json!(whole));
    }
}

#[test]
fn what_gemini_thought_is_generated_where_the_total_leaves_it_out() {
    let (dialect, context) = reader(&client("custom", "google/gemini-3.8-flash"), &asked());
    let answer = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"content": "Hi"}}], "usage": {"prompt_tokens": 28, "completion_tokens": 9,
        "total_tokens": 37, "completion_tokens_details": {"reasoning_tokens": 39}}});
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let usage = answer.usage.unwrap();
    assert_eq!((usage.output_tokens, usage.reasoning_tokens), (Some(48), Some(39)));
    assert_eq!(usage.total_tokens, Some(76));
}

#[test]
fn claudes_blocks_go_back_through_portkey_as_they_were_said() {
    let piece =
        |index: u64, delta: Value| json!({"content_blocks": [{"index": index, "delta": delta}]});
    let mut said = piece(1, json!({"text": "Hi"}));
    said["content"] = "Hi".into();
    let deltas = [
        piece(0, json!({"thinking": "", "signature": ""})),
        piece(0, json!({"thinking": "Let me"})),
        piece(0, json!({"thinking": " see."})),
        piece(0, json!({"signature": "S"})),
        piece(1, json!({"text": ""})),
        said,
        piece(2, json!({"data": "X"})),
    ];
    let whole = json!([{"type": "thinking", "thinking": "Let me see.", "signature": "S"},
        {"type": "text", "text": "Hi"}, {"type": "redacted_thinking", "data": "X"}]);
    let message = json!({"role": "assistant", "content": "Hi", "content_blocks": whole});
    let plain = plain(&json!([{"index": 0, "message": message, "finish_reason": "end_turn"}]));
    for response in [streamed(&deltas, "end_turn"), plain] {
        assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
        assert_eq!(response.text(), "Hi");
        assert_eq!(back(&response), message);
    }
}

#[test]
fn thoughts_that_tensorzero_has_beside_the_message_are_told_and_go_back_whole() {
    let name = "tensorzero_extra_content_experimental";
    let piece = |index: u64, more: Value| {
        let mut piece = json!({"type": "thought", "insert_index": index, "id": "0"});
        piece.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({name: [piece]})
    };
    let deltas = [
        piece(0, json!({"text": "Let me"})),
        piece(0, json!({"text": " see."})),
        piece(0, json!({"text": null, "signature": "S"})),
        json!({"content": "Hi"}),
        piece(2, json!({"text": "Well."})),
    ];
    let response = streamed(&deltas, "stop");
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see.Well."));
    let whole = json!([
        {"type": "thought", "insert_index": 0, "id": "0", "text": "Let me see.", "signature": "S"},
        {"type": "thought", "insert_index": 2, "id": "0", "text": "Well."}]);
    let message = json!({"role": "assistant", "content": "Hi", name: whole});
    assert_eq!(back(&response), message);
    let response = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see.Well."));
    assert_eq!(back(&response), message);
}

#[test]
fn input_from_the_cache_that_only_the_total_counts_is_input() {
    let input = |usage: Value| {
        let (dialect, context) = reader(&client("custom", "m"), &asked());
        let answer = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"content": "Hi"}}], "usage": usage})
        .to_string();
        let answer = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
        answer.usage.unwrap().input_tokens
    };
    let usage = |total: u64, reasoning: Value| {
        json!({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": total,
            "cache_read_input_tokens": 20, "cache_creation_input_tokens": 10,
            "completion_tokens_details": {"reasoning_tokens": reasoning}})
    };
    assert_eq!(input(usage(135, Value::Null)), Some(130));
    assert_eq!(input(usage(105, Value::Null)), Some(100));
    assert_eq!(input(usage(135, 30.into())), Some(100), "the total counts the thinking");
}

#[test]
fn what_gemini_signs_a_call_with_goes_back_beside_the_name_where_gateways_have_it() {
    let sealed = |name: &str, seal: Value| {
        let mut one = call("a");
        one["function"][name] = seal;
        one
    };
    let fields = json!({"thought_signature": "S"});
    for one in [sealed("thought_signature", "S".into()), sealed("provider_specific_fields", fields)]
    {
        let mut begun = one.clone();
        begun["index"] = 0.into();
        begun["function"]["arguments"] = "{".into();
        let rest = json!({"index": 0, "function": {"arguments": "}"}});
        let deltas = [json!({"tool_calls": [begun]}), json!({"tool_calls": [rest]})];
        let message = json!({"role": "assistant", "content": null, "tool_calls": [one]});
        let whole = plain(&json!([{"index": 0, "message": message, "finish_reason": "stop"}]));
        for response in [streamed(&deltas, "tool_calls"), whole] {
            assert_eq!(back(&response)["tool_calls"], json!([one]));
        }
    }
}

#[test]
fn an_answer_that_is_streamed_unasked_is_what_the_stream_comes_to() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client("custom", "m"), &asked);
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c", "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let events = [
        chunk(json!({"content": "Hel"}), Value::Null),
        chunk(json!({"content": "lo"}), "stop".into()),
        json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
    ];
    let read = |body: &str| {
        let headers = [("x-request-id", "r"), ("x-litellm-response-cost", "0.5")];
        dialect.reply(&context, &head(200, &headers), body.as_bytes())
    };
    let body = format!(": wait\n\n{}data: [DONE]\n\n", sse(&events));
    let response = read(&body).unwrap();
    assert_eq!((response.text(), response.id.as_deref()), ("Hello", Some("c")));
    assert_eq!(response.usage.as_ref().unwrap().output_tokens, Some(2));
    assert_eq!(response.request_id.as_deref(), Some("r"));
    assert_eq!(response.stated_cost_usd, Some(0.5));
    assert_eq!(response.raw.as_deref(), Some(&*body));
    let cut = read(&sse(&events[..1])).unwrap_err();
    assert_eq!(cut.status(), Status::Truncated);
    let failed = json!({"error": {"message": "Slow down", "code": 429}});
    assert_eq!(read(&sse(&[failed])).unwrap_err().status(), Status::RateLimited);
    assert_eq!(read("data of no kind").unwrap_err().status(), Status::Protocol);
}

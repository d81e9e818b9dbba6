//! Gemini's answers: what they rest on, and what of them goes back.

use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

/// The answer, plain and streamed.
fn read(events: &[Value]) -> Response {
    let (dialect, context) = reader(&client("gemini", "m"), &asked());
    stream(dialect, &context, &sse(events)).unwrap().1
}

fn plain(answer: &Value) -> Response {
    let (dialect, context) = reader(&client("gemini", "m"), &asked());
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

#[test]
fn what_an_answer_rests_on_is_kept_however_it_is_spread() {
    let event = |grounds: Value, reason: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": reason,
            "groundingMetadata": grounds}]})
    };
    let (stop, none) = (json!("STOP"), Value::Null);
    let queries = json!({"webSearchQueries": ["q"]});
    let chunks = json!({"groundingChunks": [{"web": {"uri": "u"}}]});
    let both = json!({"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "u"}}]});
    let cases = [
        (vec![event(json!({}), none.clone()), event(both.clone(), stop.clone())], Some(&both)),
        (vec![event(both.clone(), none.clone()), event(json!({}), stop.clone())], Some(&both)),
        (vec![event(queries, none), event(chunks, stop.clone())], Some(&both)),
        (vec![event(json!({}), stop.clone())], None),
    ];
    for (events, cited) in cases {
        assert_eq!(read(&events).first().citations.as_ref(), cited, "{events:?}");
    }
    assert_eq!(plain(&event(json!({}), stop)).first().citations, None);
}

#[test]
fn thoughts_that_the_answers_tokens_hold_are_not_counted_twice() {
    let output = |answer: u64, total: u64| {
        let usage = json!({"promptTokenCount": 90, "toolUsePromptTokenCount": 10,
            "candidatesTokenCount": answer, "thoughtsTokenCount": 50, "totalTokenCount": total});
        let parts = json!([{"text": "4"}]);
        let answer = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": usage});
        plain(&answer).usage.unwrap().output_tokens
    };
    assert_eq!(output(150, 250), Some(150));
    assert_eq!(output(150, 300), Some(200));
    assert_eq!(output(20, 120), Some(70));
}

#[test]
fn pieces_in_a_list_within_an_event_are_read_as_those_alone_are() {
    let piece = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]});
    let end = json!({"candidates": [{"finishReason": "STOP"}]});
    let response = read(&[json!([piece("Hel"), piece("lo")]), json!([end])]);
    assert_eq!(response.text(), "Hello");
    assert_eq!(response, read(&[piece("Hel"), piece("lo"), end]));
}

#[test]
fn an_empty_text_goes_back_only_if_it_is_signed() {
    let event = |part: Value, reason: Value| json!({"candidates": [{"content": {"parts": [part]}, "finishReason": reason}]});
    let call = json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"});
    let signed = json!({"text": "", "thoughtSignature": "ZW5k"});
    for (last, parts) in [
        (json!({"text": ""}), json!([call])),
        (json!({"text": "", "thought": true}), json!([call])),
        (json!({}), json!([call])),
        (json!({"thought": true}), json!([call])),
        (signed.clone(), json!([call, signed])),
    ] {
        let response = read(&[event(call.clone(), Value::Null), event(last, "STOP".into())]);
        assert_eq!(response.first().message.value()["mynah"]["blocks"], parts);
    }
}

#[test]
fn a_prompt_is_blocked_whatever_is_said_of_why() {
    for (feedback, word, why) in [
        (json!({"blockReasonMessage": "why"}), None, Some("why")),
        (json!({"blockReason": "NEW", "blockReasonMessage": "why"}), Some("NEW"), Some("why")),
        (json!({"blockReason": 0, "blockReasonMessage": "why"}), Some("0"), Some("why")),
        (
            json!({"blockReason": "BLOCK_REASON_UNSPECIFIED"}),
            Some("BLOCK_REASON_UNSPECIFIED"),
            None,
        ),
    ] {
        let blocked = json!({"promptFeedback": feedback});
        for response in [plain(&blocked), read(std::slice::from_ref(&blocked))] {
            let first = response.first();
            assert_eq!(first.finish_reason, Some(FinishReason::ContentFilter), "{feedback}");
            assert_eq!(first.provider_finish_reason.as_deref(), word);
            assert_eq!(first.finish_detail.as_deref(), why);
        }
    }
    let rated = json!({"promptFeedback": {"safetyRatings": []}});
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "So."}]},
        "finishReason": "STOP"}]});
    let response = read(&[rated, answer]);
    assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
}

#[test]
fn an_answer_without_a_candidate_is_no_turn_of_the_next_request() {
    let bill = json!({"promptTokenCount": 9, "totalTokenCount": 9});
    let blocked =
        json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": bill});
    let nothing = json!({"candidates": [], "usageMetadata": bill});
    let empty = json!({"candidates": [{"content": {"parts": [{}]}, "finishReason": "STOP"}]});
    let streamed = [&blocked, &empty].map(|answer| read(std::slice::from_ref(answer)));
    for response in [plain(&blocked), plain(&nothing), plain(&empty)].into_iter().chain(streamed) {
        let mut request = asked();
        let message = response.first().message.value().to_string();
        request.add_message_json(&message).unwrap();
        request.add_message("user", "Well?").unwrap();
        let sent = body(&client("gemini", "m"), &request);
        assert_eq!(
            sent["contents"],
            json!([{"role": "user", "parts": [{"text": "Hi"}, {"text": "Well?"}]}])
        );
    }
}

#[test]
fn the_chances_of_all_pieces_tokens_are_told() {
    let chances = |tokens: &[&str]| {
        let one = |token: &&str| json!({"token": token, "logProbability": -0.5});
        let chosen: Vec<Value> = tokens.iter().map(one).collect();
        let top: Vec<Value> = chosen.iter().map(|one| json!({"candidates": [one]})).collect();
        json!({"chosenCandidates": chosen, "topCandidates": top,
            "logProbabilitySum": -0.5 * tokens.len() as f64})
    };
    let event = |tokens: &[&str], reason: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": tokens.concat()}]},
            "finishReason": reason, "logprobsResult": chances(tokens)}]})
    };
    let streamed = read(&[
        event(&["Hi"], Value::Null),
        event(&[" you", "!"], Value::Null),
        json!({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]}),
    ]);
    assert_eq!(streamed.first().logprobs, Some(chances(&["Hi", " you", "!"])));
    let plain = plain(&event(&["Hi", " you", "!"], "STOP".into()));
    assert_eq!(plain.first().logprobs, streamed.first().logprobs);
}

#[test]
fn what_was_quoted_and_fetched_is_cited_beside_what_was_searched() {
    let quoted = json!({"citationSources": [{"startIndex": 0, "uri": "c"}]});
    let fetched = json!({"urlMetadata": [{"retrievedUrl": "x"}]});
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "a"}]},
        "finishReason": "STOP", "groundingMetadata": {"webSearchQueries": ["q"]},
        "citationMetadata": quoted, "urlContextMetadata": fetched}]});
    let all = json!({"webSearchQueries": ["q"], "citationSources": quoted["citationSources"],
        "urlMetadata": fetched["urlMetadata"]});
    assert_eq!(plain(&answer).first().citations.as_ref(), Some(&all));
    assert_eq!(read(&[answer]).first().citations.as_ref(), Some(&all));
}

#[test]
fn a_call_that_is_open_goes_on_in_pieces_that_repeat_its_name_and_id() {
    let piece = |call: Value, reason: Value| json!({"candidates": [{"content": {"parts": [{"functionCall": call}]}, "finishReason": reason}]});
    let text = |text: &str| json!([{"jsonPath": "$.x", "stringValue": text}]);
    let begun = json!({"name": "f", "id": "1", "willContinue": true});
    let more = json!({"id": "1", "partialArgs": text("he"), "willContinue": true});
    let last = json!({"name": "f", "id": "1", "partialArgs": text("llo")});
    let another = json!({"name": "f", "id": "1", "args": {"x": "again"}});
    let response = read(&[
        piece(begun, Value::Null),
        piece(more, Value::Null),
        piece(last, Value::Null),
        // As a whole, after its pieces.
        piece(json!({"name": "f", "id": "1", "args": {"x": "hello"}}), Value::Null),
        piece(another, "STOP".into()),
    ]);
    let calls: Vec<_> = response.first().tool_calls.iter().map(|c| c.arguments.as_str()).collect();
    assert_eq!(calls, [r#"{"x":"hello"}"#, r#"{"x":"again"}"#]);
}

/// A piece of an answer with a call in it, and why the answer ended.
fn called(call: &Value, reason: Value) -> Value {
    json!({"candidates": [{"content": {"parts": [{"functionCall": call}]},
        "finishReason": reason}]})
}

#[test]
fn a_call_goes_on_as_long_as_one_of_its_arguments_does() {
    let part = |more: Value| {
        let mut part = json!({"jsonPath": "$.a", "stringValue": "one"});
        part.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        part
    };
    let begun = json!({"name": "f", "partialArgs": [part(json!({"willContinue": true}))]});
    let rest = json!({"partialArgs": [part(json!({"stringValue": " two"}))]});
    let again = json!({"name": "g", "partialArgs": [part(json!({}))]});
    let response = read(&[
        called(&begun, Value::Null),
        called(&rest, Value::Null),
        called(&again, "STOP".into()),
    ]);
    let calls: Vec<_> = response.first().tool_calls.iter().map(|c| c.arguments.as_str()).collect();
    assert_eq!(calls, [r#"{"a":"one two"}"#, r#"{"a":"one"}"#]);
    // What the call itself says counts more.
    let mut ended = begun;
    ended["willContinue"] = false.into();
    let response = read(&[called(&ended, Value::Null), called(&rest, "STOP".into())]);
    assert_eq!(response.first().tool_calls[0].arguments, r#"{"a":"one"}"#);
}

#[test]
fn arguments_that_come_after_their_call_are_its_own() {
    let part = |call: Value| json!({"functionCall": call});
    let given = json!({"args": {"path": "/a"}});
    let unnamed = json!({"name": "", "args": {"path": "/a"}});
    let begun = |name: &str| [json!({"name": name}), json!({"name": name, "args": {}})];
    for (begun, given) in begun("f").into_iter().zip([&given, &unnamed]) {
        let next = json!({"name": "g", "args": {}});
        let parts = [&begun, given, &next, given, &next].map(|call| part(call.clone()));
        let all = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
        let pieces = parts.map(|part| json!({"candidates": [{"content": {"parts": [part]}}]}));
        let end = json!({"candidates": [{"finishReason": "STOP"}]});
        let streamed = read(&[&pieces[..], &[end]].concat());
        for response in [plain(&all), streamed] {
            let calls = &response.first().tool_calls;
            let calls: Vec<_> = calls.iter().map(|c| (&c.name[..], &c.arguments[..])).collect();
            let given = r#"{"path":"/a"}"#;
            assert_eq!(calls, [("f", given), ("g", given), ("g", "{}")]);
            let blocks = &response.first().message.value()["mynah"]["blocks"];
            assert_eq!(blocks[0]["functionCall"]["args"]["path"], "/a");
            assert_eq!(blocks[2]["functionCall"]["args"], json!({}));
        }
    }
}

#[test]
fn arguments_that_come_as_a_text_are_the_object_that_it_holds() {
    let text = json!({"name": "f", "args": "{\"n\": 12345678901234567890123}"});
    let response = plain(&called(&text, "STOP".into()));
    assert_eq!(response.first().tool_calls[0].arguments, r#"{"n": 12345678901234567890123}"#);
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert!(blocks[0]["functionCall"]["args"].is_object(), "{blocks}");
    for no_object in [json!("word"), json!(""), Value::Null] {
        let call = json!({"name": "f", "args": no_object});
        let response = plain(&called(&call, "STOP".into()));
        assert_eq!(response.first().tool_calls[0].arguments, "{}", "{no_object}");
    }
}

#[test]
fn a_format_of_json_is_refused_where_the_model_does_not_take_it_beside_tools() {
    let function = json!({"type": "function", "function": {"name": "f"}});
    let search = json!({"googleSearch": {}});
    let asked = |tool: &Value, choice: &str| {
        request(json!({"messages": [{"role": "user", "content": "Hi"}], "tools": [tool],
            "tool_choice": choice, "response_format": {"type": "json_object"}}))
    };
    for (model, tool, choice, is_taken) in [
        ("gemini-2.5-flash", &function, "auto", false),
        ("gemini-2.5-pro", &search, "auto", false),
        // Where none is to be called, this one is not offered.
        ("gemini-2.5-pro", &search, "none", true),
        ("gemini-3.8-flash", &function, "auto", true),
        ("gemini-3.8-flash", &function, "required", false),
        ("gemini-3.8-flash", &search, "auto", true),
    ] {
        let (client, mut asked) = (client("gemini", model), asked(tool, choice));
        let words = prepare(&client, &asked, false).map_or_else(|e| e.to_string(), |_| "".into());
        assert_eq!(words.starts_with("response_format: "), !is_taken, "{model} {choice}: {words}");
        asked.set("unsupported", "drop").unwrap();
        let sent = body(&client, &asked);
        let mime = &sent["generationConfig"]["responseMimeType"];
        assert_eq!(mime.is_string(), is_taken, "{model} {choice}");
        fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    }
}

#[test]
fn what_the_system_says_stands_before_what_the_user_says_for_models_that_know_none() {
    let said = |after: Value| {
        let mut messages = vec![json!({"role": "system", "content": "Be brief."})];
        messages.extend(after.as_array().unwrap().clone());
        request(json!({"messages": messages}))
    };
    let user = json!({"role": "user", "content": "Hi"});
    let model = json!({"role": "assistant", "content": "Ho"});
    let gemma = client("gemini", "gemma-3-27b-it");
    let system = json!({"text": "Be brief.\n\n"});
    let prepared = prepare(&gemma, &said(json!([user])), false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    assert_eq!(sent["contents"][0]["parts"], json!([system, {"text": "Hi"}]));
    assert!(sent["systemInstruction"].is_null());
    assert!(prepared.adjusted[0].contains("the system's put before"), "{:?}", prepared.adjusted);
    let sent = body(&gemma, &said(json!([model, user])));
    assert_eq!(sent["contents"][0], json!({"role": "user", "parts": [system]}));
    assert_eq!(sent["contents"][1]["role"], "model");
    assert!(prepare(&gemma, &said(json!([])), false).is_err());
    let sent = body(&client("gemini", "gemma-4-31b-it"), &said(json!([user])));
    assert_eq!(sent["systemInstruction"]["parts"][0]["text"], "Be brief.");
}

#[test]
fn gemma_3_takes_neither_tools_nor_a_format_of_json() {
    for (field, value) in [
        ("tools", json!([{"type": "function", "function": {"name": "f"}}])),
        ("response_format", json!({"type": "json_object"})),
    ] {
        let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
        json[field] = value;
        let (gemma, mut asked) = (client("gemini", "models/gemma-3n-e4b-it"), request(json));
        let error = prepare(&gemma, &asked, false).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{field}: ")), "{error}");
        asked.set("unsupported", "drop").unwrap();
        let sent = body(&gemma, &asked);
        let said = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
        assert_eq!(sent, json!({"model": "models/gemma-3n-e4b-it", "contents": said}));
    }
}

#[test]
fn what_the_answer_may_consist_of_is_said_in_the_vendors_words() {
    let asked = |modalities: Value| {
        request(json!({"messages": [{"role": "user", "content": "Draw"}],
            "modalities": modalities}))
    };
    let gemini = client("gemini", "gemini-3-pro-image-preview");
    let sent = body(&gemini, &asked(json!(["text", "IMAGE"])));
    assert_eq!(sent["generationConfig"]["responseModalities"], json!(["TEXT", "IMAGE"]));
    fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    let error = prepare(&gemini, &asked(json!("text")), false).unwrap_err().to_string();
    assert!(error.starts_with("modalities: "), "{error}");
}

#[test]
fn a_signature_in_openais_form_goes_where_gemini_has_it() {
    let signed = |signature: &str| json!({"google": {"thought_signature": signature}});
    let call = |id: &str, extra: Value| {
        json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"},
            "extra_content": extra})
    };
    let asked = |said: Value, more: Value| {
        let mut said = said;
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request(json!({"messages": [{"role": "user", "content": "Hi"}, said,
            {"role": "user", "content": "And?"}]}))
    };
    let gemini = client("gemini", "gemini-3.8-flash");
    let sent = |request: &Request| {
        let parts = body(&gemini, request)["contents"][1]["parts"].clone();
        let parts = parts.as_array().unwrap().iter();
        parts.map(|part| part["thoughtSignature"].clone()).collect::<Vec<_>>()
    };
    let calls = json!({"role": "assistant", "content": "Look",
        "tool_calls": [call("a", signed("QQ==")), call("b", Value::Null)]});
    assert_eq!(sent(&asked(calls.clone(), json!({}))), [json!(null), json!("QQ=="), json!(null)]);
    let text = json!({"role": "assistant", "content": "Look", "extra_content": signed("Qg==")});
    assert_eq!(sent(&asked(text, json!({}))), [json!("Qg==")]);
    // Of another provider's answer it is nobody else's.
    let foreign = json!({"mynah": {"provider": "custom", "model": "m", "blocks": []}});
    let skipped = json!("skip_thought_signature_validator");
    assert_eq!(sent(&asked(calls, foreign)), [json!(null), skipped, json!(null)]);
}

#[test]
fn a_call_that_comes_again_is_looked_for_among_the_calls() {
    const MANY: usize = 20_000;
    let part = |part: Value| json!({"candidates": [{"content": {"parts": [part]}}]});
    let call = json!({"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}});
    let signed = |n: usize| part(json!({"text": "a", "thoughtSignature": n.to_string()}));
    let mut events: Vec<_> = (0..MANY).map(signed).collect();
    events.extend(vec![part(call); MANY]);
    events.push(json!({"candidates": [{"finishReason": "STOP"}]}));
    let (dialect, context) = reader(&client("gemini", "m"), &asked());
    let answer = soon(dialect, &context, &sse(&events));
    assert_eq!((answer.text().len(), answer.first().tool_calls.len()), (MANY, 1));
}

#[test]
fn newer_models_go_on_from_no_turn_of_their_own() {
    let user = |text: &str| json!({"role": "user", "content": text});
    let said = json!({"role": "assistant", "content": "So"});
    let asked = |last: &str| request(json!({"messages": [user("Hi"), said.clone(), user(last)]}));
    for model in ["gemini-3.5-flash-lite", "gemini-3.6-flash", "gemini-3.8-flash", "gemini-4"] {
        let model = client("gemini", model);
        let refused = prepare(&model, &asked(""), false).unwrap_err().to_string();
        assert!(refused.contains("does not go on from"), "{refused}");
        let mut dropped = asked("");
        dropped.set("unsupported", "drop").unwrap();
        let hi = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
        assert_eq!(body(&model, &dropped)["contents"], hi);
        assert_eq!(body(&model, &asked("And?"))["contents"][1]["role"], "model");
    }
    for model in ["gemini-2.5-pro", "gemini-3-flash-preview", "gemini-3.5-flash", "tuned"] {
        let sent = body(&client("gemini", model), &asked(""));
        assert_eq!(sent["contents"][1]["role"], "model", "{model}");
    }
}

#[test]
fn beside_what_lies_with_the_vendor_it_takes_no_system_and_no_tools() {
    let cached = |more: Value| {
        let mut json = json!({"messages": [{"role": "user", "content": "Hi"}],
            "cached_content": "cachedContents/1"});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request(json)
    };
    let set = [("provider", "gemini"), ("model", "gemini-3.8-flash"), ("api_key", "k")];
    let dropping = options(&[&set[..], &[("unsupported", "drop")]].concat());
    let tools = json!([{"type": "function", "function": {"name": "f", "strict": true}}]);
    for (more, fields) in [
        (json!({"system_prompt": "Be brief."}), &["systemInstruction"][..]),
        (json!({"tools": tools}), &["tools", "toolConfig"]),
        (json!({}), &[]),
    ] {
        let refused = prepare(&options(&set), &cached(more.clone()), false).err();
        let refused = refused.map(|error| error.to_string());
        assert_eq!(refused.is_some(), !fields.is_empty(), "{refused:?}");
        let prepared = prepare(&dropping, &cached(more), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        let keys: Vec<_> = sent.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["model", "contents", "cachedContent"]);
        let noted = fields.iter().map(|field| {
            let why = "gemini gemini-3.8-flash takes it from the cachedContent alone";
            format!("{field}: left out: {why}")
        });
        assert_eq!(prepared.adjusted, noted.collect::<Vec<_>>());
    }
}

#[test]
fn a_result_names_one_call_where_other_hosts_count_their_calls_anew() {
    let call = |name: &str| json!({"id": "same", "type": "function", "function": {"name": name, "arguments": "{}"}});
    let result = |text: &str| json!({"role": "tool", "tool_call_id": "same", "content": text});
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [call("f"), call("g")]},
        result("1"), result("2"),
        {"role": "assistant", "content": null, "tool_calls": [call("f")]}, result("3")]}));
    let sent = body(&client("gemini", "gemini-3.8-flash"), &asked);
    let ids = |turn: usize, kind: &str| -> Vec<Value> {
        let parts = sent["contents"][turn]["parts"].as_array().unwrap();
        parts.iter().map(|part| part[kind]["id"].clone()).collect()
    };
    for (turn, expected) in [(1, &["same", "same_2"][..]), (3, &["same_3"])] {
        assert_eq!(ids(turn, "functionCall"), expected);
        assert_eq!(ids(turn + 1, "functionResponse"), expected);
    }
}

#[test]
fn gemini_4_keeps_no_content_that_a_request_names() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "cached_content": "cachedContents/x"}));
    let set = [("provider", "gemini"), ("model", "gemini-4-argon"), ("api_key", "k")];
    let error = prepare(&options(&set), &asked, false).unwrap_err().to_string();
    assert!(error.contains("cachedContent"), "{error}");
    let dropping = options(&[&set[..], &[("unsupported", "drop")]].concat());
    let prepared = prepare(&dropping, &asked, false).unwrap();
    assert!(!String::from_utf8_lossy(&prepared.http.body).contains("cachedContents/x"));
    assert_eq!(prepared.adjusted.len(), 1);
}

#[test]
fn an_answer_that_is_too_long_for_one_pauses_and_says_by_what_its_request_goes_on() {
    let parts = json!({"role": "model", "parts": [{"text": "half"}]});
    for (word, reason) in
        [("CONTINUATION", FinishReason::Pause), ("MAX_TOKENS", FinishReason::Length)]
    {
        let answer = json!({"candidates": [{"content": parts, "finishReason": word,
            "continuationToken": "TOK"}]});
        for response in [plain(&answer), read(std::slice::from_ref(&answer))] {
            assert_eq!(response.first().finish_reason, Some(reason));
            assert_eq!(response.first().message.value()["continuation_token"], "TOK");
        }
    }
    for name in ["continuation_token", "continuationToken"] {
        let mut asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
        asked[name] = "TOK".into();
        let sent = body(&client("gemini", "gemini-4-argon"), &request(asked));
        assert_eq!(sent["continuationToken"], "TOK");
    }
}

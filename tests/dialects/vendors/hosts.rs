//! What hosts and gateways say in OpenAI's form that it does not have: thoughts,
//! sources and costs.

use super::*;

#[test]
fn a_cost_that_a_host_estimates_is_stated() {
    let mut answer = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "estimated_cost": 2.5e-6});
    assert_eq!(plain("custom", &answer).stated_cost_usd, Some(2.5e-6));
    answer["usage"]["cost"] = json!(-0.5);
    assert_eq!(plain("custom", &answer).stated_cost_usd, Some(2.5e-6), "below 0 is no cost");
    answer["usage"]["estimated_cost"] = json!(-1);
    assert_eq!(plain("custom", &answer).stated_cost_usd, None);
}

#[test]
fn what_a_gateway_states_is_the_whole_cost() {
    let mut answer = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    let cost = |answer: &Value, headers: &[(&str, &str)]| {
        let (dialect, context) = context_of("custom");
        let body = answer.to_string();
        dialect.reply(&context, &head(200, headers), body.as_bytes()).unwrap().stated_cost_usd
    };
    // OpenRouter's fee, and what the vendor takes for a key of one's own.
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25,
        "is_byok": true, "cost_details": {"upstream_inference_cost": 5.0}});
    assert_eq!(cost(&answer, &[]), Some(5.25));
    answer["usage"]["is_byok"] = false.into();
    assert_eq!(cost(&answer, &[]), Some(0.25), "the same once more");
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "tensorzero_cost": 0.5});
    assert_eq!(cost(&answer, &[]), Some(0.5));
    for (currency, wanted) in [("USD", Some(0.5)), ("EUR", None)] {
        answer["usage"]["tensorzero_currency"] = currency.into();
        assert_eq!(cost(&answer, &[]), wanted, "{currency}");
    }
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1});
    for (stated, wanted) in [("0.125", Some(0.125)), ("0.0", None), ("None", None), ("-1", None)] {
        assert_eq!(cost(&answer, &[("x-litellm-response-cost", stated)]), wanted, "{stated}");
    }
}

#[test]
fn thoughts_that_google_flags_in_the_content_are_no_text() {
    let flagged = |text: &str| json!({"role": "assistant", "content": text, "extra_content": {"google": {"thought": true}}});
    let signed = json!({"content": "!", "extra_content": {"google": {"thought_signature": "s"}}});
    let events = [
        chunk(flagged("<thought>Let me "), Value::Null),
        chunk(flagged("see."), Value::Null),
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "</thought>Hi"}), Value::Null),
        chunk(signed, "stop".into()),
    ];
    let (_, streamed) = read("custom", &events).unwrap();
    let mut whole = flagged("<thought>Let me see.</thought>Hi!");
    whole["extra_content"]["google"]["thought_signature"] = "s".into();
    let choice = json!({"index": 0, "message": whole, "finish_reason": "stop"});
    for response in [streamed, plain("custom", &json!({"choices": [choice]}))] {
        assert_eq!(response.text(), "Hi!");
        assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
        let message = response.first().message.value();
        assert_eq!(message["extra_content"], json!({"google": {"thought_signature": "s"}}));
        assert_eq!(message["content"], "Hi!");
    }
}

#[test]
fn a_flagged_thought_between_texts_ends_where_they_go_on() {
    let said = |text: &str| chunk(json!({"role": "assistant", "content": text}), Value::Null);
    let thought = |text: &str| {
        let flag = json!({"google": {"thought": true}});
        let delta = json!({"role": "assistant", "content": text, "extra_content": flag});
        chunk(delta, Value::Null)
    };
    let last = chunk(json!({}), "stop".into());
    let events = [
        said("A <thought>"),
        said(" is "),
        thought("<thought>Hm."),
        said("</thought>so"),
        said(" marked</thought>"),
        last,
    ];
    let (told, response) = read("custom", &events).unwrap();
    assert_eq!(
        response.text(),
        "A <thought> is so marked</thought>",
        "only what is flagged is one"
    );
    assert_eq!(response.first().reasoning.as_deref(), Some("Hm."));
    let texts = told.iter().filter(|event| matches!(event.kind, EventKind::Text(_)));
    assert_eq!(texts.count(), 4);
}

#[test]
fn thoughts_under_copilots_name_are_thoughts_and_go_back_under_it() {
    let call = json!({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}});
    let events = [
        chunk(json!({"role": "assistant", "reasoning_text": "Let me "}), Value::Null),
        chunk(json!({"reasoning_text": "see."}), Value::Null),
        chunk(json!({"reasoning_opaque": "seal", "tool_calls": [call]}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
    let message = response.first().message.value();
    assert_eq!(message["reasoning_text"], "Let me see.");
    assert_eq!(message["reasoning_opaque"], "seal");
    let twice = json!({"role": "assistant", "content": "Hi", "reasoning_text": "Hm",
        "reasoning_content": "Hm"});
    let choice = json!({"index": 0, "message": twice, "finish_reason": "stop"});
    let response = plain("custom", &json!({"choices": [choice]}));
    assert_eq!(response.first().reasoning.as_deref(), Some("Hm"));
}

#[test]
fn what_gemini_thought_behind_openais_form_is_generated_as_its_total_tells() {
    let spent = |model: &str, usage: Value| {
        let message = json!({"role": "assistant", "content": "Hi"});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        let answer = json!({"model": model, "choices": [choice], "usage": usage});
        let usage = plain("custom", &answer).usage.unwrap();
        (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    };
    let stated = json!({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623});
    let google = spent("google/gemini-2.5-flash", stated.clone());
    assert_eq!(google, (Some(20), Some(603), Some(623)));
    assert_eq!(spent("another", stated), (Some(20), Some(198), Some(623)));
    let less = json!({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 0});
    assert_eq!(spent("gemini-2.5-flash", less).1, Some(198));
}

#[test]
fn what_zhipu_found_by_searching_are_the_sources() {
    let found = json!([{"title": "A", "link": "https://a.test", "refer": "ref_1"}]);
    let mut end = chunk(json!({"content": "Hi"}), "stop".into());
    end["web_search"] = found.clone();
    let (_, response) = read("custom", &[end]).unwrap();
    assert_eq!(response.to_json()["citations"], found);
}

#[test]
fn what_hunyuan_found_by_searching_are_the_sources() {
    let found = json!([{"index": 1, "title": "A", "url": "https://a.test"}]);
    let mut end = chunk(json!({"content": "Hi"}), "stop".into());
    end["search_info"] = json!({"search_results": found});
    let (_, response) = read("custom", &[end]).unwrap();
    assert_eq!(response.to_json()["citations"], found);
}

#[test]
fn what_perplexity_found_is_cited_whatever_its_api() {
    let found = json!([{"id": 1, "url": "https://a.test", "title": "A"}]);
    let search = json!({"type": "search_results", "queries": ["a"], "results": found});
    let text = json!({"type": "output_text", "text": "A. [1]", "annotations": []});
    let message = json!({"type": "message", "role": "assistant", "content": [text]});
    let whole = json!({"id": "r", "status": "completed", "output": [search, message]});
    let events = [
        json!({"type": "response.reasoning.search_results", "results": found}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": search}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "A. [1]"}),
        json!({"type": "response.completed", "response": whole}),
    ];
    let (_, streamed) = read("responses", &events).unwrap();
    for response in [streamed, plain("responses", &whole)] {
        assert_eq!(response.text(), "A. [1]");
        assert_eq!(response.first().citations, Some(found.clone()));
    }
}

#[test]
fn minimaxs_search_is_no_call_and_what_it_found_no_text() {
    let call = |name: &str| {
        json!([{"id": "s", "type": "web_search",
        "function": {"name": name, "arguments": "{}"}}])
    };
    let found = json!([{"no": 1, "url": "https://a.test"}]);
    let result = json!({"role": "tool", "tool_call_id": "s", "content": found.to_string()});
    let note = json!({"text": "[1]", "url": "https://a.test"});
    let said = json!([{"role": "user", "content": "What?"},
        {"role": "assistant", "content": "", "tool_calls": call("search")}, result,
        {"role": "assistant", "content": "Hello you", "annotations": [note]}]);
    let all = json!({"choices": [{"index": 0, "finish_reason": "tool_calls", "messages": said}]});
    let events = [
        chunk(json!({"role": "assistant", "tool_calls": call("plugin")}), "tool_calls".into()),
        chunk(result, "stop".into()),
        chunk(json!({"role": "assistant", "content": "Hello"}), Value::Null),
        chunk(json!({"role": "assistant", "content": " you"}), "stop".into()),
        all.clone(),
    ];
    let (_, streamed) = read("custom", &events).unwrap();
    for response in [streamed, plain("custom", &all)] {
        let said = response.first();
        assert_eq!((&*said.text, calls(&response)), ("Hello you", vec![]));
        assert_eq!(said.finish_reason, Some(FinishReason::Stop));
        assert_eq!(said.provider_finish_reason.as_deref(), Some("tool_calls"));
        assert_eq!(said.citations, Some(json!([found[0], note])));
    }
}

#[test]
fn tools_that_zhipu_runs_by_itself_are_no_calls() {
    let piece = |of: Value| {
        json!({"tool_calls": [{"id": "c", "index": 0,
        "type": "code_interpreter", "code_interpreter": of}]})
    };
    let mut ran = piece(json!({"outputs": [{"type": "logs", "logs": "1"}]}));
    ran["role"] = "tool".into();
    let mut said = piece(json!({"input": "print(1)"}));
    let events = [
        chunk(said.clone(), Value::Null),
        chunk(ran, Value::Null),
        chunk(json!({"content": "One"}), "stop".into()),
    ];
    let (told, streamed) = read("custom", &events).unwrap();
    assert_eq!(told.iter().filter(|e| matches!(e.kind, EventKind::Other(_))).count(), 2);
    said["content"] = "One".into();
    let answer = json!({"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]});
    for response in [streamed, plain("custom", &answer)] {
        assert_eq!((response.text(), calls(&response)), ("One", vec![]));
        assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
    }
}

#[test]
fn what_a_guardrail_of_bedrocks_says_in_the_models_place_is_filtered() {
    let guarded = |mut answer: Value, action: &str| {
        answer["amazon-bedrock-guardrailAction"] = action.into();
        answer
    };
    let text = json!([{"type": "text", "text": "Sorry."}]);
    for (action, reason) in
        [("INTERVENED", FinishReason::ContentFilter), ("NONE", FinishReason::Stop)]
    {
        let is_it = |response: &Response| {
            assert_eq!(response.text(), "Sorry.");
            assert_eq!(response.first().finish_reason, Some(reason));
        };
        let (_, streamed) = read(
            "custom",
            &[
                guarded(chunk(json!({"content": "Sorry."}), Value::Null), action),
                chunk(json!({}), "stop".into()),
            ],
        )
        .unwrap();
        is_it(&streamed);
        let message =
            json!({"index": 0, "message": {"content": "Sorry."}, "finish_reason": "stop"});
        is_it(&plain("custom", &guarded(json!({"choices": [message]}), action)));
        let begun = json!({"type": "message", "content": text, "stop_reason": null});
        let (_, streamed) = read(
            "anthropic",
            &[
                json!({"type": "message_start", "message": guarded(begun, action)}),
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
                json!({"type": "message_stop"}),
            ],
        )
        .unwrap();
        is_it(&streamed);
        let whole = json!({"type": "message", "content": text, "stop_reason": "end_turn"});
        is_it(&plain("anthropic", &guarded(whole, action)));
    }
}

#[test]
fn what_bedrock_filters_is_filtered_behind_a_gateway_too_in_any_spelling() {
    for word in ["guardrail_intervened", "content_filtered", "content-filter"] {
        let (_, response) = read("custom", &[chunk(json!({}), word.into())]).unwrap();
        assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
        assert_eq!(response.first().provider_finish_reason.as_deref(), Some(word));
    }
}

#[test]
fn an_end_that_openrouter_calls_a_stop_and_the_model_a_failure_is_none() {
    for (own, reason) in [
        ("network_error", FinishReason::Other),
        ("MALFORMED_FUNCTION_CALL", FinishReason::Other),
        ("end_turn", FinishReason::Stop),
    ] {
        let mut end = chunk(json!({"content": "Hi"}), "stop".into());
        end["choices"][0]["native_finish_reason"] = own.into();
        let (_, response) = read("custom", &[end]).unwrap();
        let word = if reason == FinishReason::Stop { "stop" } else { own };
        assert_eq!(response.first().finish_reason, Some(reason));
        assert_eq!(response.first().provider_finish_reason.as_deref(), Some(word));
    }
}

#[test]
fn a_summary_among_the_details_of_thinking_is_thinking() {
    let message = json!({"role": "assistant", "content": "4",
        "reasoning_details": [{"type": "reasoning.summary", "summary": "Two and two."}]});
    let answer = json!({"request_id": "r", "choices": [{"index": 0, "message": message,
        "finish_reason": "stop"}]});
    let response = plain("custom", &answer);
    assert_eq!(response.first().reasoning.as_deref(), Some("Two and two."));
    assert_eq!(response.request_id.as_deref(), Some("r"));
}

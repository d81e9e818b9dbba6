//! What answers state that their tokens' plain prices leave out.

use serde_json::{Value, json};

use crate::*;

fn with(mut json: Value, more: &Value) -> Value {
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json
}

/// Whether a plain answer of this client states something unpriced.
fn is_unpriced(client: &Resolved<ClientOptions>, answer: &Value) -> bool {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(client, &asked);
    let head = head(200, &[]);
    let response = dialect.reply(&context, &head, answer.to_string().as_bytes()).unwrap();
    response.has_unpriced
}

#[test]
fn a_claude_says_its_tier_speed_place_tools_and_other_runs_in_its_usage() {
    let client = client("anthropic", "claude-sonnet-5-5");
    let says = |more: Value| {
        let usage = with(json!({"input_tokens": 1, "output_tokens": 1}), &more);
        let answer = json!({"id": "m", "content": [{"type": "text", "text": "a"}],
            "stop_reason": "end_turn", "usage": usage});
        is_unpriced(&client, &answer)
    };
    for plain in [
        json!({}),
        json!({"service_tier": "standard", "speed": "standard", "inference_geo": "global"}),
        json!({"service_tier": null, "inference_geo": "not_available", "iterations": []}),
        json!({"iterations": [{"type": "message", "input_tokens": 1, "output_tokens": 1}]}),
        json!({"server_tool_use": {"web_search_requests": 3, "other_requests": 0}}),
        json!({"iterations": [{"type": "fallback_message", "input_tokens": 1, "output_tokens": 1}]}),
    ] {
        assert!(!says(plain.clone()), "{plain}");
    }
    for other in [
        json!({"service_tier": "batch"}),
        json!({"speed": "fast"}),
        json!({"inference_geo": "us"}),
        json!({"iterations": [{"type": "compaction", "input_tokens": 9, "output_tokens": 1}]}),
        json!({"iterations": [{"type": "fallback_message", "input_tokens": 1, "output_tokens": 9}]}),
        json!({"server_tool_use": {"other_requests": 1}}),
    ] {
        assert!(says(other.clone()), "{other}");
    }
}

#[test]
fn a_tier_of_other_prices_is_seen_in_both_of_openais_interfaces() {
    let responses = options(&[
        ("provider", "openai"),
        ("model", "gpt-6-sol"),
        ("api_key", "k"),
        ("openai_api", "responses"),
    ]);
    let chat = json!({"id": "c", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]});
    let items = json!({"id": "r", "status": "completed", "output": []});
    for (client, answer) in [(client("openai", "gpt-4o"), chat), (responses, items)] {
        for (tier, is_other) in
            [("default", false), ("auto", false), ("flex", true), ("priority", true)]
        {
            let answer = with(answer.clone(), &json!({"service_tier": tier}));
            assert_eq!(is_unpriced(&client, &answer), is_other, "{tier}");
        }
        assert!(!is_unpriced(&client, &answer));
    }
}

#[test]
fn a_tier_that_is_told_with_the_usage_is_one_too() {
    let says = |tier: &str| {
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "service_tier": tier});
        let choice = json!({"index": 0, "message": {"role": "assistant", "content": "a"},
            "finish_reason": "stop"});
        let answer = json!({"id": "c", "choices": [choice], "usage": usage});
        is_unpriced(&client("custom", "mistral-small-latest"), &answer)
    };
    assert!(says("priority") && !says("standard"));
}

#[test]
fn a_hosted_tools_work_is_seen_in_the_answer() {
    let responses = options(&[
        ("provider", "openai"),
        ("model", "gpt-6-sol"),
        ("api_key", "k"),
        ("openai_api", "responses"),
    ]);
    let of = |kind: &str| {
        let item = json!({"type": kind, "id": "i", "status": "completed"});
        is_unpriced(&responses, &json!({"id": "r", "status": "completed", "output": [item]}))
    };
    assert!(of("web_search_call") && of("code_interpreter_call"));
    assert!(!of("reasoning") && !of("mcp_call"));
    let gemini = client("gemini", "gemini-3.8-flash");
    let answer = |grounding: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP",
            "groundingMetadata": grounding}]})
    };
    let place = json!({"maps": {"uri": "https://maps.example", "title": "A", "placeId": "p"}});
    for fee in [
        json!({"webSearchQueries": ["q"]}),
        json!({"imageSearchQueries": ["q"], "webSearchQueries": []}),
        json!({"groundingChunks": [{"web": {"uri": "u"}}, place]}),
        json!({"googleMapsWidgetContextToken": "t"}),
    ] {
        assert!(is_unpriced(&gemini, &answer(fee.clone())), "{fee}");
    }
    for free in [
        json!({"webSearchQueries": [], "imageSearchQueries": []}),
        json!({"groundingChunks": [{"retrievedContext": {"uri": "u"}}]}),
    ] {
        assert!(!is_unpriced(&gemini, &answer(free.clone())), "{free}");
    }
}

#[test]
fn the_sources_of_a_search_of_xais_are_not_among_the_tokens() {
    let client = client("custom", "grok-4");
    let says = |more: Value| {
        let usage = with(json!({"prompt_tokens": 1, "completion_tokens": 1}), &more);
        let answer = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"content": "a"}}], "usage": usage});
        is_unpriced(&client, &answer)
    };
    assert!(says(json!({"num_sources_used": 5})));
    assert!(!says(json!({"num_sources_used": 0})));
}

#[test]
fn a_cost_that_stands_beside_the_usage_is_the_providers() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let custom = client("custom", "m");
    let said = json!({"id": "m", "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}});
    let chosen = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"content": "a"}}], "usage": {"prompt_tokens": 1, "estimated_cost": 0.25}});
    let dollars = json!({"amount": 0.5, "currency": "USD", "cost": 0.5});
    for (beside, cost) in [
        (json!({"cost": "0.00350000"}), Some(0.0035)),
        (json!({"cost": "0"}), Some(0.0)),
        (json!({"cost": 0.0035}), Some(0.0035)),
        (json!({"x_nanogpt_pricing": dollars}), Some(0.5)),
        (json!({"x_nanogpt_pricing": {"cost": 2, "currency": "XNO", "costUsd": 0.5}}), Some(0.5)),
        (json!({"x_nanogpt_pricing": {"cost": 2, "currency": "XNO"}}), None),
        (json!({"cost": "-1"}), None),
        (json!({"cost": "free"}), None),
    ] {
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let plain = |client, answer: &Value| {
            let (dialect, context) = reader(client, &asked);
            let answer = with(answer.clone(), &beside).to_string();
            dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap().stated_cost_usd
        };
        assert_eq!(plain(&claude, &said), cost, "{beside}");
        assert_eq!(plain(&custom, &chosen), cost.or(Some(0.25)), "{beside}");
        let (dialect, context) = reader(&custom, &asked);
        let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
        let told = with(json!({"choices": []}), &beside);
        let guess = json!({"choices": [], "x-opencode-type": "inference-cost", "cost": "7"});
        let (_, streamed) = stream(dialect, &context, &sse(&[end, told, guess])).unwrap();
        assert_eq!(streamed.stated_cost_usd, cost, "{beside}");
    }
}

#[test]
fn what_copilot_took_is_told_in_each_dialect() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let used = json!({"copilot_usage": {"token_details": [], "total_nano_aiu": 116_900_000u64}});
    let end = json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    let claudes = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 1}});
    let done = json!({"status": "completed", "usage": {"input_tokens": 1, "output_tokens": 1}});
    let completed = |event: &Value, response: &Value| {
        let response = with(done.clone(), response);
        with(json!({"type": "response.completed", "response": response}), event)
    };
    let (none, stop) = (json!({}), json!({"type": "message_stop"}));
    for (provider, last) in [
        ("deepseek", with(end, &used)),
        ("anthropic", with(claudes, &used)),
        ("responses", completed(&used, &none)),
        ("responses", completed(&none, &used)),
    ] {
        let client = any_request::client_of(provider, "gpt-6-sol");
        let (dialect, context) = reader(&client, &asked);
        let (_, told) = stream(dialect, &context, &sse(&[last.clone(), stop.clone()])).unwrap();
        let usd = told.stated_cost_usd.unwrap();
        assert!((usd - 0.001_169).abs() < 1e-12, "{usd}: {last}");
    }
    let answer = with(done, &with(json!({"output": [], "output_text": "a"}), &used)).to_string();
    let openai = any_request::client_of("responses", "gpt-6-sol");
    let (dialect, context) = reader(&openai, &asked);
    let plain = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
    assert!(plain.stated_cost_usd.is_some_and(|usd| (usd - 0.001_169).abs() < 1e-12));
}

#[test]
fn a_gateway_states_its_cost_in_each_form_of_an_answer() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let claude = client("anthropic", "claude-sonnet-5-5");
    let spent = json!({"input_tokens": 1, "output_tokens": 1, "cost": 0.25, "is_byok": true,
        "cost_details": {"upstream_inference_cost": 5.0}});
    let said = json!({"type": "message", "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}});
    let gemini = json!({"candidates": [{"content": {"parts": [{"text": "a"}]},
        "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}});
    let plain = |client: &Resolved<ClientOptions>, answer: &Value, headers: &[(&str, &str)]| {
        let (dialect, context) = reader(client, &asked);
        let body = answer.to_string();
        dialect.reply(&context, &head(200, headers), body.as_bytes()).unwrap().stated_cost_usd
    };
    let in_head = [("x-litellm-response-cost", "0.125")];
    assert_eq!(plain(&claude, &with(said.clone(), &json!({"usage": spent})), &in_head), Some(5.25));
    assert_eq!(plain(&claude, &said, &in_head), Some(0.125));
    assert_eq!(plain(&client("gemini", "gemini-3-pro"), &gemini, &in_head), Some(0.125));
    assert_eq!(plain(&claude, &with(said, &json!({"usage": {"cost_usd": 0.5}})), &[]), Some(0.5));
    let (dialect, context) = reader(&claude, &asked);
    let events = sse(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 1, "cost": 0}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": spent}),
        json!({"type": "message_stop"}),
    ]);
    let (_, streamed) = stream(dialect, &context, &events).unwrap();
    assert_eq!(streamed.stated_cost_usd, Some(5.25));
}

#[test]
fn the_traffic_that_vertex_names_is_a_tier() {
    let google = client("gemini", "gemini-3-pro");
    let custom = client("custom", "google/gemini-3-pro");
    for (traffic, is_other) in [
        ("ON_DEMAND", false),
        ("TRAFFIC_TYPE_UNSPECIFIED", false),
        ("ON_DEMAND_PRIORITY", true),
        ("ON_DEMAND_FLEX", true),
        ("PROVISIONED_THROUGHPUT", true),
    ] {
        let own = json!({"candidates": [{"content": {"parts": [{"text": "a"}]},
            "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 1, "trafficType": traffic}});
        let named = json!({"google": {"traffic_type": traffic}});
        let openais = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "extra_properties": named}});
        assert_eq!(is_unpriced(&google, &own), is_other, "{traffic}");
        assert_eq!(is_unpriced(&custom, &openais), is_other, "{traffic}");
    }
}

#[test]
fn the_cost_that_vercels_gateway_states_beside_what_is_said_is_the_costs() {
    let beside = json!({"gateway": {"cost": "0.0045405"}});
    let choice = |name: &str, finish: Value| {
        json!({"id": "c", "choices": [{"index": 0, "finish_reason": finish,
            name: {"role": "assistant", "content": "a", "provider_metadata": beside}}]})
    };
    let client = client("custom", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let plain = choice("message", "stop".into()).to_string();
    let plain = dialect.reply(&context, &head(200, &[]), plain.as_bytes()).unwrap();
    let events = [choice("delta", "stop".into())];
    let (_, streamed) = stream(dialect, &context, &sse(&events)).unwrap();
    for response in [plain, streamed] {
        assert_eq!(response.stated_cost_usd, Some(0.0045405));
    }
}

//! What single models take that others of their vendor do not.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

/// A request of one word, with these fields.
fn ask(more: Value) -> Request {
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(json)
}

#[test]
fn an_image_that_lies_at_kimi_is_named_by_its_address_there() {
    for id in ["file-1", "ms://file-1"] {
        let image = json!({"type": "image_url", "file_id": id});
        let asked = request(json!({"messages": [{"role": "user", "content": [image]}]}));
        let sent = body(&client("kimi", "kimi-k2.6"), &asked);
        let expected = json!([{"type": "image_url", "image_url": {"url": "ms://file-1"}}]);
        assert_eq!(sent["messages"][0]["content"], expected);
    }
}

#[test]
fn only_of_a_kimi_that_thinks_is_the_cap_raised_for_thinking() {
    let sent = |model: &str| {
        let client = options(&[
            ("provider", "kimi"),
            ("model", model),
            ("api_key", "k"),
            ("preset", "fast"),
        ]);
        body(&client, &ask(json!({})))["max_completion_tokens"].as_u64().unwrap()
    };
    let bare = sent("moonshot-v1-8k");
    for (model, raised) in [
        ("kimi-latest", false),
        ("kimi-k2-0905-preview", false),
        ("kimi-k2-thinking", true),
        ("kimi-k2.6", true),
    ] {
        assert_eq!(sent(model) > bare, raised, "{model}");
    }
}

#[test]
fn gemini_4_thinks_as_each_of_its_models_does() {
    let sent = |model: &str, effort: &str| {
        prepare(&client("gemini", model), &ask(json!({"reasoning_effort": effort})), false)
    };
    for (model, effort, is_taken) in [
        ("gemini-4-argon", "low", true),
        ("gemini-4-carbon", "minimal", false),
        ("gemini-4-argon", "none", false),
        ("gemini-4-argon", "xhigh", false),
        ("gemini-4-hydrogen", "xhigh", true),
        ("gemini-4-neon", "xhigh", true),
        ("gemini-4-neon", "minimal", false),
    ] {
        assert_eq!(sent(model, effort).is_ok(), is_taken, "{model} {effort}");
    }
}

#[test]
fn what_a_gemini_does_not_heed_is_sent_and_said_to_be_without_effect() {
    let asked = ask(json!({"temperature": 0, "top_p": 0.5, "top_k": 4}));
    for model in ["gemini-3.5-flash-lite", "gemini-3.6-flash", "gemini-4-argon"] {
        let prepared = prepare(&client("gemini", model), &asked, false).unwrap();
        let notes = ["temperature", "top_p", "top_k"]
            .map(|field| format!("{field}: without effect: the model ignores it"));
        assert_eq!(prepared.adjusted, notes, "{model}");
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(sent["generationConfig"]["topP"], 0.5);
    }
    let prepared = prepare(&client("gemini", "gemini-3.1-pro-preview"), &asked, false).unwrap();
    assert_eq!(prepared.adjusted, [""; 0]);
}

#[test]
fn gemma_4_thinks_hardly_or_hard() {
    let gemma = client("gemini", "gemma-4-31b-it");
    for (effort, level) in [("minimal", "MINIMAL"), ("high", "HIGH")] {
        let sent = body(&gemma, &ask(json!({"reasoning_effort": effort})));
        assert_eq!(sent["generationConfig"]["thinkingConfig"]["thinkingLevel"], level);
    }
    for asked in [json!({"reasoning_effort": "low"}), json!({"reasoning_budget": 1024})] {
        let error = prepare(&gemma, &ask(asked), false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest, "{error}");
    }
}

#[test]
fn openais_models_take_the_efforts_that_their_schema_says() {
    for (model, taken, refused) in [
        ("gpt-5.1", &["none", "high"][..], &["minimal", "xhigh"][..]),
        ("gpt-5.2", &["none", "xhigh"], &["minimal"]),
        ("gpt-5.1-codex-max", &["xhigh"], &[]),
        ("gpt-5-pro", &["high"], &["low", "none"]),
        ("gpt-5.5-pro", &["medium", "xhigh"], &["low", "none"]),
        ("gpt-5.1-chat-latest", &["medium"], &["none", "high"]),
    ] {
        let asked = |effort: &&str| {
            let client = options(&[("model", model), ("api_key", "k")]);
            prepare(&client, &ask(json!({"reasoning_effort": effort})), false).is_ok()
        };
        assert!(taken.iter().all(asked), "{model}");
        assert!(!refused.iter().any(asked), "{model}");
    }
}

#[test]
fn a_pro_model_is_asked_through_responses() {
    for model in ["gpt-5.4-pro", "gpt-5.5-pro"] {
        let client = options(&[("model", model), ("api_key", "k")]);
        let url = prepare(&client, &ask(json!({})), false).unwrap().http.url;
        assert!(url.ends_with("/responses"), "{model}: {url}");
    }
}

#[test]
fn chatgpts_own_models_are_sent_no_presets_temperature_and_no_other_than_1() {
    for model in ["gpt-5.1-chat-latest", "gpt-5.2-chat", "gpt-5.3-chat-latest", "chat-latest"] {
        let set = [("model", model), ("api_key", "k")];
        let preset = options(&[&set[..], &[("preset", "production")]].concat());
        let prepared = prepare(&preset, &ask(json!({})), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(sent.get("temperature").is_none() && sent.get("top_p").is_none(), "{sent}");
        assert!(sent["max_completion_tokens"].as_u64().unwrap() <= 16_384, "{sent}");
        let note = "temperature: left out: the model does not take it";
        assert!(prepared.adjusted.iter().any(|one| one == note), "{:?}", prepared.adjusted);
        let client = options(&set);
        assert!(prepare(&client, &ask(json!({"temperature": 0.5})), false).is_err(), "{model}");
        assert!(prepare(&client, &ask(json!({"temperature": 1})), false).is_ok(), "{model}");
    }
}

#[test]
fn the_first_models_that_think_are_told_nothing_of_parallel_calls_in_chat() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let asked = |parallel: bool| ask(json!({"tools": tools, "parallel_tool_calls": parallel}));
    for model in ["o1", "o3", "o3-mini", "o4-mini"] {
        let client = options(&[("model", model), ("api_key", "k")]);
        let prepared = prepare(&client, &asked(true), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(sent["tools"].is_array() && sent.get("parallel_tool_calls").is_none(), "{sent}");
        let note = "parallel_tool_calls: left out: the model does not take it";
        assert_eq!(prepared.adjusted, [note]);
        let error = prepare(&client, &asked(false), false).unwrap_err();
        assert!(error.to_string().starts_with("parallel_tool_calls: openai"), "{error}");
        let mut dropped = asked(false);
        dropped.set("unsupported", "drop").unwrap();
        assert!(body(&client, &dropped).get("parallel_tool_calls").is_none());
        let set = [("model", model), ("api_key", "k"), ("openai_api", "responses")];
        assert_eq!(body(&options(&set), &asked(false))["parallel_tool_calls"], false);
    }
    assert_eq!(body(&client("openai", "gpt-4o"), &asked(false))["parallel_tool_calls"], false);
}

#[test]
fn ollamas_models_are_told_to_think_as_far_as_their_servers_take_it() {
    let think = |model: &str, effort: &str| {
        let asked = ask(json!({"reasoning_effort": effort}));
        let sent = prepare(&client("ollama", model), &asked, false)?.http.body;
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        Ok::<_, mynah::error::Error>(sent.get("think").cloned())
    };
    let is_refused = |model: &str, effort: &str| {
        think(model, effort).is_err_and(|error| error.status() == Status::BadRequest)
    };
    for model in ["gemma3:1b", "llama3.2", "llama3:8b", "qwen2.5-coder"] {
        assert!(is_refused(model, "low"), "{model}");
        assert_eq!(think(model, "none").unwrap(), None, "{model}");
    }
    assert!(is_refused("gpt-oss:20b", "none") && is_refused("gpt-oss:20b", "max"));
    assert_eq!(think("gpt-oss:20b", "medium").unwrap(), Some("medium".into()));
    assert_eq!(think("qwen3.8", "xhigh").unwrap(), Some("xhigh".into()));
    assert_eq!(think("qwen3.8", "none").unwrap(), Some(false.into()));
    assert!(is_refused("qwen3", "xhigh"));
    assert_eq!(think("qwen3", "max").unwrap(), Some("max".into()));
}

#[test]
fn command_a_plus_is_told_how_long_to_think() {
    let client = client("cohere", "command-a-plus-05-2026");
    let sent = body(&client, &ask(json!({"reasoning_budget": 2_000})));
    assert_eq!(sent["thinking"], json!({"type": "enabled", "token_budget": 2_000}));
    let sent = body(&client, &ask(json!({"reasoning_effort": "none"})));
    assert_eq!(sent["thinking"], json!({"type": "disabled"}));
}

#[test]
fn deepseek_is_sent_the_efforts_that_mean_others_to_it() {
    let deepseek = client("deepseek", "deepseek-flash");
    for effort in ["minimal", "low", "medium", "high", "xhigh", "max"] {
        let sent = body(&deepseek, &ask(json!({"reasoning_effort": effort})));
        assert_eq!(
            (&sent["reasoning_effort"], &sent["thinking"]["type"]),
            (&json!(effort), &json!("enabled"))
        );
    }
}

#[test]
fn what_deepseek_does_not_heed_while_it_thinks_is_sent_and_noted() {
    let prepared = |model: &str, more: Value| {
        let mut wish = json!({"temperature": 0.2, "presence_penalty": 0.5, "top_p": 0.9});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let prepared = prepare(&client("deepseek", model), &ask(wish), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!((&sent["temperature"], &sent["presence_penalty"]), (&json!(0.2), &json!(0.5)));
        prepared.adjusted
    };
    let notes = ["temperature", "presence_penalty"]
        .map(|field| format!("{field}: without effect: the model thinks"));
    assert_eq!(prepared("deepseek-flash", json!({})), notes);
    assert_eq!(prepared("deepseek-v4-pro", json!({"reasoning_effort": "low"})), notes);
    let none = [""; 0];
    assert_eq!(prepared("deepseek-flash", json!({"reasoning_effort": "none"})), none);
    assert_eq!(prepared("deepseek-flash", json!({"thinking": {"type": "disabled"}})), none);
    assert_eq!(prepared("deepseek-chat", json!({})), none);
    let asked = ask(json!({"temperature": 1, "frequency_penalty": 0}));
    let prepared = prepare(&client("deepseek", "deepseek-flash"), &asked, false).unwrap();
    assert_eq!(prepared.adjusted, none, "that is what it does anyway");
}

#[test]
fn siliconflows_switch_is_sent_only_where_a_model_has_one() {
    let sent = |model: &str, effort: &str| {
        let asked = ask(json!({"reasoning_effort": effort}));
        let body = prepare(&client("siliconflow", model), &asked, false)?.http.body;
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let fields = ["enable_thinking", "reasoning_effort"].map(|field| sent.get(field).cloned());
        Ok::<_, mynah::error::Error>(fields)
    };
    for model in
        ["Qwen/Qwen2.5-7B-Instruct", "Pro/Qwen/Qwen2.5-7B-Instruct", "tencent/Hunyuan-MT-7B"]
    {
        assert_eq!(sent(model, "none").unwrap(), [None, None], "{model}");
        assert_eq!(sent(model, "low").unwrap_err().status(), Status::BadRequest, "{model}");
    }
    for model in ["deepseek-ai/DeepSeek-R1", "Pro/deepseek-ai/DeepSeek-R1"] {
        assert_eq!(sent(model, "high").unwrap(), [None, None], "{model}");
        assert_eq!(sent(model, "none").unwrap_err().status(), Status::BadRequest, "{model}");
    }
    let both = [Some(true.into()), Some("high".into())];
    assert_eq!(sent("Qwen/Qwen3-8B", "high").unwrap(), both);
}

#[test]
fn kimi_is_shown_no_image_by_an_address_of_the_web() {
    let asked = |url: &str| {
        let image = json!({"type": "image_url", "image_url": {"url": url}});
        let text = json!({"type": "text", "text": "See"});
        request(json!({"messages": [{"role": "user", "content": [text, image]}]}))
    };
    let kimi = client("kimi", "kimi-k2.6");
    let error = prepare(&kimi, &asked("https://example.test/a.png"), false).unwrap_err();
    assert_eq!(error.status(), Status::BadRequest);
    assert!(error.to_string().contains("takes images as bytes or by id"), "{error}");
    for url in ["ms://file-1", "data:image/png;base64,iVBORw0KGgo="] {
        let sent = body(&kimi, &asked(url));
        assert_eq!(sent["messages"][0]["content"][1]["image_url"]["url"], url);
    }
}

#[test]
fn who_sees_no_images_is_shown_none() {
    let image = json!({"type": "image_url",
        "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    let text = json!({"type": "text", "text": "See"});
    let asked = request(json!({"messages": [{"role": "user", "content": [text, image]}]}));
    for (provider, model) in [
        ("kimi", "kimi-k2-0905-preview"),
        ("kimi", "kimi-k2-thinking"),
        ("kimi", "moonshot-v1-32k"),
        ("cohere", "command-r7b-12-2024"),
        ("cohere", "command-a-03-2025"),
        ("cohere", "command-a-reasoning-08-2025"),
    ] {
        let mut client = client(provider, model);
        let error = prepare(&client, &asked, false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        assert_eq!(error.to_string(), format!("messages: {provider} {model} sees no images"));
        client.values.unsupported = "drop".into();
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(sent.to_string().contains("See") && !sent.to_string().contains("image"), "{sent}");
        assert!(prepared.adjusted.iter().any(|note| note.ends_with("sees no images")));
    }
    for (provider, model) in [
        ("kimi", "kimi-k2.6"),
        ("kimi", "kimi-latest"),
        ("kimi", "moonshot-v1-32k-vision-preview"),
        ("cohere", "command-a-vision-07-2025"),
        ("cohere", "command-a-plus-05-2026"),
    ] {
        let sent = body(&client(provider, model), &asked);
        assert!(sent.to_string().contains("image_url"), "{model}: {sent}");
    }
}

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

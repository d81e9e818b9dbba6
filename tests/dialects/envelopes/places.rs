//! Where an error stands, and what is told of it.

use super::*;

#[test]
fn envelopes_within_envelopes_are_opened() {
    let raw = |raw: &str| {
        error(json!({"message": "Provider returned error", "code": 400,
            "metadata": {"raw": raw, "provider_name": "P"}}))
    };
    let nested = r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#;
    let found = refused("custom", 400, &[], &raw(nested).to_string());
    assert_eq!(found.status, Status::ContextLength);
    assert_eq!(found.message, "Provider returned error: too long");
    assert_eq!(found.provider_code.as_deref(), Some("400"));
    let typed = error(json!({"message": "Provider returned error", "code": 400,
        "metadata": {"error_type": "rate_limit_exceeded", "retry_after_seconds": 3}}));
    let found = refused("custom", 400, &[], &typed.to_string());
    assert_eq!(
        (found.status, found.retry_after),
        (Status::RateLimited, Some(Duration::from_secs(3)))
    );
    let silent = r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}"#;
    assert_eq!(
        refused("custom", 429, &[], &raw(silent).to_string()).status,
        Status::QuotaExhausted
    );
    let found = refused("custom", 400, &[], &raw("upstream words").to_string());
    assert_eq!(found.message, "Provider returned error: upstream words");
    // Alibaba refuses a stream in an event.
    let event = r#"data: {"error":{"message":"no json","code":"context_length_exceeded"}}"#;
    let found = refused("custom", 400, &[], &raw(&format!("{event}\n\n")).to_string());
    assert_eq!(found.message, "Provider returned error: no json");
    assert_eq!(found.status, Status::ContextLength);
    let object = error(json!({"message": "Provider returned error", "code": 400,
        "metadata": {"raw": error(json!({"message": "no", "code": "content_filter"}))}}));
    let found = refused("custom", 400, &[], &object.to_string());
    assert_eq!(found.status, Status::ContentFilter);
    assert_eq!(found.message, "Provider returned error: no");
    let inner = error(json!({"code": 503, "status": "UNAVAILABLE", "message": "busy"}));
    let wrapped = error(json!({"code": 500, "message": inner.to_string()}));
    let found = refused("gemini", 500, &[], &wrapped.to_string());
    assert_eq!((found.status, found.message.as_str()), (Status::Overloaded, "busy"));
    let list = json!([error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m",
        "details": [{"retryDelay": "1.5s"}]}))]);
    let found = refused("gemini", 429, &[], &list.to_string());
    assert_eq!(
        (found.status, found.retry_after),
        (Status::RateLimited, Some(Duration::from_millis(1_500)))
    );
    let words = (found.provider_code.as_deref(), found.provider_type.as_deref());
    assert_eq!(words, (Some("429"), Some("RESOURCE_EXHAUSTED")));
    let deep = format!("{}1{}", "{\"error\":".repeat(100), "}".repeat(100));
    assert_eq!(refused("custom", 500, &[], &deep).status, Status::Server);
}

#[test]
fn what_a_validator_says_is_told_with_its_place() {
    let message = |body: Value| refused("custom", 422, &[], &body.to_string()).message;
    let missing = json!([{"type": "missing", "loc": ["body", "messages", 0], "msg": "Field required"},
        {"msg": "Too short"}]);
    let wanted = "body.messages.0: Field required; Too short";
    assert_eq!(message(json!({"detail": missing})), wanted);
    assert_eq!(message(json!({"object": "error", "message": {"detail": missing}})), wanted);
    assert_eq!(message(json!({"detail": "Not authenticated"})), "Not authenticated");
    assert_eq!(message(json!({"detail": {"error": "boom"}})), "boom");
    assert_eq!(message(json!({"Message": "Authentication failed"})), "Authentication failed");
    assert_eq!(message(json!({"success": false, "errors": [{"code": 7, "message": "no"}]})), "no");
    assert_eq!(message(json!({"error": ["a", "b"]})), "a; b");
    assert_eq!(message(json!({"error": {"detail": "no model"}})), "no model");
}

#[test]
fn bodies_of_every_kind_give_a_status_and_a_message() {
    let empty = refused("openai", 503, &[], "");
    assert_eq!(empty.status, Status::Overloaded);
    assert_eq!(empty.message, "openai answered HTTP 503 without a message");
    let coded = refused("openai", 400, &[], r#"{"error":{"code":"bad_thing","message":""}}"#);
    assert_eq!(coded.message, "openai answered HTTP 400: bad_thing");
    for (http, body, status) in [
        (403, "<!DOCTYPE html><title>Just a moment</title>", Status::Permission),
        (404, "404 page not found", Status::BadRequest),
        (529, "null", Status::Overloaded),
        (500, "[]", Status::Server),
        (429, "\"slow down\"", Status::RateLimited),
        (401, "\"Invalid token\"", Status::Authentication),
        (500, "{\"error\":{\"message\":null}}", Status::Server),
        (500, "{\"error\": tr", Status::Server),
    ] {
        let found = refused("custom", http, &[], body);
        assert_eq!(found.status, status, "{body}");
        assert!(!found.message.is_empty() && !found.message.contains("<!"), "{}", found.message);
    }
    assert_eq!(refused("siliconflow", 401, &[], "\"Invalid token\"").message, "Invalid token");
}

#[test]
fn codes_are_found_in_rare_places() {
    let code = |body: Value| refused("custom", 400, &[], &body.to_string()).provider_code;
    let databricks = json!({"error_code": "BAD_REQUEST", "message": "m"});
    assert_eq!(code(databricks).as_deref(), Some("BAD_REQUEST"));
    let cloudflare = json!({"success": false, "errors": [{"code": 5006, "message": "m"}]});
    assert_eq!(code(cloudflare).as_deref(), Some("5006"));
}

#[test]
fn waits_and_ids_are_found_in_rare_places() {
    let seconds = |n: u64| Some(Duration::from_secs(n));
    let wait =
        |headers: &[(&str, &str)], body: &str| refused("custom", 429, headers, body).retry_after;
    assert_eq!(wait(&[("retry-after", "1m30s")], "{}"), seconds(90));
    assert_eq!(wait(&[("retry-after", "")], "{}"), None);
    assert_eq!(wait(&[("retry-after", "-5")], "{}"), None);
    assert_eq!(wait(&[], r#"{"error":{"message":"m","retry_after":7}}"#), seconds(7));
    let words = r#"{"error":{"message":"max RPM: 3, please try again after 1 seconds"}}"#;
    assert_eq!(wait(&[], words), seconds(1));
    let claude = [
        ("anthropic-ratelimit-requests-remaining", "12"),
        ("anthropic-ratelimit-requests-reset", "2026-11-06T10:01:00Z"),
        ("anthropic-ratelimit-input-tokens-remaining", "0"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-11-06T10:00:30Z"),
        ("date", "Fri, 06 Nov 2026 10:00:00 GMT"),
    ];
    let waits = refused("anthropic", 429, &claude, "{}").retry_after;
    assert_eq!(waits, Some(Duration::from_secs(30)));
    let azure = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "12")];
    assert_eq!(wait(&azure, "{}"), seconds(12));
    let id =
        |headers: &[(&str, &str)], body: &str| refused("cohere", 400, headers, body).request_id;
    assert_eq!(id(&[], r#"{"id":"abc","message":"m"}"#).as_deref(), Some("abc"));
    assert_eq!(id(&[], r#"{"requestId":"abc","message":"m"}"#).as_deref(), Some("abc"));
    let gateway = [("cf-ray", "ray"), ("x-litellm-call-id", "call")];
    assert_eq!(id(&gateway, "{}").as_deref(), Some("call"));
    let codex = [("cf-ray", "ray"), ("x-oai-request-id", "oai")];
    assert_eq!(id(&codex, "{}").as_deref(), Some("oai"));
    let kong = [("cf-ray", "ray"), ("x-kong-request-id", "kong")];
    assert_eq!(id(&kong, "{}").as_deref(), Some("kong"));
    let ray = [("cf-ray", "ray"), ("x-request-id", "own")];
    assert_eq!(id(&ray, "{}").as_deref(), Some("own"));
    assert_eq!(id(&ray[..1], "{}").as_deref(), Some("ray"));
}

#[test]
fn errors_inside_a_200_have_the_status_they_name() {
    use Status::*;
    let beside = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "error",
        "delta": {"content": ""}, "message": {"content": ""}}],
        "error": {"code": 502, "message": "Provider disconnected"}});
    let within = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "error",
        "error": {"code": 503, "message": "busy"}}]});
    let rows = [
        ("custom", beside, Server),
        ("custom", within, Overloaded),
        ("custom", error("rate limit exceeded".into()), RateLimited),
        ("custom", error(json!({"message": "m", "type": "invalid_request_error"})), BadRequest),
        ("custom", json!([error(json!({"message": "m", "code": 429}))]), RateLimited),
        ("custom", error(json!({"message": "Insufficient balance"})), QuotaExhausted),
        ("custom", error(json!({"message": "Invalid API key"})), Authentication),
        (
            "custom",
            json!({"id": "c", "choices": null, "usage": {"total_tokens": 0},
                "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
            QuotaExhausted,
        ),
        (
            "custom",
            json!({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Exceeded the rate limit"}),
            RateLimited,
        ),
        (
            "custom",
            json!({"base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded(RPM)"}}),
            RateLimited,
        ),
        ("custom", error(json!({"message": "Content Exists Risk"})), ContentFilter),
        ("ollama", error("model 'x' not found".into()), ModelNotFound),
        ("cohere", json!({"message": "the service is overloaded"}), Overloaded),
        ("custom", json!({"detail": "Too many requests"}), RateLimited),
        ("ollama", error("unexpected EOF".into()), Server),
        (
            "ollama",
            json!({"StatusCode": 429, "Status": "429 Too Many Requests", "error": "wait a while"}),
            RateLimited,
        ),
        (
            "cohere",
            json!({"id": "i", "type": "error", "message": "too many tokens"}),
            ContextLength,
        ),
        (
            "gemini",
            json!([error(json!({"code": 400, "status": "INVALID_ARGUMENT", "message": "m"}))]),
            BadRequest,
        ),
        (
            "anthropic",
            json!({"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}),
            ModelNotFound,
        ),
    ];
    for (provider, json, status) in rows {
        assert_eq!(inside(provider, &json), [status; 2], "{provider} {json}");
    }
}

#[test]
fn json_without_an_answer_is_no_answer() {
    for provider in ["openai", "anthropic", "cohere", "ollama", "gemini"] {
        let client = client(provider, "m");
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        for (body, status) in [
            ("{}", Status::Protocol),
            ("[]", Status::Protocol),
            ("1", Status::Protocol),
            (r#"{"detail":"Too many requests"}"#, Status::RateLimited),
        ] {
            let error = dialect.reply(&context, &head(200, &[]), body.as_bytes()).unwrap_err();
            assert_eq!(error.status(), status, "{provider} {body}: {error}");
        }
    }
}

#[test]
fn an_empty_error_beside_an_answer_is_none() {
    let answer = json!({"id": "c", "error": {}, "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"content": "Hi"}, "error": null}]});
    let client = client("custom", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let response = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    assert_eq!(response.text(), "Hi");
}

#[test]
fn a_refusal_that_is_an_event_is_read_as_one() {
    let event =
        format!("data: {}\n\n", error(json!({"message": "m", "code": "insufficient_quota"})));
    let refused = refused("custom", 429, &[], &event);
    assert_eq!((refused.status, refused.message.as_str()), (Status::QuotaExhausted, "m"));
}

#[test]
fn a_problem_is_told_by_its_detail_or_else_by_its_title() {
    let problem = |more: Value| {
        let mut body = json!({"type": "about:blank", "title": "Bad Request", "status": 400});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refused("custom", 400, &[], &body.to_string())
    };
    let bare = problem(json!({}));
    assert_eq!((bare.message.as_str(), bare.provider_code), ("Bad Request", None));
    let detailed = problem(json!({"type": "https://e.test/long", "detail": "It is too long."}));
    assert_eq!(detailed.message, "It is too long.");
    assert_eq!(detailed.provider_code.as_deref(), Some("https://e.test/long"));
}

#[test]
fn a_message_says_more_than_what_its_status_is_called() {
    let words = json!("No static resource v1/chat.");
    for (body, http, said) in [
        (
            json!({"statusCode": 400, "message": ["a must be a list", "b"], "error": "Bad Request"}),
            400,
            "a must be a list; b",
        ),
        (
            json!({"status": 404, "error": "Not Found", "message": words}),
            404,
            "No static resource v1/chat.",
        ),
        (json!({"status": 404, "error": "Not Found", "message": ""}), 404, "Not Found"),
        (json!({"error": "no room is left", "message": words}), 400, "no room is left"),
    ] {
        assert_eq!(refused("custom", http, &[], &body.to_string()).message, said);
    }
}

#[test]
fn where_there_is_nothing_at_an_address_the_option_for_it_is_named() {
    let hints = |http, body: &str| {
        let message = refused("custom", http, &[], body).message;
        message.ends_with(" (is base_url the address of an API, up to its version?)")
    };
    for (http, body) in [(404, ""), (405, ""), (404, "<html><body>nothing</body></html>")] {
        assert!(hints(http, body), "{http} {body}");
    }
    assert!(!hints(404, "404 page not found"), "what is said stands as it is");
    assert!(!hints(400, ""));
}

#[test]
fn an_error_that_is_an_event_may_be_named_first() {
    let event = "event: error\nid: 1\n\ndata: {\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}\n\n";
    let error = refused("openai", 429, &[], event);
    assert_eq!((error.status, error.message.as_str()), (Status::QuotaExhausted, "m"));
}

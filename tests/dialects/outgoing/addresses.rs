//! Where a request goes, by which interface, and with which keys and headers.

use super::*;

#[test]
fn a_models_name_leads_nowhere_else_on_the_host() {
    for model in ["../files/x", "a?b=c", "a#b", "a b", "models/../x", "m:countTokens"] {
        let (status, words) = refused(&client("gemini", model), &ask(json!({})));
        assert!(status == Status::InvalidArgument && words.starts_with("model"), "{words}");
    }
    let sent =
        prepare(&client("gemini", "tunedModels/my-model_1"), &ask(json!({})), false).unwrap();
    assert!(sent.http.url.ends_with("/tunedModels/my-model_1:generateContent"));
}

#[test]
fn models_that_only_responses_offer_are_asked_there() {
    for (model, path) in
        [("gpt-5-codex", "/responses"), ("o3-pro", "/responses"), ("o3", "/chat/completions")]
    {
        let prepared = prepare(&client("openai", model), &ask(json!({})), false).unwrap();
        assert!(prepared.http.url.ends_with(path), "{model}: {}", prepared.http.url);
    }
}

#[test]
fn an_interface_that_only_openai_has_is_refused_elsewhere() {
    for provider in ["custom", "anthropic", "deepseek", "ollama"] {
        let base = [("provider", provider), ("model", "m"), ("api_key", "k")];
        let more = [("base_url", "https://example.test"), ("openai_api", "responses")];
        let set = [&base[..], &more].concat();
        let (status, words) = refused(&options(&set), &ask(json!({})));
        assert!(status == Status::BadRequest && words.starts_with("openai_api: "), "{words}");
        let dropped = options(&[&set[..], &[("unsupported", "drop")]].concat());
        let prepared = prepare(&dropped, &ask(json!({})), false).unwrap();
        assert!(prepared.adjusted[0].starts_with("openai_api: left out"));
    }
}

#[test]
fn models_that_refuse_tools_or_an_effort_in_chat_are_asked_through_responses() {
    let url = |model: &str, more: Value| {
        let request = ask(more);
        prepare(&client("openai", model), &request, false).unwrap().http.url
    };
    let tools = json!({"tools": [weather()]});
    assert!(url("gpt-6-sol", tools.clone()).ends_with("/v1/responses"));
    assert!(url("gpt-6-sol", json!({})).ends_with("/v1/chat/completions"));
    assert!(url("gpt-4o", tools.clone()).ends_with("/v1/chat/completions"));
    assert!(url("gpt-5.4", tools.clone()).ends_with("/v1/chat/completions"));
    let mut thinking = tools.clone();
    thinking["reasoning_effort"] = "high".into();
    assert!(url("gpt-5.4", thinking).ends_with("/v1/responses"));
    let effort = |effort: &str| json!({"reasoning_effort": effort});
    assert!(url("gpt-6-luna", effort("max")).ends_with("/v1/responses"));
    assert!(url("gpt-6-luna", effort("xhigh")).ends_with("/v1/chat/completions"));
    let mut none = tools.clone();
    none["reasoning_effort"] = "none".into();
    assert!(url("gpt-6-sol", none).ends_with("/v1/chat/completions"));
    let mut forced = tools;
    forced["openai_api"] = "chat".into();
    assert!(url("gpt-6-sol", forced).ends_with("/v1/chat/completions"));
}

#[test]
fn what_only_responses_knows_is_asked_there_of_openai_itself() {
    let openai = options(&[("model", "gpt-5.1"), ("api_key", "k")]);
    let url = |client: &Resolved<ClientOptions>, asked: &Request| {
        prepare(client, asked, false).unwrap().http.url
    };
    for (field, value) in [
        ("context_management", json!([{"type": "compaction", "compact_threshold": 1_000}])),
        ("conversation", json!("conv_1")),
        ("include", json!(["reasoning.encrypted_content"])),
        ("instructions", json!("Be brief")),
        ("max_output_tokens", json!(500)),
        ("max_tool_calls", json!(2)),
        ("previous_response_id", json!("resp_1")),
        ("prompt", json!({"id": "pmpt_1"})),
        ("reasoning", json!({"effort": "low"})),
        ("text", json!({"verbosity": "low"})),
        ("truncation", json!("auto")),
    ] {
        let asked = ask(json!({field: value}));
        assert!(url(&openai, &asked).ends_with("/v1/responses"), "{field}");
        let sent = body(&openai, &asked);
        assert_eq!(sent[field], value, "{sent}");
        for client in [client("openai", "gpt-5.1"), client("custom", "m")] {
            assert!(url(&client, &asked).ends_with("/chat/completions"), "{field}");
            assert_eq!(body(&client, &asked)[field], value);
        }
        let mut in_chat = asked.clone();
        in_chat.set("openai_api", "chat").unwrap();
        assert!(url(&openai, &in_chat).ends_with("/chat/completions"), "{field}");
        let none = ask(json!({field: null}));
        assert!(url(&openai, &none).ends_with("/chat/completions"), "{field}");
    }
}

#[test]
fn responses_keeps_nothing_at_the_vendor_and_fits_the_schema() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let request = request(json!({
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
            ]},
        ],
        "tools": [weather()], "tool_choice": "required", "parallel_tool_calls": false,
        "reasoning_effort": "low", "max_tokens": 500, "verbosity": "low", "user": "u",
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "a", "schema": schema, "strict": true}},
    }));
    let sent = body(&client("openai", "gpt-6-sol"), &request);
    assert_eq!((&sent["store"], &sent["max_output_tokens"]), (&json!(false), &json!(500)));
    assert_eq!(sent["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(sent["text"]["verbosity"], "low");
    let one = ask(json!({"n": 1, "openai_api": "responses"}));
    assert!(body(&client("openai", "gpt-6-sol"), &one)["n"].is_null());
    if let Some(spec) = Spec::load("openai-openapi.json") {
        spec.check("CreateResponse", &sent);
    }
}

#[test]
fn keys_travel_in_each_vendors_header_and_nowhere_else() {
    for (provider, model) in MODELS {
        let prepared = prepare(&client(provider, model), &ask(json!({})), false).unwrap();
        let name = match *provider {
            "anthropic" => "x-api-key",
            "gemini" => "x-goog-api-key",
            _ => "authorization",
        };
        let value = prepared.http.headers.get(name).unwrap_or_default();
        assert!(value.ends_with("sk-secret-key"), "{provider}");
        let with_key = prepared.http.headers.iter().filter(|(_, v)| v.contains("sk-secret"));
        assert_eq!(with_key.count(), 1, "{provider}");
        assert!(!prepared.http.url.contains("sk-secret"), "{provider}");
        let shown = format!("{prepared:?} {:?}", prepared.context);
        assert!(!shown.contains("sk-secret"), "{provider}: {shown}");
    }
}

#[test]
fn a_password_of_the_address_is_not_shown_in_any_form_in_which_it_is_sent() {
    let options = options(&[
        ("provider", "custom"),
        ("model", "m"),
        ("base_url", "https://user:pass%20word@host.test/v1"),
    ]);
    let (dialect, context) = reader(&options, &ask(json!({})));
    let sent = prepare(&options, &ask(json!({})), false).unwrap().http.headers;
    let basic = sent.get("authorization").unwrap();
    let bare = basic.strip_prefix("Basic ").unwrap();
    for echoed in [basic, bare, "pass word", "pass%20word"] {
        let said = json!({"error": {"message": format!("refused: {echoed}!")}}).to_string();
        let error = dialect.error(&context, &head(401, &[]), said.as_bytes());
        assert!(!error.message.contains(echoed), "{}", error.message);
        assert!(error.message.contains("refused"), "{}", error.message);
    }
}

#[test]
fn addresses_are_joined_with_and_without_a_path_and_a_slash() {
    let url = |provider: &str, base: &str| {
        let options = options(&[("provider", provider), ("base_url", base), ("model", "m")]);
        let request = ask(json!({}));
        let key = prepare(&options, &request, false);
        key.map(|prepared| prepared.http.url).unwrap_or_else(|e| e.to_string())
    };
    let chat = "http://localhost:1/v1/chat/completions";
    assert_eq!(url("openai", "http://localhost:1"), chat);
    assert_eq!(url("openai", "http://localhost:1/"), chat);
    assert_eq!(url("openai", "http://localhost:1/v1"), chat);
    assert_eq!(url("ollama", "http://localhost:1/api"), "http://localhost:1/api/chat");
    assert_eq!(url("openai", "http://localhost:1/v1/"), chat);
    let azure = url("openai", "http://localhost:1/deployments/x?api-version=1");
    assert_eq!(azure, "http://localhost:1/deployments/x/chat/completions?api-version=1");
    assert_eq!(url("anthropic", "http://localhost:1"), "http://localhost:1/v1/messages");
    assert_eq!(url("anthropic", "http://localhost:1/v1"), "http://localhost:1/v1/messages");
    assert_eq!(url("deepseek", "http://localhost:1"), "http://localhost:1/chat/completions");
    assert_eq!(url("cohere", "http://localhost:1"), "http://localhost:1/v2/chat");
    assert_eq!(url("ollama", "http://localhost:1/v1"), "http://localhost:1/api/chat");
    assert_eq!(url("ollama", "localhost"), "http://localhost:11434/api/chat");
    assert_eq!(url("ollama", "[::1]:8000"), "http://[::1]:8000/api/chat");
    let gemini = url("gemini", "http://localhost:1");
    assert_eq!(gemini, "http://localhost:1/v1beta/models/m:generateContent");
    assert!(url("openai", "localhost").contains("base_url"));
}

#[test]
fn a_key_over_plain_http_leaves_the_machine_only_on_request() {
    let with = |base: &str, more: &[(&str, &str)]| {
        let mut set = vec![("model", "m"), ("api_key", "k"), ("base_url", base)];
        set.extend(more);
        prepare(&options(&set), &ask(json!({})), false).map(|_| ())
    };
    assert!(with("http://192.168.1.1/v1", &[]).is_err());
    assert!(with("HTTP://example.test", &[]).is_err());
    assert!(with("http://localhost.example.test", &[]).is_err());
    assert!(with("http://127.0.0.1@example.test", &[]).is_err());
    for loopback in ["http://127.0.0.1:1", "http://localhost", "http://[::1]:1"] {
        assert_eq!(with(loopback, &[]), Ok(()), "{loopback}");
    }
    assert_eq!(with("http://192.168.1.1/v1", &[("allow_insecure_http", "true")]), Ok(()));
    let custom = |base: &str, more: &[(&str, &str)]| {
        let set = [&[("provider", "custom"), ("model", "m"), ("base_url", base)], more].concat();
        prepare(&options(&set), &ask(json!({})), false).map(|_| ()).map_err(|e| e.to_string())
    };
    let far = "http://example.test/v1";
    assert_eq!(custom(far, &[]), Ok(()), "there is nothing to keep");
    for header in ["X-Author: me", "Idempotency-Key: 5", "Sec-Fetch-Authority: x"] {
        assert_eq!(custom(far, &[("header", header)]), Ok(()), "{header}");
    }
    for (base, header) in [
        ("http://user:pass@example.test/v1", "x: y"),
        ("http://user@example.test/v1", "x: y"),
        ("http://example.test/v1?key=k", "x: y"),
        (far, "authorization: Bearer k"),
        (far, "x-api-key: k"),
        (far, "Api-Key: k"),
        (far, "X-Auth-Token: k"),
    ] {
        let error = custom(base, &[("header", header)]).unwrap_err();
        assert!(error.contains("plain http") && error.contains("allow_insecure_http"), "{error}");
        assert!(!error.contains("pass") && !error.contains("Bearer"), "{error}");
        let asked = [("header", header), ("allow_insecure_http", "true")];
        assert_eq!(custom(base, &asked), Ok(()), "{base} {header}");
    }
    let keyless = options(&[("model", "m"), ("base_url", "https://example.test")]);
    let error = prepare(&keyless, &ask(json!({})), false).map(|_| ()).unwrap_err();
    assert_eq!(error.status(), Status::Authentication);
    assert!(error.to_string().contains("OPENAI_API_KEY"), "{error}");
}

#[test]
fn a_user_in_the_address_is_sent_decoded_and_like_a_header_serves_for_a_key() {
    let sent = |provider: &str, base: &str, more: &[(&str, &str)]| {
        let set = [&[("provider", provider), ("model", "m"), ("base_url", base)], more].concat();
        let prepared = prepare(&options(&set), &ask(json!({})), false).unwrap();
        prepared.http.headers.get("authorization").map(String::from)
    };
    // `us er:p@ss%` in base64.
    let user = Some("Basic dXMgZXI6cEBzcyU=".to_string());
    for provider in ["openai", "anthropic", "gemini", "custom"] {
        assert_eq!(sent(provider, "https://us%20er:p%40ss%@h.test/v1", &[]), user, "{provider}");
    }
    let keyed = sent("openai", "https://us%20er@h.test/v1", &[("api_key", "k")]);
    assert_eq!(keyed.as_deref(), Some("Bearer k"));
    let bearer = [("header", "Authorization: Bearer x")];
    for provider in ["openai", "anthropic", "deepseek", "cohere"] {
        let sent = sent(provider, "https://h.test/v1", &bearer);
        assert_eq!(sent.as_deref(), Some("Bearer x"), "{provider}");
    }
}

#[test]
fn the_environment_fills_what_the_options_leave_open() {
    let env = |name: &str| {
        Some(
            match name {
                "ANTHROPIC_API_KEY" => "from-env",
                "ANTHROPIC_BASE_URL" => "https://proxy.test/anthropic",
                "MOONSHOT_API_KEY" => " ",
                "KIMI_API_KEY" => "kimi-key",
                "OLLAMA_HOST" => "0.0.0.0:9999",
                "OPENAI_MODEL" => "gpt-x",
                "OPENAI_ORG_ID" => "org",
                _ => return None,
            }
            .to_string(),
        )
    };
    let settled = |set: &[(&str, &str)]| {
        let mut options = options(set);
        hosts::settle(&mut options, &env).unwrap();
        options
    };
    let claude = settled(&[("provider", "anthropic")]);
    assert_eq!(claude.values.api_key.as_deref(), Some("from-env"));
    assert_eq!(claude.values.model.as_deref(), Some("claude-sonnet-5-5"));
    let url = prepare(&claude, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "https://proxy.test/anthropic/v1/messages");
    assert_eq!(claude.origin("api_key").unwrap().name(), "environment");
    let kimi = settled(&[("provider", "kimi"), ("region", "cn")]);
    assert_eq!(kimi.values.api_key.as_deref(), Some("kimi-key"));
    let url = prepare(&kimi, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "https://api.moonshot.cn/v1/chat/completions");
    let ollama = settled(&[("provider", "ollama"), ("preset", "fast")]);
    assert_eq!(ollama.values.model.as_deref(), Some("gemma3:1b"));
    let url = prepare(&ollama, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "http://127.0.0.1:9999/api/chat");
    let openai = settled(&[("api_key", "explicit")]);
    assert_eq!(openai.values.model.as_deref(), Some("gpt-x"));
    let prepared = prepare(&openai, &ask(json!({})), false).unwrap();
    assert_eq!(prepared.http.headers.get("openai-organization"), Some("org"));
    let large = settled(&[("provider", "anthropic"), ("use_case", "code_generation")]);
    assert_eq!(large.values.model.as_deref(), Some("claude-opus-5-5"));
}

#[test]
fn a_calls_header_comes_on_top_of_the_clients() {
    let client = options(&[
        ("model", "m"),
        ("api_key", "k"),
        ("base_url", "https://example.test"),
        ("header", "X-A: 1"),
    ]);
    let mut request = ask(json!({}));
    request.set("header", "X-B: 2").unwrap();
    request.set("user", "true").unwrap();
    let headers = prepare(&client, &request, false).unwrap().http.headers;
    assert_eq!((headers.get("x-a"), headers.get("x-b")), (Some("1"), Some("2")));
    assert_eq!(body(&client, &request)["user"], "true");
}

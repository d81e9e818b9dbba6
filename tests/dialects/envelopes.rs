//! Error envelopes that are rare, nested or broken, and where they stand.

use std::time::Duration;

use mynah::error::{CallError, Status};
use serde_json::{Value, json};

use crate::*;

fn refused(provider: &str, http: u16, headers: &[(&str, &str)], body: &str) -> CallError {
    let client = client(provider, "some-model");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    dialect.error(&context, &head(http, headers), body.as_bytes())
}

/// The status of an error inside a 200: plain, and as a stream.
fn inside(provider: &str, json: &Value) -> [Status; 2] {
    let client = client(provider, "some-model");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    let plain = dialect.reply(&context, &head(200, &[]), json.to_string().as_bytes());
    let text = match provider {
        "ollama" => format!("{json}\n"),
        _ => sse(std::slice::from_ref(json)),
    };
    let streamed = stream(dialect, &context, &text);
    [plain.map(|_| ()), streamed.map(|_| ())].map(|result| result.unwrap_err().status())
}

fn error(inner: Value) -> Value {
    json!({"error": inner})
}

fn check(rows: Vec<(&str, u16, Value, Status)>) {
    let wrong: Vec<_> = rows
        .iter()
        .filter_map(|(provider, http, body, wanted)| {
            let got = refused(provider, *http, &[], &body.to_string()).status;
            (got != *wanted).then(|| format!("{provider} {http} {body}: {got:?}, not {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn labels_mean_the_same_in_every_spelling() {
    use Status::*;
    let kind = |kind: &str| error(json!({"message": "m", "type": kind, "code": null}));
    check(vec![
        ("custom", 400, kind("RateLimitError"), RateLimited),
        ("custom", 400, kind("AuthenticationError"), Authentication),
        ("custom", 400, kind("ContextWindowExceededError"), ContextLength),
        ("custom", 400, kind("exceed_context_size_error"), ContextLength),
        ("custom", 400, kind("ContentPolicyViolationError"), ContentFilter),
        ("custom", 400, kind("budget_exceeded"), QuotaExhausted),
        ("custom", 400, kind("Arrearage"), QuotaExhausted),
        ("custom", 403, kind("AllocationQuota.FreeTierOnly"), QuotaExhausted),
        ("custom", 429, kind("usage_limit_reached"), QuotaExhausted),
        ("custom", 400, kind("model_decommissioned"), ModelNotFound),
        ("custom", 413, kind("tokens_limit_reached"), ContextLength),
        ("custom", 498, kind("capacity_exceeded"), Overloaded),
        ("custom", 500, kind("server_is_overloaded"), Overloaded),
        ("custom", 500, kind("ServiceUnavailableError"), Overloaded),
        (
            "custom",
            400,
            error(json!({"message": "m", "code": "model_not_supported"})),
            ModelNotFound,
        ),
        (
            "custom",
            403,
            json!({"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "m"}),
            QuotaExhausted,
        ),
        ("custom", 403, kind("AccountOverdueError"), QuotaExhausted),
        ("custom", 403, kind("insufficient_user_quota"), QuotaExhausted),
        ("custom", 403, kind("pre_consume_token_quota_failed"), QuotaExhausted),
        ("custom", 500, kind("sensitive_words_detected"), ContentFilter),
        ("custom", 400, kind("SensitiveContentDetected"), ContentFilter),
        ("custom", 400, kind("organization_restricted"), Permission),
        ("custom", 429, error(json!({"code": "1113", "message": "m"})), QuotaExhausted),
        ("custom", 429, error(json!({"code": "1302", "message": "m"})), RateLimited),
        ("custom", 429, error(json!({"code": "1304", "message": "m"})), QuotaExhausted),
        ("custom", 429, error(json!({"code": "1308", "message": "m"})), QuotaExhausted),
        ("custom", 429, error(json!({"code": "1310", "message": "m"})), QuotaExhausted),
        (
            "custom",
            429,
            error(json!({"code": "1316", "message": "Usage limit reached for 5 hour. It resets."})),
            QuotaExhausted,
        ),
        (
            "custom",
            429,
            error(json!({"code": "SetLimitExceeded", "type": "TooManyRequests", "message": "m"})),
            QuotaExhausted,
        ),
        ("custom", 429, error(json!({"code": "1312", "message": "m"})), Overloaded),
        ("custom", 400, error(json!({"code": "1211", "message": "m"})), ModelNotFound),
        ("custom", 400, error(json!({"code": "1261", "message": "m"})), ContextLength),
        ("custom", 400, error(json!({"code": "1301", "message": "m"})), ContentFilter),
        ("custom", 400, kind("BadRequestError"), BadRequest),
        // A type that says no more than the status yields to it.
        (
            "custom",
            404,
            error(json!({"message": "model \"x\" not found", "type": "api_error"})),
            ModelNotFound,
        ),
        ("custom", 400, error(json!({"message": "bad", "type": "api_error"})), BadRequest),
        ("custom", 401, error(json!({"message": "no", "type": "server_error"})), Authentication),
        ("custom", 408, error(json!({"message": "slow", "type": "timeout"})), Timeout),
    ]);
}

#[test]
fn of_several_labels_the_precise_one_holds() {
    use Status::*;
    let google = |reason: &str, message: &str| {
        error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": message,
            "details": [{"@type": "ErrorInfo", "reason": reason}]}))
    };
    let quotas = |ids: &[&str]| {
        let all: Vec<Value> = ids.iter().map(|id| json!({"quotaId": id})).collect();
        error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": "You exceeded your current quota, please check your plan and billing details.",
            "details": [{"@type": "QuotaFailure", "violations": all},
                {"@type": "RetryInfo", "retryDelay": "20s"}]}))
    };
    let minute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    let day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    let both = json!({"message": "m", "type": "insufficient_quota", "code": "429"});
    check(vec![
        ("gemini", 429, google("RATE_LIMIT_EXCEEDED", "m"), RateLimited),
        ("gemini", 429, google("MODEL_CAPACITY_EXHAUSTED", "No capacity"), Overloaded),
        ("gemini", 429, google("QUOTA_EXHAUSTED", "m"), QuotaExhausted),
        ("gemini", 429, quotas(&[minute]), RateLimited),
        ("gemini", 429, quotas(&[day]), QuotaExhausted),
        ("gemini", 429, quotas(&[minute, day]), QuotaExhausted),
        ("gemini", 429, quotas(&[]), RateLimited),
        (
            "gemini",
            429,
            error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED",
                "message": "Your prepayment credits are depleted."})),
            QuotaExhausted,
        ),
        (
            "gemini",
            429,
            error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED",
                "message": "Your project has exceeded its monthly spending cap."})),
            QuotaExhausted,
        ),
        (
            "gemini",
            400,
            error(json!({"code": 400, "status": "FAILED_PRECONDITION",
                "message": "User location is not supported for the API use."})),
            Permission,
        ),
        (
            "gemini",
            400,
            error(json!({"code": 400, "status": "FAILED_PRECONDITION", "message":
                "Gemini API free tier is not available in your country. Please enable billing."})),
            Permission,
        ),
        ("custom", 429, error(both), QuotaExhausted),
        (
            "openai",
            400,
            error(
                json!({"message": "Invalid prompt: flagged as potentially violating our usage policy.",
                "type": "invalid_request_error", "code": "invalid_prompt"}),
            ),
            ContentFilter,
        ),
        (
            "openai",
            400,
            error(json!({"message": "Invalid prompt", "type": "invalid_request_error",
                "code": "invalid_prompt"})),
            BadRequest,
        ),
    ]);
}

#[test]
fn words_decide_where_a_vendor_gives_nothing_else() {
    use Status::*;
    let claude = |message: &str| json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}});
    let kimi = |message: &str| error(json!({"message": message, "type": "invalid_request_error"}));
    let silicon =
        |code: u32, message: &str| json!({"code": code, "message": message, "data": null});
    check(vec![
        ("anthropic", 400, claude("Output blocked by content filtering policy"), ContentFilter),
        (
            "anthropic",
            400,
            claude("You have reached your specified API usage limits."),
            QuotaExhausted,
        ),
        ("anthropic", 413, claude("Request exceeds the maximum size"), BadRequest),
        (
            "custom",
            400,
            error(json!({"message": "Too many input tokens. Max: 900"})),
            ContextLength,
        ),
        (
            "custom",
            400,
            error(json!({"message": "prompt exceeds the maximum allowed number of input tokens"})),
            ContextLength,
        ),
        (
            "custom",
            400,
            json!({"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}),
            ContextLength,
        ),
        (
            "custom",
            400,
            error(json!({"message": "the maximum supported sequence length is just 4096!"})),
            ContextLength,
        ),
        (
            "custom",
            403,
            json!({"code": "x", "error": "You have run out of credits or need a subscription."}),
            QuotaExhausted,
        ),
        (
            "custom",
            429,
            json!({"detail": "Infrastructure is at maximum capacity, try again later"}),
            Overloaded,
        ),
        (
            "custom",
            400,
            error(json!({"message": "Output data may contain inappropriate content"})),
            ContentFilter,
        ),
        (
            "gemini",
            400,
            error(json!({"code": 400, "status": "INVALID_ARGUMENT", "message": "Unable to submit \
                request because the input token count is 40000 but model only supports up to 32768."})),
            ContextLength,
        ),
        (
            "kimi",
            400,
            kimi("Invalid request: Your request exceeded model token limit: 8192"),
            ContextLength,
        ),
        (
            "siliconflow",
            400,
            silicon(
                20_015,
                "length of prompt_tokens (200032) must be less than max_seq_len (98304).",
            ),
            ContextLength,
        ),
        ("siliconflow", 400, silicon(20_015, "The parameter is invalid."), BadRequest),
        (
            "custom",
            400,
            json!({"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***. "}),
            Authentication,
        ),
        (
            "custom",
            429,
            json!({"code": "Some resource has been exhausted",
                "error": "Your team has either used all available credits or reached its monthly spending limit."}),
            QuotaExhausted,
        ),
        (
            "custom",
            400,
            error(json!({"message": "x/y is not a valid model ID", "code": 400})),
            ModelNotFound,
        ),
        (
            "custom",
            404,
            error(json!({"message": "No endpoints found for some-model.", "code": 404})),
            ModelNotFound,
        ),
        (
            "custom",
            404,
            error(json!({"message": "No endpoints found for x/y:free.", "code": 404})),
            ModelNotFound,
        ),
        (
            "custom",
            403,
            json!({"code": "The caller does not have permission",
                "error": "Your newly created team doesn't have any credits yet."}),
            QuotaExhausted,
        ),
        (
            "custom",
            403,
            json!({"code": "The caller does not have permission",
                "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}),
            ContentFilter,
        ),
        (
            "custom",
            412,
            error(
                json!({"message": "Account a is suspended, possibly due to reaching the monthly spending limit",
                "code": "FAILED_PRECONDITION"}),
            ),
            QuotaExhausted,
        ),
        ("custom", 400, kimi("Range of input length should be [1, 129024]"), ContextLength),
        (
            "custom",
            400,
            error(
                json!({"message": "litellm.ContextWindowExceededError: too much", "code": "400"}),
            ),
            ContextLength,
        ),
        (
            "custom",
            400,
            error(json!({"message": "litellm.ContentPolicyViolationError: no", "code": "400"})),
            ContentFilter,
        ),
        (
            "custom",
            400,
            json!({"success": false, "errors": [{"code": 5007, "message": "No such model x"}]}),
            ModelNotFound,
        ),
        (
            "custom",
            429,
            json!({"errors": [{"code": 4006, "message": "you have used up your daily free allocation"}]}),
            QuotaExhausted,
        ),
        ("deepseek", 400, kimi("Content Exists Risk"), ContentFilter),
        ("cohere", 498, json!({"message": "blocked output"}), ContentFilter),
        (
            "huggingface",
            400,
            json!({"error": "Authorization header is correct, but the token seems invalid"}),
            Authentication,
        ),
        ("custom", 404, json!({"detail": "Not Found"}), BadRequest),
        (
            "huggingface",
            424,
            json!({"error": "Request failed during generation", "error_type": "generation"}),
            Server,
        ),
        (
            "huggingface",
            429,
            json!({"error": "Model is overloaded", "error_type": "overloaded"}),
            Overloaded,
        ),
        (
            "ollama",
            503,
            json!({"error": "server busy, please try again. maximum pending requests exceeded"}),
            Overloaded,
        ),
    ]);
}

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
fn a_code_that_repeats_https_leaves_the_word_to_the_words() {
    use Status::*;
    let openrouter = |words: &str, code: u16| error(json!({"message": words, "code": code}));
    check(vec![
        (
            "custom",
            429,
            openrouter("Rate limit exceeded: free-models-per-day.", 429),
            QuotaExhausted,
        ),
        ("custom", 429, openrouter("Rate limit exceeded: free-models-per-min.", 429), RateLimited),
        ("custom", 400, openrouter("Rate limit exceeded", 429), RateLimited),
        ("custom", 503, openrouter("m", 503), Overloaded),
        ("custom", 402, openrouter("m", 402), QuotaExhausted),
    ]);
}

#[test]
fn a_blocked_model_is_a_matter_of_permission_and_a_long_input_of_length() {
    use Status::*;
    let blocked = json!({"message": "m", "type": "permissions_error",
        "code": "model_permission_blocked_project"});
    check(vec![
        ("custom", 400, error(blocked), Permission),
        ("ollama", 500, error("the input length exceeds the context length".into()), ContextLength),
        ("ollama", 500, error("unexpected EOF".into()), Server),
    ]);
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
fn words_that_vendors_have_beside_a_vague_label_are_understood() {
    use Status::*;
    let says = |message: &str| error(json!({"message": message, "type": "invalid_request_error"}));
    let bare = |message: &str| json!({"message": message});
    check(vec![
        (
            "custom",
            400,
            says(
                "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
            ),
            ContextLength,
        ),
        ("kimi", 400, says("Input token length too long"), ContextLength),
        (
            "siliconflow",
            400,
            bare("number of input tokens (9) have exceeded max_prompt_tokens (8) limit."),
            ContextLength,
        ),
        ("custom", 400, says("Input tokens exceed the configured limit of 8."), ContextLength),
        ("kimi", 400, says("model max length exceeded, max length:8192"), ContextLength),
        (
            "deepseek",
            400,
            says("The supported API model names are a and b, but you passed c."),
            ModelNotFound,
        ),
        (
            "custom",
            404,
            json!({"status": 404, "title": "Not Found",
                "detail": "Function 'f-1': Not found for account 'a-1'"}),
            ModelNotFound,
        ),
        ("custom", 403, bare("Key limit exceeded (monthly limit)."), QuotaExhausted),
        ("custom", 403, bare("Out of call volume quota for this resource."), QuotaExhausted),
        (
            "siliconflow",
            403,
            bare("The free tier of the model has been exhausted."),
            QuotaExhausted,
        ),
        (
            "custom",
            404,
            error(
                json!({"message": "No endpoints found that support tool use. See the docs of this model.", "code": 404}),
            ),
            BadRequest,
        ),
        (
            "custom",
            404,
            error(json!({"message": "No endpoints found for a/b.", "code": 404})),
            ModelNotFound,
        ),
        (
            "custom",
            400,
            error(json!({"message": "m", "code": "OutputTextSensitiveContentDetected"})),
            ContentFilter,
        ),
        (
            "custom",
            429,
            error(json!({"error": {"message": "m", "code": "insufficient_quota"}})),
            QuotaExhausted,
        ),
    ]);
    let slow = json!({"message": "Too many tokens, please wait before trying again."});
    assert_eq!(inside("custom", &slow), [RateLimited; 2]);
}

#[test]
fn a_refusal_that_is_an_event_is_read_as_one() {
    let event =
        format!("data: {}\n\n", error(json!({"message": "m", "code": "insufficient_quota"})));
    let refused = refused("custom", 429, &[], &event);
    assert_eq!((refused.status, refused.message.as_str()), (Status::QuotaExhausted, "m"));
}

#[test]
fn minimaxs_numbers_mean_what_it_says_they_do() {
    use Status::*;
    for (code, status) in [
        (1002, RateLimited),
        (1004, Authentication),
        (1008, QuotaExhausted),
        (1026, ContentFilter),
        (1039, ContextLength),
        (2013, BadRequest),
        (2045, RateLimited),
        (2056, QuotaExhausted),
        (1000, Server),
    ] {
        let body = json!({"base_resp": {"status_code": code, "status_msg": "m"}});
        assert_eq!(inside("custom", &body), [status; 2], "{code}");
    }
}

#[test]
fn a_plans_limit_of_hours_is_none_of_a_minute() {
    let minimax = error(json!({"type": "rate_limit_error",
        "message": "usage limit exceeded, 5-hour usage limit reached for the plan (2056)"}));
    let codex = error(json!({"type": "usage_limit_reached", "message": "m",
        "resets_in_seconds": 13_872}));
    for (body, wait) in [(minimax, None), (codex, Some(13_872))] {
        let error = refused("anthropic", 429, &[], &body.to_string());
        assert_eq!((error.status, error.retriable), (Status::QuotaExhausted, false));
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), wait);
    }
}

#[test]
fn a_plan_or_day_that_is_used_up_is_told_by_words_and_codes() {
    use Status::*;
    let says = |kind: &str, message: &str| error(json!({"type": kind, "message": message}));
    let code = json!({"type": "TooManyRequests", "code": "AccountQuotaExceeded", "message": "m"});
    check(vec![
        (
            "ollama",
            429,
            json!({"error": "you have reached your session usage limit"}),
            QuotaExhausted,
        ),
        ("ollama", 429, json!({"error": "you've reached your hourly usage limit"}), QuotaExhausted),
        (
            "kimi",
            429,
            says("rate_limit_reached_error", "reached organization TPD rate limit"),
            QuotaExhausted,
        ),
        (
            "kimi",
            429,
            says("rate_limit_reached_error", "reached organization TPM rate limit"),
            RateLimited,
        ),
        (
            "kimi",
            403,
            says("access_terminated_error", "Your quota will be refreshed in the next cycle."),
            QuotaExhausted,
        ),
        (
            "anthropic",
            403,
            says("permission_error", "Your quota will reset when the window ends."),
            QuotaExhausted,
        ),
        ("kimi", 403, says("access_terminated_error", "Only for coding agents"), Permission),
        ("custom", 429, error(code), QuotaExhausted),
        (
            "custom",
            429,
            json!({"errors": {"message": "You have exceeded today's quota for model x"}}),
            QuotaExhausted,
        ),
    ]);
}

#[test]
fn a_limit_of_money_is_told_by_the_codes_that_vendors_have_for_it() {
    use Status::*;
    let openai = |code: &str| error(json!({"type": "insufficient_quota_v2", "code": code}));
    let qianfan =
        |kind: &str, code: &str| error(json!({"type": kind, "code": code, "message": "m"}));
    let claude = |message: &str, details: Value| {
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": message,
            "details": details}})
    };
    let enforced = json!({"error_code": "enforced_spend_limit_reached"});
    let workspace = "You have reached your specified workspace API usage limits. You will regain \
        access on 2026-12-01 at 00:00 UTC.";
    let plan = "Your Token plan quota has been exhausted. You can wait for the quota reset.";
    check(vec![
        ("openai", 429, openai("credit_balance_exhausted"), QuotaExhausted),
        ("openai", 429, openai("organization_spend_limit_exceeded"), QuotaExhausted),
        ("openai", 429, openai("project_spend_limit_exceeded"), QuotaExhausted),
        ("openai", 429, openai("organization_usage_limit_exceeded"), QuotaExhausted),
        ("anthropic", 429, claude("m", enforced), QuotaExhausted),
        ("anthropic", 429, claude("m", Value::Null), RateLimited),
        (
            "anthropic",
            429,
            claude("You have reached your API usage limits: m", Value::Null),
            QuotaExhausted,
        ),
        (
            "anthropic",
            429,
            claude("Extra usage is required for long context requests.", Value::Null),
            QuotaExhausted,
        ),
        (
            "anthropic",
            400,
            json!({"error": {"type": "invalid_request_error", "message": workspace}}),
            QuotaExhausted,
        ),
        (
            "custom",
            429,
            qianfan("rate_limit_exceeded", "coding_plan_hour_quota_exceeded"),
            QuotaExhausted,
        ),
        ("custom", 403, qianfan("access_denied", "account_overdue"), QuotaExhausted),
        ("custom", 400, qianfan("invalid_request_error", "tokens_too_long"), ContextLength),
        ("custom", 400, qianfan("unsafe_request", "system_unsafe"), ContentFilter),
        (
            "custom",
            403,
            json!({"error_code": "ModelArts.81022", "error_msg": plan}),
            QuotaExhausted,
        ),
        (
            "custom",
            400,
            error(json!({"code": "PostpaidBillOverdue", "message": "m"})),
            QuotaExhausted,
        ),
    ]);
}

#[test]
fn more_words_that_only_some_vendors_have_are_understood() {
    use Status::*;
    let says = |message: &str| error(json!({"message": message}));
    for (http, message, status) in [
        (400, "prompt token count of 130000 exceeds the limit of 128000", ContextLength),
        (
            400,
            "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
            ContextLength,
        ),
        (400, "Please reduce the length of the messages or completion.", ContextLength),
        (400, "[1261][Prompt exceeds max length][id]", ContextLength),
        (
            400,
            "The number of tokens in request more than max tokens allowed (131072).",
            ContextLength,
        ),
        (
            403,
            "You have either run out of available resources or do not have an active Grok \
             subscription.",
            QuotaExhausted,
        ),
        (429, "server overload, please try again later", Overloaded),
        (403, "You've exhausted all your credits.", QuotaExhausted),
        (403, "Insufficient account balance", QuotaExhausted),
        (403, "用户额度不足，请充值", QuotaExhausted),
        (400, "You're out of extra usage. Add more and keep going.", QuotaExhausted),
        (
            400,
            "Third-party apps now draw from your extra usage, not your plan limits.",
            QuotaExhausted,
        ),
        (400, "Triggered Azure OpenAI's content management policy.", ContentFilter),
        (
            400,
            "System detected potentially unsafe or sensitive content in input or generation",
            ContentFilter,
        ),
        (400, "the input text may contain sensitive information.", ContentFilter),
        (
            400,
            "Invalid prompt: we've limited access to this content for safety reasons.",
            ContentFilter,
        ),
        (404, "No endpoints found matching your data policy (Free model training).", Permission),
        (404, "No endpoints available matching your guardrail restrictions.", Permission),
        (404, "No endpoints found for a/b.", ModelNotFound),
    ] {
        check(vec![("custom", http, says(message), status)]);
    }
    let novita = error(json!({"message": "m", "type": "server_overload"}));
    let zai = error(json!({"code": "1305", "message": "m"}));
    let degraded = json!({"status": 400, "title": "Bad Request",
        "detail": "Function id '87ea': DEGRADED function cannot be invoked"});
    let ark = error(json!({"code": "InvalidSubscription", "message": "m"}));
    let bedrock = json!({"ModelNotReadyException": {"message": "The model is not ready."}});
    check(vec![
        ("custom", 429, novita, Overloaded),
        ("custom", 429, zai, Overloaded),
        ("custom", 400, ark, QuotaExhausted),
        ("custom", 400, degraded, Overloaded),
        ("custom", 429, bedrock, Overloaded),
    ]);
    let grok = error(json!({"message": "You do not have an active Grok subscription."}));
    assert_eq!(inside("custom", &grok), [QuotaExhausted; 2]);
}

#[test]
fn alibabas_tokens_of_a_minute_are_no_money_that_is_spent() {
    use Status::*;
    let says =
        |kind: &str, message: &str| error(json!({"message": message, "type": kind, "code": kind}));
    let link = "You exceeded your current quota, please check your plan and billing details. \
        For details, see: https://help.aliyun.com/zh/model-studio/error-code#token-limit";
    let allocated = "Allocated quota exceeded, please increase your quota limit.";
    for (kind, message, status) in [
        ("insufficient_quota", link, RateLimited),
        ("insufficient_quota", allocated, RateLimited),
        ("Throttling.AllocationQuota", allocated, RateLimited),
        ("insufficient_quota", "You exceeded your current quota", QuotaExhausted),
        ("Throttling.AllocationQuota", "Free allocated quota exceeded.", QuotaExhausted),
        ("throttling", "hour allocated quota exceeded.", QuotaExhausted),
        ("throttling", "month allocated quota exceeded.", QuotaExhausted),
        ("throttling", "concurrency allocated quota exceeded.", RateLimited),
    ] {
        check(vec![("custom", 429, says(kind, message), status)]);
        assert_eq!(inside("custom", &says(kind, message)), [status; 2], "{kind}: {message}");
    }
}

#[test]
fn zais_codes_are_read_before_its_words_too() {
    use Status::*;
    for (code, status) in [
        ("1308", QuotaExhausted),
        ("1309", QuotaExhausted),
        ("1310", QuotaExhausted),
        ("1316", QuotaExhausted),
        ("1317", QuotaExhausted),
        ("1302", RateLimited),
        ("1311", Permission),
        ("x", RateLimited),
    ] {
        let message = format!("[{code}][Your limit will reset at 2026-12-01 08:00:00][id]");
        let claude = json!({"type": "error", "error": {"type": "rate_limit_error",
            "message": message}});
        let openai = error(json!({"code": code, "message": "m"}));
        check(vec![("anthropic", 429, claude, status), ("custom", 429, openai, status)]);
    }
}

#[test]
fn opencodes_errors_are_told_by_their_types_whatever_the_status() {
    use Status::*;
    let says = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "m"}});
    for provider in ["custom", "anthropic"] {
        check(vec![
            (provider, 401, says("CreditsError"), QuotaExhausted),
            (provider, 401, says("MonthlyLimitError"), QuotaExhausted),
            (provider, 401, says("UserLimitError"), QuotaExhausted),
            (provider, 401, says("ModelError"), ModelNotFound),
            (provider, 401, says("AuthError"), Authentication),
            (provider, 424, says("ModelError"), Server),
            (provider, 429, says("FreeUsageLimitError"), QuotaExhausted),
            (provider, 429, says("GoUsageLimitError"), QuotaExhausted),
            (provider, 429, says("RateLimitError"), RateLimited),
        ]);
    }
}

#[test]
fn a_model_that_is_gone_or_that_nobody_serves_is_not_found() {
    use Status::*;
    let gone = json!({"type": "about:blank", "title": "Gone", "status": 410,
        "detail": "The model 'x' has reached its end of life and is no longer available."});
    let invalid = "BedrockException - {\"message\":\"The provided model identifier is invalid.\"}";
    check(vec![
        ("custom", 410, gone, ModelNotFound),
        ("custom", 410, json!({"detail": "Gone"}), BadRequest),
        ("custom", 400, error(json!({"message": invalid})), ModelNotFound),
        (
            "custom",
            400,
            json!({"errors": {"message": "Model id: x has no provider supported"}}),
            ModelNotFound,
        ),
    ]);
}

#[test]
fn what_a_vendor_cancels_by_itself_is_its_own_failure() {
    let given_up = error(json!({"code": 499, "message": "The operation was cancelled.",
        "status": "CANCELLED"}));
    let found = refused("gemini", 499, &[], &given_up.to_string());
    assert_eq!((found.status, found.retriable), (Status::Server, true));
    assert_eq!(inside("gemini", &given_up), [Status::Server; 2]);
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
fn a_request_above_a_limit_is_not_to_be_sent_again() {
    let said = |label: Value| {
        let words = "Request too large for m on tokens per min (TPM): Limit 400000, Requested \
                     2500013. The input or output tokens must be reduced in order to run.";
        let mut error = error(label);
        error["error"]["message"] = words.into();
        error.to_string()
    };
    let label = json!({"type": "tokens", "code": "rate_limit_exceeded"});
    for (http, label) in [(429, label.clone()), (413, label), (429, json!({}))] {
        let error = refused("custom", http, &[], &said(label));
        assert_eq!((error.status, error.retriable), (Status::RateLimited, false), "{http}");
    }
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
fn an_error_that_is_an_event_may_be_named_first() {
    let event = "event: error\nid: 1\n\ndata: {\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}\n\n";
    let error = refused("openai", 429, &[], event);
    assert_eq!((error.status, error.message.as_str()), (Status::QuotaExhausted, "m"));
}

#[test]
fn what_llama_cpp_cannot_process_is_too_long() {
    let words = "input (9000 tokens) is too large to process. increase the physical batch size";
    let body = json!({"error": {"code": 500, "message": words, "type": "server_error"}});
    let error = refused("custom", 500, &[], &body.to_string());
    assert_eq!((error.status, error.retriable), (Status::ContextLength, false));
}

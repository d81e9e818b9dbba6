//! Vendors' errors, each with the status that tells a caller what to do.

use std::time::Duration;

use mynah::error::{CallError, Status};
use serde_json::{Value, json};

use crate::*;

fn read(provider: &str, http: u16, headers: &[(&str, &str)], body: &str) -> CallError {
    let client = client(provider, "some-model");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    dialect.error(&context, &head(http, headers), body.as_bytes())
}

fn status(provider: &str, http: u16, body: Value) -> Status {
    read(provider, http, &[], &body.to_string()).status
}

#[test]
fn what_is_wrong_with_another_field_is_no_missing_model() {
    let words = "Missing namespace for function_call 'f'. It does not exist in the default \
        namespace. Round-trip the model's function_call item with its namespace field included.";
    let said = |message: &str, kind: &str, param: Value| json!({"message": message, "type": kind, "param": param, "code": null});
    let kind = "invalid_request_error";
    let missing = "The model `some-model` does not exist";
    for (http, error, expected) in [
        (400, said(words, kind, json!("input[3].namespace")), Status::BadRequest),
        (404, said(words, "NotFoundError", json!("input[3].namespace")), Status::BadRequest),
        (404, said("File not found, model", kind, json!("file_id")), Status::BadRequest),
        (400, said(missing, kind, json!("model")), Status::ModelNotFound),
        (404, said(missing, "NotFoundError", json!("body.model")), Status::ModelNotFound),
        (404, said(missing, "NotFoundError", Value::Null), Status::ModelNotFound),
        (404, said(missing, "None", json!("None")), Status::ModelNotFound),
        (404, said(missing, "NotFoundError", json!("")), Status::ModelNotFound),
    ] {
        assert_eq!(status("openai", http, json!({"error": error})), expected, "{error}");
        assert_eq!(status("custom", http, error.clone()), expected, "{error} by itself");
        let wrapped = json!({"error": {"message": json!({"error": error}).to_string()}});
        assert_eq!(status("custom", http, wrapped), expected, "{error} as a message");
    }
}

#[test]
fn each_vendors_envelope_becomes_the_right_status() {
    use Status::*;
    let error = |inner: Value| json!({"error": inner});
    let openai = |kind: &str, code: &str| json!({"error": {"message": "m", "type": kind, "param": null, "code": code}});
    let claude = |kind: &str, message: &str| json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "r"});
    let google = |status: &str, message: &str, quota: &str| {
        json!({"error": {"code": 429, "status": status, "message": message, "details": [
            {"@type": "QuotaFailure", "violations": [{"quotaId": quota}]}]}})
    };
    let quota = "You exceeded your current quota";
    let cases: &[(&str, u16, Value, Status)] = &[
        ("openai", 401, openai("invalid_request_error", "invalid_api_key"), Authentication),
        (
            "openai",
            403,
            openai("request_forbidden", "unsupported_country_region_territory"),
            Permission,
        ),
        ("openai", 429, openai("insufficient_quota", "insufficient_quota"), QuotaExhausted),
        ("openai", 429, openai("tokens", "rate_limit_exceeded"), RateLimited),
        ("openai", 400, openai("invalid_request_error", "context_length_exceeded"), ContextLength),
        ("openai", 404, openai("invalid_request_error", "model_not_found"), ModelNotFound),
        ("openai", 400, openai("invalid_request_error", "content_policy_violation"), ContentFilter),
        ("openai", 400, openai("invalid_request_error", "unsupported_parameter"), BadRequest),
        ("openai", 500, openai("server_error", ""), Server),
        ("openai", 503, openai("server_error", ""), Overloaded),
        (
            "openai",
            400,
            error(json!({"message": "filtered", "code": "content_filter",
            "innererror": {"code": "ResponsibleAIPolicyViolation"}})),
            ContentFilter,
        ),
        ("anthropic", 529, claude("overloaded_error", "Overloaded"), Overloaded),
        ("anthropic", 429, claude("rate_limit_error", "limit"), RateLimited),
        ("anthropic", 402, claude("billing_error", "pay"), QuotaExhausted),
        (
            "anthropic",
            400,
            claude(
                "invalid_request_error",
                "Your credit balance is too low to \
            access the Anthropic API.",
            ),
            QuotaExhausted,
        ),
        (
            "anthropic",
            400,
            claude(
                "invalid_request_error",
                "prompt is too long: 210000 tokens > \
            200000 maximum",
            ),
            ContextLength,
        ),
        ("anthropic", 400, claude("invalid_request_error", "max_tokens: required"), BadRequest),
        ("anthropic", 404, claude("not_found_error", "model: claude-x"), ModelNotFound),
        ("anthropic", 404, claude("not_found_error", "file not found"), BadRequest),
        ("anthropic", 401, claude("authentication_error", "invalid x-api-key"), Authentication),
        ("anthropic", 403, claude("permission_error", "no"), Permission),
        ("anthropic", 500, claude("api_error", "oops"), Server),
        ("gemini", 429, google("RESOURCE_EXHAUSTED", quota, "RequestsPerMinute"), RateLimited),
        (
            "gemini",
            429,
            google("RESOURCE_EXHAUSTED", quota, "RequestsPerDayPerProject"),
            QuotaExhausted,
        ),
        (
            "gemini",
            429,
            error(json!({"code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": quota})),
            RateLimited,
        ),
        (
            "gemini",
            503,
            error(json!({"code": 503, "status": "UNAVAILABLE", "message": "m"})),
            Overloaded,
        ),
        (
            "gemini",
            400,
            error(json!({"code": 400, "status": "INVALID_ARGUMENT",
            "message": "API key not valid. Please pass a valid API key.",
            "details": [{"reason": "API_KEY_INVALID"}]})),
            Authentication,
        ),
        (
            "gemini",
            400,
            error(json!({"code": 400, "status": "INVALID_ARGUMENT", "message":
            "The input token count (1200000) exceeds the maximum number of tokens allowed"})),
            ContextLength,
        ),
        (
            "gemini",
            404,
            error(json!({"code": 404, "status": "NOT_FOUND", "message":
            "models/gemini-x is not found for API version v1beta"})),
            ModelNotFound,
        ),
        (
            "gemini",
            403,
            error(json!({"code": 403, "status": "PERMISSION_DENIED", "message": "m"})),
            Permission,
        ),
        (
            "deepseek",
            402,
            error(json!({"message": "Insufficient Balance", "type": "unknown_error",
            "code": "invalid_request_error"})),
            QuotaExhausted,
        ),
        (
            "deepseek",
            400,
            error(json!({"message": "This model's maximum context length is 65536 \
            tokens.", "type": "invalid_request_error"})),
            ContextLength,
        ),
        ("deepseek", 503, error(json!({"message": "busy"})), Overloaded),
        (
            "kimi",
            429,
            error(json!({"message": "exceeded current quota", "type":
            "exceeded_current_quota_error"})),
            QuotaExhausted,
        ),
        (
            "kimi",
            403,
            error(json!({"message": "m", "type": "exceeded_current_quota_error"})),
            QuotaExhausted,
        ),
        (
            "kimi",
            429,
            error(json!({"message": "m", "type": "rate_limit_reached_error"})),
            RateLimited,
        ),
        (
            "kimi",
            429,
            error(json!({"message": "m", "type": "engine_overloaded_error"})),
            Overloaded,
        ),
        (
            "kimi",
            401,
            error(json!({"message": "m", "type": "invalid_authentication_error"})),
            Authentication,
        ),
        (
            "kimi",
            404,
            error(json!({"message": "Not found the model x or Permission denied",
            "type": "resource_not_found_error"})),
            ModelNotFound,
        ),
        ("siliconflow", 429, json!({"message": "TPM limit reached.", "data": null}), RateLimited),
        (
            "siliconflow",
            400,
            json!({"code": 20012, "message": "Model does not exist", "data": null}),
            ModelNotFound,
        ),
        (
            "siliconflow",
            403,
            json!({"code": 30001, "message": "balance", "data": null}),
            QuotaExhausted,
        ),
        ("siliconflow", 503, json!({"code": 50505, "message": "busy", "data": null}), Overloaded),
        ("siliconflow", 401, json!("Invalid token"), Authentication),
        ("cohere", 401, json!({"message": "invalid api token"}), Authentication),
        ("cohere", 404, json!({"message": "model 'x' not found"}), ModelNotFound),
        (
            "cohere",
            429,
            json!({"message": "You are using a Trial key, limited to 10 API calls / minute"}),
            RateLimited,
        ),
        (
            "cohere",
            429,
            json!({"message": "You are using a Trial key, limited to 1000 API calls / month"}),
            QuotaExhausted,
        ),
        ("cohere", 498, json!({"message": "invalid token"}), Authentication),
        (
            "huggingface",
            503,
            json!({"error": "Model is currently loading", "estimated_time": 35.5}),
            Overloaded,
        ),
        (
            "huggingface",
            402,
            json!({"error": "You have exceeded your monthly included credits"}),
            QuotaExhausted,
        ),
        (
            "huggingface",
            422,
            json!({"error": "Input validation error", "error_type": "validation"}),
            BadRequest,
        ),
        (
            "ollama",
            404,
            json!({"error": "model \"x\" not found, try pulling it first"}),
            ModelNotFound,
        ),
        ("ollama", 400, json!({"error": "x does not support tools"}), BadRequest),
        ("ollama", 500, json!({"error": "model requires more system memory"}), Server),
        (
            "custom",
            400,
            json!({"object": "error", "message": "maximum context length is 4096",
            "type": "BadRequestError", "code": 400}),
            ContextLength,
        ),
        (
            "custom",
            422,
            json!({"detail": [{"loc": ["body"], "msg": "field required"}]}),
            BadRequest,
        ),
        (
            "custom",
            402,
            json!({"error": {"message": "Insufficient credits", "code": 402}}),
            QuotaExhausted,
        ),
        (
            "custom",
            403,
            json!({"error": {"message": "flagged", "code": 403,
            "metadata": {"reasons": ["violence"]}}}),
            ContentFilter,
        ),
        (
            "custom",
            429,
            json!({"object": "error", "message": "Service tier capacity exceeded for this model.",
            "type": "service_tier_capacity_exceeded", "code": "3505"}),
            Overloaded,
        ),
        ("custom", 408, json!({"error": {"message": "slow"}}), Timeout),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|(provider, http, body, wanted)| {
            let got = status(provider, *http, body.clone());
            (got != *wanted)
                .then(|| format!("{provider} {http} {body}: {got:?}, wanted {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bodies_that_are_no_json_still_give_a_status() {
    assert_eq!(read("openai", 502, &[], "<html>Bad gateway</html>").status, Status::Server);
    let empty = read("openai", 500, &[], "");
    assert!(empty.status == Status::Server && empty.message.contains("500"));
    assert_eq!(read("custom", 429, &[], "slow down").message, "slow down");
}

#[test]
fn the_wait_is_taken_from_wherever_the_vendor_puts_it() {
    let wait = |provider: &str, http: u16, headers: &[(&str, &str)], body: &str| {
        read(provider, http, headers, body).retry_after
    };
    let ms = |n: u64| Some(Duration::from_millis(n));
    assert_eq!(wait("openai", 429, &[("retry-after", "2")], "{}"), ms(2_000));
    assert_eq!(
        wait("openai", 429, &[("Retry-After-Ms", "150"), ("retry-after", "9")], "{}"),
        ms(150)
    );
    let date = [
        ("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT"),
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
    ];
    assert_eq!(wait("openai", 503, &date, "{}"), ms(30_000));
    let limits = [
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1m2s"),
        ("x-ratelimit-remaining-tokens", "5"),
        ("x-ratelimit-reset-tokens", "9h"),
    ];
    assert_eq!(wait("openai", 429, &limits, "{}"), ms(62_000));
    let words = r#"{"error":{"message":"Rate limit reached. Please try again in 6.5s.","code":"rate_limit_exceeded"}}"#;
    assert_eq!(wait("openai", 429, &[], words), ms(6_500));
    let azure = r#"{"error":{"message":"Please retry after 26 seconds.","code":"429"}}"#;
    assert_eq!(wait("openai", 429, &[], azure), ms(26_000));
    for (words, seconds) in [
        ("Please try again in 15 hours 23 minutes. Please review our terms", 55_380),
        ("Please try again in 2 hours.", 7_200),
        ("Please wait 1 minute 5 seconds before trying again.", 65),
        ("Please try again in 3 days", 259_200),
        ("Please retry after 5 seconds. 3 more were sent", 5),
    ] {
        let copilot = format!(r#"{{"error":{{"message":"{words}","code":"rate_limited"}}}}"#);
        assert_eq!(wait("custom", 429, &[], &copilot), ms(seconds * 1_000), "{words}");
    }
    for words in ["Please wait and try again later.", "Please try again in 5 ways"] {
        let vague = format!(r#"{{"error":{{"message":"{words}","code":"rate_limited"}}}}"#);
        assert_eq!(wait("custom", 429, &[], &vague), None, "{words}");
    }
    let google = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34.4s"}]}}"#;
    assert_eq!(wait("gemini", 429, &[], google), ms(34_400));
    assert_eq!(
        wait("huggingface", 503, &[], r#"{"error":"loading","estimated_time":20.5}"#),
        ms(20_500)
    );
    let reset = r#"{"error":{"message":"m","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1795435230000"}}}}"#;
    let date = [("date", "Mon, 23 Nov 2026 12:00:00 GMT")];
    assert_eq!(wait("custom", 429, &date, reset), ms(30_000));
    assert_eq!(wait("openai", 400, &[], "{}"), None);
}

#[test]
fn ids_codes_and_should_retry_are_kept() {
    let body =
        r#"{"type":"error","error":{"type":"api_error","message":"m"},"request_id":"req_body"}"#;
    let error = read("anthropic", 500, &[("x-should-retry", "false")], body);
    assert_eq!(error.request_id.as_deref(), Some("req_body"));
    assert_eq!(error.provider_code.as_deref(), Some("api_error"));
    assert!(!error.retriable && error.http_status == Some(500));
    let error = read("deepseek", 400, &[("X-DS-Trace-Id", "t"), ("x-should-retry", "true")], "{}");
    assert!(error.request_id.as_deref() == Some("t") && error.retriable);
}

#[test]
fn no_key_is_repeated() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret-key. Or sk-proj-abcd********wxyz, sent.","code":"invalid_api_key"}}"#;
    let error = read("openai", 401, &[], body);
    assert!(
        !error.message.contains("secret") && !error.message.contains("abcd"),
        "{}",
        error.message
    );
}

#[test]
fn an_error_inside_a_200_is_that_error() {
    let plain = |provider: &str, body: &str| {
        let client = client(provider, "m");
        let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &request);
        dialect.reply(&context, &head(200, &[]), body.as_bytes()).unwrap_err().status()
    };
    let overloaded = r#"{"error":{"message":"busy","code":503}}"#;
    assert_eq!(plain("custom", overloaded), Status::Overloaded);
    assert_eq!(
        plain("custom", r#"{"error":{"message":"m","code":"insufficient_quota"}}"#),
        Status::QuotaExhausted
    );
    assert_eq!(
        plain("siliconflow", r#"{"code":50505,"message":"busy","data":null}"#),
        Status::Overloaded
    );
    assert_eq!(plain("openai", "not json"), Status::Protocol);
    assert_eq!(plain("openai", ""), Status::Protocol);
}

#[test]
fn a_refused_key_of_a_regional_vendor_names_the_other_host() {
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let refused = |set: &[(&str, &str)]| {
        let client = options(set);
        let (dialect, context) = reader(&client, &request);
        dialect.error(&context, &head(401, &[]), b"{}").message
    };
    let kimi = [("provider", "kimi"), ("api_key", "k"), ("region", "cn")];
    assert!(refused(&kimi[..2]).contains("api.moonshot.cn"));
    assert!(refused(&kimi).contains("api.moonshot.ai"));
    assert!(!refused(&[("api_key", "k"), ("model", "m")]).contains("region"));
}

#[test]
fn a_message_is_the_vendors_to_the_last_blank() {
    let error = json!({"error": {"message": "contents is not specified\n"}});
    assert_eq!(read("gemini", 400, &[], &error.to_string()).message, "contents is not specified\n");
}

#[test]
fn what_is_secret_in_headers_and_address_is_shown_as_little_as_the_key() {
    let client = options(&[
        ("provider", "custom"),
        ("model", "m"),
        ("api_key", "KEY-ONE"),
        ("base_url", "https://u:PASS-TWO@example.test/v1?api-key=QUERY-THREE"),
        ("header", "Authorization: Bearer TOKEN-FOUR"),
        ("header", "x-api-key: HEADER-FIVE"),
        ("header", "cf-aig-authorization: Bearer GATE-SIX"),
        ("header", "Cookie: session=SEVEN; lang=en"),
        ("header", "x-title: A title"),
    ]);
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    let said = "KEY-ONE PASS-TWO QUERY-THREE TOKEN-FOUR HEADER-FIVE GATE-SIX session=SEVEN; lang=en A title";
    let body = json!({"error": {"message": said, "code": "bad HEADER-FIVE"}}).to_string();
    let error = dialect.error(&context, &head(400, &[]), body.as_bytes());
    assert_eq!(error.message, "(key) (key) (key) (key) (key) (key) (key) A title");
    assert_eq!(error.provider_code.as_deref(), Some("bad (key)"));
}

//! What gateways and guardrails say that stand before a host, and single hosts.

use super::*;

#[test]
fn what_a_guardrail_has_stopped_is_filtered() {
    use Status::ContentFilter;
    let guarded = |end: &str| {
        let inner = json!({"usage": {}, "input_guardrail": [{"flagged": false}],
            "finishReason": end});
        json!({"error_code": "BAD_REQUEST", "message": inner.to_string()})
    };
    let dlp = |of: &str| {
        let words = format!("{of} content blocked due to DLP policy violations");
        json!({"success": false, "error": [{"code": 2030, "message": words}]})
    };
    let found = "Request blocked: prompt injection patterns detected";
    let keyword = "Content blocked: keyword 'kumquat' detected";
    check(vec![
        ("custom", 400, guarded("input_guardrail_triggered"), ContentFilter),
        ("custom", 400, guarded("output_guardrail_triggered"), ContentFilter),
        ("custom", 424, dlp("Response"), ContentFilter),
        ("custom", 400, dlp("Request"), ContentFilter),
        ("custom", 403, error(json!({"code": 403, "message": found})), ContentFilter),
        (
            "anthropic",
            403,
            json!({"type": "error", "error": {"type": "permission_error", "message": found}}),
            ContentFilter,
        ),
        (
            "custom",
            400,
            error(json!({"message": keyword, "type": "invalid_request_error", "code": "400"})),
            ContentFilter,
        ),
    ]);
}

#[test]
fn a_number_of_minimaxs_at_the_end_of_the_words_counts() {
    use Status::*;
    let said =
        |words: &str| json!({"type": "error", "error": {"type": "api_error", "message": words}});
    let plan = said("your current token plan not support model, MiniMax-M2.7-highspeed (2061)");
    let output = said("output new_sensitive (1027)");
    check(vec![
        ("anthropic", 500, plan.clone(), Permission),
        ("custom", 500, plan, Permission),
        ("custom", 422, said("input new_sensitive (1026)"), ContentFilter),
        ("anthropic", 500, output.clone(), ContentFilter),
        ("anthropic", 500, said("insufficient balance (1008)"), QuotaExhausted),
        ("custom", 500, said("the connection was closed (1008)"), Server),
        ("custom", 500, said("no room (4096)"), Server),
    ]);
    assert_eq!(inside("anthropic", &output)[1], ContentFilter);
}

#[test]
fn what_is_used_up_and_what_only_waits_are_told_apart() {
    use Status::*;
    let budget = "API key budget limit exceeded (monthly limit). Contact your org admin.";
    let in_flight = error(json!({"code": 402,
        "message": "This request would exceed your available credits given your current requests.",
        "metadata": {"reason": "in_flight_budget_exhausted"}}));
    let free = json!({"type": "permission_error", "code": "401007",
        "message": "endpoint is inactive: FREE_QUOTA_EXHAUSTED"});
    let quota = |words: &str| error(json!({"message": words, "code": "insufficient_quota"}));
    let crossed = "No deployments available - crossed budget: ProviderBudget.. try again";
    check(vec![
        ("custom", 403, error(json!({"code": 403, "message": budget})), QuotaExhausted),
        ("custom", 402, in_flight.clone(), RateLimited),
        ("custom", 402, error(free), QuotaExhausted),
        (
            "custom",
            400,
            error(
                json!({"type": "invalid_request_error", "code": "blocked_api_access", "message": "No"}),
            ),
            QuotaExhausted,
        ),
        ("custom", 429, quota("Rate limit exceeded"), RateLimited),
        ("custom", 429, quota("You exceeded your current quota, please check"), QuotaExhausted),
        ("custom", 429, error(json!({"message": crossed})), QuotaExhausted),
        (
            "custom",
            429,
            json!({"errors": [{"code": 3040, "message": "No more data centers to forward the request to"}]}),
            Overloaded,
        ),
        (
            "custom",
            400,
            json!({"error": "The model has crashed without additional information. (Exit code: null)"}),
            Server,
        ),
    ]);
    assert!(refused("custom", 402, &[("retry-after", "1")], &in_flight.to_string()).retriable);
}

#[test]
fn a_redirect_is_called_one_whatever_it_says() {
    let to = [("location", "https://www.example.com/v1/chat/completions")];
    for body in ["Redirecting...", r#"{"message":"Redirecting"}"#, ""] {
        let error = refused("custom", 308, &to, body);
        assert!(error.message.contains("a redirect to www.example.com"), "{}", error.message);
    }
}

#[test]
fn a_limits_reset_is_read_in_every_way_that_it_is_written() {
    let date = ("date", "Tue, 22 Sep 2026 14:13:20 GMT");
    let wait = |what: &str, reset: &str| {
        let (left, reset_at) =
            (format!("x-ratelimit-remaining{what}"), format!("x-ratelimit-reset{what}"));
        let headers = [date, (left.as_str(), "0"), (reset_at.as_str(), reset)];
        refused("custom", 429, &headers, "{}").retry_after.map(|wait| wait.as_millis())
    };
    for (what, reset, ms) in [
        ("-requests", "1790086403", 3_000),
        ("-tokens", "1790086403500", 3_500),
        ("-requests", "2026-09-22T14:13:25Z", 5_000),
        ("-tokens", "12", 12_000),
        ("-tokens-minute", "3.1", 3_100),
        ("", "1790086403000", 3_000),
    ] {
        assert_eq!(wait(what, reset), Some(ms), "{what} {reset}");
    }
}

//! Limits: of a minute, of a plan or a day, of money, and of one request.

use super::*;

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
            claude("This request would exceed your account's monthly spend limit.", Value::Null),
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

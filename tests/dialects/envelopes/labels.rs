//! Types and codes: what they mean, and which of several holds.

use super::*;

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
        ("custom", 400, kind("unavailable_model"), ModelNotFound),
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
        ("custom", 429, error(json!({"code": "1112", "message": "locked"})), Permission),
        ("custom", 429, error(json!({"code": "1121", "message": "locked"})), Permission),
        ("custom", 429, error(json!({"code": "1120", "message": "try again"})), RateLimited),
        ("custom", 429, error(json!({"code": "1302", "message": "m"})), RateLimited),
        (
            "custom",
            429,
            json!({"code": "subscription:free-usage-exhausted", "error": "You've used all the \
                included free usage. Usage resets over a rolling 24-hour window."}),
            QuotaExhausted,
        ),
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
fn gateways_limits_and_guardrails_are_told_by_what_they_alone_say() {
    use Status::*;
    let watson = json!({"errors": [{"code": "token_quota_reached", "message": "m"}], "trace": "t"});
    let hooks = json!({"error": {"message": "m", "type": "hooks_failed", "code": null},
        "hook_results": {"before_request_hooks": [{"verdict": false}]}});
    check(vec![
        ("custom", 403, watson, QuotaExhausted),
        ("custom", 446, hooks.clone(), ContentFilter),
    ]);
    assert_eq!(inside("custom", &hooks), [ContentFilter; 2]);
    let higress = "Request denied by ai quota check, No quota left";
    assert_eq!(refused("custom", 403, &[], higress).status, QuotaExhausted);
}

#[test]
fn a_code_with_a_kind_behind_a_dot_means_what_it_means_without() {
    use Status::*;
    let code = |code: &str| error(json!({"code": code, "message": "m", "type": "BadRequest"}));
    check(vec![
        ("custom", 400, code("SensitiveContentDetected.SevereViolation"), ContentFilter),
        (
            "custom",
            400,
            code("InputImageSensitiveContentDetected.PrivacyInformation"),
            ContentFilter,
        ),
        ("custom", 400, code("OutputTextRiskDetection"), ContentFilter),
        ("custom", 429, code("RateLimitExceeded.EndpointTPMExceeded"), RateLimited),
        ("custom", 400, code("InvalidParameter.OversizedImage"), BadRequest),
    ]);
    let told = code("RateLimitExceeded.EndpointRPMExceeded");
    assert_eq!(inside("custom", &told), [RateLimited; 2]);
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
fn what_a_label_says_after_a_dot_need_not_be_known() {
    use Status::*;
    let coded = |code: &str| error(json!({"message": "m", "type": "BadRequest", "code": code}));
    check(vec![
        ("custom", 400, coded("SensitiveContentDetected.SevereViolation"), ContentFilter),
        ("custom", 400, coded("InputTextSensitiveContentDetected.PolicyViolation"), ContentFilter),
        ("custom", 429, coded("RateLimitExceeded.EndpointRPMExceeded"), RateLimited),
        ("custom", 403, coded("AccessDenied.Unpurchased"), Permission),
        ("custom", 403, coded("OperationDenied.ServiceOverdue"), QuotaExhausted),
        ("custom", 400, coded("OutofContextError"), ContextLength),
        ("custom", 400, coded("InvalidParameter.TaskTypeMismatch"), BadRequest),
    ]);
}

#[test]
fn what_a_censor_blocks_is_filtered_and_a_full_queue_is_no_limit() {
    use Status::*;
    let blocked = |kind: &str| error(json!({"message": "Blocked.", "type": kind}));
    let handed_on = error(json!({"message": "Provider returned error", "code": 451,
        "metadata": {"raw": blocked("censorship_blocked").to_string()}}));
    check(vec![
        ("custom", 451, blocked("censorship_blocked"), ContentFilter),
        ("custom", 400, blocked("censorship_block"), ContentFilter),
        ("custom", 451, handed_on, ContentFilter),
        (
            "custom",
            429,
            json!({"message": "High traffic.", "type": "too_many_requests_error", "param": "queue",
                "code": "queue_exceeded"}),
            Overloaded,
        ),
        (
            "custom",
            429,
            json!({"errors": [{"message": "Capacity temporarily exceeded.", "code": 3040}]}),
            Overloaded,
        ),
    ]);
}

#[test]
fn a_status_in_minimaxs_words_counts_where_http_has_none() {
    let busy = json!({"type": "error",
        "error": {"type": "api_error", "message": "busy (2064)", "http_code": "529"}});
    assert_eq!(inside("custom", &busy), [Status::Overloaded; 2]);
}

#[test]
fn a_plan_that_is_used_up_is_no_limit_of_a_minute() {
    use Status::*;
    let spent = |message: &str| error(json!({"message": message, "type": "TooManyRequests"}));
    let of_hours =
        "You have exceeded the 5-hour usage quota. It will reset at 2026-05-11 21:57:42.";
    let free = error(json!({"code": "QuotaExceeded",
        "message": "Your account has exhausted its free trial quota for the [m] model."}));
    check(vec![
        ("custom", 429, spent(of_hours), QuotaExhausted),
        ("custom", 429, free, QuotaExhausted),
        ("custom", 429, spent("Too many requests."), RateLimited),
    ]);
}

#[test]
fn what_llama_cpp_cannot_put_to_its_model_is_the_requests_fault() {
    use Status::*;
    let said =
        |message: &str| error(json!({"code": 500, "message": message, "type": "server_error"}));
    let template = said("Error: Jinja Exception: System message must be at the beginning.");
    check(vec![
        ("custom", 500, template.clone(), BadRequest),
        ("custom", 500, said("tools param requires --jinja flag"), BadRequest),
        ("custom", 500, said("image input is not supported - hint: add the mmproj"), BadRequest),
        ("custom", 500, said("Compute error."), Server),
    ]);
    assert_eq!(inside("custom", &template), [BadRequest; 2]);
}

#[test]
fn openrouters_own_word_counts_wherever_it_stands() {
    use Status::*;
    let at = |place: &str, word: &str, http: u16| {
        let mut body = error(json!({"message": "m", "code": http}));
        match place {
            "metadata" => body["error"]["metadata"] = json!({"error_type": word}),
            "error" => body["error"]["error_type"] = word.into(),
            _ => body["error_type"] = word.into(),
        }
        body
    };
    for place in ["metadata", "error", "beside"] {
        check(vec![
            ("custom", 403, at(place, "refusal", 403), ContentFilter),
            ("custom", 502, at(place, "provider_overloaded", 502), Overloaded),
            ("custom", 403, at(place, "payment_required", 403), QuotaExhausted),
            ("custom", 400, at(place, "context_length_exceeded", 400), ContextLength),
            ("custom", 502, at(place, "provider_unavailable", 502), Server),
        ]);
    }
    let failed = json!({"type": "response.failed", "error_type": "provider_overloaded",
        "response": {"id": "r", "status": "failed",
            "error": {"code": "server_error", "message": "m"}}});
    let (dialect, context) = reader(
        &any_request::client_of("responses", "m"),
        &request(json!({"messages": [
            {"role": "user", "content": "Hi"}]})),
    );
    let read = stream(dialect, &context, &sse(&[failed]));
    assert_eq!(read.map(|_| ()).unwrap_err().status(), Overloaded);
}

#[test]
fn what_amazons_client_says_in_words_is_what_bedrock_said() {
    let said = |code: &str, words: &str| {
        let words =
            format!("An error occurred ({code}) when calling the Converse operation: {words}");
        json!({"detail": words})
    };
    let busy = "ServiceUnavailableException";
    check(vec![
        ("custom", 500, said("AccessDeniedException", "No access"), Status::Permission),
        ("custom", 500, said(busy, "Later"), Status::Overloaded),
        ("custom", 400, said("ValidationException", "Input is too long"), Status::ContextLength),
        ("custom", 429, said("ThrottlingException", "Too many requests"), Status::RateLimited),
        (
            "custom",
            429,
            said("ThrottlingException", "Too many tokens per day"),
            Status::QuotaExhausted,
        ),
    ]);
    let inner = |code: &str, words: &str| error(json!({"message": said(code, words)["detail"]}));
    let day = inner("ThrottlingException", "Too many tokens per day, please wait");
    assert_eq!(inside("custom", &day)[1], Status::QuotaExhausted);
    let minute = inner("ThrottlingException", "Too many tokens, please wait");
    assert_eq!(inside("custom", &minute)[1], Status::RateLimited);
    assert_eq!(inside("custom", &inner(busy, "Later"))[1], Status::Overloaded);
}

#[test]
fn fastgpts_word_for_a_refused_key_is_one() {
    let refused =
        |word: &str| json!({"code": 514, "statusText": word, "message": "No", "data": null});
    assert_eq!(inside("custom", &refused("unAuthApiKey")), [Status::Authentication; 2]);
    assert_eq!(inside("custom", &refused("insufficientQuota")), [Status::QuotaExhausted; 2]);
    check(vec![("custom", 500, refused("unAuthorization"), Status::Authentication)]);
}

#[test]
fn what_is_wrong_with_the_request_is_so_inside_a_200_too() {
    for kind in ["validation_error", "unprocessable_entity", "ValidationException"] {
        let json = error(json!({"message": "m", "type": kind}));
        assert_eq!(inside("custom", &json), [Status::BadRequest; 2], "{kind}");
    }
}

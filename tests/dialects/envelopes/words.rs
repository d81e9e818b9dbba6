//! Words, where a vendor gives nothing else, or only a vague label.

use super::*;

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
            403,
            json!({"code": "permission-denied", "error": "Content violates usage guidelines. "}),
            ContentFilter,
        ),
        (
            "custom",
            403,
            json!({"code": "permission-denied", "error": "Access to the endpoint is denied"}),
            Permission,
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
        (
            "custom",
            403,
            json!({"Message": "No way in: please make sure your API Key is valid."}),
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
    let cap = "too many tokens: max tokens must be less than or equal to 4096, the maximum";
    let growth = |http| {
        refused("custom", http, &[], &error(json!({"code": "slow_down", "type": "rate_limit_error", "message": "Please slow down."})).to_string())
    };
    check(vec![("cohere", 400, json!({"message": cap}), BadRequest)]);
    assert_eq!([429, 503].map(|http| growth(http).status), [RateLimited, Overloaded]);
    // Copilot, of a month's, as a text; where more is said, that is what counts.
    let text = |text: &str| refused("custom", 429, &[], text).status;
    assert_eq!(text("quota exceeded\n"), QuotaExhausted);
    assert_eq!(text("Quota exceeded for metric: requests"), RateLimited);
    // Cerebras, whose words have those of a prompt that is too long in them.
    let slow = "Tokens per minute limit exceeded - too many tokens processed.";
    assert_eq!(inside("custom", &json!({"message": slow})), [RateLimited; 2]);
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
        (400, "Total tokens of image and text exceed max message tokens.", ContextLength),
        (
            400,
            "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
            ContextLength,
        ),
        (
            400,
            "the number of input tokens 6234 cannot exceed the total tokens limit 4096",
            ContextLength,
        ),
        (400, "Requested input length 39818 exceeds maximum input length 32767", ContextLength),
        (400, "max_tokens must be at least 1, got -1013.", ContextLength),
        (400, "max_tokens must be at least 1, got 0.", BadRequest),
        (
            403,
            "You have either run out of available resources or do not have an active Grok \
             subscription.",
            QuotaExhausted,
        ),
        (429, "server overload, please try again later", Overloaded),
        (400, "Selected model is at capacity. Please try a different model.", Overloaded),
        (400, "Model was unloaded while the request was still in queue..", Overloaded),
        (400, "Model not supported by provider together", ModelNotFound),
        (400, "Model a/b is not supported for provider hf-inference", ModelNotFound),
        (400, "Insufficient quota available for instant inference.", QuotaExhausted),
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
        (400, "Violated OpenAI moderation policy", ContentFilter),
        (400, "Violated content safety policy", ContentFilter),
        (400, "{'error': 'Violated guardrail policy'}", ContentFilter),
        (400, "Content blocked by Model Armor", ContentFilter),
        (400, "Request blocked by input guardrail 'g'", ContentFilter),
        (424, "Response blocked due to security configurations", ContentFilter),
        (424, "m", Server),
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
fn what_llama_cpp_cannot_process_is_too_long() {
    let words = "input (9000 tokens) is too large to process. increase the physical batch size";
    let body = json!({"error": {"code": 500, "message": words, "type": "server_error"}});
    let error = refused("custom", 500, &[], &body.to_string());
    assert_eq!((error.status, error.retriable), (Status::ContextLength, false));
}

#[test]
fn amazons_kind_of_an_error_may_stand_in_a_header_alone() {
    let kind = |kind: &'static str| [("x-amzn-errortype", kind)];
    let body = json!({"message": "Wait before trying again."}).to_string();
    let throttled = kind("ThrottlingException:http://internal.amazon.com/coral/");
    let error = refused("custom", 400, &throttled, &body);
    assert_eq!((error.status, error.retriable), (Status::RateLimited, true));
    assert_eq!(error.provider_code.as_deref(), Some("ThrottlingException"));
    let error = refused("custom", 403, &kind("AccessDeniedException"), &body);
    assert_eq!(error.status, Status::Permission);
    let error = refused("custom", 429, &kind("ForbiddenException"), &body);
    assert_eq!(error.status, Status::RateLimited);
    let own = json!({"error": {"code": "invalid_prompt", "message": "m"}}).to_string();
    let error = refused("custom", 400, &throttled, &own);
    assert_eq!(error.provider_code.as_deref(), Some("invalid_prompt"));
}

#[test]
fn what_servers_and_gateways_say_in_words_of_their_own_is_understood() {
    use Status::*;
    let said = |words: &str| json!({"object": "error", "message": words, "code": 400});
    let prompt =
        "The sum of prompt length (9.0), query length (0) should not exceed max_num_tokens (8)";
    let mlc = "Request prompt has 9 tokens in total, larger than the model capacity 8.";
    let sap = "400 - Input Filter: Prompt filtered due to safety violations. Please modify it.";
    let bedrock = "Unsupported model m, please use models API to get a list of supported models";
    let full = json!({"success": false, "errors": [{"code": 3040,
        "message": "AiError: Capacity temporarily exceeded, please try again."}]});
    check(vec![
        ("custom", 400, said(prompt), ContextLength),
        ("custom", 400, said(mlc), ContextLength),
        ("custom", 400, error(json!({"code": 400, "message": sap})), ContentFilter),
        ("custom", 400, json!({"detail": bedrock}), ModelNotFound),
        ("custom", 429, full, Overloaded),
    ]);
}

#[test]
fn the_kind_beside_a_text_is_the_providers_code() {
    let body = json!({"error": "Input validation error", "error_type": "validation"});
    let error = refused("huggingface", 422, &[], &body.to_string());
    assert_eq!(error.provider_code.as_deref(), Some("validation"));
}

#[test]
fn words_in_another_encoding_take_nothing_from_what_stands_beside_them() {
    let body =
        b"{\"error\":{\"message\":\"Kontingent ersch\xf6pft\",\"code\":\"insufficient_quota\"}}";
    let client = client("custom", "m");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    let error = dialect.error(&context, &head(429, &[]), body);
    assert_eq!(
        (error.status, error.provider_code.as_deref()),
        (Status::QuotaExhausted, Some("insufficient_quota"))
    );
    assert_eq!(error.message, "Kontingent ersch\u{fffd}pft");
    let mut decoder = dialect.stream(&context, &head(200, &[]));
    let event = [&b"data: "[..], body, b"\n\n"].concat();
    let end = decoder.feed(&event).and_then(|()| decoder.finish());
    assert_eq!(end.unwrap_err().status(), Status::QuotaExhausted);
}

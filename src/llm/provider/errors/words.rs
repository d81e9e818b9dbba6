//! What vendors say in the message of an error, in small letters.
//!
//! Words decide only where codes and types are silent: see [`super::meaning`].

/// Bedrock and Cerebras, of tokens a minute.
pub const TOO_FAST: &[&str] = &["too many tokens, please wait", "tokens per minute limit exceeded"];
/// Likewise of a day's.
pub const TOO_MUCH: &[&str] = &["too many tokens per day"];
/// NVIDIA, of a model that it takes off for a while, OpenAI, of one that Codex asks, and
/// LM Studio, which loads it again for whoever asks next.
pub const DEGRADED: &[&str] = &[
    "degraded function cannot be invoked",
    "selected model is at capacity",
    "unloaded while the request was still in queue",
];
/// llama.cpp, which says with a 500 that a request is none for the model it has.
pub const UNFIT: &[&str] =
    &["jinja exception", "tools param requires --jinja", "input is not supported - hint"];
/// LM Studio, whose model has gone.
pub const CRASHED: &[&str] = &["model has crashed"];
/// OpenRouter: the model is served, but by nobody who does what was asked.
pub const LACKS: &[&str] = &["no endpoints found that support"];
/// Cohere, of `max_tokens`, in words that have those of a long prompt in them.
pub const CAP_TOO_HIGH: &[&str] = &["max tokens must be less than"];
pub const TOO_LONG: &[&str] = &[
    "prompt is too long",
    "maximum context length",
    "exceeds the maximum number of tokens",
    "input token count is",
    "context length",
    "context window",
    "context size",
    "input is too long",
    "is too large to process",
    "input length and `max_tokens` exceed",
    "too many tokens",
    "maximum prompt length",
    "exceeded model token limit",
    "max_seq_len",
    "`inputs` tokens + `max_new_tokens` must be",
    "`inputs` must have less than",
    "range of input length",
    "contextwindowexceedederror",
    "longer than the maximum model length",
    "token length too long",
    "max_prompt_tokens",
    "model max length exceeded",
    "input tokens exceed the configured limit",
    "too many input tokens",
    "maximum allowed number of input tokens",
    "truncate prompt with n_keep",
    "maximum supported sequence length",
    "prompt token count of",
    "maximum allowed input length",
    "reduce the length of the messages",
    "prompt exceeds max length",
    "model_context_window_exceeded",
    "more than max tokens allowed",
    // Volcengine, Amazon's Nova, watsonx and DeepInfra.
    "exceed max message tokens",
    "input tokens exceeds maximum length",
    "cannot exceed the total tokens limit",
    "exceeds maximum input length",
    // NVIDIA and vLLM, of what the prompt leaves for the answer.
    "max_tokens must be at least 1, got -",
    // TensorRT-LLM and MLC.
    "should not exceed max_num_tokens",
    "larger than the model capacity",
];
pub const NO_MONEY: &[&str] = &[
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
    "insufficient quota",
    "balance is insufficient",
    "exceeded your monthly included credits",
    "exceeded current quota",
    "billing hard limit",
    "reached your specified api usage limits",
    "reached your specified workspace api usage limits",
    "have any credits",
    "run out of credits",
    "exhausted all your credits",
    "insufficient account balance",
    "insufficient credit balance",
    // New API and Z.ai, of a quota and a balance.
    "额度不足",
    "余额不足",
    "out of extra usage",
    "draw from your extra usage",
    "have an active grok subscription",
    // OpenRouter's, of a key and of a budget.
    "key limit exceeded",
    "budget limit exceeded",
    // Higress.
    "ai quota check, no quota",
    "out of call volume quota",
    "free tier of the model has been exhausted",
];
/// As vendors say it beside a label that means a rate limit as well.
pub const SPENT: &[&str] = &[
    "credits are depleted",
    "used all available credits",
    "spending limit",
    "spending cap",
    "spend limit",
    "usage limit exceeded, ",
    // Kimi, of tokens a day, and of a plan's hours, week or month.
    "tpd rate limit",
    "your quota will be refreshed",
    "your quota will reset when",
    // Anthropic, of a month's money and of what a subscription has to pay besides.
    "reached your api usage limits",
    "extra usage is required",
    "usage credits are required",
    // Alibaba, of what was free and of a plan's.
    "free allocated quota",
    "hour allocated quota",
    "week allocated quota",
    "month allocated quota",
    "plan quota has been exhausted",
    // Volcengine, of a plan's hours, week or month, and of what was free.
    "usage quota. it will reset at",
    "exhausted its free trial quota",
];
/// Alibaba, of tokens a minute: the labels are those of money.
pub const OF_A_MINUTE: &[&str] =
    &["error-code#token-limit", "allocated quota exceeded, please increase your quota limit"];
/// OpenAI and Groq, of a request that has more tokens than a minute's limit: the
/// labels are those of the limit, but no waiting helps.
pub const ABOVE_LIMIT: &str = "request too large";
/// Of a limit that lasts for hours, a day or longer.
pub const USED_UP: &[&str] = &[
    "/ month",
    "per month",
    "monthly",
    "weekly usage limit",
    "hourly usage limit",
    "session usage limit",
    "usage limit reached for",
    "per day",
    "per-day",
    "daily free allocation",
    "today's quota",
    // LiteLLM, of what may be spent.
    "crossed budget",
];
pub const UNKNOWN: &[&str] = &[
    "not found",
    "does not exist",
    "not exist",
    "unknown model",
    "invalid model",
    "not a valid model",
    "no such model",
    "supported api model names are",
    "model identifier is invalid",
    // The gateway to Bedrock among Amazon's samples.
    "please use models api to get a list",
    // Hugging Face's router.
    "has no provider supported",
    "not supported by provider",
    "not supported for provider",
];
/// OpenRouter: nobody serves the model; NVIDIA, whose models are functions to it.
pub const NO_HOST: &[&str] = &["no endpoints found", "not found for account"];
pub const BAD_KEY: &[&str] = &[
    "api key not valid",
    "invalid api key",
    "api key expired",
    "incorrect api key",
    "token seems invalid",
    // Bedrock, of a bearer key, with a 403.
    "make sure your api key is valid",
];
/// OpenRouter: the model is served, but the account's settings let nobody who does.
pub const NOT_WANTED: &[&str] =
    &["endpoints found matching your", "endpoints available matching your"];
pub const NOT_HERE: &[&str] = &["user location is not supported", "not available in your country"];
/// With a 429; those of "temporarily" and "data centers" are Cloudflare's.
pub const FULL: &[&str] = &[
    "overloaded",
    "server overload",
    "capacity exceeded",
    "capacity temporarily exceeded",
    "at capacity",
    "maximum capacity",
    "too busy",
    "no more data centers",
];
pub const FILTERED: &[&str] = &[
    "content filtering policy",
    "violating our usage policy",
    "content exists risk",
    "blocked input",
    "blocked output",
    "violates usage guidelines",
    "contentpolicyviolationerror",
    "may contain inappropriate content",
    "may contain sensitive information",
    "or sensitive content in input",
    "content management policy",
    "limited access to this content for safety",
    // LiteLLM's, Databricks' and Cloudflare's guardrails.
    "guardrail policy",
    "moderation policy",
    "content safety policy",
    "blocked by model armor",
    // SAP's, of what is asked and of the answer.
    "filtered due to safety violations",
    "blocked by input guardrail",
    "blocked by output guardrail",
    "blocked due to security configurations",
    // Cloudflare's, OpenRouter's and LiteLLM's.
    "blocked due to dlp policy",
    "request blocked: prompt injection",
    "content blocked: ",
];

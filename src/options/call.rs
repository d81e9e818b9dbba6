//! What one call has and a client has not, so that a client can say so.

/// The names. From `audio` on they are fields of OpenAI's form that have no meaning of
/// ours and are handed on.
pub const OF_A_CALL: &[&str] = &[
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "user",
    "metadata",
    "extra_json",
    "cache",
    "audio",
    "documents",
    "logit_bias",
    "logprobs",
    "modalities",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "safety_settings",
    "service_tier",
    "store",
    "thinking",
    "top_logprobs",
    "verbosity",
    "web_search_options",
];

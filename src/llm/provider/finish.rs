//! Why an answer ended: the vendors' words in ours.

use crate::llm::json::Json;
use crate::llm::response::FinishReason;

/// Whether a guardrail of Bedrock's has put its own words in the place of the model's,
/// which it says beside an answer that ends as any other.
pub fn is_guarded(answer: &Json) -> bool {
    answer.get("amazon-bedrock-guardrailAction").text() == Some("INTERVENED")
}

/// Whether a word says that the host has failed, which is no reason of the model's.
/// `insufficient_system_resource` is DeepSeek's, where it has no machine left.
pub fn is_failure(word: &str) -> bool {
    let ends = |end: &str| {
        let rest = word.len().checked_sub(end.len()).and_then(|at| word.get(at..));
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(end))
    };
    ends("_error")
        || ["error", "network-error", "insufficient_system_resource"]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(word))
}

/// The reason behind a vendor's word, of an answer that may not be the model's.
pub fn reason_of(word: &str, is_guarded: bool) -> FinishReason {
    match reason(word) {
        FinishReason::Stop if is_guarded => FinishReason::ContentFilter,
        reason => reason,
    }
}

/// The reason behind a vendor's word; letter case does not matter, nor which strokes
/// join its parts, nor what stands after a colon: Gemini, as a compatible host, adds
/// its own word there.
pub fn reason(word: &str) -> FinishReason {
    let word = word.split(':').next().unwrap_or(word);
    match word.to_ascii_lowercase().replace('-', "_").as_str() {
        "stop" | "end_turn" | "stop_sequence" | "complete" | "completed" | "eos" | "eos_token"
        | "finish_reason_stop" => FinishReason::Stop,
        "length"
        | "max_tokens"
        | "model_context_window_exceeded"
        | "model_length"
        | "max_output_tokens"
        // Cohere's where the context is full.
        | "error_limit"
        | "finish_reason_max_tokens" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" | "tool_call" => FinishReason::ToolCalls,
        "content_filter"
        | "safety"
        | "recitation"
        | "blocklist"
        | "prohibited_content"
        | "spii"
        | "image_safety"
        | "image_prohibited_content"
        | "image_recitation"
        | "model_armor"
        | "sensitive"
        | "error_toxic"
        // Bedrock's, as gateways to it hand them on.
        | "guardrail_intervened"
        | "content_filtered" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        // Anthropic stops after shortening a conversation, if asked to: it goes on
        // as after any other pause.
        // Gemini's of an answer that is too long for one.
        "pause_turn" | "compaction" | "continuation" => FinishReason::Pause,
        _ => FinishReason::Other,
    }
}

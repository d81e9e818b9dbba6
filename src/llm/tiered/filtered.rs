//! Answers that are nothing but the word that they were filtered: with a 200, where
//! other vendors refuse with an error. Gemini has no other form for a prompt.

use crate::error::{CallError, Error, Status};
use crate::llm::event::{Event, EventKind};
use crate::llm::failed::Failed;
use crate::llm::response::{Choice, FinishReason, Response};

/// Whether an event is such an end.
pub fn is_end(event: &Event) -> bool {
    matches!(event.kind, EventKind::Finish { reason: FinishReason::ContentFilter, .. })
}

/// Such an answer as the failure that it is, where another tier `may` be asked then.
pub fn as_failure(result: Result<Response, Failed>, may: bool) -> Result<Response, Failed> {
    let response = match result {
        Ok(response) if may && response.choices.iter().all(says_nothing) => response,
        other => return other,
    };
    let first = response.first();
    let message = "the answer was filtered before it had a word";
    let error = CallError {
        http_status: Some(200),
        provider_code: first.provider_finish_reason.clone(),
        request_id: response.request_id.clone(),
        attempts: response.attempts,
        ..CallError::new(Status::ContentFilter, message)
    };
    Err(Failed { error: Error::Call(Box::new(error)), partial: Some(Box::new(response)) })
}

fn says_nothing(choice: &Choice) -> bool {
    choice.finish_reason == Some(FinishReason::ContentFilter)
        && choice.text.is_empty()
        && choice.refusal.is_none()
        && choice.tool_calls.is_empty()
}

//! An answer, whole, in one form for all providers.
//!
//! What the provider did not say is none, never 0 or "". The client adds what
//! it knows itself: attempts, times, cost.

mod json;
mod replay;

use std::time::Duration;

use serde_json::Value;

pub use super::finish::FinishReason;
use super::lazy::Lazy;
use super::message::ToolCall;
pub use super::usage::Usage;

/// Who served an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServedFrom {
    /// The provider, for this call.
    #[default]
    Provider,
    /// The response cache.
    Cache,
    /// The response cache, past its time, while it is renewed.
    Stale,
    /// Another call in flight.
    Coalesced,
    /// The tier of this number, after others failed.
    Fallback(u32),
}

impl ServedFrom {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ServedFrom::Provider => "provider",
            ServedFrom::Cache => "cache",
            ServedFrom::Stale => "stale",
            ServedFrom::Coalesced => "coalesced",
            ServedFrom::Fallback(_) => "fallback",
        }
    }
}

/// Where the time of a call went; none where it does not apply.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    /// Waiting for the limits, and in a queue's line.
    pub queue: Option<Duration>,
    /// Name look-up, TCP and TLS.
    pub connect: Option<Duration>,
    /// From the call's start to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// To the first event with content.
    pub first_token: Option<Duration>,
    /// To the end.
    pub total: Option<Duration>,
}

impl Timings {
    /// Counts from a call's own start, so much earlier, what was counted from when
    /// it was asked again; it had stood in line for a part of that.
    pub fn begin_earlier(&mut self, earlier: Duration, in_line: Duration) {
        for time in [&mut self.first_byte, &mut self.first_token, &mut self.total] {
            *time = time.map(|time| time + earlier);
        }
        if !in_line.is_zero() {
            *self.queue.get_or_insert_default() += in_line;
        }
    }
}

/// One of the answers; nearly always there is one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Its number.
    pub index: u32,
    /// Its text; empty where there is none.
    pub text: String,
    /// The model's thinking, as far as it is shown.
    pub reasoning: Option<String>,
    /// The model's refusal, where that is apart from the text.
    pub refusal: Option<String>,
    /// Calls, in order.
    pub tool_calls: Vec<ToolCall>,
    /// None: the answer is not complete.
    pub finish_reason: Option<FinishReason>,
    /// The provider's word.
    pub provider_finish_reason: Option<String>,
    /// More about the end: the provider's message, `reasoning_exhausted`, or the kind
    /// of item that waits for what only the caller can do.
    pub finish_detail: Option<String>,
    /// Which stop text was met.
    pub stop_sequence: Option<String>,
    /// The assistant's message in OpenAI's form, origin included.
    pub message: Lazy,
    /// Sources, as the provider gives them.
    pub citations: Option<Value>,
    /// Probabilities, as the provider gives them.
    pub logprobs: Option<Value>,
}

/// An answer and what is known about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// The answers; empty only where nothing arrived.
    pub choices: Vec<Choice>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// The model that answered, by the provider's word.
    pub model: Option<String>,
    /// The provider's name.
    pub provider: String,
    /// The answer's id.
    pub id: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// Who served it.
    pub served_from: ServedFrom,
    /// The tier that answered, where there are tiers; 0 is the cheapest.
    pub tier: Option<u32>,
    /// Age of an answer from the cache, in ms.
    pub age_ms: Option<u64>,
    /// Requests sent, or tried.
    pub attempts: u32,
    /// What was left out of the request or changed in it.
    pub adjusted: Vec<String>,
    /// USD; none: unknown.
    pub cost_usd: Option<f64>,
    /// `provider`, `option`, `file`, `table` or `cache`.
    pub cost_source: Option<&'static str>,
    /// USD that an answer of the cache or of an identical call in flight did not cost
    /// again, or a cheaper tier's did not cost at all.
    pub saved_usd: Option<f64>,
    /// USD that the provider itself states.
    pub stated_cost_usd: Option<f64>,
    /// Whether it states what is not in its tokens' plain prices: another tier or
    /// speed, a hosted tool's work.
    pub has_unpriced: bool,
    /// Where the time went.
    pub timings: Timings,
    /// The body as it came, of a plain answer.
    pub raw: Option<String>,
}

static NO_CHOICE: Choice = Choice {
    index: 0,
    text: String::new(),
    reasoning: None,
    refusal: None,
    tool_calls: Vec::new(),
    finish_reason: None,
    provider_finish_reason: None,
    finish_detail: None,
    stop_sequence: None,
    message: Lazy::Tree(Value::Null),
    citations: None,
    logprobs: None,
};

impl Response {
    /// The first answer; an empty one where nothing arrived.
    pub fn first(&self) -> &Choice {
        self.choices.first().unwrap_or(&NO_CHOICE)
    }

    /// The first answer's text.
    pub fn text(&self) -> &str {
        &self.first().text
    }

    /// Whether every answer has ended.
    pub fn is_complete(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|c| c.finish_reason.is_some())
    }

    /// Says that this call did not pay for the answer.
    pub fn spare(&mut self) {
        self.saved_usd = self.cost_usd;
        self.cost_usd = Some(0.0);
        self.cost_source = Some("cache");
        self.attempts = 0;
        self.timings = Timings::default();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An answer with a text and a call.
    pub fn sample() -> Response {
        let choice = Choice {
            text: "Hi".into(),
            tool_calls: vec![ToolCall {
                id: "a".into(),
                name: "f".into(),
                arguments: "{}".into(),
                ..ToolCall::default()
            }],
            finish_reason: Some(FinishReason::ToolCalls),
            provider_finish_reason: Some("tool_calls".into()),
            message: json!({"role": "assistant", "content": "Hi"}).into(),
            ..Choice::default()
        };
        let usage = Usage {
            input_tokens: Some(3),
            provider_usage: Some(r#"{"prompt_tokens":3}"#.into()),
            ..Usage::default()
        };
        Response {
            choices: vec![choice],
            usage: Some(usage),
            provider: "openai".into(),
            cost_usd: Some(0.5),
            cost_source: Some("table"),
            ..Response::default()
        }
    }
}

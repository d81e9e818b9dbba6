//! An answer, whole, in one form for all providers.
//!
//! What the provider did not say is none, never 0 or "". The client adds what
//! it knows itself (attempts, times, cost); [`Response::to_json`] is the form
//! that programs outside rely on.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::event::{Event, EventKind};
use super::lazy::Lazy;
use super::message::ToolCall;

/// Why an answer ended, in words that are the same for all providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    Stop,
    /// The cap on tokens.
    Length,
    /// The model wants tools to be called.
    ToolCalls,
    /// A filter cut it off.
    ContentFilter,
    /// The model declined.
    Refusal,
    /// Send the answer back to go on.
    Pause,
    /// Anything else: see the provider's word.
    Other,
}

impl FinishReason {
    /// All of them.
    pub const ALL: [FinishReason; 7] = [
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::ContentFilter,
        FinishReason::Refusal,
        FinishReason::Pause,
        FinishReason::Other,
    ];

    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Refusal => "refusal",
            FinishReason::Pause => "pause",
            FinishReason::Other => "other",
        }
    }

    /// The reason of a name.
    pub fn from_name(name: &str) -> Option<FinishReason> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Tokens; what the provider did not say is none, never 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The whole prompt, cached and cache-written included.
    pub input_tokens: Option<u64>,
    /// All that was generated, reasoning included.
    pub output_tokens: Option<u64>,
    /// The sum, unless the provider states another.
    pub total_tokens: Option<u64>,
    /// Part of the input.
    pub cached_input_tokens: Option<u64>,
    /// Part of the input.
    pub cache_write_tokens: Option<u64>,
    /// Part of the output.
    pub reasoning_tokens: Option<u64>,
    /// The provider's own object, as JSON text.
    pub provider_usage: Option<String>,
}

impl Usage {
    /// As it stands in a response and in an event.
    pub fn to_json(&self) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "total_tokens": self.total_tokens,
            "cached_input_tokens": self.cached_input_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "reasoning_tokens": self.reasoning_tokens,
        })
    }

    /// Fills the total with the sum where the provider states none.
    pub fn with_total(mut self) -> Usage {
        if self.total_tokens.is_none() {
            self.total_tokens = self.input_tokens.zip(self.output_tokens).map(|(i, o)| i + o);
        }
        self
    }
}

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
    /// Waiting for the limits.
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
    /// More about the end: the provider's message, or `reasoning_exhausted`.
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
    /// USD that an answer from the cache did not cost again.
    pub saved_usd: Option<f64>,
    /// USD that the provider itself states.
    pub stated_cost_usd: Option<f64>,
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

    /// The form that programs outside rely on.
    pub fn to_json(&self) -> Value {
        let mut out = self.first().to_json();
        let usage = self.usage.as_ref();
        let own = usage.and_then(|usage| usage.provider_usage.as_deref());
        let own = own.map(|text| serde_json::from_str(text).unwrap_or(Value::Null));
        let mut put = |key: &str, value: Value| drop(out.insert(key.into(), value));
        put("usage", usage.map_or(Value::Null, Usage::to_json));
        put("provider_usage", own.unwrap_or_default());
        put("cost_usd", self.cost_usd.into());
        put("cost_source", self.cost_source.into());
        put("saved_usd", self.saved_usd.into());
        put("model", self.model.clone().into());
        put("provider", self.provider.clone().into());
        put("id", self.id.clone().into());
        put("created", self.created.into());
        put("request_id", self.request_id.clone().into());
        put("served_from", self.served_from.name().into());
        if let ServedFrom::Fallback(tier) = self.served_from {
            put("fallback", tier.into());
        }
        if let Some(tier) = self.tier {
            put("tier", tier.into());
        }
        put("age_ms", self.age_ms.into());
        put("attempts", self.attempts.into());
        put("adjusted", self.adjusted.clone().into());
        put("timings_ms", self.timings.to_json());
        if self.choices.len() > 1 {
            let choices = self.choices.iter().map(|c| Value::Object(c.to_json())).collect();
            put("choices", choices);
        }
        out.into()
    }

    /// Says that this call did not pay for the answer.
    pub fn spare(&mut self) {
        self.saved_usd = self.cost_usd;
        self.cost_usd = Some(0.0);
        self.cost_source = Some("cache");
        self.attempts = 0;
        self.timings = Timings::default();
    }

    /// What had been told of an answer before it was cut; none if nothing had.
    pub fn so_far(events: &[Event], provider: &str) -> Option<Response> {
        let mut response = Response { provider: provider.into(), ..Response::default() };
        events.iter().for_each(|event| response.take(event));
        (!events.is_empty()).then_some(response)
    }

    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Start { model, id } => {
                (self.model, self.id) = (model.clone(), id.clone());
                return;
            }
            EventKind::Usage(usage) => {
                self.usage = Some(Usage::clone(usage));
                return;
            }
            _ => {}
        }
        let place = self.choices.iter().position(|choice| choice.index == event.choice);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Choice { index: event.choice, ..Choice::default() });
            self.choices.len() - 1
        });
        let choice = &mut self.choices[place];
        match &event.kind {
            EventKind::Text(piece) => choice.text.push_str(piece),
            EventKind::Reasoning(piece) => choice.reasoning.get_or_insert_default().push_str(piece),
            EventKind::Refusal(piece) => choice.refusal.get_or_insert_default().push_str(piece),
            EventKind::ToolCall { index, id, name, arguments } => {
                let calls = &mut choice.tool_calls;
                calls.resize_with(calls.len().max(*index as usize + 1), ToolCall::default);
                let call = &mut calls[*index as usize];
                (call.id, call.name) = (id.clone(), name.clone());
                call.arguments.push_str(arguments);
            }
            _ => {}
        }
    }

    /// The answer as the events of a stream.
    pub fn replay(&self) -> Vec<Event> {
        let start = EventKind::Start { model: self.model.clone(), id: self.id.clone() };
        let mut events = vec![Event { choice: 0, kind: start }];
        self.choices.iter().for_each(|choice| choice.replay(&mut events));
        if let Some(usage) = &self.usage {
            events.push(Event { choice: 0, kind: EventKind::Usage(Box::new(usage.clone())) });
        }
        for choice in &self.choices {
            if let Some(reason) = choice.finish_reason {
                let provider_reason = choice.provider_finish_reason.clone();
                let kind = EventKind::Finish { reason, provider_reason };
                events.push(Event { choice: choice.index, kind });
            }
        }
        events
    }
}

impl Choice {
    /// The fields of one answer.
    fn to_json(&self) -> Map<String, Value> {
        let calls = self
            .tool_calls
            .iter()
            .map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments}));
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| drop(out.insert(key.into(), value));
        put("index", self.index.into());
        put("text", self.text.clone().into());
        put("reasoning", self.reasoning.clone().into());
        put("refusal", self.refusal.clone().into());
        put("tool_calls", calls.collect());
        put("finish_reason", self.finish_reason.map(FinishReason::name).into());
        put("provider_finish_reason", self.provider_finish_reason.clone().into());
        put("finish_detail", self.finish_detail.clone().into());
        put("stop_sequence", self.stop_sequence.clone().into());
        put("message", self.message.value().into_owned());
        put("citations", self.citations.clone().unwrap_or_default());
        put("logprobs", self.logprobs.clone().unwrap_or_default());
        out
    }

    fn replay(&self, events: &mut Vec<Event>) {
        let mut push = |kind| events.push(Event { choice: self.index, kind });
        if let Some(reasoning) = &self.reasoning {
            push(EventKind::Reasoning(reasoning.clone()));
        }
        if !self.text.is_empty() {
            push(EventKind::Text(self.text.clone()));
        }
        if let Some(refusal) = &self.refusal {
            push(EventKind::Refusal(refusal.clone()));
        }
        for (index, call) in self.tool_calls.iter().enumerate() {
            let (index, id, name) = (index as u32, call.id.clone(), call.name.clone());
            let arguments = call.arguments.clone();
            push(EventKind::ToolCall { index, id: id.clone(), name: name.clone(), arguments });
            push(EventKind::ToolCallEnd { index, id, name });
        }
    }
}

impl Timings {
    fn to_json(self) -> Value {
        let ms = |time: Option<Duration>| time.map(|time| time.as_micros() as f64 / 1_000.0);
        json!({
            "queue": ms(self.queue),
            "connect": ms(self.connect),
            "first_byte": ms(self.first_byte),
            "first_token": ms(self.first_token),
            "total": ms(self.total),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Response {
        let choice = Choice {
            text: "Hi".into(),
            tool_calls: vec![ToolCall {
                id: "a".into(),
                name: "f".into(),
                arguments: "{}".into(),
                extra: Map::new(),
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

    #[test]
    fn what_the_provider_did_not_say_is_null() {
        let json = sample().to_json();
        assert_eq!(json["usage"]["output_tokens"], Value::Null);
        assert_eq!(json["usage"]["input_tokens"], 3);
        assert_eq!(json["provider_usage"]["prompt_tokens"], 3);
        assert_eq!(json["reasoning"], Value::Null);
        assert!(json.get("choices").is_none());
    }

    #[test]
    fn a_replay_begins_with_start_and_ends_with_finish() {
        let events = sample().replay();
        assert!(matches!(events.first().unwrap().kind, EventKind::Start { .. }));
        assert!(matches!(events.last().unwrap().kind, EventKind::Finish { .. }));
    }
}

//! The form of an answer that programs outside rely on.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Choice, FinishReason, Response, ServedFrom, Timings, Usage};

impl Response {
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
    use serde_json::Value;

    use super::super::tests::sample;

    #[test]
    fn what_the_provider_did_not_say_is_null() {
        let json = sample().to_json();
        assert_eq!(json["usage"]["output_tokens"], Value::Null);
        assert_eq!(json["usage"]["input_tokens"], 3);
        assert_eq!(json["provider_usage"]["prompt_tokens"], 3);
        assert_eq!(json["reasoning"], Value::Null);
        assert!(json.get("choices").is_none());
    }
}

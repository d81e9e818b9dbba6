//! What the client's presets and use cases set.
//!
//! A layer holds only what it has an opinion on. Presets lie under use cases,
//! and both lie under what the caller sets (see [`super::Layered`]). The size
//! of model that a layer asks for is [`model_size`]; the name is the chosen
//! provider's own and comes from its table of models.

use super::{Suggestions, Value};

type Values = Vec<(&'static str, Value)>;

/// The layers that the caller chose, weakest first.
pub(super) fn layers(chosen: &dyn Fn(&str) -> Option<Value>) -> Vec<Suggestions> {
    let mut layers = Vec::new();
    let mut add = |option: &'static str, table: fn(&str) -> Option<Values>| {
        let Some(Value::Text(choice)) = chosen(option) else { return };
        if let Some(values) = table(&choice) {
            layers.push(Suggestions { layer: format!("{option} {choice}"), values });
        }
    };
    add("preset", preset);
    add("use_case", use_case);
    layers
}

fn preset(name: &str) -> Option<Values> {
    let common = |tokens: u64, temperature: f64, retries: u64| -> Values {
        vec![
            ("max_tokens", tokens.into()),
            ("temperature", temperature.into()),
            ("retry_count", retries.into()),
        ]
    };
    let timeout = |seconds: u64| ("timeout_ms", Value::Int(seconds * 1_000));
    let cache = |minutes: u64| {
        [("cache_enabled", true.into()), ("cache_ttl_ms", Value::Int(minutes * 60_000))]
    };
    let mut values = match name {
        "development" => common(1_000, 0.5, 1),
        "production" => common(2_000, 0.7, 3),
        "low_cost" => common(500, 0.3, 1),
        "high_quality" => common(4_000, 0.8, 3),
        "fast" => common(1_000, 0.3, 1),
        _ => return None,
    };
    match name {
        "development" => values.push(timeout(30)),
        "production" => {
            values.push(timeout(60));
            values.extend(cache(5));
        }
        "low_cost" => values.extend(cache(10)),
        "high_quality" => values.extend([timeout(120), ("top_p", 0.95.into())]),
        _ => values.extend([timeout(15), ("streaming_enabled", true.into())]),
    }
    Some(values)
}

fn use_case(name: &str) -> Option<Values> {
    let (temperature, max_tokens, top_p) = match name {
        "chat" => (0.7, 1_500, 0.9),
        "code_generation" => (0.2, 2_500, 0.95),
        "translation" => (0.3, 2_000, 1.0),
        "summarization" => (0.3, 500, 0.9),
        "analysis" => (0.5, 3_000, 0.95),
        "creative_writing" => (0.9, 4_000, 0.95),
        _ => return None,
    };
    Some(vec![
        ("temperature", Value::Float(temperature)),
        ("max_tokens", Value::Int(max_tokens)),
        ("top_p", Value::Float(top_p)),
    ])
}

/// Which of a provider's models a layer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelSize {
    /// Cheap and quick.
    Small,
    /// The default.
    Standard,
    /// The most able.
    Large,
}

/// The size that preset and use case ask for; the use case is the stronger.
pub fn model_size(preset: &str, use_case: &str) -> ModelSize {
    sized(preset, use_case).0
}

/// The size, and the option whose layer asks for it; none where none does.
pub fn sized(preset: &str, use_case: &str) -> (ModelSize, Option<&'static str>) {
    match (preset, use_case) {
        (_, "code_generation") => (ModelSize::Large, Some("use_case")),
        ("high_quality", _) => (ModelSize::Large, Some("preset")),
        ("development" | "low_cost" | "fast", _) => (ModelSize::Small, Some("preset")),
        ("production", _) => (ModelSize::Standard, Some("preset")),
        _ => (ModelSize::Standard, None),
    }
}

//! The prices of one model, and what a usage costs at them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tokens::{audio_tokens, billed_tokens, hour_tokens};
use crate::llm::price_table::{self, Row};
use crate::llm::response::Usage;

/// Prices of one model in USD per million tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Price {
    /// Prompt tokens.
    pub input: f64,
    /// Generated tokens, reasoning included.
    pub output: f64,
    /// Prompt tokens from the provider's cache; none: as others.
    pub cached_input: Option<f64>,
    /// Prompt tokens of sound, those from the cache as much dearer; none: as others.
    pub audio_input: Option<f64>,
    /// Prompt tokens written to it; none: as others.
    pub cache_write: Option<f64>,
    /// Prompt tokens written to it for an hour; none: as the others written.
    pub cache_write_hour: Option<f64>,
    /// Generated tokens that are reasoning; none: as others.
    pub reasoning: Option<f64>,
    /// Prompts longer than this have prices of their own.
    pub long: Option<(u64, Box<Price>)>,
}

impl Price {
    /// The cost of a usage; none if it does not say enough.
    pub fn cost(&self, usage: &Usage) -> Option<f64> {
        let (billed_input, billed_output) = billed_tokens(usage);
        // What costs nothing needs no count; elsewhere unknown is not 0.
        let free = |prices: &[Option<f64>]| {
            prices.iter().flatten().all(|price| *price == 0.0).then_some(0)
        };
        let read = [Some(self.input), self.cached_input, self.cache_write, self.cache_write_hour];
        let input = billed_input.or(usage.input_tokens);
        let input = input.or_else(|| free(&read).filter(|_| self.long.is_none()))?;
        let output = billed_output.or(usage.output_tokens);
        let output = output.or_else(|| free(&[Some(self.output), self.reasoning]))?;
        if let Some((above, price)) = &self.long
            && input > *above
        {
            return price.cost(usage);
        }
        let cached = usage.cached_input_tokens.unwrap_or(0).min(input);
        let written = usage.cache_write_tokens.unwrap_or(0).min(input - cached);
        let hour = hour_tokens(usage).min(written);
        let thought = usage.reasoning_tokens.unwrap_or(0).min(output);
        let write = self.cache_write.unwrap_or(self.input);
        let parts = [
            (input - cached - written, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (written - hour, write),
            (hour, self.cache_write_hour.unwrap_or(write)),
            (output - thought, self.output),
            (thought, self.reasoning.unwrap_or(self.output)),
        ];
        let sum: f64 = parts.iter().map(|(tokens, price)| *tokens as f64 * price).sum();
        Some((sum + self.more_for_sound(usage, input - cached - written, cached)) / 1e6)
    }

    /// What sound in the prompt costs beyond text, of so many tokens that were not
    /// cached and that were, in millionths of a USD.
    fn more_for_sound(&self, usage: &Usage, fresh: u64, cached: u64) -> f64 {
        let Some(audio) = self.audio_input.filter(|_| self.input > 0.0) else { return 0.0 };
        let (all, read) = audio_tokens(usage);
        let (fresh, cached) = (all.saturating_sub(read).min(fresh), read.min(cached));
        let plain =
            fresh as f64 * self.input + cached as f64 * self.cached_input.unwrap_or(self.input);
        plain * (audio / self.input - 1.0)
    }

    /// Whether a usage tells of the vendor's cache, and the table knows no price of it.
    pub(super) fn lacks_cache(&self, usage: &Usage) -> bool {
        let counts = [usage.cached_input_tokens, usage.cache_write_tokens];
        let is_used = counts.into_iter().flatten().any(|tokens| tokens > 0);
        let is_billed_apart = billed_tokens(usage).0.is_some();
        is_used && !is_billed_apart && self.cached_input.is_none() && self.input > 0.0
    }

    /// Of `in,out[,cached in[,cache write]]`, read.
    pub(super) fn of_option(numbers: &[f64]) -> Price {
        let at = |place: usize| numbers.get(place).copied();
        Price {
            input: at(0).unwrap_or_default(),
            output: at(1).unwrap_or_default(),
            cached_input: at(2),
            cache_write: at(3),
            ..Price::default()
        }
    }

    /// The price of a row of the table at a time.
    pub(super) fn of_row(row: &Row, at: u64) -> Price {
        let factor = if row.peaks && price_table::is_peak(at) { 2.0 } else { 1.0 };
        let price = |input: f64, output: f64| Price {
            input: row.input * input,
            output: row.output * output,
            cached_input: row.cached.map(|price| price * input),
            audio_input: row.audio.map(|price| price * input),
            cache_write: row.written.map(|(price, _)| price * input),
            cache_write_hour: row.written.map(|(_, price)| price * input),
            ..Price::default()
        };
        let long = row
            .long
            .map(|long| (long.above, Box::new(price(long.input * factor, long.output * factor))));
        Price { long, ..price(factor, factor) }
    }

    /// An entry of LiteLLM's map: prices there are per token. None where that of
    /// the prompt or of the answer is not said; embeddings have no answer.
    pub(super) fn of_map(entry: &Value) -> Option<Price> {
        let none = (entry["mode"] == "embedding").then_some(0.0);
        let unknown =
            Price { input: f64::NAN, output: none.unwrap_or(f64::NAN), ..Price::default() };
        let base = Price::of_step(entry, "", &unknown);
        if base.input.is_nan() || base.output.is_nan() {
            return None;
        }
        // What a step does not say is as below it.
        let mut chain = vec![(0, base)];
        for (above, suffix) in steps(entry) {
            let below = &chain[chain.len() - 1].1;
            chain.push((above, Price::of_step(entry, &suffix, below)));
        }
        let join = |higher: Option<(u64, Price)>, (above, price): (u64, Price)| {
            let long = higher.map(|(above, price)| (above, Box::new(price)));
            Some((above, Price { long, ..price }))
        };
        chain.into_iter().rev().fold(None, join).map(|(_, price)| price)
    }

    /// The prices whose names end in `suffix`; others are those of `below`.
    fn of_step(entry: &Value, suffix: &str, below: &Price) -> Price {
        let at = |key: &str| entry[format!("{key}{suffix}")].as_f64().map(|price| price * 1e6);
        Price {
            input: at("input_cost_per_token").unwrap_or(below.input),
            output: at("output_cost_per_token").unwrap_or(below.output),
            cached_input: at("cache_read_input_token_cost").or(below.cached_input),
            audio_input: at("input_cost_per_audio_token").or(below.audio_input),
            cache_write: at("cache_creation_input_token_cost").or(below.cache_write),
            cache_write_hour: at("cache_creation_input_token_cost_above_1hr")
                .or(below.cache_write_hour),
            reasoning: at("output_cost_per_reasoning_token").or(below.reasoning),
            long: None,
        }
    }
}

/// The lengths of prompt beyond which an entry of LiteLLM's map has other prices,
/// the least first, and how the names of those end.
fn steps(entry: &Value) -> BTreeMap<u64, String> {
    let step = |key: &String| {
        let sides = ["input_cost_per_token", "output_cost_per_token"];
        let suffix = sides.iter().find_map(|side| key.strip_prefix(side))?;
        let thousands = suffix.strip_prefix("_above_")?.strip_suffix("k_tokens")?;
        Some((thousands.parse::<u64>().ok()?.checked_mul(1_000)?, suffix.to_string()))
    };
    let mut steps = BTreeMap::new();
    steps.extend(entry.as_object().into_iter().flatten().filter_map(|(key, _)| step(key)));
    steps
}

/// Whether an entry of LiteLLM's map has a price per token below 0.
pub fn pays(entry: &Value) -> bool {
    let below = |(key, price): (&String, &Value)| {
        key.contains("_token") && key.contains("cost") && price.as_f64().is_some_and(|p| p < 0.0)
    };
    entry.as_object().is_some_and(|entry| entry.iter().any(below))
}

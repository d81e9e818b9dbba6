//! What an answer costs, in US dollars.
//!
//! A cost that the provider states wins over the `price` option, that over a
//! price file in the form that LiteLLM publishes, and that over the dated table
//! of common models ([`super::price_table`]). A cost that is not known is none,
//! never 0: so is one of an answer that states a tier, a tool's fee or the use of a
//! cache whose price is nowhere. The option's price counts as it stands.

use std::collections::{BTreeMap, HashMap};

use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::options::client::ClientOptions;
use crate::options::form;

use super::model_name::is_of_family;
use super::price_table::{self, Row};
use super::response::{Response, Usage};

/// No call costs more USD: what a provider states beyond it would overflow sums.
const MOST_USD: f64 = 1e6;

/// A cost in billionths of a USD, for sums.
pub fn nano(usd: f64) -> u64 {
    (usd.clamp(0.0, MOST_USD) * 1e9).round() as u64
}

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
    fn lacks_cache(&self, usage: &Usage) -> bool {
        let counts = [usage.cached_input_tokens, usage.cache_write_tokens];
        let is_used = counts.into_iter().flatten().any(|tokens| tokens > 0);
        let is_billed_apart = billed_tokens(usage).0.is_some();
        is_used && !is_billed_apart && self.cached_input.is_none() && self.input > 0.0
    }

    /// Of `in,out[,cached in[,cache write]]`, read.
    fn of_option(numbers: &[f64]) -> Price {
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
    fn of_row(row: &Row, at: u64) -> Price {
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
    fn of_map(entry: &Value) -> Option<Price> {
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
fn pays(entry: &Value) -> bool {
    let below = |(key, price): (&String, &Value)| {
        key.contains("_token") && key.contains("cost") && price.as_f64().is_some_and(|p| p < 0.0)
    };
    entry.as_object().is_some_and(|entry| entry.iter().any(below))
}

/// A model's name without the date that ends it: `-20250514`, `-2025-08-07`.
fn undated(model: &str) -> &str {
    let is_date = |date: &str| {
        date.starts_with(['-', '@']) && date[1..].chars().all(|c| c.is_ascii_digit() || c == '-')
    };
    let cut = |length: usize, digits: usize| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(length)?)?;
        let count = date.chars().filter(char::is_ascii_digit).count();
        (is_date(date) && count == digits).then_some(name)
    };
    cut(9, 8).or_else(|| cut(11, 8)).unwrap_or(model)
}

/// A word of a usage's text. Nearly none has it, and each is looked at.
type Word = Lazy<Finder<'static>>;

static BILLED: Word = Lazy::new(|| Finder::new("\"billed_units\""));
static SOUND: Word = Lazy::new(|| Finder::new("AUDIO"));
static OPENAIS_SOUND: Word = Lazy::new(|| Finder::new("audio_tokens"));
static SEARCHES: Word = Lazy::new(|| Finder::new("\"web_search_requests\""));
static HOUR: Word = Lazy::new(|| Finder::new("ephemeral_1h"));

fn has(text: &str, word: &Word) -> bool {
    word.find(text.as_bytes()).is_some()
}

/// The tokens of prompt and answer that Cohere bills, which are not all there are.
fn billed_tokens(usage: &Usage) -> (Option<u64>, Option<u64>) {
    let own = usage.provider_usage.as_deref().filter(|text| has(text, &BILLED));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    let billed = |what: &str| own.as_ref()?["billed_units"][what].as_u64();
    (billed("input_tokens"), billed("output_tokens"))
}

/// The prompt's tokens of sound, and those of them that the vendor's cache held.
fn audio_tokens(usage: &Usage) -> (u64, u64) {
    let own = usage.provider_usage.as_deref();
    let own = own.filter(|text| has(text, &SOUND) || has(text, &OPENAIS_SOUND));
    let Some(own) = own.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return (0, 0);
    };
    // Gemini tells each kind apart, OpenAI this one.
    let of_sound = |part: &&Value| part["modality"] == "AUDIO";
    let sum = |name: &str| {
        let parts = own[name].as_array().into_iter().flatten().filter(of_sound);
        parts.filter_map(|part| part["tokenCount"].as_u64()).fold(0, u64::saturating_add)
    };
    let stated = own["prompt_tokens_details"]["audio_tokens"].as_u64();
    (stated.unwrap_or_else(|| sum("promptTokensDetails")), sum("cacheTokensDetails"))
}

/// What Anthropic's own searches cost beside the tokens.
fn search_fee(provider: &str, usage: &Usage) -> f64 {
    let own = usage.provider_usage.as_deref().filter(|_| provider == "anthropic");
    let own = own.filter(|text| has(text, &SEARCHES));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    let searches = own.and_then(|own| own["server_tool_use"]["web_search_requests"].as_u64());
    searches.unwrap_or(0) as f64 * price_table::CLAUDE_SEARCH
}

/// Of the tokens written to the vendor's cache, those kept for an hour.
fn hour_tokens(usage: &Usage) -> u64 {
    let own = usage.provider_usage.as_deref().filter(|text| has(text, &HOUR));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    own.and_then(|own| own["cache_creation"]["ephemeral_1h_input_tokens"].as_u64()).unwrap_or(0)
}

/// The prices that a client goes by.
#[derive(Debug, Default)]
pub struct Prices {
    /// The caller's own, by the name of a model or of its family.
    own: Vec<(String, Price)>,
    /// A price file's, by name.
    file: HashMap<String, Price>,
}

impl Prices {
    /// Reads the options' prices, and the price file if there is one.
    pub fn new(options: &ClientOptions) -> Result<Prices> {
        let line = |line: &String| {
            let (name, numbers) = form::price(line)?;
            Some((name.to_string(), Price::of_option(&numbers)))
        };
        let wrong =
            || Error::invalid("price", "must read `model=in,out[,cached in[,cache write]]`");
        let own = options.price.iter().map(|text| line(text).ok_or_else(wrong));
        let own = own.collect::<Result<_>>()?;
        let file = match &options.price_file {
            None => HashMap::new(),
            Some(path) => {
                let text = std::fs::read(path)
                    .map_err(|e| Error::Io(format!("price_file {path}: {e}")))?;
                Prices::read_map(&text)?
            }
        };
        Ok(Prices { own, file })
    }

    /// Reads the JSON map of models that LiteLLM publishes.
    fn read_map(text: &[u8]) -> Result<HashMap<String, Price>> {
        let map: HashMap<String, Value> = serde_json::from_slice(text)
            .map_err(|e| Error::invalid("price_file", format!("not a JSON map of models: {e}")))?;
        if let Some((name, _)) = map.iter().find(|(_, entry)| pays(entry)) {
            return Err(Error::invalid("price_file", format!("a price of {name} is negative")));
        }
        let priced =
            map.into_iter().filter_map(|(name, entry)| Some((name, Price::of_map(&entry)?)));
        Ok(priced.collect())
    }

    /// The price of a model at a time, in seconds since 1970, and whose it is.
    fn find(&self, provider: &str, model: &str, at: u64) -> Option<(Price, &'static str)> {
        let fits = self.own.iter().filter(|(name, _)| is_of_family(model, name));
        if let Some((_, price)) = fits.max_by_key(|(name, _)| name.len()) {
            return Some((price.clone(), "option"));
        }
        if let Some(price) = self.in_file(provider, model) {
            return Some((price.clone(), "file"));
        }
        price_table::find(provider, model, at).map(|row| (Price::of_row(row, at), "table"))
    }

    /// A model's price in the file: under its own name, then without its date.
    fn in_file(&self, provider: &str, model: &str) -> Option<&Price> {
        if self.file.is_empty() {
            return None;
        }
        // The map knows Kimi by its maker.
        let provider = if provider == "kimi" { "moonshot" } else { provider };
        let named = |model: &str| {
            self.file.get(&format!("{provider}/{model}")).or_else(|| self.file.get(model))
        };
        named(model).or_else(|| named(undated(model)))
    }

    /// What a usage costs at the prices of a model, if they are known.
    pub fn cost(&self, provider: &str, model: &str, usage: &Usage, at: u64) -> Option<f64> {
        self.find(provider, model, at)?.0.cost(usage)
    }

    /// Writes the cost into an answer that came at a time, in seconds since
    /// 1970. The model that answered may be a dated one that nobody has priced;
    /// then the one that was asked for counts.
    pub fn apply(&self, response: &mut Response, asked: &str, at: u64) {
        if let Some(usd) = response.stated_cost_usd {
            (response.cost_usd, response.cost_source) = (Some(usd), Some("provider"));
            return;
        }
        let answered = response.model.as_deref().unwrap_or(asked);
        let provider = response.provider.as_str();
        let found = self.find(provider, answered, at).or_else(|| self.find(provider, asked, at));
        let (Some((price, source)), Some(usage)) = (found, &response.usage) else { return };
        let cost = match source {
            "option" => price.cost(usage),
            _ if response.has_unpriced => None,
            "table" if price.lacks_cache(usage) => None,
            _ => price.cost(usage).map(|usd| usd + search_fee(provider, usage)),
        };
        if cost.is_some() {
            (response.cost_usd, response.cost_source) = (cost, Some(source));
        }
    }
}

#[cfg(test)]
mod tests;

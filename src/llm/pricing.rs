//! What an answer costs, in US dollars.
//!
//! A cost that the provider states wins over the `price` option, that over a
//! price file in the form that LiteLLM publishes, and that over the dated table
//! of common models ([`super::price_table`]). A cost that is not known is none,
//! never 0: so is one of an answer that states a tier, a tool's fee or the use of a
//! cache whose price is nowhere. The option's price counts as it stands.

mod price;
mod tokens;

use std::collections::HashMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::files;
use crate::options::client::ClientOptions;
use crate::options::form;

use super::model_name::is_of_family;
use super::price_table;
use super::response::{Response, Usage};
pub use price::Price;
use price::pays;
use tokens::search_fee;

/// No call costs more USD: what a provider states beyond it would overflow sums.
const MOST_USD: f64 = 1e6;

/// A cost in billionths of a USD, for sums.
pub fn nano(usd: f64) -> u64 {
    (usd.clamp(0.0, MOST_USD) * 1e9).round() as u64
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
            Some(path) => Prices::read_map(&files::read("price_file", path)?)?,
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

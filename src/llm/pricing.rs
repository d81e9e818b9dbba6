//! What an answer costs, in US dollars.
//!
//! A cost that the provider states wins over the `price` option, and that over
//! the dated table of common models. A cost that is not known is none, never 0.

use crate::options::client::ClientOptions;

use super::response::{Response, Usage};

/// Prices of one model in USD per million tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// Prompt tokens.
    pub input: f64,
    /// Generated tokens, reasoning included.
    pub output: f64,
    /// Prompt tokens from the provider's cache; none: as others.
    pub cached_input: Option<f64>,
    /// Prompt tokens written to it; none: as others.
    pub cache_write: Option<f64>,
}

impl Price {
    /// The cost of a usage; none if it does not say enough.
    pub fn cost(&self, usage: &Usage) -> Option<f64> {
        let (input, output) = (usage.input_tokens?, usage.output_tokens?);
        let cached = usage.cached_input_tokens.unwrap_or(0).min(input);
        let written = usage.cache_write_tokens.unwrap_or(0).min(input - cached);
        let plain = input - cached - written;
        let total = plain as f64 * self.input
            + cached as f64 * self.cached_input.unwrap_or(self.input)
            + written as f64 * self.cache_write.unwrap_or(self.input)
            + output as f64 * self.output;
        Some(total / 1e6)
    }

    /// Reads `in,out[,cached in[,cache write]]`.
    pub fn parse(text: &str) -> Option<Price> {
        let parsed = text.split(',').map(|n| n.trim().parse().ok().filter(|n| *n >= 0.0));
        let numbers: Vec<f64> = parsed.collect::<Option<_>>()?;
        match numbers[..] {
            [input, output, ref more @ ..] if more.len() <= 2 => Some(Price {
                input,
                output,
                cached_input: more.first().copied(),
                cache_write: more.get(1).copied(),
            }),
            _ => None,
        }
    }
}

/// The caller's own price of a model: the longest name that it begins with.
fn own_price(model: &str, options: &ClientOptions) -> Option<Price> {
    let prices = options.price.iter().filter_map(|line| line.split_once('='));
    let fitting = prices.filter(|(name, _)| model.starts_with(name.trim()));
    fitting.max_by_key(|(name, _)| name.len()).and_then(|(_, price)| Price::parse(price))
}

/// Writes the cost into an answer.
pub fn apply(response: &mut Response, model: &str, options: &ClientOptions) {
    if let Some(usd) = response.stated_cost_usd {
        (response.cost_usd, response.cost_source) = (Some(usd), Some("provider"));
        return;
    }
    let price = own_price(model, options);
    let cost = price.and_then(|price| price.cost(response.usage.as_ref()?));
    if cost.is_some() {
        (response.cost_usd, response.cost_source) = (cost, Some("option"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_and_written_tokens_have_their_own_prices() {
        let price = Price::parse("2, 10, 0.2, 2.5").unwrap();
        let usage = Usage {
            input_tokens: Some(1_000_000),
            output_tokens: Some(100_000),
            cached_input_tokens: Some(500_000),
            cache_write_tokens: Some(100_000),
            ..Usage::default()
        };
        let cost = price.cost(&usage).unwrap();
        assert!((cost - (0.8 + 0.1 + 0.25 + 1.0)).abs() < 1e-9, "{cost}");
        assert_eq!(price.cost(&Usage::default()), None);
    }

    #[test]
    fn the_longest_name_that_fits_is_the_callers_price() {
        let price = vec!["gpt=1,1".to_string(), "gpt-6=2,2".to_string(), "x=9".to_string()];
        let options = ClientOptions { price, ..ClientOptions::default() };
        assert_eq!(own_price("gpt-6-sol", &options).unwrap().input, 2.0);
        assert_eq!(own_price("gpt-5", &options).unwrap().input, 1.0);
        assert_eq!(own_price("x", &options), None);
    }
}

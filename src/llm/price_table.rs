//! Prices of the common models, in USD per million tokens, as of [`CHECKED`].
//!
//! A row holds from a day on, until a later row of the same model begins. The
//! longest prefix of a model's name that fits wins, so a dated name has the
//! price of its family. What is not here is unknown: open models, whose price
//! depends on who runs them, and models of one's own.

use super::model_name::{begins_with, is_of_family};

/// When the rows were put together, from published prices.
pub const CHECKED: &str = "2026-11-30";

/// USD for each of Anthropic's web searches, beside their tokens.
pub const CLAUDE_SEARCH: f64 = 0.01;

/// A model's prices from a day on.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The provider.
    pub provider: &'static str,
    /// How the model's name begins.
    pub prefix: &'static str,
    /// First day, seconds since 1970; 0: always.
    pub from: u64,
    /// Prompt tokens.
    pub input: f64,
    /// Generated tokens.
    pub output: f64,
    /// Prompt tokens read from the vendor's cache.
    pub cached: Option<f64>,
    /// Prompt tokens of sound; none: as others.
    pub audio: Option<f64>,
    /// Prompt tokens written to it for five minutes, and for an hour.
    pub written: Option<(f64, f64)>,
    /// Beyond this many prompt tokens, all prices are other ones.
    pub long: Option<Long>,
    /// Whether the vendor's busy hours cost twice as much.
    pub peaks: bool,
}

/// Prices of long prompts.
#[derive(Debug, Clone, Copy)]
pub struct Long {
    /// Prompt tokens up to which the plain prices hold.
    pub above: u64,
    /// Factor on everything about the prompt.
    pub input: f64,
    /// Factor on the answer.
    pub output: f64,
}

const fn row(provider: &'static str, prefix: &'static str, input: f64, output: f64) -> Row {
    let (cached, audio, written, long) = (None, None, None, None);
    Row { provider, prefix, from: 0, input, output, cached, audio, written, long, peaks: false }
}

impl Row {
    const fn cached(self, price: f64) -> Row {
        Row { cached: Some(price), ..self }
    }

    const fn audio(self, price: f64) -> Row {
        Row { audio: Some(price), ..self }
    }

    /// A tenth for reading, a quarter more for writing, and double for an hour.
    const fn anthropic(self) -> Row {
        let written = Some((self.input * 1.25, self.input * 2.0));
        Row { cached: Some(self.input * 0.1), written, ..self }
    }

    const fn written(self, price: f64) -> Row {
        Row { written: Some((price, price)), ..self }
    }

    const fn long(self, above: u64, input: f64, output: f64) -> Row {
        Row { long: Some(Long { above, input, output }), ..self }
    }

    const fn from(self, from: u64) -> Row {
        Row { from, ..self }
    }

    const fn peaks(self) -> Row {
        Row { peaks: true, ..self }
    }
}

const fn openai(prefix: &'static str, input: f64, output: f64, cached: f64) -> Row {
    row("openai", prefix, input, output).cached(cached)
}
const fn claude(prefix: &'static str, input: f64, output: f64) -> Row {
    row("anthropic", prefix, input, output).anthropic()
}
const fn gemini(prefix: &'static str, input: f64, output: f64) -> Row {
    row("gemini", prefix, input, output).cached(input * 0.1)
}
const fn kimi(prefix: &'static str, input: f64, output: f64, cached: f64) -> Row {
    row("kimi", prefix, input, output).cached(cached)
}
const fn cohere(prefix: &'static str, input: f64, output: f64) -> Row {
    row("cohere", prefix, input, output)
}

const MARCH_13_2026: u64 = 1_773_360_000;
const JULY_30_2026: u64 = 1_785_369_600;
const AUGUST_21_2026: u64 = 1_787_270_400;
const AUGUST_22_2026: u64 = 1_787_356_800;
const OCTOBER_7_2026: u64 = 1_791_331_200;
const DECEMBER_1_2026: u64 = 1_796_083_200;
const JANUARY_1_2027: u64 = 1_798_761_600;

/// The rows; of one model, later days stand later.
pub static ROWS: &[Row] = &[
    row("openai", "gpt-3.5-turbo", 0.5, 1.5),
    row("openai", "gpt-3.5-turbo-0301", 1.5, 2.0),
    row("openai", "gpt-3.5-turbo-0613", 1.5, 2.0),
    row("openai", "gpt-3.5-turbo-1106", 1.0, 2.0),
    row("openai", "gpt-3.5-turbo-16k", 3.0, 4.0),
    row("openai", "gpt-3.5-turbo-instruct", 1.5, 2.0),
    row("openai", "gpt-4", 30.0, 60.0),
    row("openai", "gpt-4-32k", 60.0, 120.0),
    // Before it had its name, the turbo was a preview of a day.
    row("openai", "gpt-4-0125-preview", 10.0, 30.0),
    row("openai", "gpt-4-1106-preview", 10.0, 30.0),
    row("openai", "gpt-4-turbo", 10.0, 30.0),
    row("openai", "gpt-4-turbo-0125-preview", 10.0, 30.0),
    row("openai", "gpt-4-vision", 10.0, 30.0),
    openai("gpt-4.5-preview", 75.0, 150.0, 37.5),
    row("openai", "chatgpt-4o-latest", 5.0, 15.0),
    openai("gpt-4o", 2.5, 10.0, 1.25),
    openai("gpt-4o-mini", 0.15, 0.6, 0.075),
    openai("gpt-4.1", 2.0, 8.0, 0.5),
    openai("gpt-4.1-mini", 0.4, 1.6, 0.1),
    openai("gpt-4.1-nano", 0.1, 0.4, 0.025),
    openai("o1", 15.0, 60.0, 7.5),
    row("openai", "o1-pro", 150.0, 600.0),
    openai("o1-mini", 1.1, 4.4, 0.55),
    openai("o3", 2.0, 8.0, 0.5),
    row("openai", "o3-pro", 20.0, 80.0),
    openai("o3-mini", 1.1, 4.4, 0.55),
    openai("o3-deep-research", 10.0, 40.0, 2.5),
    openai("o4-mini", 1.1, 4.4, 0.275),
    openai("o4-mini-deep-research", 2.0, 8.0, 0.5),
    openai("gpt-5", 1.25, 10.0, 0.125),
    openai("gpt-5-codex", 1.25, 10.0, 0.125),
    openai("gpt-5-mini", 0.25, 2.0, 0.025),
    openai("gpt-5-nano", 0.05, 0.4, 0.005),
    row("openai", "gpt-5-pro", 15.0, 120.0),
    openai("gpt-5.1", 1.25, 10.0, 0.125),
    openai("gpt-5.1-codex", 1.25, 10.0, 0.125),
    openai("gpt-5.1-codex-max", 1.25, 10.0, 0.125),
    openai("gpt-5.1-codex-mini", 0.25, 2.0, 0.025),
    openai("gpt-5.2", 1.75, 14.0, 0.175),
    openai("gpt-5.2-codex", 1.75, 14.0, 0.175),
    row("openai", "gpt-5.2-pro", 21.0, 168.0),
    openai("gpt-5.3", 1.75, 14.0, 0.175),
    openai("gpt-5.3-codex", 1.75, 14.0, 0.175),
    openai("gpt-5.4", 2.5, 15.0, 0.25).long(272_000, 2.0, 1.5),
    openai("gpt-5.4-mini", 0.75, 4.5, 0.075),
    openai("gpt-5.4-nano", 0.2, 1.25, 0.02),
    row("openai", "gpt-5.4-pro", 30.0, 180.0).long(272_000, 2.0, 1.5),
    openai("gpt-5.5", 5.0, 30.0, 0.5),
    row("openai", "gpt-5.5-pro", 30.0, 180.0),
    openai("gpt-5.6", 5.0, 30.0, 0.5).written(6.25).long(272_000, 2.0, 1.5),
    openai("gpt-5.6-sol", 5.0, 30.0, 0.5).written(6.25).long(272_000, 2.0, 1.5),
    openai("gpt-5.6-terra", 2.5, 15.0, 0.25).written(3.125).long(272_000, 2.0, 1.5),
    openai("gpt-5.6-luna", 1.0, 6.0, 0.1).written(1.25).long(272_000, 2.0, 1.5),
    openai("gpt-5.6-terra", 2.0, 12.0, 0.2).written(2.5).long(272_000, 2.0, 1.5).from(JULY_30_2026),
    openai("gpt-5.6-luna", 0.2, 1.2, 0.02).written(0.25).long(272_000, 2.0, 1.5).from(JULY_30_2026),
    // For three months at least; the price after them has not been said.
    openai("gpt-5.6", 4.0, 20.0, 0.4).written(5.0).long(272_000, 2.0, 1.5).from(AUGUST_21_2026),
    openai("gpt-5.6-sol", 4.0, 20.0, 0.4).written(5.0).long(272_000, 2.0, 1.5).from(AUGUST_21_2026),
    openai("gpt-6-luna", 0.1, 0.5, 0.01).written(0.125).long(272_000, 2.0, 1.5),
    openai("gpt-6.1-terra", 1.0, 5.0, 0.05).written(1.25).long(272_000, 2.0, 1.5),
    openai("gpt-6-sol", 2.0, 10.0, 0.2).written(2.5).long(272_000, 2.0, 1.5),
    openai("gpt-6.1-sol", 2.0, 10.0, 0.1).written(2.5).long(272_000, 2.0, 1.5),
    openai("gpt-6-astra", 10.0, 50.0, 1.0).written(12.5).long(272_000, 2.0, 1.5),
    openai("gpt-6.2-sol", 2.0, 10.0, 0.1).written(2.5).long(272_000, 2.0, 1.5),
    openai("gpt-6.2-astra", 8.0, 40.0, 0.4).written(10.0).long(272_000, 2.0, 1.5),
    row("openai", "text-embedding-3-small", 0.02, 0.0),
    row("openai", "text-embedding-3-large", 0.13, 0.0),
    row("openai", "text-embedding-ada-002", 0.1, 0.0),
    Row { written: Some((0.3, 0.5)), ..claude("claude-3-haiku", 0.25, 1.25).cached(0.03) },
    claude("claude-3-opus", 15.0, 75.0),
    claude("claude-3-sonnet", 3.0, 15.0),
    claude("claude-3-5-haiku", 0.8, 4.0),
    claude("claude-3-5-sonnet", 3.0, 15.0),
    claude("claude-3-7-sonnet", 3.0, 15.0),
    claude("claude-haiku-4-5", 1.0, 5.0),
    claude("claude-sonnet-4", 3.0, 15.0),
    claude("claude-sonnet-4-5", 3.0, 15.0).long(200_000, 2.0, 1.5),
    claude("claude-sonnet-4-6", 3.0, 15.0).long(200_000, 2.0, 1.5),
    claude("claude-sonnet-4-6", 3.0, 15.0).from(MARCH_13_2026),
    claude("claude-opus-4", 15.0, 75.0),
    claude("claude-opus-4-1", 15.0, 75.0),
    claude("claude-opus-4-5", 5.0, 25.0),
    claude("claude-opus-4-6", 5.0, 25.0).long(200_000, 2.0, 1.5),
    claude("claude-opus-4-6", 5.0, 25.0).from(MARCH_13_2026),
    claude("claude-opus-4-7", 5.0, 25.0),
    claude("claude-opus-4-8", 5.0, 25.0),
    claude("claude-fable-5", 10.0, 50.0),
    claude("claude-fable-5-1", 10.0, 50.0).cached(0.25),
    claude("claude-fable-5-2", 8.0, 40.0).cached(0.2),
    claude("claude-opus-5", 5.0, 25.0),
    claude("claude-sonnet-5", 2.0, 10.0),
    claude("claude-haiku-5-5", 0.1, 0.5).long(100_000, 5.0, 5.0),
    claude("claude-sonnet-5-5", 2.0, 10.0),
    claude("claude-sonnet-5-5", 2.0, 10.0).cached(0.1).from(OCTOBER_7_2026),
    claude("claude-opus-5-5", 4.0, 20.0).cached(0.2),
    gemini("gemini-1.5-flash", 0.075, 0.3).cached(0.01875).long(128_000, 2.0, 2.0),
    gemini("gemini-1.5-flash-8b", 0.0375, 0.15).cached(0.01).long(128_000, 2.0, 2.0),
    gemini("gemini-1.5-pro", 1.25, 5.0).cached(0.3125).long(128_000, 2.0, 2.0),
    gemini("gemini-2.0-flash", 0.1, 0.4).cached(0.025).audio(0.7),
    row("gemini", "gemini-2.0-flash-lite", 0.075, 0.3),
    gemini("gemini-2.5-flash", 0.3, 2.5).audio(1.0),
    row("gemini", "gemini-2.5-flash-preview", 0.15, 0.6),
    gemini("gemini-2.5-flash-preview-09-2025", 0.3, 2.5).audio(1.0),
    gemini("gemini-2.5-flash-lite", 0.1, 0.4).audio(0.3),
    gemini("gemini-2.5-pro", 1.25, 10.0).long(200_000, 2.0, 1.5),
    gemini("gemini-3-flash", 0.5, 3.0).audio(1.0),
    gemini("gemini-3-pro", 2.0, 12.0).long(200_000, 2.0, 1.5),
    gemini("gemini-3.1-flash-lite", 0.25, 1.5).audio(0.5),
    gemini("gemini-3.1-pro", 2.0, 12.0).long(200_000, 2.0, 1.5),
    gemini("gemini-3.1-pro-preview-customtools", 2.0, 12.0).long(200_000, 2.0, 1.5),
    gemini("gemini-3.5-flash", 1.5, 9.0),
    gemini("gemini-3.5-flash-lite", 0.3, 2.5),
    gemini("gemini-3.6-flash", 1.5, 7.5),
    gemini("gemini-3.6-flash", 0.75, 3.75).from(AUGUST_22_2026),
    gemini("gemini-3.6-flash", 1.5, 7.5).from(JANUARY_1_2027),
    gemini("gemini-3.7-flash", 0.75, 3.75),
    gemini("gemini-3.7-flash", 1.5, 7.5).from(JANUARY_1_2027),
    gemini("gemini-3.8-flash", 0.75, 3.75),
    gemini("gemini-3.8-flash", 1.5, 7.5).from(JANUARY_1_2027),
    gemini("gemini-4-argon", 2.0, 10.0).cached(0.1),
    gemini("gemini-4-argon", 4.0, 20.0).cached(0.2).from(DECEMBER_1_2026),
    gemini("gemini-4-carbon", 2.0, 10.0).cached(0.1),
    gemini("gemini-4-carbon", 4.0, 20.0).cached(0.2).from(DECEMBER_1_2026),
    gemini("gemini-4-hydrogen", 1.5, 7.5).cached(0.075),
    gemini("gemini-4-neon", 3.0, 15.0).cached(0.15),
    row("gemini", "gemini-embedding-001", 0.15, 0.0),
    // Gone since July 2026; at night they cost less.
    row("deepseek", "deepseek-chat", 0.27, 1.1).cached(0.07),
    row("deepseek", "deepseek-reasoner", 0.55, 2.19).cached(0.14),
    row("deepseek", "deepseek-flash", 0.15, 0.6).cached(0.003).peaks(),
    row("deepseek", "deepseek-v4-flash", 0.15, 0.6).cached(0.003).peaks(),
    row("deepseek", "deepseek-v4-flash-vision-exp", 0.15, 0.6).cached(0.003).peaks(),
    row("deepseek", "deepseek-v4-pro", 0.66, 1.98).cached(0.022).peaks(),
    kimi("kimi-k2", 0.6, 2.5, 0.15),
    kimi("kimi-k2-thinking", 0.6, 2.5, 0.15),
    kimi("kimi-k2-turbo", 1.15, 8.0, 0.15),
    kimi("kimi-k2-thinking-turbo", 1.15, 8.0, 0.15),
    kimi("kimi-k2.5", 0.6, 3.0, 0.1),
    kimi("kimi-k2.6", 0.95, 4.0, 0.16),
    kimi("kimi-k2.7-code", 0.95, 4.0, 0.19),
    kimi("kimi-k2.7-code-highspeed", 1.9, 8.0, 0.38),
    kimi("kimi-k3", 3.0, 15.0, 0.3),
    kimi("kimi-k3.1-pro", 2.0, 10.0, 0.2),
    kimi("kimi-k3.1-pro-highspeed", 4.0, 20.0, 0.2),
    row("kimi", "moonshot-v1-8k", 0.2, 2.0),
    row("kimi", "moonshot-v1-32k", 1.0, 3.0),
    row("kimi", "moonshot-v1-128k", 2.0, 5.0),
    cohere("command-a", 2.5, 10.0),
    cohere("command-a-reasoning", 2.5, 10.0),
    cohere("command-a-vision", 2.5, 10.0),
    cohere("command-r-08-2024", 0.15, 0.6),
    cohere("command-r-plus", 2.5, 10.0),
    cohere("command-r7b", 0.0375, 0.15),
    cohere("embed-v4.0", 0.12, 0.0),
    row("ollama", "", 0.0, 0.0),
];

/// The row of a model at a time, in seconds since 1970.
pub fn find(provider: &str, model: &str, at: u64) -> Option<&'static Row> {
    let model = memchr::memrchr(b'/', model.as_bytes()).map_or(model, |at| &model[at + 1..]);
    let fits = |row: &&Row| {
        begins_with(model, row.prefix)
            && row.provider == provider
            && row.from <= at
            && is_of_family(model, row.prefix)
    };
    ROWS.iter().filter(fits).max_by_key(|row| (row.prefix.len(), row.from))
}

/// Whether a time lies in DeepSeek's busy hours: 01 to 04 and 06 to 10 UTC,
/// Monday to Friday. China's public holidays are not known here.
pub fn is_peak(at: u64) -> bool {
    // 1 January 1970 was a Thursday.
    let weekday = (at / 86_400 + 3) % 7;
    let hour = at % 86_400 / 3_600;
    weekday < 5 && matches!(hour, 1..=3 | 6..=9)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_dated_name_has_its_familys_price_and_a_sibling_has_not() {
        let input = |model: &str| find("openai", model, u64::MAX).map(|row| row.input);
        assert_eq!(input("gpt-4o-2024-08-06"), Some(2.5));
        assert_eq!(input("gpt-4o-mini-2024-07-18"), Some(0.15));
        assert_eq!(input("gpt-4o-audio-preview"), None);
        assert_eq!(input("gpt-9"), None);
        let cohere = find("cohere", "command-a-03-2025", u64::MAX);
        assert_eq!(cohere.map(|row| row.input), Some(2.5));
    }

    #[test]
    fn a_price_changes_on_its_day() {
        let input = |at| find("gemini", "models/gemini-3.8-flash", at).unwrap().input;
        assert_eq!(input(JANUARY_1_2027 - 1), 0.75);
        assert_eq!(input(JANUARY_1_2027), 1.5);
        let input = |at| find("gemini", "gemini-4-carbon", at).unwrap().input;
        assert_eq!((input(DECEMBER_1_2026 - 1), input(DECEMBER_1_2026)), (2.0, 4.0));
    }

    #[test]
    fn models_of_autumn_2026_have_their_vendors_prices() {
        const NOVEMBER_29: u64 = 1_795_910_400;
        for (provider, model, prices) in [
            ("openai", "gpt-6.1-sol", (2.0, 10.0, 0.1)),
            ("openai", "gpt-6-astra", (10.0, 50.0, 1.0)),
            ("openai", "gpt-6.2-astra", (8.0, 40.0, 0.4)),
            ("openai", "gpt-5.6-sol", (4.0, 20.0, 0.4)),
            ("anthropic", "claude-sonnet-5", (2.0, 10.0, 0.2)),
            ("anthropic", "claude-fable-5-1", (10.0, 50.0, 0.25)),
            ("anthropic", "claude-haiku-5-5", (0.1, 0.5, 0.01)),
            ("anthropic", "claude-opus-5-5", (4.0, 20.0, 0.2)),
            ("anthropic", "claude-sonnet-5-5", (2.0, 10.0, 0.1)),
            ("anthropic", "claude-fable-5-2", (8.0, 40.0, 0.2)),
            ("gemini", "gemini-3.7-flash", (0.75, 3.75, 0.075)),
            ("gemini", "gemini-3.6-flash", (0.75, 3.75, 0.075)),
            ("kimi", "kimi-k3.1-pro", (2.0, 10.0, 0.2)),
            ("gemini", "gemini-4-argon", (2.0, 10.0, 0.1)),
            ("gemini", "gemini-4-neon", (3.0, 15.0, 0.15)),
        ] {
            let row = find(provider, model, NOVEMBER_29).unwrap();
            let cached = row.cached.unwrap();
            assert_eq!((row.input, row.output), (prices.0, prices.1), "{model}");
            assert!((cached - prices.2).abs() < 1e-9, "{model}: {cached}");
        }
        let written = find("anthropic", "claude-fable-5-1", NOVEMBER_29).unwrap().written;
        assert_eq!(written, Some((12.5, 20.0)));
        let long = find("openai", "gpt-6-astra", NOVEMBER_29).unwrap().long.unwrap();
        assert_eq!((long.above, long.input, long.output), (272_000, 2.0, 1.5));
        let long = find("anthropic", "claude-haiku-5-5", NOVEMBER_29).unwrap().long.unwrap();
        assert_eq!((long.above, long.input, long.output), (100_000, 5.0, 5.0));
    }

    #[test]
    fn busy_hours_are_on_weekdays() {
        let monday = 1_795_392_000; // 23 November 2026
        assert!(!is_peak(monday) && is_peak(monday + 3_600) && !is_peak(monday + 4 * 3_600));
        assert!(is_peak(monday + 9 * 3_600 + 3_599) && !is_peak(monday + 10 * 3_600));
        assert!(!is_peak(monday + 5 * 86_400 + 7 * 3_600), "Saturday");
    }

    #[test]
    fn every_default_model_of_a_vendor_with_prices_has_one() {
        for row in crate::llm::provider::models::DEFAULTS {
            if matches!(row.provider, "huggingface" | "siliconflow") {
                continue;
            }
            for (model, _) in row.models {
                assert!(find(row.provider, model, 1_795_392_000).is_some(), "{model}");
            }
        }
    }

    /// Models of which the vendors themselves say something else than the file.
    const OTHERWISE: &[&str] =
        &["claude-sonnet-5", "deepseek-v4-flash", "deepseek-v4-pro", "kimi-k2"];
    /// Models that must have a row.
    const KNOWN: &[&str] = &[
        "gpt-4",
        "gpt-4-turbo",
        "gpt-3.5-turbo-16k",
        "gpt-4.5-preview",
        "chatgpt-4o-latest",
        "gpt-5.6-sol",
        "claude-opus-4-1",
        "claude-3-sonnet",
        "kimi-k2-0711-preview",
        "kimi-k2-0905-preview",
        "kimi-k2-thinking",
        "gemini-1.5-flash",
        "gemini-1.5-pro",
        "deepseek-chat",
        "deepseek-reasoner",
    ];

    #[test]
    fn the_rows_say_what_a_public_list_of_prices_says() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/llm/prices.json.zst");
        let Ok(packed) = std::fs::read(folder) else {
            return eprintln!("skip comparing prices: ../shared/llm is not there");
        };
        let vendors = zstd::decode_all(&packed[..]).unwrap();
        let vendors: Vec<Value> = serde_json::from_slice(&vendors).unwrap();
        let mut seen = Vec::new();
        for vendor in &vendors {
            let provider = match vendor["id"].as_str().unwrap() {
                "google" => "gemini",
                "moonshotai" => "kimi",
                other => other,
            };
            for model in vendor["models"].as_array().unwrap() {
                let id = model["id"].as_str().unwrap();
                let same = model["match"]["or"].as_array().into_iter().flatten();
                let same = same.filter_map(|name| name["equals"].as_str());
                let prices = &model["prices"];
                let latest = prices.as_array().and_then(|all| all.last());
                let prices = latest.map_or(prices, |latest| &latest["prices"]);
                for name in same.chain([id]).filter(|_| !OTHERWISE.contains(&id)) {
                    // The list is older than the cuts of that day and later.
                    if let Some(row) = find(provider, name, JULY_30_2026 - 1) {
                        seen.push(name);
                        agree(name, row, prices);
                    }
                }
            }
        }
        let missing: Vec<_> = KNOWN.iter().filter(|name| !seen.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    fn agree(name: &str, row: &Row, prices: &Value) {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let (step, input, output) = match row.long {
            Some(long) => (Some(long.above), long.input, long.output),
            None => (None, 1.0, 1.0),
        };
        let of = |what: &str, own: f64, factor: f64| {
            let given = &prices[what];
            let Some(base) = given["base"].as_f64().or(given.as_f64()) else { return };
            let tier = &given["tiers"][0];
            let long = tier["price"].as_f64().unwrap_or(base);
            assert!(near(own, base), "{name}: {what} {own}, listed {base}");
            assert!(near(own * factor, long), "{name}: long {what}, listed {long}");
            assert_eq!(tier["start"].as_u64(), step, "{name}: {what}");
        };
        of("input_mtok", row.input, input);
        of("output_mtok", row.output, output);
        of("cache_read_mtok", row.cached.unwrap_or(row.input), input);
        let audio = row.audio.unwrap_or(row.input);
        of("input_audio_mtok", audio, input);
        let cached = row.cached.unwrap_or(row.input);
        of("cache_audio_read_mtok", cached * audio / row.input, input);
        of("cache_write_mtok", row.written.map_or(row.input, |(price, _)| price), input);
    }
}

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
mod tests;

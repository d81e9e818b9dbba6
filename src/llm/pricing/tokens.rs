//! What is paid for beyond the counts that all vendors give: read from a usage as its
//! vendor wrote it.

use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::Value;

use crate::llm::price_table;
use crate::llm::response::Usage;

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
pub fn billed_tokens(usage: &Usage) -> (Option<u64>, Option<u64>) {
    let own = usage.provider_usage.as_deref().filter(|text| has(text, &BILLED));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    let billed = |what: &str| own.as_ref()?["billed_units"][what].as_u64();
    (billed("input_tokens"), billed("output_tokens"))
}

/// The prompt's tokens of sound, and those of them that the vendor's cache held.
pub fn audio_tokens(usage: &Usage) -> (u64, u64) {
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
pub fn search_fee(provider: &str, usage: &Usage) -> f64 {
    let own = usage.provider_usage.as_deref().filter(|_| provider == "anthropic");
    let own = own.filter(|text| has(text, &SEARCHES));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    let searches = own.and_then(|own| own["server_tool_use"]["web_search_requests"].as_u64());
    searches.unwrap_or(0) as f64 * price_table::CLAUDE_SEARCH
}

/// Of the tokens written to the vendor's cache, those kept for an hour.
pub fn hour_tokens(usage: &Usage) -> u64 {
    let own = usage.provider_usage.as_deref().filter(|text| has(text, &HOUR));
    let own: Option<Value> = own.and_then(|text| serde_json::from_str(text).ok());
    own.and_then(|own| own["cache_creation"]["ephemeral_1h_input_tokens"].as_u64()).unwrap_or(0)
}

//! What Claude's usage says, which a stream tells in parts.

use serde_json::{Map, Value};

use super::fees;
use crate::llm::assemble::Assembler;
use crate::llm::json::{Json, u64_of};
use crate::llm::provider::usage::cost;
use crate::llm::response::Usage;

/// Bytes that no usage has: each event that says some of it tells all.
const USAGE_MAX: usize = 1 << 16;
/// What a usage says of the input.
const INPUT: [&str; 3] = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];

/// All that has been told of it.
#[derive(Default)]
pub struct Usages(Map<String, Value>);

impl Usages {
    /// Adds what an event or an answer says. Figures are cumulative, and later ones may
    /// leave some out; a host that says them at the start may end with an input of
    /// nothing.
    pub fn add(&mut self, usage: &Json, out: &mut Assembler) {
        if !usage.is_object() {
            return;
        }
        let has_input = INPUT.iter().any(|name| usage.get(name).u64() > Some(0));
        for (key, value) in usage.members() {
            let is_undone = !has_input && INPUT.contains(&key.as_ref());
            let is_news = !is_undone || !self.0.contains_key(key.as_ref());
            if !value.is_null() && is_news {
                self.0.insert(key.to_string(), value.to_value());
            }
        }
        out.response().has_unpriced |= fees::is_unpriced(&self.0);
        cost(usage, out);
        let all = Value::Object(self.0.clone()).to_string();
        if all.len() > USAGE_MAX {
            out.too_much();
        }
        out.usage(Usage { provider_usage: Some(all), ..self.figures() });
    }

    fn figures(&self) -> Usage {
        let n = |key: &str| self.0.get(key).and_then(u64_of);
        let read = n("cache_read_input_tokens");
        let written = n("cache_creation_input_tokens").or_else(|| {
            let parts = self.0.get("cache_creation")?.as_object()?;
            parts.values().filter_map(u64_of).reduce(u64::saturating_add)
        });
        let parts = match self.input_is_whole() {
            true => 0,
            false => read.unwrap_or(0).saturating_add(written.unwrap_or(0)),
        };
        let thinking = self.0.get("output_tokens_details");
        Usage {
            input_tokens: n("input_tokens").map(|input| input.saturating_add(parts)),
            output_tokens: n("output_tokens"),
            cached_input_tokens: read,
            cache_write_tokens: written,
            reasoning_tokens: thinking.and_then(|details| u64_of(&details["thinking_tokens"])),
            ..Usage::default()
        }
    }

    /// Whether the input has in it what the cache gave and took: New API tells OpenAI's
    /// figures beside, and it is all of the input where the two agree.
    fn input_is_whole(&self) -> bool {
        let openai = self.0.get("billing_usage").map(|bill| &bill["openai_usage"]);
        let all = openai.and_then(|usage| u64_of(&usage["prompt_tokens"]));
        self.0.get("input_tokens").and_then(u64_of) == all
    }
}

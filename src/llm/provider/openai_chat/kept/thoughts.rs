//! The thoughts of an answer, under whichever name its host has them.

use serde_json::Value;

use super::Kept;
use crate::llm::assemble::{Assembler, CALLS_MAX};
use crate::llm::json::Json;
use crate::llm::provider::openai_chat::grown::{add, merge};

/// What hosts call thinking, the first that says something counts; the last is GitHub's.
const THOUGHTS: [&str; 3] = ["reasoning_content", "reasoning", "reasoning_text"];

/// Where a piece has its thinking: the first of [`THOUGHTS`] that says something.
pub fn named_thought(piece: &Json) -> Option<&'static str> {
    THOUGHTS.into_iter().find(|name| piece.get(name).word().is_some())
}

/// The type of a detail that nobody but its vendor can read.
const SEALED: &str = "reasoning.encrypted";

/// Whether a piece is more of this detail: what is sealed comes whole, a thought ends
/// with its signature, and another id is another thought's.
fn goes_on(detail: &Value, piece: &Value) -> bool {
    let says = |json: &Value, name: &str| json[name].as_str().is_some_and(|it| !it.is_empty());
    let is_over = says(detail, "signature") && says(piece, "text");
    let is_another = says(detail, "id") && says(piece, "id") && detail["id"] != piece["id"];
    piece["type"] != SEALED && !is_over && !is_another
}

impl Kept {
    pub(super) fn thought(
        &mut self,
        key: &str,
        value: &Json,
        named: Option<&str>,
        out: &mut Assembler,
    ) {
        match (key, value) {
            ("reasoning_content", Json::Text(text)) => {
                self.reasoning_name = Some("reasoning_content");
                out.reasoning(self.index, text);
            }
            // Envoy streams a thought together with its signature, and has a whole
            // one as Bedrock says it.
            ("reasoning_content", thought) => {
                let whole = thought.at(&["reasoningContent", "reasoningText", "text"]);
                let text = thought.get("text").text().or(whole.text());
                out.reasoning(self.index, text.unwrap_or_default());
                add(&mut self.extra, key, thought.to_value());
            }
            (key, Json::Text(text)) => {
                let name = THOUGHTS.into_iter().find(|name| *name == key);
                if named.is_none_or(|named| named == key) {
                    self.reasoning_name = self.reasoning_name.or(name);
                    out.reasoning(self.index, text);
                }
            }
            (_, details) => {
                let items = details.items();
                // MiniMax says its thinking nowhere else.
                if !self.names_thoughts {
                    for item in items {
                        let said = ["text", "summary"].map(|name| item.get(name).word());
                        let said = said.into_iter().flatten().next();
                        said.into_iter().for_each(|text| out.reasoning(self.index, text));
                    }
                }
                self.details(items, out);
            }
        }
    }

    /// Pieces of details with one number belong together; Vercel gives all the same.
    fn details(&mut self, items: &[Json], out: &mut Assembler) {
        if self.details.len() + items.len() > CALLS_MAX {
            return out.too_much();
        }
        for item in items.iter().map(Json::to_value) {
            let same = self.details.iter_mut().rfind(|old| {
                !item["index"].is_null()
                    && old["index"] == item["index"]
                    && old["type"] == item["type"]
            });
            match same {
                Some(old) if *old == item && item["type"] == SEALED => {}
                Some(old) if goes_on(old, &item) => merge(old, item),
                _ => self.details.push(item),
            }
        }
    }
}

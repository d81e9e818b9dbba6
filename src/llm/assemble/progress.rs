//! How far an answer has come.

use super::Assembler;
use super::building::Building;

impl Assembler<'_> {
    /// Whether there is an answer at all.
    pub fn has_begun(&self) -> bool {
        !self.choices.is_empty()
    }

    /// Whether any answer has a word or a call.
    pub fn has_said(&self) -> bool {
        self.choices.iter().any(Building::has_said)
    }

    /// Whether every answer that began has a finish reason.
    pub fn has_finished(&self) -> bool {
        self.has_begun() && self.choices.iter().all(|b| b.choice.finish_reason.is_some())
    }

    /// Whether any went on after the provider had said how it ends: some hosts say so
    /// with each piece.
    pub fn has_gone_on(&self) -> bool {
        self.choices.iter().any(|b| b.had_at_end.is_some_and(|had| b.size() > had))
    }

    /// Whether nothing was generated before this word of the provider's.
    pub fn is_silent_with(&self, word: &str) -> bool {
        let usage = self.response.usage.as_ref();
        self.has_finished()
            && usage.and_then(|usage| usage.output_tokens).unwrap_or(0) == 0
            && self.choices.iter().all(|b| b.is_silent_with(word))
    }
}

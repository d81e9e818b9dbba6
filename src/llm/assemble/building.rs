//! One answer in the making.

use serde_json::{Map, Value, json};

use super::calls::Call;
use crate::llm::context::Context;
use crate::llm::lazy::{Lazy, Said};
use crate::llm::message::{Origin, call_json};
use crate::llm::response::{Choice, FinishReason};

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Building {
    /// What is known of it.
    pub choice: Choice,
    pub calls: Vec<Call>,
    /// The provider's own blocks.
    pub blocks: Option<Vec<Value>>,
    /// The content as the provider has it back, where that is not the text.
    pub content: Option<Value>,
    /// What its message holds beside content and calls.
    pub extra: Map<String, Value>,
    /// How much it had when the provider first said how it ends.
    pub had_at_end: Option<usize>,
}

impl Building {
    /// Says how it ended, as far as the provider has not.
    pub fn end(&mut self) {
        let choice = &mut self.choice;
        let reason = choice.finish_reason.get_or_insert(FinishReason::Other);
        if *reason == FinishReason::Stop && !self.calls.is_empty() {
            *reason = FinishReason::ToolCalls;
        }
        if *reason == FinishReason::Stop && choice.refusal.is_some() {
            *reason = FinishReason::Refusal;
        }
        let nothing = choice.text.is_empty() && self.calls.is_empty() && choice.refusal.is_none();
        if *reason == FinishReason::Length && nothing {
            choice.finish_detail = Some("reasoning_exhausted".into());
        }
    }

    /// Whether it has a word or a call.
    pub fn has_said(&self) -> bool {
        let choice = &self.choice;
        let thought = choice.reasoning.as_ref().is_some_and(|thought| !thought.is_empty());
        !choice.text.is_empty() || thought || choice.refusal.is_some() || !self.calls.is_empty()
    }

    /// How much it has, to be compared.
    pub fn size(&self) -> usize {
        let choice = &self.choice;
        let texts = [&choice.reasoning, &choice.refusal].into_iter().flatten().map(String::len);
        let calls = self.calls.iter().map(|call| 1 + call.done.arguments.len());
        choice.text.len() + texts.chain(calls).sum::<usize>()
    }

    /// Whether it ended with this word of the provider's, and nothing else.
    pub fn is_silent_with(&self, word: &str) -> bool {
        self.choice.provider_finish_reason.as_deref() == Some(word)
            && !self.has_said()
            && self.blocks.as_ref().is_none_or(Vec::is_empty)
    }

    /// Its message with its only call in the legacy form.
    pub fn legacy(&self) -> Option<Value> {
        let call = self.calls.first()?;
        let text = Some(&self.choice.text).filter(|text| !text.is_empty());
        Some(json!({
            "role": "assistant",
            "content": text,
            "function_call": {"name": call.done.name, "arguments": call.done.arguments},
        }))
    }

    /// What it has come to, with the message that goes back.
    pub fn into_choice(self, context: &Context) -> Choice {
        let mut choice = self.choice;
        choice.tool_calls = self.calls.into_iter().map(|call| call.done).collect();
        let is_bare = choice.tool_calls.is_empty()
            && choice.refusal.is_none()
            && self.extra.is_empty()
            && self.content.is_none()
            && self.blocks.is_none();
        if is_bare {
            choice.message = Lazy::Said(Box::new(Said {
                text: choice.text.clone(),
                provider: context.provider,
                model: context.model.clone(),
                account: context.account.clone(),
            }));
            return choice;
        }
        let mut message = Map::new();
        let text = match (choice.text.is_empty(), choice.tool_calls.is_empty()) {
            (true, false) => Value::Null,
            _ => choice.text.clone().into(),
        };
        message.insert("role".into(), "assistant".into());
        message.insert("content".into(), text);
        if !choice.tool_calls.is_empty() {
            let calls = choice.tool_calls.iter().map(call_json).collect();
            message.insert("tool_calls".into(), calls);
        }
        if let Some(refusal) = &choice.refusal {
            message.insert("refusal".into(), refusal.clone().into());
        }
        message.extend(self.extra);
        let blocks = self.blocks.unwrap_or_else(|| {
            let mut own = message.clone();
            own.extend(self.content.map(|content| ("content".into(), content)));
            vec![own.into()]
        });
        let origin = Origin {
            provider: context.provider.into(),
            model: context.model.to_string(),
            account: context.account.to_string(),
            blocks,
        };
        message.insert("mynah".into(), json!(origin.to_json()));
        choice.message = Value::Object(message).into();
        choice
    }
}

//! An answer as the events of a stream, and events as an answer.

use super::{Choice, Response, Usage};
use crate::llm::event::{Event, EventKind};
use serde_json::{Value, json};

use crate::llm::message::{ToolCall, call_json};

impl Response {
    /// What had been told of an answer before it was cut; none if nothing had.
    pub fn so_far(events: &[Event], provider: &str) -> Option<Response> {
        let mut response = Response { provider: provider.into(), ..Response::default() };
        events.iter().for_each(|event| response.take(event));
        (!events.is_empty()).then(|| response.cut())
    }

    /// An answer that was cut, as it may go back: without a finish reason, whatever
    /// was read of one, and without a call that had not arrived whole.
    pub fn cut(mut self) -> Response {
        self.choices.iter_mut().for_each(Choice::cut);
        self
    }

    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Start { model, id } => {
                (self.model, self.id) = (model.clone(), id.clone());
                return;
            }
            EventKind::Usage(usage) => {
                self.usage = Some(Usage::clone(usage));
                return;
            }
            _ => {}
        }
        let place = self.choices.iter().position(|choice| choice.index == event.choice);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Choice { index: event.choice, ..Choice::default() });
            self.choices.len() - 1
        });
        let choice = &mut self.choices[place];
        match &event.kind {
            EventKind::Text(piece) => choice.text.push_str(piece),
            EventKind::Reasoning(piece) => choice.reasoning.get_or_insert_default().push_str(piece),
            EventKind::Refusal(piece) => choice.refusal.get_or_insert_default().push_str(piece),
            EventKind::ToolCall { index, id, name, arguments } => {
                let calls = &mut choice.tool_calls;
                calls.resize_with(calls.len().max(*index as usize + 1), ToolCall::default);
                let call = &mut calls[*index as usize];
                (call.id, call.name) = (id.clone(), name.clone());
                call.arguments.push_str(arguments);
            }
            _ => {}
        }
    }

    /// The answer as the events of a stream.
    pub fn replay(&self) -> Vec<Event> {
        let start = EventKind::Start { model: self.model.clone(), id: self.id.clone() };
        let mut events = vec![Event { choice: 0, kind: start }];
        self.choices.iter().for_each(|choice| choice.replay(&mut events));
        if let Some(usage) = &self.usage {
            events.push(Event { choice: 0, kind: EventKind::Usage(Box::new(usage.clone())) });
        }
        for choice in &self.choices {
            if let Some(reason) = choice.finish_reason {
                let provider_reason = choice.provider_finish_reason.clone();
                let kind = EventKind::Finish { reason, provider_reason };
                events.push(Event { choice: choice.index, kind });
            }
        }
        events
    }
}

impl Choice {
    fn cut(&mut self) {
        self.finish_reason = None;
        let calls = self.tool_calls.len();
        self.tool_calls.retain(ToolCall::is_whole);
        // The provider's own blocks hold the call too.
        if self.tool_calls.len() < calls || self.message.value().is_null() {
            self.message = self.said().into();
        }
    }

    /// The message in OpenAI's form, with what everybody understands.
    fn said(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text});
        if !self.tool_calls.is_empty() {
            message["tool_calls"] = self.tool_calls.iter().map(call_json).collect();
        }
        if let Some(refusal) = &self.refusal {
            message["refusal"] = refusal.clone().into();
        }
        message
    }

    fn replay(&self, events: &mut Vec<Event>) {
        let mut push = |kind| events.push(Event { choice: self.index, kind });
        if let Some(reasoning) = &self.reasoning {
            push(EventKind::Reasoning(reasoning.as_str().into()));
        }
        if !self.text.is_empty() {
            push(EventKind::Text(self.text.as_str().into()));
        }
        if let Some(refusal) = &self.refusal {
            push(EventKind::Refusal(refusal.clone()));
        }
        for (index, call) in self.tool_calls.iter().enumerate() {
            let (index, id, name) = (index as u32, call.id.clone(), call.name.clone());
            let arguments = call.arguments.as_str().into();
            push(EventKind::ToolCall { index, id: id.clone(), name: name.clone(), arguments });
            push(EventKind::ToolCallEnd { index, id, name });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_replay_begins_with_start_and_ends_with_finish() {
        let events = sample().replay();
        assert!(matches!(events.first().unwrap().kind, EventKind::Start { .. }));
        assert!(matches!(events.last().unwrap().kind, EventKind::Finish { .. }));
    }
}

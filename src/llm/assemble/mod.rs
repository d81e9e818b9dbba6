//! Pieces of an answer put together, and told as events on the way.
//!
//! All dialects, plain and streamed, end up here, so an answer looks the same
//! whichever way it came. A plain answer is one large piece each and tells no
//! events. Calls are told apart by id, then by the provider's index, then by
//! being the latest; the number of a call in events is its place among the
//! calls of its answer.

mod building;
mod calls;
mod progress;
mod tools;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::context::Context;
use super::event::{Event, EventKind};
use super::events::{Events, Pieces};
use super::json::Json;
use super::response::{Choice, FinishReason, Response, Usage};
use super::transport::Head;
use building::Building;
pub use calls::{CALLS_MAX, Fragment, NONE_GIVEN};

/// Builds a response from pieces.
#[derive(Debug)]
pub struct Assembler<'a> {
    context: Context,
    head: Cow<'a, Head>,
    response: Response,
    choices: Vec<Building>,
    events: Events,
    quiet: bool,
    started: bool,
    closed: bool,
    is_too_much: bool,
}

/// Answers to one request that nobody's model gives: each new one is looked for among
/// all before.
pub const CHOICES_MAX: usize = 1_024;

impl<'a> Assembler<'a> {
    /// One that tells events, for the answer with this head.
    pub fn new(context: &Context, head: Cow<'a, Head>) -> Self {
        let response = Response {
            provider: context.provider.into(),
            has_unpriced: context.is_unpriced,
            ..Response::default()
        };
        Assembler {
            response,
            context: context.clone(),
            head,
            choices: Vec::new(),
            events: Events::default(),
            quiet: false,
            started: false,
            closed: false,
            is_too_much: false,
        }
    }

    /// One for a plain answer, without events.
    pub fn quiet(context: &Context, head: &'a Head) -> Self {
        Assembler { quiet: true, ..Assembler::new(context, Cow::Borrowed(head)) }
    }

    /// Says that there is more of something than any model gives.
    pub fn too_much(&mut self) {
        self.is_too_much = true;
    }

    /// Whether there is.
    pub fn is_too_much(&self) -> bool {
        self.is_too_much
    }

    /// What the request was about.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The answer's head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What is known of the whole answer, to be filled in.
    pub fn response(&mut self) -> &mut Response {
        &mut self.response
    }

    /// The events that are to be delivered.
    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// The answer's model and id, as far as this piece says them.
    pub fn start(&mut self, model: &Json, id: &Json) {
        if self.response.model.is_none() {
            self.response.model = model.word().map(Into::into);
        }
        if self.response.id.is_none() {
            self.response.id = id.label();
        }
        if !self.started && (self.response.model.is_some() || self.response.id.is_some()) {
            self.tell_start();
        }
    }

    /// When the answer was made, in seconds since 1970; some hosts begin with 0.
    pub fn created(&mut self, seconds: Option<u64>) {
        if self.response.created.is_none() {
            self.response.created = seconds.filter(|seconds| *seconds > 0);
        }
    }

    fn tell_start(&mut self) {
        self.started = true;
        if !self.quiet {
            let (model, id) = (self.response.model.clone(), self.response.id.clone());
            self.events.push(Event { choice: 0, kind: EventKind::Start { model, id } });
        }
    }

    fn tell(&mut self, choice: u32, kind: impl FnOnce() -> EventKind) {
        if self.quiet {
            return;
        }
        if !self.started {
            self.tell_start();
        }
        self.events.push(Event { choice, kind: kind() });
    }

    fn building(&mut self, choice: u32) -> &mut Building {
        // There is hardly ever another.
        if self.choices.first().is_some_and(|first| first.choice.index == choice) {
            return &mut self.choices[0];
        }
        let place = self.choices.iter().position(|b| b.choice.index >= choice);
        let place = place.unwrap_or(self.choices.len());
        if self.choices.get(place).is_none_or(|b| b.choice.index != choice) {
            self.is_too_much |= self.choices.len() >= CHOICES_MAX;
            let choice = Choice { index: choice, ..Choice::default() };
            if self.choices.is_empty() {
                // A list begins with four, and these are large.
                self.choices.reserve_exact(1);
            }
            self.choices.insert(place, Building { choice, ..Building::default() });
        }
        &mut self.choices[place]
    }

    /// Notes that there is such an answer, even if it has nothing in it.
    pub fn open(&mut self, choice: u32) {
        self.building(choice);
    }

    /// A piece of text.
    pub fn text(&mut self, choice: u32, piece: &str) {
        self.pieces(choice, false, piece.into());
    }

    /// A piece of thinking.
    pub fn reasoning(&mut self, choice: u32, piece: &str) {
        self.pieces(choice, true, piece.into());
    }

    /// Pieces of text, or of thinking.
    pub fn pieces(&mut self, choice: u32, thought: bool, pieces: Pieces<'_>) {
        let known = &mut self.building(choice).choice;
        if pieces.text.is_empty() {
            return;
        }
        match thought {
            true => known.reasoning.get_or_insert_default().push_str(pieces.text),
            false => known.text.push_str(pieces.text),
        }
        if self.quiet {
            return;
        }
        if !self.started {
            self.tell_start();
        }
        self.events.push_pieces(choice, thought, pieces);
    }

    /// A piece of a refusal.
    pub fn refusal(&mut self, choice: u32, piece: &str) {
        if !piece.is_empty() {
            self.building(choice).choice.refusal.get_or_insert_default().push_str(piece);
            self.tell(choice, || EventKind::Refusal(piece.into()));
        }
    }

    /// The usage so far; a later one replaces an earlier one, unless it says
    /// nothing.
    pub fn usage(&mut self, usage: Usage) {
        let mut usage = usage.with_total();
        let own = usage.provider_usage.take();
        if usage == Usage::default() && self.response.usage.is_some() {
            return;
        }
        usage.provider_usage = own;
        if self.response.usage.as_ref() != Some(&usage) {
            let told = || EventKind::Usage(Box::new(usage.clone()));
            self.tell(0, told);
            self.response.usage = Some(usage);
        }
    }

    /// How an answer ended: it is told when the stream is over.
    pub fn finish(&mut self, choice: u32, reason: FinishReason, word: Option<String>) {
        let building = self.building(choice);
        if building.had_at_end.is_none() {
            building.had_at_end = Some(building.size());
        }
        building.choice.finish_reason = Some(reason);
        building.choice.provider_finish_reason = word;
    }

    /// The rest of what is known of an answer, to be filled in.
    pub fn choice(&mut self, choice: u32) -> &mut Choice {
        &mut self.building(choice).choice
    }

    /// Fields that the message keeps beside content and calls.
    pub fn message_extra(&mut self, choice: u32) -> &mut Map<String, Value> {
        &mut self.building(choice).extra
    }

    /// The calls of an answer came in the legacy form, and go back in it.
    pub fn legacy_call(&mut self, choice: u32) {
        let building = self.building(choice);
        building.blocks = building.legacy().map(|block| vec![block]).or(building.blocks.take());
    }

    /// The content of an answer as the provider has it back, where that is no text.
    pub fn own_content(&mut self, choice: u32, content: Value) {
        self.building(choice).content = Some(content);
    }

    /// The provider's own blocks of an answer.
    pub fn blocks(&mut self, choice: u32, blocks: Vec<Value>) {
        self.building(choice).blocks = Some(blocks);
    }

    /// An event that means nothing to us.
    pub fn other(&mut self, json: &Json) {
        if !self.quiet {
            let text = json.to_text();
            self.tell(0, || EventKind::Other(text));
        }
    }

    /// The provider's own event, for those who asked for it.
    pub fn raw(&mut self, data: &[u8]) {
        if self.context.raw_events && !self.quiet {
            let text = String::from_utf8_lossy(data).into_owned();
            self.events.push(Event { choice: 0, kind: EventKind::Raw(text) });
        }
    }

    /// The answer is complete: whatever has no finish reason ended for one
    /// that we do not know.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        if self.choices.is_empty() {
            self.open(0);
        }
        for place in 0..self.choices.len() {
            let choice = self.choices[place].choice.index;
            for call in 0..self.choices[place].calls.len() {
                self.tool_end(choice, call);
            }
            self.choices[place].end();
        }
        for place in 0..self.choices.len() {
            let done = &self.choices[place].choice;
            let Some(reason) = done.finish_reason else { continue };
            let (choice, provider_reason) = (done.index, done.provider_finish_reason.clone());
            self.tell(choice, || EventKind::Finish { reason, provider_reason });
        }
    }

    /// What has been put together so far.
    pub fn take(&mut self) -> Response {
        let context = self.context.clone();
        let choices = std::mem::take(&mut self.choices);
        let mut response = std::mem::take(&mut self.response);
        response.choices = choices.into_iter().map(|b| b.into_choice(&context)).collect();
        response
    }
}

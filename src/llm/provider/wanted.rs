//! What of a chat's wishes the model takes, settled once for all dialects.
//!
//! A wish that the caller expressed and the model cannot fulfil is an error
//! before anything is sent, or with `unsupported=drop` is left out; one that a
//! preset or use case suggested is left out or clamped. Everything that was
//! left out or changed is noted. A dialect only gives the rest their names.

mod sampling;

use serde_json::Value;

use super::hosts::{self, Effort, Host};
use super::models::{Takes, Thinking};
use super::{Access, Chat, calls, lost};
use crate::error::{Error, Result, Status};
use crate::llm::message::{Part, Role};
use crate::llm::request::Format;

/// The wishes that are sent.
#[derive(Debug)]
pub struct Wanted {
    /// The provider's name.
    pub provider: &'static str,
    /// The provider's row.
    pub host: &'static Host,
    /// The model.
    pub model: String,
    /// What it takes.
    pub takes: &'static Takes,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Share of probability.
    pub top_p: Option<f64>,
    /// Number of candidates.
    pub top_k: Option<u64>,
    /// Presence penalty.
    pub presence_penalty: Option<f64>,
    /// Frequency penalty.
    pub frequency_penalty: Option<f64>,
    /// Seed.
    pub seed: Option<u64>,
    /// Number of answers, where more than one.
    pub n: Option<u64>,
    /// Stop texts.
    pub stop: Vec<String>,
    /// Cap on tokens.
    pub max_tokens: Option<u64>,
    /// Effort of thinking.
    pub effort: Option<String>,
    /// The same as the caller wrote it out in the form of Responses, which wins.
    own_effort: Option<String>,
    /// Budget of thinking.
    pub budget: Option<u64>,
    /// Tokens of the cap that thoughts may take where only an effort is asked for.
    thoughts: u64,
    /// What was left out or changed.
    pub adjusted: Vec<String>,
    drop: bool,
}

/// What the request itself says in the field `thinking`, in the end.
pub fn own_thinking<'a>(chat: &Chat<'a>) -> Option<&'a Value> {
    let request = chat.request;
    let extra = request.extra_json.as_ref().and_then(|extra| extra.get("thinking"));
    extra.or_else(|| request.other.get("thinking"))
}

impl Wanted {
    /// Settles a chat's wishes.
    pub fn new(chat: &Chat) -> Result<Wanted> {
        let options = &chat.options.values;
        let host = hosts::find(&options.provider);
        let provider = host.name;
        let access = Access::of(chat.options);
        let Some(model) = access.model.clone() else {
            return Err(Error::invalid(
                "model",
                format!("{provider} needs one: it has no default"),
            ));
        };
        let takes = access.takes;
        let mut wanted = Wanted {
            provider,
            host,
            takes,
            model,
            temperature: None,
            top_p: None,
            top_k: None,
            presence_penalty: None,
            frequency_penalty: None,
            seed: None,
            n: None,
            stop: Vec::new(),
            max_tokens: None,
            effort: None,
            own_effort: own_effort(chat, host),
            budget: None,
            thoughts: u64::MAX,
            adjusted: Vec::new(),
            drop: options.unsupported == "drop",
        };
        wanted.thinking(chat)?;
        wanted.sampling(chat)?;
        if let (Some(Format::Own(_)), false) = (&chat.request.response_format, host.chat.hands_on) {
            wanted.refuse("response_format", "takes text, json_object or json_schema")?;
        }
        if !host.takes_stray_results {
            calls::check_asked(&chat.request.messages, &wanted)?;
        }
        lost::options(chat, &mut wanted)?;
        lost::note_messages(chat, &mut wanted);
        wanted.cap(chat);
        Ok(wanted)
    }

    /// The stop texts, if there are any.
    pub fn stop_texts(&self) -> Option<Vec<String>> {
        (!self.stop.is_empty()).then(|| self.stop.clone())
    }

    /// A wish of the caller that cannot be fulfilled: an error, or a note.
    pub fn refuse(&mut self, field: &str, why: &str) -> Result<()> {
        let place = format!("{} {}", self.provider, self.model);
        if self.drop {
            self.note(field, &format!("left out: {place} {why}"));
            return Ok(());
        }
        Err(Error::call(Status::BadRequest, format!("{field}: {place} {why}")))
    }

    /// As [`Wanted::refuse`] of a value, in whose place another is sent rather than
    /// none.
    pub fn replace(&mut self, field: &str, why: &str, instead: &str) -> Result<()> {
        if self.drop {
            self.note(field, &format!("{instead} instead: {} {} {why}", self.provider, self.model));
            return Ok(());
        }
        self.refuse(field, why)
    }

    /// Something that was changed.
    pub fn note(&mut self, field: &str, what: &str) {
        let note = format!("{field}: {what}");
        if !self.adjusted.contains(&note) {
            self.adjusted.push(note);
        }
    }

    /// A content that is not taken: refused, but of another model's answer only left
    /// out, for nobody asked that the conversation end there.
    pub fn leave_out(&mut self, role: Role, why: &str) -> Result<()> {
        match role {
            Role::Assistant => {
                self.note("messages", &format!("left out: {} {why}", self.provider));
                Ok(())
            }
            _ => self.refuse("messages", why),
        }
    }

    /// Why the model does not take a part, if that is an image and it sees none.
    pub fn cannot_see(&self, part: &Part) -> Option<&'static str> {
        let is_hidden = !self.takes.images && matches!(part, Part::Image(..));
        is_hidden.then_some("sees no images")
    }

    /// A part's mark of OpenAI's for the prompt cache was left out.
    pub fn note_breakpoint(&mut self) {
        self.note("prompt_cache_breakpoint", "left out: the model does not take it");
    }

    /// A mark for the prompt cache was left out.
    pub fn note_mark(&mut self) {
        self.note("cache_control", "left out: only Anthropic has it");
    }

    /// The effort that holds in the end.
    fn said_effort(&self) -> Option<&str> {
        self.own_effort.as_deref().or(self.effort.as_deref())
    }

    /// Whether it does not think, asked not to or left as it is.
    pub fn is_unthinking(&self) -> bool {
        match self.said_effort() {
            Some(effort) => effort == "none",
            None => !self.takes.thinks_unasked,
        }
    }

    /// Whether it thinks; what the caller wrote out itself comes before the effort.
    pub fn thinks(&self, chat: &Chat) -> bool {
        if let Some(thinks) = self.thinks_whatever_is_said() {
            return thinks;
        }
        match own_thinking(chat).and_then(|own| own["type"].as_str()) {
            Some(kind) => kind != "disabled",
            None => !self.is_unthinking(),
        }
    }

    /// Whether it thinks, where the host's own switch has no part in that.
    pub fn thinks_whatever_is_said(&self) -> Option<bool> {
        match (self.host.chat.effort, self.takes.thinking) {
            (Effort::Switch, Thinking::Always | Thinking::Efforts(_)) => Some(true),
            (Effort::Switch, Thinking::No) => Some(false),
            _ => None,
        }
    }

    fn thinking(&mut self, chat: &Chat) -> Result<()> {
        let options = &chat.options.values;
        if let Some(effort) = &options.reasoning_effort {
            let effort = effort.as_str();
            match self.takes.thinking {
                Thinking::Any => self.effort = Some(effort.into()),
                Thinking::No if effort == "none" => {
                    self.note("reasoning_effort", "left out: the model does not think");
                }
                Thinking::No => self.refuse("reasoning_effort", "does not think")?,
                Thinking::Always if effort == "none" => {
                    self.refuse("reasoning_effort", "always thinks")?;
                }
                Thinking::Switch | Thinking::Always => {
                    if effort != "none" {
                        let what = "the model's thinking is only on or off";
                        self.note("reasoning_effort", what);
                    }
                    self.effort = Some(effort.into());
                }
                Thinking::Efforts(words) | Thinking::Budgeted(words) => {
                    if words.contains(&effort) {
                        self.effort = Some(effort.into());
                    } else {
                        let why = format!("takes {}", words.join(", "));
                        self.refuse("reasoning_effort", &why)?;
                    }
                }
            }
        }
        let budget = options.reasoning_budget.map(|budget| budget as f64);
        let budget = self.number(chat, "reasoning_budget", budget, self.takes.budget)?;
        self.budget = budget.map(|budget| budget as u64);
        if let (Some(effort), Some(_)) = (self.effort.as_deref(), self.budget) {
            match (effort, self.takes.thinking) {
                (_, Thinking::Always) => {}
                ("none", _) => {
                    self.budget = None;
                    self.note("reasoning_budget", "left out: it is not to think");
                }
                (_, Thinking::Budgeted(_)) => {
                    self.note("reasoning_effort", "left out: the budget says how long to think");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The budget that an effort stands for, held to the thoughts' part of the cap;
    /// the model takes none below `least`.
    pub fn budget_of_effort(&mut self, budget: u64, least: u64) -> u64 {
        let held = budget.min(self.thoughts.max(least));
        if held < budget {
            self.note("reasoning_effort", &format!("at most {held} tokens, for the text's sake"));
        }
        held
    }

    /// The cap. A layer's means visible text, so what thinking may take comes
    /// on top; an explicit one is sent as given, and half of it is the text's.
    fn cap(&mut self, chat: &Chat) {
        let Some(cap) = chat.options.values.max_tokens else { return };
        self.max_tokens = Some(cap);
        self.thoughts = cap / 2;
        let thinks = match self.said_effort() {
            Some(effort) => effort != "none",
            None => self.takes.thinks_unasked || self.budget.is_some(),
        };
        let allowance = self.budget.unwrap_or(self.takes.allowance);
        if !chat.is_explicit("max_tokens") && thinks && allowance > 0 {
            let raised = match self.takes.max_output {
                0 => cap + allowance,
                most => (cap + allowance).min(most),
            };
            self.max_tokens = Some(raised);
            self.thoughts = raised.saturating_sub(cap);
            self.note("max_tokens", &format!("raised from {cap} to {raised} for thinking"));
        }
    }
}

fn own_effort(chat: &Chat, host: &Host) -> Option<String> {
    let reasoning = chat.request.other.get("reasoning").filter(|_| host.has_responses)?;
    reasoning["effort"].as_str().map(Into::into)
}

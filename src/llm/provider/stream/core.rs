//! What the events of a stream come to, however they are told apart.

use std::borrow::Cow;

use super::plain::{has_no_room, not_json, too_much};
use super::{Dialect, pairs};
use crate::error::{Error, Status};
use crate::llm::assemble::Assembler;
use crate::llm::json::{Json, halves};
use crate::llm::provider::alike::Alike;
use crate::llm::provider::usage::cost_beside;
use crate::llm::provider::{Context, errors};
use crate::llm::transport::Head;
use crate::llm::transport::sse::SseEvent;

/// Largest error that is looked for on lines outside the framing.
const STRAY_ERROR_MAX: usize = 1 << 16;
/// Bytes of an event that waits which are looked at again and again.
const LOOKED_MAX: usize = 1 << 20;

/// An event that ends within a character, and waits for the rest.
struct Open {
    name: Vec<u8>,
    data: Vec<u8>,
    /// Bytes of it that other events were compared with.
    looked: usize,
}

/// What the events of an answer come to.
pub(super) struct Core<D> {
    dialect: D,
    /// The answer in the making.
    pub out: Assembler<'static>,
    /// The form of the event before.
    pub alike: Alike,
    /// The error that the answer is.
    pub failed: Option<Error>,
    /// The error that the answer is if no more of it comes.
    words: Option<Error>,
    /// Whether the end mark came.
    pub complete: bool,
    ended: bool,
    /// Whether any event was met.
    met: bool,
    /// Whether the first byte can begin neither an event nor JSON.
    pub foreign: bool,
    /// Lines outside the framing.
    stray: Vec<u8>,
    /// An event that waits.
    open: Option<Open>,
}

impl<D: Dialect> Core<D> {
    /// For the answer with this head.
    pub fn new(dialect: D, context: &Context, head: &Head) -> Self {
        Core {
            dialect,
            out: Assembler::new(context, Cow::Owned(head.clone())),
            alike: Alike::default(),
            failed: None,
            words: None,
            complete: false,
            ended: false,
            met: false,
            foreign: false,
            stray: Vec::new(),
            open: None,
        }
    }

    /// Takes a server-sent event, or a line that is none.
    pub fn sse(&mut self, event: SseEvent<'_>) {
        match event {
            SseEvent::Message { name, data } => self.data(name, data),
            SseEvent::Unknown(line) => match line.strip_prefix(b"error:") {
                // llama.cpp, up to 2025: the field itself is the name.
                Some(data) => self.data(b"error", data),
                None => self.stray(line),
            },
        }
    }

    /// Takes an event's data.
    pub fn data(&mut self, name: &[u8], data: &[u8]) {
        self.met = true;
        if self.complete || self.failed.is_some() {
            return;
        }
        let data = data.trim_ascii();
        match data {
            b"" => {}
            b"[DONE]" => self.complete(),
            _ if self.open.is_some() => self.go_on(name, data),
            _ if self.alike.take_data(name, data) => self.tell_taken(),
            _ => self.json(name, data, data),
        }
    }

    /// Takes an event while another waits for the rest of a character.
    fn go_on(&mut self, name: &[u8], data: &[u8]) {
        let Some(mut before) = self.open.take() else { return };
        let texts = std::str::from_utf8(&before.data).ok().zip(std::str::from_utf8(data).ok());
        if let Some((one, other)) = texts.and_then(|(one, other)| halves::joined(one, other)) {
            self.json(&before.name, &before.data, one.as_bytes());
            self.json(name, data, other.as_bytes());
        } else if before.looked < LOOKED_MAX && pairs::is_elsewhere(&before.data, data) {
            before.looked += before.data.len();
            self.open = Some(before);
            self.json(name, data, data);
        } else {
            self.open = Some(before);
            self.give_up_waiting();
            self.data(name, data);
        }
    }

    /// The rest of a character does not come.
    fn give_up_waiting(&mut self) {
        if let Some(Open { name, data, .. }) = self.open.take() {
            let text = String::from_utf8_lossy(&data);
            self.json(&name, &data, halves::mended(&text).as_bytes());
        }
    }

    /// Whether an event ends within a character, so that it has to wait.
    fn waits(&mut self, name: &[u8], data: &[u8]) -> bool {
        let waits = self.open.is_none() && std::str::from_utf8(data).is_ok_and(halves::is_open);
        if waits {
            self.open = Some(Open { name: name.to_vec(), data: data.to_vec(), looked: 0 });
        }
        waits
    }

    /// Takes an event's JSON; `own` is what the provider sent of it.
    fn json(&mut self, name: &[u8], own: &[u8], data: &[u8]) {
        if self.complete || self.failed.is_some() {
            return;
        }
        let json = match Json::parse_whole(data) {
            Err(_) if self.waits(name, data) => return,
            Err(_) => Json::parse(data),
            whole => whole,
        };
        self.out.raw(own);
        let json = match json {
            Ok(json) => json,
            Err(_) if name == b"error" => {
                let text = String::from_utf8_lossy(data);
                Json::Text(text.into_owned().into())
            }
            Err(error) if is_damaged(data) => {
                return self.fail(
                    self.error_in(name, data).unwrap_or_else(|| not_json(self.out.head(), &error)),
                );
            }
            // Words between the events, such as a keep-alive.
            Err(_) => return,
        };
        if let Some(error) = errors::inside(self.out.context(), self.out.head(), name, &json) {
            return self.fail(error);
        }
        if pairs::is_sign_of_life(&json) {
            return;
        }
        let words = errors::of_last_words(self.out.context(), self.out.head(), &json);
        let is_last = self.dialect.event(name, &json, &mut self.out);
        cost_beside(&json, &mut self.out);
        if words.is_some() || self.out.has_begun() {
            self.words = words;
        }
        match is_last {
            Ok(_) if self.out.is_too_much() => self.fail(too_much(self.out.head())),
            Ok(false) => self.propose(name, data, &json),
            Ok(true) => self.complete(),
            Err(error) => self.fail(error),
        }
    }

    /// The error that an event is which is no UTF-8: its words alone may be none.
    fn error_in(&self, name: &[u8], data: &[u8]) -> Option<Error> {
        let text = String::from_utf8_lossy(data);
        let json = Json::parse(text.as_bytes()).ok()?;
        errors::inside(self.out.context(), self.out.head(), name, &json)
    }

    /// Takes the events that are like the last one; answers what follows them.
    pub fn take_alike<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.complete || self.failed.is_some() || self.open.is_some() {
            return bytes;
        }
        let taken = self.alike.take(bytes, self.out.context().max_event_bytes);
        self.tell_taken();
        &bytes[taken..]
    }

    /// Adds the texts of events that were like the last one.
    fn tell_taken(&mut self) {
        if let Some((lane, pieces)) = self.alike.taken() {
            self.dialect.add(lane, pieces, &mut self.out);
            self.alike.told();
            self.words = None;
        }
    }

    /// After an event that only added a text the next one may be like it; after any other
    /// such a text may go elsewhere.
    fn propose(&mut self, name: &[u8], data: &[u8], json: &Json) {
        if self.out.context().raw_events {
            return;
        }
        match self.dialect.added(json) {
            None => self.alike.forget_form(),
            // An empty text does less than others would in its place.
            Some(piece) if self.alike.is_willing() && !piece.text.is_empty() => {
                self.alike.propose(name, data, &piece);
            }
            Some(_) => {}
        }
    }

    /// A line outside the framing: together with those before it, it may be a
    /// JSON error, or the answer to somebody who did not ask for a stream.
    fn stray(&mut self, line: &[u8]) {
        if self.complete || self.failed.is_some() {
            return;
        }
        if self.stray.len() + line.len() > self.out.context().max_event_bytes {
            return self.stray.clear();
        }
        self.stray.extend_from_slice(line);
        self.stray.push(b'\n');
        let may_be_error =
            matches!(self.stray[0], b'{' | b'[') && self.stray.len() < STRAY_ERROR_MAX;
        if !may_be_error || !matches!(line.last(), Some(b'}' | b']')) {
            return;
        }
        let stray = std::mem::take(&mut self.stray);
        match Json::parse(&stray).map(|json| self.stray_error(&json)) {
            Ok(Some(error)) => self.fail(error),
            _ => self.stray = stray,
        }
    }

    fn stray_error(&self, json: &Json) -> Option<Error> {
        let (context, head) = (self.out.context(), self.out.head());
        errors::inside(context, head, b"", json).or_else(|| errors::of_words(context, head, json))
    }

    /// A value without framing: a plain answer, or an event on a line or in a list.
    pub fn value(&mut self, text: &[u8], in_list: bool) {
        if in_list {
            return self.data(b"", text);
        }
        if self.complete || self.failed.is_some() {
            return;
        }
        let result = Json::parse(text).map_err(|error| not_json(self.out.head(), &error));
        if result.as_ref().is_ok_and(|json| self.dialect.is_event(json)) {
            return self.data(b"", text);
        }
        self.out.raw(text);
        let result = result.and_then(|json| match self.stray_error(&json) {
            Some(error) => Err(error),
            None => {
                self.dialect.whole(&json, &mut self.out).and_then(|()| match self.out.has_begun() {
                    true => Ok(()),
                    false => Err(errors::nothing_in(self.out.context(), self.out.head(), &json)),
                })
            }
        });
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// The answer is this error.
    pub fn fail(&mut self, error: Error) {
        self.failed = Some(error);
    }

    /// The end mark came.
    pub fn complete(&mut self) {
        self.give_up_waiting();
        if let Some(error) = self.last_word() {
            return self.fail(error);
        }
        self.end();
        if let Some(error) = has_no_room(&self.out) {
            return self.fail(error);
        }
        self.complete = true;
        self.out.close();
    }

    /// The error that the answer is of which the last that came is words, before any end
    /// of it, or that the provider has given up without saying why.
    fn last_word(&mut self) -> Option<Error> {
        let words = self.words.take().filter(|_| !self.out.has_finished());
        words.or_else(|| self.dialect.given_up(&self.out))
    }

    /// Nothing more comes, proper or not.
    pub fn end(&mut self) {
        self.give_up_waiting();
        if !std::mem::replace(&mut self.ended, true) {
            self.dialect.end(&mut self.out);
        }
    }

    /// Whether the answer is whole without an end mark, at the end of a body or of one
    /// that is `broken`.
    pub fn is_whole(&self, broken: bool) -> bool {
        let gone_on = self.dialect.goes_on() || broken && self.out.has_gone_on();
        self.out.has_finished() && !gone_on
    }

    /// The body is over: what is not complete by then was cut, or is something else.
    pub fn end_of_body(&mut self, broken: bool) {
        if self.complete || self.failed.is_some() {
            return;
        }
        self.give_up_waiting();
        let foreign = !self.met && (self.foreign || !self.stray.is_empty());
        // The last line of an error may have come without its end.
        self.stray.push(b'}');
        let stray = std::mem::take(&mut self.stray);
        if let Ok(json) = Json::parse(&stray)
            && let Some(error) = self.stray_error(&json)
        {
            return self.fail(error);
        }
        if self.is_whole(broken) {
            return self.complete();
        }
        if let Some(error) = self.last_word() {
            return self.fail(error);
        }
        self.end();
        let (status, message) = match foreign {
            true => (Status::Protocol, "what arrived is neither an event stream nor JSON"),
            false => (Status::Truncated, "the stream ended before the answer was complete"),
        };
        self.fail(errors::with_head(self.out.head(), status, message));
    }
}

/// Whether data that is no JSON was to be some: keep-alives are words alone.
fn is_damaged(data: &[u8]) -> bool {
    data.first() == Some(&b'[') || data.contains(&b'{') || std::str::from_utf8(data).is_err()
}

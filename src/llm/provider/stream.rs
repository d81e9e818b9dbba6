//! A stream of any dialect: framing, errors and the end in one place.
//!
//! A dialect only says what one event means. How the events are told apart,
//! whether the stream was cut, whether an event is an error, and what lines
//! outside the framing are, is decided here, because all hosts break these rules
//! in the same ways: a JSON error on a bare line, a plain answer or a value on
//! each line where events were asked for, or the other way round.

mod core;
mod dialect;
mod pairs;
mod plain;

use self::core::Core;
use super::values::Values;
use super::{Context, StreamDecoder, errors};
use crate::error::{Error, Result};
use crate::llm::events::Events;
use crate::llm::response::Response;
use crate::llm::transport::Head;
use crate::llm::transport::ndjson::NdjsonParser;
use crate::llm::transport::sse::SseParser;
pub use dialect::Dialect;
pub use plain::plain;
pub(super) use plain::reads;

/// How events are told apart.
enum Framing {
    Sse(SseParser),
    Lines(NdjsonParser),
    /// No framing at all: a plain answer, or the events in a list.
    Values(Values),
}

/// A decoder for the dialect `D`.
pub struct Stream<D> {
    framing: Framing,
    /// Whether a byte has come that is no white space.
    begun: bool,
    core: Core<D>,
}

impl<D: Dialect> Stream<D> {
    /// For server-sent events.
    pub fn sse(dialect: D, context: &Context, head: &Head) -> Self {
        let framing = Framing::Sse(SseParser::new(context.max_event_bytes));
        Stream { framing, begun: false, core: Core::new(dialect, context, head) }
    }

    /// For a JSON value on each line.
    pub fn lines(dialect: D, context: &Context, head: &Head) -> Self {
        let framing = Framing::Lines(NdjsonParser::new(context.max_event_bytes));
        Stream { framing, begun: false, core: Core::new(dialect, context, head) }
    }

    /// Events begin with a letter or a colon: a bracket is plain JSON.
    fn look(&mut self, bytes: &[u8]) {
        let Some(first) = bytes.first() else { return };
        match (first, &self.framing) {
            (b'{', Framing::Sse(_)) | (b'[', _) => {
                self.framing = Framing::Values(Values::default());
            }
            (b':' | b'a'..=b'z', Framing::Lines(_)) => {
                let max = self.core.out.context().max_event_bytes;
                self.framing = Framing::Sse(SseParser::new(max));
            }
            _ => {}
        }
        self.begun = true;
        let bom = *first == 0xef;
        self.core.foreign = !(first.is_ascii_alphabetic() || b":{[".contains(first) || bom);
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let starts = self.framing.is_at_start();
            if starts {
                bytes = self.core.take_alike(bytes);
                if bytes.is_empty() {
                    break;
                }
            }
            let taken = self.step(bytes)?;
            match starts && self.framing.is_at_start() {
                true => self.core.alike.learn(&bytes[..taken]),
                false => self.core.alike.forget_proposal(),
            }
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Takes bytes up to the end of an event, or all of them.
    fn step(&mut self, bytes: &[u8]) -> Result<usize> {
        let core = &mut self.core;
        match &mut self.framing {
            Framing::Sse(parser) => parser.step(bytes, &mut |event| core.sse(event)),
            Framing::Lines(parser) => parser.step(bytes, &mut |line| core.data(b"", line)),
            Framing::Values(_) => self.values(bytes).map(|()| bytes.len()),
        }
    }

    fn values(&mut self, bytes: &[u8]) -> Result<()> {
        let core = &mut self.core;
        let Framing::Values(values) = &mut self.framing else { return Ok(()) };
        let mut all = Vec::new();
        let taken = values.feed(bytes, &mut |value| all.push(value.to_vec()));
        all.iter().for_each(|value| core.value(value, values.in_list()));
        let max = core.out.context().max_event_bytes;
        if values.held() > max {
            let needed = values.held() as u64;
            return Err(Error::TooLarge { what: "event", needed, limit: max as u64 });
        }
        if taken < bytes.len() {
            self.framing = Framing::Sse(SseParser::new(max));
            return self.take(&bytes[taken..]);
        }
        Ok(())
    }

    fn result(&mut self) -> Result<()> {
        self.core.failed.clone().map_or(Ok(()), Err)
    }
}

impl Framing {
    /// Whether the next byte begins an event.
    fn is_at_start(&self) -> bool {
        match self {
            Framing::Sse(parser) => parser.is_at_start(),
            Framing::Lines(parser) => parser.is_at_start(),
            Framing::Values(_) => false,
        }
    }
}

impl<D: Dialect> StreamDecoder for Stream<D> {
    fn feed(&mut self, mut bytes: &[u8]) -> Result<()> {
        if self.core.complete || self.core.failed.is_some() {
            return self.result();
        }
        if !self.begun {
            // White space before anything belongs to no event.
            bytes = bytes.trim_ascii_start();
            self.look(bytes);
        }
        if let Err(error) = self.take(bytes) {
            self.core.fail(error);
        }
        self.result()
    }

    fn is_complete(&self) -> bool {
        self.core.complete
    }

    fn finish(&mut self) -> Result<()> {
        self.end(false)
    }

    fn break_off(&mut self) -> Result<()> {
        self.end(true)
    }

    fn is_whole(&self) -> bool {
        self.framing.is_at_start() && self.core.is_whole(true)
    }

    fn response(&mut self) -> Response {
        self.core.end();
        let mut response = self.core.out.take();
        response.request_id = errors::request_id(self.core.out.head()).or(response.request_id);
        response
    }

    fn events(&mut self) -> &mut Events {
        self.core.out.events()
    }
}

impl<D: Dialect> Stream<D> {
    fn end(&mut self, broken: bool) -> Result<()> {
        let core = &mut self.core;
        if core.complete || core.failed.is_some() {
            return self.result();
        }
        let fed = match &mut self.framing {
            Framing::Sse(parser) => parser.finish(&mut |event| core.sse(event)),
            Framing::Lines(parser) => {
                parser.finish(&mut |line| core.data(b"", line));
                Ok(())
            }
            Framing::Values(_) => Ok(()),
        };
        if let Err(error) = fed {
            core.fail(error);
        }
        core.end_of_body(broken);
        self.result()
    }
}

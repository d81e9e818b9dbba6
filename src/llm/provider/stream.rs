//! A stream of any dialect: framing, errors and the end in one place.
//!
//! A dialect only says what one event means. How the events are told apart,
//! whether the stream was cut, whether an event is an error, and what lines
//! outside the framing are, is decided here, because all hosts break these rules
//! in the same ways: a JSON error on a bare line, a plain answer or a value on
//! each line where events were asked for, or the other way round.

mod core;
mod pairs;

use self::core::Core;
use super::alike::{Added, Lane, PieceOf};
use super::usage::{cost_beside, cost_in_head};
use super::values::Values;
use super::{Context, StreamDecoder, errors};
use crate::error::{Error, Result, Status};
use crate::llm::assemble::Assembler;
use crate::llm::events::{Events, Pieces};
use crate::llm::json::Json;
use crate::llm::response::Response;
use crate::llm::transport::Head;
use crate::llm::transport::ndjson::NdjsonParser;
use crate::llm::transport::sse::SseParser;

/// What the events of a dialect mean.
pub trait Dialect: Send {
    /// Takes one event; true if it is the stream's end mark.
    fn event(&mut self, name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool>;

    /// Whether a value that stands alone is an event, where that is read in another
    /// way than a plain answer.
    fn is_event(&self, json: &Json) -> bool {
        let _ = json;
        false
    }

    /// Takes a plain answer.
    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()>;

    /// The text of an event that did nothing but add it, and would do nothing
    /// else with another text in its place; as it lies in the event.
    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let _ = json;
        None
    }

    /// What events do whose texts have this place.
    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        let choice = lane.index as u32;
        match lane.of {
            PieceOf::Arguments(call) => out.arguments(choice, call, pieces),
            of => out.pieces(choice, of == PieceOf::Thought, pieces),
        }
    }

    /// The error that the answer is if nothing more of it comes.
    fn given_up(&self, out: &Assembler) -> Option<Error> {
        let _ = out;
        None
    }

    /// Whether what was told to be the end of the answer was none.
    fn goes_on(&self) -> bool {
        false
    }

    /// The end, proper or not: hands over what was kept for the last.
    fn end(&mut self, out: &mut Assembler) {
        let _ = out;
    }
}

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

/// How a provider's answers are read: plain and as streams, by one dialect.
macro_rules! reads {
    ($dialect:ty, $framing:ident) => {
        fn reply(
            &self,
            context: &$crate::llm::context::Context,
            head: &$crate::llm::transport::Head,
            body: &[u8],
        ) -> $crate::error::Result<$crate::llm::response::Response> {
            $crate::llm::provider::stream::plain(<$dialect>::default(), context, head, body)
        }

        fn stream(
            &self,
            context: &$crate::llm::context::Context,
            head: &$crate::llm::transport::Head,
        ) -> Box<dyn $crate::llm::provider::StreamDecoder> {
            let dialect = <$dialect>::default();
            Box::new($crate::llm::provider::stream::Stream::$framing(dialect, context, head))
        }
    };
}
pub(super) use reads;

/// Reads a plain answer in the dialect `D`.
pub fn plain<D: Dialect>(
    mut dialect: D,
    context: &Context,
    head: &Head,
    body: &[u8],
) -> Result<Response> {
    let json = match Json::parse(body) {
        Ok(json) => json,
        Err(_) if begins_events(body) => return streamed(dialect, context, head, body),
        Err(error) if error.is_eof() && is_cut(head, body) => {
            let message = "the connection closed before the answer was complete";
            return Err(errors::with_head(head, Status::Truncated, message));
        }
        Err(error) => return Err(not_json(head, &error)),
    };
    if let Some(error) = errors::inside(context, head, b"", &json) {
        return Err(error);
    }
    let mut out = Assembler::quiet(context, head);
    dialect.whole(&json, &mut out)?;
    cost_beside(&json, &mut out);
    cost_in_head(&mut out);
    if out.is_too_much() {
        return Err(too_much(head));
    }
    if !out.has_begun() {
        return Err(errors::nothing_in(context, head, &json));
    }
    if let Some(error) = dialect.given_up(&out) {
        return Err(error);
    }
    dialect.end(&mut out);
    if let Some(error) = has_no_room(&out) {
        return Err(error);
    }
    out.close();
    let mut response = out.take();
    response.request_id = errors::request_id(head).or(response.request_id);
    response.raw = Some(text_of(body));
    Ok(response)
}

/// The error that the answer is whose prompt alone filled the model's window: Z.ai ends
/// it so before it has begun, where others refuse the request.
fn has_no_room(out: &Assembler) -> Option<Error> {
    const WORD: &str = "model_context_window_exceeded";
    out.is_silent_with(WORD).then(|| errors::in_words(out.context(), out.head(), WORD))
}

/// Some gateways stream whatever was asked for: the answer is what the stream comes to.
fn streamed<D: Dialect>(
    dialect: D,
    context: &Context,
    head: &Head,
    body: &[u8],
) -> Result<Response> {
    let mut stream = Stream::sse(dialect, context, head);
    stream.feed(body)?;
    stream.end(false)?;
    cost_in_head(&mut stream.core.out);
    let mut response = stream.response();
    response.raw = Some(text_of(body));
    Ok(response)
}

fn begins_events(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    [&b"data:"[..], b"event:", b"id:", b":"].iter().any(|field| body.starts_with(field))
}

/// The lossy way looks at each byte, also where nothing is lost.
fn text_of(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Into::into);
    text.into_owned()
}

fn too_much(head: &Head) -> Error {
    let message = "the answer has more parts, or larger ones, than any model gives";
    errors::with_head(head, Status::Protocol, message)
}

/// Whether JSON that has no end was cut where the connection closed.
fn is_cut(head: &Head, body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'{' | b'[', ..]) && head.ends_by_close()
}

fn not_json(head: &Head, error: &serde_json::Error) -> Error {
    let message = format!("the answer is not the JSON that was expected, see base_url: {error}");
    errors::with_head(head, Status::Protocol, message)
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

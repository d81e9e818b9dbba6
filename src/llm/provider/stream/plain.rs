//! Plain answers, and how a provider reads both kinds.

use super::{Dialect, Stream};
use crate::error::{Error, Result, Status};
use crate::llm::assemble::Assembler;
use crate::llm::json::Json;
use crate::llm::provider::usage::{cost_beside, cost_in_head};
use crate::llm::provider::{Context, StreamDecoder, errors};
use crate::llm::response::Response;
use crate::llm::transport::Head;

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
pub(in crate::llm::provider) use reads;

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
pub fn has_no_room(out: &Assembler) -> Option<Error> {
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

pub fn too_much(head: &Head) -> Error {
    let message = "the answer has more parts, or larger ones, than any model gives";
    errors::with_head(head, Status::Protocol, message)
}

/// Whether JSON that has no end was cut where the connection closed.
fn is_cut(head: &Head, body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'{' | b'[', ..]) && head.ends_by_close()
}

pub fn not_json(head: &Head, error: &serde_json::Error) -> Error {
    let message = format!("the answer is not the JSON that was expected, see base_url: {error}");
    errors::with_head(head, Status::Protocol, message)
}

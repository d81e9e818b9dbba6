//! Server-sent events, parsed as they arrive.
//!
//! Pure and incremental: the same events come out for every way of cutting the
//! bytes. An event's data is gathered in a buffer that is used again, so a
//! stream allocates while its largest event grows and not afterwards. Lines
//! whose field is unknown are handed out as well, because some providers put
//! a JSON error on a bare line; comments are only counted.
//!
//! Two departures from the standard. An event that the end of the body cut off is
//! not always dropped: Gemini's streams often lack the last newline, so
//! [`SseParser::finish`] delivers what is a whole JSON value. And some hosts end an
//! event with its line: where its data is a whole JSON value and the next line begins
//! another, that is the next event, for no value consists of two.

use super::lines::{Lines, append, is_whole};
use crate::error::Result;

/// What a stream of server-sent events consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseEvent<'a> {
    /// An event: its type (empty where none was named), and its data, several
    /// lines joined with LF.
    Message {
        /// The `event` field.
        name: &'a [u8],
        /// The `data` fields.
        data: &'a [u8],
    },
    /// A line whose field is not one of the standard's, whole.
    Unknown(&'a [u8]),
}

/// Turns bytes into events.
#[derive(Debug)]
pub struct SseParser {
    lines: Lines,
    fields: Fields,
}

/// The event that is being gathered.
#[derive(Debug)]
struct Fields {
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    max: usize,
    comments: u64,
}

impl SseParser {
    /// A line, or an event's data, of more than `max_event_bytes` is an error.
    pub fn new(max_event_bytes: usize) -> Self {
        let fields = Fields {
            name: Vec::new(),
            data: Vec::new(),
            has_data: false,
            max: max_event_bytes,
            comments: 0,
        };
        SseParser { lines: Lines::new(max_event_bytes), fields }
    }

    /// Takes the next bytes, and hands out every event that they complete.
    /// After `TooLarge` the stream is of no further use.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        on_event: &mut impl FnMut(SseEvent<'_>),
    ) -> Result<()> {
        while !bytes.is_empty() {
            bytes = &bytes[self.step(bytes, on_event)?..];
        }
        Ok(())
    }

    /// Takes the next bytes up to the end of an event: answers how many.
    pub fn step(&mut self, bytes: &[u8], on_event: &mut impl FnMut(SseEvent<'_>)) -> Result<usize> {
        let (mut taken, mut told) = (0, false);
        while taken < bytes.len() && !told {
            let fields = &mut self.fields;
            let mut tell = |event: SseEvent<'_>| {
                told = true;
                on_event(event);
            };
            taken += self.lines.step(&bytes[taken..], &mut |line| fields.line(line, &mut tell))?;
        }
        Ok(taken)
    }

    /// Whether the next byte begins an event.
    pub fn is_at_start(&self) -> bool {
        self.lines.is_at_start() && !self.fields.has_data && self.fields.name.is_empty()
    }

    /// The end of the body: hands out the last event if only its ending is
    /// missing. Half an event is dropped.
    pub fn finish(&mut self, on_event: &mut impl FnMut(SseEvent<'_>)) -> Result<()> {
        let rest = self.lines.rest();
        if !rest.is_empty() {
            self.fields.last_line(rest, on_event)?;
        }
        if self.fields.has_data && is_whole(&self.fields.data) {
            self.fields.dispatch(on_event);
        }
        self.fields.reset();
        Ok(())
    }

    /// Comment lines so far: signs of life that are no events.
    pub fn comments(&self) -> u64 {
        self.fields.comments
    }
}

impl Fields {
    fn line(&mut self, line: &[u8], on_event: &mut impl FnMut(SseEvent<'_>)) -> Result<()> {
        if line.is_empty() {
            self.dispatch(on_event);
            return Ok(());
        }
        let (field, value) = split(line);
        match field {
            b"data" => {
                if self.has_data && begins(value) && is_whole(&self.data) {
                    self.dispatch(on_event);
                }
                self.add_data(value)?;
            }
            b"event" => {
                // The name may stand behind the data; a second one is another event's.
                if !self.name.is_empty() && is_whole(&self.data) {
                    self.dispatch(on_event);
                }
                self.name.clear();
                append(&mut self.name, value, self.max)?;
            }
            b"" => self.comments += 1,
            // Only browsers resume streams.
            b"id" | b"retry" => {}
            _ => on_event(SseEvent::Unknown(line)),
        }
        Ok(())
    }

    /// A line that the end of the body cut off: taken only where a whole value
    /// proves that nothing is missing.
    fn last_line(&mut self, line: &[u8], on_event: &mut impl FnMut(SseEvent<'_>)) -> Result<()> {
        let (field, _) = split(line);
        match field {
            b"" | b"event" | b"id" | b"retry" => Ok(()),
            _ if field == b"data" || is_whole(line) => self.line(line, on_event),
            _ => Ok(()),
        }
    }

    fn add_data(&mut self, value: &[u8]) -> Result<()> {
        if self.has_data {
            append(&mut self.data, b"\n", self.max)?;
        }
        self.has_data = true;
        append(&mut self.data, value, self.max)
    }

    /// An empty line: the event is complete. One without data is no event.
    fn dispatch(&mut self, on_event: &mut impl FnMut(SseEvent<'_>)) {
        if self.has_data {
            on_event(SseEvent::Message { name: &self.name, data: &self.data });
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.name.clear();
        self.data.clear();
        self.has_data = false;
    }
}

/// Whether data begins a JSON object, or ends a stream.
fn begins(value: &[u8]) -> bool {
    value.starts_with(b"{") || value == b"[DONE]"
}

/// Field and value: one space after the colon belongs to neither.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b':', line) {
        None => (line, &[]),
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
    }
}

#[cfg(test)]
mod tests;

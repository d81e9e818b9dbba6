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
mod tests {
    use super::*;

    fn show(event: SseEvent<'_>) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        match event {
            SseEvent::Message { name, data } => format!("{}|{}", text(name), text(data)),
            SseEvent::Unknown(line) => format!("?{}", text(line)),
        }
    }

    /// The events of a stream that comes in these pieces.
    fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let (mut parser, mut events) = (SseParser::new(1 << 20), Vec::new());
        for piece in pieces {
            parser.feed(piece, &mut |event| events.push(show(event))).unwrap();
        }
        parser.finish(&mut |event| events.push(show(event))).unwrap();
        events
    }

    const STREAMS: &[(&[u8], &[&str])] = &[
        (b"data: {\"a\":1}\n\ndata: [DONE]\n\n", &["|{\"a\":1}", "|[DONE]"]),
        (b"data:{\"a\":1}\r\n\r\ndata:  two\r\n\r\n", &["|{\"a\":1}", "| two"]),
        (b"data: a\r\rdata: b\r\r", &["|a", "|b"]),
        (b"data: a\n\rdata: b\r\n\n", &["|a", "|b"]),
        (b"\xef\xbb\xbfdata: a\n\n", &["|a"]),
        (b"\xef\xbb: x\n\xef\xbb\xbfdata: a\n\n", &["?\u{fffd}: x", "?\u{feff}data: a"]),
        (b": ping\n\nevent: delta\nid: 7\nretry: 10\ndata: a\ndata: b\n\n", &["delta|a\nb"]),
        (b"event: ping\n\ndata\n\ndata:\ndata:\n\n", &["|", "|\n"]),
        (b"{\"error\":{\"code\":500}}\n\ndata: x\n\n", &["?{\"error\":{\"code\":500}}", "|x"]),
        (
            "data: {\"t\":\"h\u{e9}llo \u{1f99c}\"}\n\n".as_bytes(),
            &["|{\"t\":\"h\u{e9}llo \u{1f99c}\"}"],
        ),
        // The last newline or the last empty line is missing.
        (b"data: {\"a\":1}\r\n\r\ndata: {\"b\":2}", &["|{\"a\":1}", "|{\"b\":2}"]),
        (b"data: {\"b\":2}\n", &["|{\"b\":2}"]),
        (b"data: [DONE]", &["|[DONE]"]),
        (b"{\"error\":1}", &["?{\"error\":1}"]),
        // Half an event is none.
        (b"data: a\n\ndata: {\"b\":", &["|a"]),
        (b"data: a\n\ndat", &["|a"]),
        (b"data: {\ndata: \"b\":2}\ndata: {", &["|{\n\"b\":2}"]),
        (b"data: {\n\ndata: {", &["|{"]),
        // Each line is an event.
        (
            b"data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n",
            &["|{\"a\":1}", "|{\"b\":2}", "|[DONE]"],
        ),
        (b"event: a\ndata: {}\r\nevent: b\r\ndata: {}\r\n", &["a|{}", "b|{}"]),
        (b"data: {}\nevent: a\n\n", &["a|{}"]),
        (b"data: [\ndata: {}\ndata: ]\n\n", &["|[\n{}\n]"]),
        (b"\xef\xbb", &[]),
        (b"", &[]),
    ];

    #[test]
    fn events_are_as_the_standard_says() {
        for (stream, wanted) in STREAMS {
            assert_eq!(parse([*stream]), *wanted, "{}", String::from_utf8_lossy(stream));
        }
    }

    #[test]
    fn every_cut_gives_the_same_events() {
        for (stream, wanted) in STREAMS {
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                assert_eq!(parse([a, b]), *wanted, "cut at {cut}");
                for second in 0..=b.len() {
                    let (b, c) = b.split_at(second);
                    assert_eq!(parse([a, b, c]), *wanted, "cut at {cut} and {second} later");
                }
            }
            assert_eq!(parse(stream.chunks(1)), *wanted, "byte by byte");
        }
    }

    #[test]
    fn random_cuts_of_random_lines_give_the_same_events() {
        let mut random = fastrand::Rng::with_seed(5);
        let alphabet = [&b"data:"[..], b"event:", b"x", b" ", b":", b"\n", b"\r", b"{}", b"\xef"];
        for _ in 0..5_000 {
            let stream: Vec<u8> = (0..random.usize(0..40))
                .flat_map(|_| alphabet[random.usize(0..9)])
                .copied()
                .collect();
            let whole = parse([stream.as_slice()]);
            let (mut pieces, mut rest) = (Vec::new(), stream.as_slice());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(random.usize(1..=rest.len()));
                pieces.push(piece);
                rest = after;
            }
            assert_eq!(parse(pieces), whole, "{}", String::from_utf8_lossy(&stream));
        }
    }

    #[test]
    fn comments_are_counted_and_are_no_events() {
        let mut parser = SseParser::new(100);
        parser.feed(b": keep-alive\n\n:\n", &mut |_| panic!("no event")).unwrap();
        assert_eq!(parser.comments(), 2);
    }

    #[test]
    fn the_cap_holds_for_lines_and_for_joined_data_at_every_cut() {
        let fits: &[&[u8]] = &[b"data:123456\n\n", b"data:12\ndata:345\n\n"];
        let exceeds: &[&[u8]] = &[
            b"data:1234567\n\n",
            b"data:123456\ndata:12345\n\n",
            b"data: 1\ndata:23456\ndata:7890\n\n",
            b": 1234567890",
        ];
        let outcome = |stream: &[u8], cut: usize| {
            let mut parser = SseParser::new(11);
            let (a, b) = stream.split_at(cut);
            parser.feed(a, &mut |_| ()).and_then(|()| parser.feed(b, &mut |_| ()))
        };
        for stream in fits {
            (0..stream.len()).for_each(|cut| assert_eq!(outcome(stream, cut), Ok(())));
        }
        for stream in exceeds {
            (0..stream.len()).for_each(|cut| assert!(outcome(stream, cut).is_err(), "{cut}"));
        }
    }
}

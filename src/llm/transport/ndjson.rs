//! JSON values on a line each, as Ollama streams them.
//!
//! Pure and incremental, as [`super::sse`]: the same lines for every cut of
//! the bytes, and no allocation for a line that lies within one chunk. Empty
//! lines are skipped. A last line without its newline counts if it is whole.

use super::lines::{Lines, is_whole};
use crate::error::Result;

/// Turns bytes into lines of JSON.
#[derive(Debug)]
pub struct NdjsonParser {
    lines: Lines,
}

impl NdjsonParser {
    /// A line of more than `max_event_bytes` is an error.
    pub fn new(max_event_bytes: usize) -> Self {
        NdjsonParser { lines: Lines::new(max_event_bytes) }
    }

    /// Takes the next bytes, and hands out every line that they complete.
    /// After `TooLarge` the stream is of no further use.
    pub fn feed(&mut self, mut bytes: &[u8], on_line: &mut impl FnMut(&[u8])) -> Result<()> {
        while !bytes.is_empty() {
            bytes = &bytes[self.step(bytes, on_line)?..];
        }
        Ok(())
    }

    /// Takes the next bytes up to the end of a line: answers how many.
    pub fn step(&mut self, bytes: &[u8], on_line: &mut impl FnMut(&[u8])) -> Result<usize> {
        self.lines.step(bytes, &mut |line| {
            if !line.trim_ascii().is_empty() {
                on_line(line);
            }
            Ok(())
        })
    }

    /// Whether the next byte begins a line.
    pub fn is_at_start(&self) -> bool {
        self.lines.is_at_start()
    }

    /// The end of the body: hands out the last line if only its newline is
    /// missing. Half a line is dropped.
    pub fn finish(&mut self, on_line: &mut impl FnMut(&[u8])) {
        let rest = self.lines.rest();
        if is_whole(rest) {
            on_line(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let (mut parser, mut lines) = (NdjsonParser::new(1000), Vec::new());
        let mut push = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
        for piece in pieces {
            parser.feed(piece, &mut push).unwrap();
        }
        parser.finish(&mut push);
        lines
    }

    #[test]
    fn every_cut_gives_the_same_lines() {
        let streams: &[(&[u8], &[&str])] = &[
            (b"{\"a\":1}\n{\"b\":2}\n", &["{\"a\":1}", "{\"b\":2}"]),
            (b"{\"a\":1}\r\n\r\n  \n{\"done\":true}", &["{\"a\":1}", "{\"done\":true}"]),
            (b"\xef\xbb\xbf{}\n{\"cut\":", &["{}"]),
            ("{\"t\":\"\u{1f99c}\"}\n".as_bytes(), &["{\"t\":\"\u{1f99c}\"}"]),
        ];
        for (stream, wanted) in streams {
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                assert_eq!(parse([a, b]), *wanted, "cut at {cut}");
            }
            assert_eq!(parse(stream.chunks(1)), *wanted, "byte by byte");
        }
    }

    #[test]
    fn a_line_beyond_the_cap_is_an_error() {
        let mut parser = NdjsonParser::new(4);
        assert_eq!(parser.feed(b"1234\n12", &mut |_| ()), Ok(()));
        assert!(parser.feed(b"345", &mut |_| ()).is_err());
    }
}

//! Bytes to lines, whatever way the bytes are cut.
//!
//! A line ends with LF, CR or CRLF, and is handed out as soon as its end is
//! known: after a CR the line is complete, and an LF that follows is skipped,
//! be it in the next chunk. A line that lies within one chunk is handed out as
//! a slice of it; only what hangs over is copied, into a buffer that is used
//! again. A byte order mark before the first line is dropped. Everything works
//! on bytes, so a character may be split anywhere.

use crate::error::{Error, Result, Status};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Splits a stream of bytes into lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    held: Vec<u8>,
    max: usize,
    /// The last line ended with a CR: an LF that comes next belongs to it.
    after_cr: bool,
    /// Bytes of the mark that have matched so far; `None` once past it.
    mark: Option<usize>,
}

impl Lines {
    /// Lines of more than `max` bytes are an error.
    pub fn new(max: usize) -> Self {
        Lines { held: Vec::new(), max, after_cr: false, mark: Some(0) }
    }

    /// Takes one line, or what there is of it: answers how many bytes it took,
    /// and hands out the line without its end if that has come.
    pub fn step(
        &mut self,
        chunk: &[u8],
        on_line: &mut impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        let mut rest = self.skip_mark(chunk)?;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let Some(end) = memchr::memchr2(b'\n', b'\r', rest) else {
            self.hold(rest)?;
            return Ok(chunk.len());
        };
        let mut after = chunk.len() - rest.len() + end + 1;
        if rest[end] == b'\r' {
            // Without a byte to look at, the next chunk tells.
            self.after_cr = after == chunk.len();
            after += usize::from(chunk.get(after) == Some(&b'\n'));
        }
        self.hand_out(&rest[..end], on_line)?;
        Ok(after)
    }

    /// Whether the next byte begins a line.
    pub fn is_at_start(&self) -> bool {
        self.held.is_empty() && !self.after_cr && self.mark.is_none()
    }

    /// The last line, if the stream did not end it.
    pub fn rest(&mut self) -> &[u8] {
        if let Some(matched @ 1..) = self.mark.take() {
            return &BOM[..matched];
        }
        &self.held
    }

    fn hand_out(
        &mut self,
        line: &[u8],
        on_line: &mut impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if self.held.is_empty() {
            check(line.len(), self.max)?;
            return on_line(line);
        }
        self.hold(line)?;
        let result = on_line(&self.held);
        self.held.clear();
        result
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<()> {
        append(&mut self.held, bytes, self.max)
    }

    /// Drops a byte order mark, also one that comes in pieces.
    fn skip_mark<'a>(&mut self, mut chunk: &'a [u8]) -> Result<&'a [u8]> {
        while let (Some(matched), Some(&byte)) = (self.mark, chunk.first()) {
            if byte != BOM[matched] {
                self.mark = None;
                self.hold(&BOM[..matched])?;
            } else {
                self.mark = (matched + 1 < BOM.len()).then_some(matched + 1);
                chunk = &chunk[1..];
            }
        }
        Ok(chunk)
    }
}

/// Adds to a buffer whose size the other side decides: bounded, and without
/// ending the process when memory is short.
pub(super) fn append(buffer: &mut Vec<u8>, bytes: &[u8], max: usize) -> Result<()> {
    let needed = buffer.len() + bytes.len();
    check(needed, max)?;
    buffer.try_reserve(bytes.len()).map_err(|_| {
        Error::call(Status::TooLarge, format!("no memory for an event of {needed} bytes"))
    })?;
    buffer.extend_from_slice(bytes);
    Ok(())
}

fn check(needed: usize, max: usize) -> Result<()> {
    if needed > max { Err(too_large(needed, max)) } else { Ok(()) }
}

fn too_large(needed: usize, limit: usize) -> Error {
    Error::TooLarge { what: "event of a stream", needed: needed as u64, limit: limit as u64 }
}

/// Whether text that no line end confirmed is nevertheless whole: one JSON
/// value, or the word that ends OpenAI's streams.
pub(super) fn is_whole(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text == b"[DONE]" || serde_json::from_slice::<&serde_json::value::RawValue>(text).is_ok()
}

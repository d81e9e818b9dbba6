//! HTTP's chunks, taken apart where they lie.
//!
//! A stream of events often comes with a chunk for each, and a read brings many
//! of them. What is between two chunks is closed up in place, so that all of a
//! read becomes one piece. Pure and incremental: every cut of the bytes gives the
//! same body. Sizes are hexadecimal digits and nothing else: what is lenient here
//! is how one server's end becomes another's beginning.

/// Takes a chunked body apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// Before the line with a chunk's size.
    Size,
    /// Within a chunk of which so many bytes are left.
    Data(usize),
    /// Before the line end that follows a chunk's data.
    DataEnd,
    /// After the last chunk, whose size is 0: fields, and an empty line.
    Trailer,
    /// After all of it.
    Ended,
}

/// What was made of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where the data lies in them now.
    pub start: usize,
    /// Its end.
    pub end: usize,
    /// How many bytes are done with; the others are to be brought again, with more.
    pub used: usize,
}

impl Chunks {
    /// Takes what there is: moves its data together. Fails with a reason where the
    /// bytes are not chunks.
    pub fn take(&mut self, bytes: &mut [u8]) -> Result<Piece, &'static str> {
        let mut piece = Piece { start: 0, end: 0, used: 0 };
        let mut between = Between::default();
        loop {
            let Chunks::Data(mut left) = *self else {
                let Some(taken) = self.between(&bytes[piece.used..])? else { return Ok(piece) };
                piece.used += taken;
                continue;
            };
            loop {
                let len = left.min(bytes.len() - piece.used);
                piece.add(bytes, len);
                if len < left {
                    *self = Chunks::Data(left - len);
                    return Ok(piece);
                }
                let Some((size, taken)) = between.next(&bytes[piece.used..]) else { break };
                piece.used += taken;
                left = size;
            }
            *self = Chunks::DataEnd;
        }
    }

    /// Takes what is no data: how much, none if it has not come whole.
    fn between(&mut self, rest: &[u8]) -> Result<Option<usize>, &'static str> {
        let (next, taken) = match *self {
            Chunks::Size => match size_line(rest)? {
                Some((0, len)) => (Chunks::Trailer, len),
                Some((size, len)) => (Chunks::Data(size), len),
                None => return Ok(None),
            },
            Chunks::DataEnd => match rest {
                [b'\r', b'\n', ..] => (Chunks::Size, 2),
                [] | [b'\r'] => return Ok(None),
                _ => return Err("a chunk is longer than its size"),
            },
            Chunks::Trailer => match line(rest) {
                Some(b"") => (Chunks::Ended, 2),
                Some(line) => (Chunks::Trailer, line.len() + 2),
                None => return Ok(None),
            },
            Chunks::Data(_) | Chunks::Ended => return Ok(None),
        };
        *self = next;
        Ok(Some(taken))
    }
}

impl Piece {
    /// Adds the `len` bytes that come next: the first stay where they are.
    fn add(&mut self, bytes: &mut [u8], len: usize) {
        match self.start == self.end {
            true => (self.start, self.end) = (self.used, self.used),
            false => bytes.copy_within(self.used..self.used + len, self.end),
        }
        self.end += len;
        self.used += len;
    }
}

/// What stood between two chunks. Events are often of one length, and so the same
/// stands before the next.
#[derive(Default)]
struct Between {
    /// It and what follows, the first byte the lowest.
    bytes: u64,
    /// Which of these bits are its own.
    mask: u64,
    /// The size that it says; 0: nothing is known yet.
    size: usize,
    /// How much it is.
    len: usize,
}

impl Between {
    /// The size of the chunk that follows on another one's data, and how much is
    /// between them; none where that is not as usual.
    #[inline]
    fn next(&mut self, rest: &[u8]) -> Option<(usize, usize)> {
        let bytes = u64::from_le_bytes(*rest.first_chunk()?);
        if self.size == 0 || (bytes ^ self.bytes) & self.mask != 0 {
            let (size, len) = next_size(rest)?;
            *self = Between { bytes, mask: u64::MAX >> (u64::BITS - 8 * len as u32), size, len };
        }
        Some((self.size, self.len))
    }
}

const NO_DIGIT: u8 = 0xff;

/// What each byte is worth as a hexadecimal digit.
const DIGITS: [u8; 256] = {
    let (mut digits, mut byte) = ([NO_DIGIT; 256], 0);
    while byte < 256 {
        if let Some(digit) = (byte as u8 as char).to_digit(16) {
            digits[byte] = digit as u8;
        }
        byte += 1;
    }
    digits
};

/// The size of the chunk that follows on another one's data, and how much is between
/// them, where that has come and is as nearly always: a line end and a line with up to
/// four digits.
#[inline]
fn next_size(rest: &[u8]) -> Option<(usize, usize)> {
    let between: &[u8; 8] = rest.first_chunk()?;
    let (mut size, mut at) = (0, 2);
    while at < between.len() - 1 && DIGITS[usize::from(between[at])] != NO_DIGIT {
        size = size << 4 | usize::from(DIGITS[usize::from(between[at])]);
        at += 1;
    }
    let is_plain = size > 0 && between[..2] == *b"\r\n" && between.get(at..at + 2)? == b"\r\n";
    is_plain.then_some((size, at + 2))
}

/// The size on the first line, and the line's length with its end; none while it
/// has not come whole.
fn size_line(bytes: &[u8]) -> Result<Option<(usize, usize)>, &'static str> {
    let mut size = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        let digit = DIGITS[usize::from(*byte)];
        if digit == NO_DIGIT {
            return match &bytes[at..] {
                [b'\r', b'\n', ..] if at > 0 => Ok(Some((size, at + 2))),
                [b'\r'] => Ok(None),
                _ if at == 0 => Err("a chunk has no size"),
                // What a chunk says beside its size means nothing to us.
                [b' ' | b'\t' | b';', ..] => Ok(line(bytes).map(|line| (size, line.len() + 2))),
                _ => Err("a chunk's size is no number"),
            };
        }
        if size > usize::MAX >> 4 {
            return Err("a chunk's size is too large");
        }
        size = size << 4 | usize::from(digit);
    }
    Ok(None)
}

/// The first line without its end, if that has come.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    memchr::memmem::find(bytes, b"\r\n").map(|end| &bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of chunks that come in these parts, and how it ended.
    fn parse<'a>(
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Vec<u8>, Chunks, Vec<u8>), &'static str> {
        let (mut chunks, mut body, mut held) = (Chunks::Size, Vec::new(), Vec::new());
        for part in parts {
            held.extend_from_slice(part);
            let piece = chunks.take(&mut held)?;
            body.extend_from_slice(&held[piece.start..piece.end]);
            held.drain(..piece.used);
        }
        Ok((body, chunks, held))
    }

    /// Bytes, their body, how it ends, and what is left of them.
    type Case = (&'static [u8], &'static [u8], Chunks, &'static [u8]);

    #[test]
    fn every_cut_gives_the_same_body_and_leaves_what_follows_it() {
        let streams: &[Case] = &[
            (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", Chunks::Ended, b""),
            (b"09 \r\n\r\n34567\r\n\r\n001;x=\"y\"\r\nz\r\n", b"\r\n34567\r\nz", Chunks::Size, b""),
            (b"1\r\na\r\n0\r\nx: y\r\nz: 0\r\n\r\nHTTP", b"a", Chunks::Ended, b"HTTP"),
            (b"2\r\nab\r\n2\r\ncd\r\n20\r\n", b"abcd", Chunks::Data(32), b""),
            (
                b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n01\r\nd\r\n2\r\nef\r\n2\r\ngh\r\n0\r\n\r\n",
                b"abcdefgh",
                Chunks::Ended,
                b"",
            ),
            (b"0\r\n\r", b"", Chunks::Trailer, b"\r"),
            (b"F\r\nabc", b"abc", Chunks::Data(12), b""),
            (b"3\r\nabc", b"abc", Chunks::DataEnd, b""),
        ];
        for (stream, body, end, rest) in streams {
            let wanted = Ok((body.to_vec(), *end, rest.to_vec()));
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                for second in 0..=b.len() {
                    let (b, c) = b.split_at(second);
                    assert_eq!(parse([a, b, c]), wanted, "cut at {cut} and {second} later");
                }
            }
            assert_eq!(parse(stream.chunks(1)), wanted, "byte by byte");
        }
    }

    #[test]
    fn what_are_no_chunks_is_refused_at_every_cut() {
        let streams: &[&[u8]] = &[
            b"zz\r\nabc\r\n",
            b"\r\nabc",
            b"+3\r\nabc\r\n",
            b"-1\r\n",
            b"0x3\r\nabc\r\n",
            b"3\nabc\n",
            b"3\r\nabcd\r\n",
            b"3\r\nabc\n\r",
            b"10000000000000000\r\n",
            b"ffffffffffffffffffff\r\n",
            b"; 3\r\nabc\r\n",
        ];
        for stream in streams {
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                assert!(parse([a, b]).is_err(), "{} at {cut}", String::from_utf8_lossy(stream));
            }
        }
    }
}

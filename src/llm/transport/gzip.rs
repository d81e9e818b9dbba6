//! Bodies that come as gzip, though no call asks for it.

use std::io::{self, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

/// A body that is unpacked as it is read. Not inlined: the decoder is large
/// while it is being made, and nearly every call does without.
#[inline(never)]
pub fn unpacked(body: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Unpacked(MultiGzDecoder::new(Packed { body, failed: false })))
}

/// The packed body, and whether reading it has failed.
struct Packed<R> {
    body: R,
    failed: bool,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.body.read(buffer);
        self.failed |= result.is_err();
        result
    }
}

struct Unpacked<R>(MultiGzDecoder<Packed<R>>);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A whole body with half a gzip in it is no connection that was cut.
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof if !self.0.get_ref().failed => {
                io::Error::new(ErrorKind::InvalidData, "its gzip has no end")
            }
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A body that breaks off instead of ending.
    struct Broken(io::Cursor<Vec<u8>>);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(ErrorKind::UnexpectedEof.into()),
                count => Ok(count),
            }
        }
    }

    fn kind(mut body: Box<dyn Read + Send>) -> ErrorKind {
        body.read_to_end(&mut Vec::new()).unwrap_err().kind()
    }

    #[test]
    fn a_packed_body_comes_out_whole_or_not_at_all() {
        let text = "mynah ".repeat(10_000);
        let mut out = String::new();
        let body = packed(text.as_bytes());
        unpacked(io::Cursor::new(body.clone())).read_to_string(&mut out).unwrap();
        assert_eq!(out, text);
        for len in [5, body.len() / 2, body.len() - 1] {
            let cut = body[..len].to_vec();
            assert_eq!(kind(unpacked(io::Cursor::new(cut.clone()))), ErrorKind::InvalidData);
            assert_eq!(kind(unpacked(Broken(io::Cursor::new(cut)))), ErrorKind::UnexpectedEof);
        }
    }
}

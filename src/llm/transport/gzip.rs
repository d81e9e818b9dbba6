//! Bodies that come as gzip, though no call asks for it.

use std::io::{self, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

/// A body that is unpacked as it is read.
pub fn unpacked(body: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Unpacked { packed: Some(Packed { body, failed: false }), decoder: None })
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

/// What unpacks a body, once somebody has asked for it: the decoder reads the
/// first bytes when it is made, which may be long in coming.
struct Unpacked<R> {
    packed: Option<Packed<R>>,
    decoder: Option<MultiGzDecoder<Packed<R>>>,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(packed) = self.packed.take() {
            self.decoder = Some(MultiGzDecoder::new(packed));
        }
        let Some(decoder) = &mut self.decoder else { return Ok(0) };
        // A whole body with half a gzip in it is no connection that was cut.
        decoder.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof if !decoder.get_ref().failed => {
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

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
    fn nothing_is_read_before_it_is_asked_for() {
        struct Counted(Arc<AtomicUsize>, io::Cursor<Vec<u8>>);
        impl Read for Counted {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.fetch_add(1, Ordering::Relaxed);
                self.1.read(buffer)
            }
        }
        let reads = Arc::new(AtomicUsize::new(0));
        let mut body = unpacked(Counted(reads.clone(), io::Cursor::new(packed(b"text"))));
        assert_eq!(reads.load(Ordering::Relaxed), 0);
        let mut out = Vec::new();
        body.read_to_end(&mut out).unwrap();
        assert_eq!(out, b"text");
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

//! How an answer begins: what can be told of it before its head has come whole.
//!
//! A provider may answer while it is still being written to, and before its answer
//! it may send any number of interim heads (`100 Continue`, `103 Early Hints`).
//! Heads are looked at as leniently as they are parsed later: lines may end without
//! a CR, and empty ones may come first.

/// What an answer comes to, as far as its beginning tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// Too little has come.
    Open,
    /// An interim head: the answer is yet to come.
    Interim,
    /// A success.
    Agrees,
    /// Another status, or no HTTP at all.
    Refuses,
}

/// As many bytes tell.
const TELLING: usize = b"HTTP/1.1 200".len();

/// What these bytes begin.
pub(super) fn opening(bytes: &[u8]) -> Opening {
    const HTTP: &[u8] = b"HTTP/1.";
    let line = after_empty_lines(bytes);
    let common = line.len().min(HTTP.len());
    if line[..common] != HTTP[..common] {
        return Opening::Refuses;
    }
    match line.get(TELLING - 3..TELLING) {
        None => Opening::Open,
        // It ends the talk in HTTP, and nobody has asked for that.
        Some(b"101") => Opening::Refuses,
        Some([b'1', ..]) => Opening::Interim,
        Some([b'2', ..]) => Opening::Agrees,
        Some(_) => Opening::Refuses,
    }
}

/// Whether these bytes begin as HTTP/2 does: with a frame of settings, or of farewell,
/// for no stream.
pub(super) fn is_http2(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, _, 4 | 7, _, 0, 0, 0, 0, ..])
}

/// How many bytes the interim heads take that these begin with, as far as they have
/// come whole.
pub(super) fn interim(bytes: &[u8]) -> usize {
    let mut used = 0;
    while opening(&bytes[used..]) == Opening::Interim {
        let Some(len) = head(&bytes[used..]) else { break };
        used += len;
    }
    used
}

/// How long the first head is, with the empty line at its end.
pub(super) fn head(bytes: &[u8]) -> Option<usize> {
    let start = bytes.len() - after_empty_lines(bytes).len();
    let mut ends = memchr::memchr_iter(b'\n', &bytes[start..]).map(|at| start + at + 1);
    ends.find_map(|end| match &bytes[end..] {
        [b'\n', ..] => Some(end + 1),
        [b'\r', b'\n', ..] => Some(end + 2),
        _ => None,
    })
}

/// Joins the lines of a head that go on in the next, which begins with white space then:
/// RFC 9112, 5.2, has a client put spaces between them. What follows the head stays.
pub(super) fn unfold(bytes: &mut [u8]) {
    let mut from = bytes.len() - after_empty_lines(bytes).len();
    while let Some(len) = memchr::memchr(b'\n', &bytes[from..]) {
        let end = from + len;
        match &bytes[end + 1..] {
            [b' ' | b'\t', ..] => {
                bytes[end] = b' ';
                if bytes[end - 1] == b'\r' {
                    bytes[end - 1] = b' ';
                }
            }
            [b'\n', ..] | [b'\r', b'\n', ..] => return,
            _ => {}
        }
        from = end + 1;
    }
}

fn after_empty_lines(bytes: &[u8]) -> &[u8] {
    let empty = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[empty..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_tells_once_its_status_has_come() {
        for (line, told) in [
            (&b"HTTP/1.1 413 Content Too Large\r\n"[..], Opening::Refuses),
            (b"\r\nHTTP/1.0 307\r\n", Opening::Refuses),
            (b"HTTP/1.1 101 Switching Protocols\r\n", Opening::Refuses),
            (b"HTTP/1.1 103 Early Hints\r\n", Opening::Interim),
            (b"HTTP/1.1 200 OK\r\n", Opening::Agrees),
        ] {
            let needed = line.iter().position(|byte| *byte == b'H').unwrap_or(0) + TELLING;
            for cut in 0..=line.len() {
                let expected = if cut < needed { Opening::Open } else { told };
                assert_eq!(opening(&line[..cut]), expected, "{cut}");
            }
        }
        for other in [&b"H2"[..], b"\0\0\x12\x04", b"SSH-2.0", b"HTTP/2 200 OK"] {
            assert_eq!(opening(other), Opening::Refuses);
        }
    }

    #[test]
    fn lines_that_go_on_are_joined_up_to_the_end_of_the_head() {
        for (folded, expected) in [
            (
                &b"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\t d\r\n\r\n\n x"[..],
                &b"HTTP/1.1 200 OK\r\na: b   c  \t d\r\n\r\n\n x"[..],
            ),
            (b"\n\nHTTP/1.1 200\na: b\n\tc\n\n d", b"\n\nHTTP/1.1 200\na: b \tc\n\n d"),
            (b"HTTP/1.1 200 OK\r\na: b\r\n", b"HTTP/1.1 200 OK\r\na: b\r\n"),
            (b"\n ", b"\n "),
            (b"", b""),
        ] {
            for cut in 0..=folded.len() {
                // What has come is looked at again with what comes next.
                let mut bytes = folded.to_vec();
                unfold(&mut bytes[..cut]);
                unfold(&mut bytes);
                assert_eq!(bytes, expected, "{cut}");
            }
        }
    }

    #[test]
    fn interim_heads_are_skipped_once_they_have_come_whole() {
        let heads: &[&[u8]] = &[
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 103 x\r\na: b\r\n\r\n",
            b"\nHTTP/1.1 102\n\n",
        ];
        let (all, answer) = (heads.concat(), &b"HTTP/1.1 200 OK\r\n\r\n"[..]);
        let stream = [&all, answer].concat();
        for cut in 0..=stream.len() {
            let mut whole = 0;
            for end in heads.iter().scan(0, |end, head| {
                *end += head.len();
                Some(*end)
            }) {
                whole = if end <= cut { end } else { whole };
            }
            assert_eq!(interim(&stream[..cut]), whole, "{cut}");
        }
    }
}

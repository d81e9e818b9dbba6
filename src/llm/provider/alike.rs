//! Events that say what the last one said, but for a text.
//!
//! Of a thousand events of an answer nearly all are the same bytes around
//! another word. Reading each as JSON would make most of a stream's cost, so
//! the bytes of one event that only added a text are kept, and an event that
//! repeats them around another text only adds that. Nothing is guessed: a
//! dialect says of an event, read in full, that it did nothing else
//! ([`super::stream::Dialect::added`]); whatever differs in any other byte is
//! read in full again. Members that are noise to the dialect (padding, a
//! counter) may differ too.

use std::borrow::Cow;

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lane {
    /// The answer's or block's number.
    pub index: u64,
    /// Whether it is thinking rather than text.
    pub thought: bool,
}

/// The text of an event that did nothing but add it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Added<'a> {
    /// Where it went.
    pub lane: Lane,
    /// The text, as it lies in the event.
    pub text: &'a str,
    /// Members whose value, a text or a number, means nothing.
    pub noise: &'static [&'static str],
}

/// The bytes of an event, with holes.
#[derive(Debug, Default)]
pub struct Alike {
    /// What stands before each hole.
    before: Vec<(Vec<u8>, Hole)>,
    /// What stands after the last one.
    after: Vec<u8>,
    /// None: no form is known.
    lane: Option<Lane>,
    proposed: Option<Proposal>,
    /// Learnt in a row without use: a stream whose events are never alike
    /// should not pay for the attempt.
    unused: u32,
}

/// What a hole takes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hole {
    /// The text that is wanted.
    Text,
    /// A text that means nothing.
    Word,
    /// A number that means nothing.
    Digits,
}

/// An event that may be learnt from, once it is known what stood around its
/// JSON.
#[derive(Debug)]
struct Proposal {
    data: Vec<u8>,
    /// Place, length and kind, in order.
    holes: Vec<(usize, usize, Hole)>,
    lane: Lane,
}

/// Attempts after which a stream is taken to be one whose events differ.
const UNUSED_MAX: u32 = 8;

impl Alike {
    /// Whether it is worth the effort to learn from an event.
    pub fn is_willing(&self) -> bool {
        self.unused < UNUSED_MAX
    }

    /// Takes note of an event's JSON, of which `added` was read.
    pub fn propose(&mut self, data: &[u8], added: &Added<'_>) {
        let Some(text_at) = offset(data, added.text.as_bytes()) else { return };
        let mut holes = vec![(text_at, added.text.len(), Hole::Text)];
        holes.extend(added.noise.iter().filter_map(|name| noise(data, name)));
        holes.sort_by_key(|hole| hole.0);
        self.proposed = Some(Proposal { data: data.to_vec(), holes, lane: added.lane });
    }

    /// Keeps the form of the event that was proposed, if there is one: `block`
    /// is all of it, framing included.
    pub fn learn(&mut self, block: &[u8]) {
        let Some(Proposal { data, holes, lane }) = self.proposed.take() else { return };
        self.lane = None;
        self.unused += 1;
        let at = memchr::memmem::find(block, &data);
        let Some(data_at) = at.filter(|_| at == memchr::memmem::rfind(block, &data)) else {
            return;
        };
        self.before.clear();
        let mut from = 0;
        for (at, len, hole) in holes {
            self.before.push((block[from..data_at + at].to_vec(), hole));
            from = data_at + at + len;
        }
        self.after = block[from..].to_vec();
        self.lane = Some(lane);
    }

    /// The event was not wholly in sight: there is nothing to learn from it.
    pub fn forget_proposal(&mut self) {
        self.proposed = None;
    }

    /// Looks whether `bytes` begin with an event of this form: where its text
    /// goes, the text, and the event's length.
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> Option<(Lane, Cow<'a, str>, usize)> {
        let lane = self.lane?;
        let (mut at, mut text) = (0, Cow::Borrowed(""));
        for (literal, hole) in &self.before {
            let rest = bytes[at..].strip_prefix(literal.as_slice())?;
            at += literal.len();
            at += match hole {
                Hole::Digits => digits(rest)?,
                Hole::Word => Some(word(rest)).filter(|len| rest[..*len].is_ascii())?,
                Hole::Text => {
                    let len;
                    (text, len) = text_at(bytes, at)?;
                    len
                }
            };
        }
        bytes[at..].strip_prefix(self.after.as_slice())?;
        self.unused = 0;
        Some((lane, text, at + self.after.len()))
    }
}

/// The JSON text whose content begins at `at`, and how long it is there.
fn text_at(bytes: &[u8], at: usize) -> Option<(Cow<'_, str>, usize)> {
    let rest = &bytes[at..];
    let len = word(rest);
    if rest.get(len) != Some(&b'\\') {
        return Some((Cow::Borrowed(std::str::from_utf8(&rest[..len]).ok()?), len));
    }
    let len = escaped(rest)?;
    let quoted = bytes.get(at.checked_sub(1)?..at + len + 1)?;
    Some((Cow::Owned(serde_json::from_slice(quoted).ok()?), len))
}

/// Where a part lies in the whole that it was taken from.
fn offset(whole: &[u8], part: &[u8]) -> Option<usize> {
    let at = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (at + part.len() <= whole.len() && whole[at..].starts_with(part)).then_some(at)
}

/// The value of a member: place, length and kind. In JSON, a name in quotes
/// with a colon after it is a member's name and nothing else.
fn noise(data: &[u8], name: &str) -> Option<(usize, usize, Hole)> {
    let mut at = memchr::memmem::find(data, format!("\"{name}\":").as_bytes())? + name.len() + 3;
    at += usize::from(data.get(at) == Some(&b' '));
    let rest = &data[at..];
    if rest.first()? != &b'"' {
        return Some((at, digits(rest)?, Hole::Digits));
    }
    let len = word(&rest[1..]);
    (rest.get(1 + len) == Some(&b'"')).then_some((at + 1, len, Hole::Word))
}

/// The length of a whole number.
fn digits(bytes: &[u8]) -> Option<usize> {
    let len = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (len == 1 || len > 1 && len < 19 && bytes[0] != b'0').then_some(len)
}

/// How much of a JSON text there is before its end, or an escape, or a byte
/// that must not stand in it.
fn word(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

/// The length of a JSON text with escapes.
fn escaped(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: Lane = Lane { index: 3, thought: false };

    /// What has been learnt from `before{"n":7,"t":"<text>"}after`.
    fn learnt(before: &str, text: &str, after: &str) -> Alike {
        let data = format!(r#"{{"n":7,"t":"{text}"}}"#);
        let at = data.rfind(text).unwrap();
        let added = Added { lane: LANE, text: &data[at..at + text.len()], noise: &["n", "none"] };
        let mut alike = Alike::default();
        alike.propose(data.as_bytes(), &added);
        alike.learn(format!("{before}{data}{after}").as_bytes());
        alike
    }

    #[test]
    fn an_event_that_differs_in_its_text_and_in_noise_is_taken() {
        let mut alike = learnt("data: ", "old", "\n\n");
        let bytes = b"data: {\"n\":18,\"t\":\"new\"}\n\ndata: {\"n\"";
        let taken = alike.take(bytes).unwrap();
        assert_eq!(taken, (LANE, Cow::Borrowed("new"), 26));
        let taken = alike.take(b"data: {\"n\":0,\"t\":\"\"}\n\n").unwrap();
        assert_eq!(taken.1, "");
        let taken = alike.take(br#"data: {"n":1,"t":"a\"\n\u00e4"}"#);
        assert!(taken.is_none(), "the event has not come whole");
        let whole = b"data: {\"n\":1,\"t\":\"a\\\"\\n\\u00e4\"}\n\n";
        assert_eq!(alike.take(whole).unwrap().1, "a\"\n\u{e4}");
    }

    #[test]
    fn an_event_that_differs_otherwise_is_read_in_full() {
        let mut alike = learnt("data: ", "old", "\n\n");
        let others: &[&[u8]] = &[
            b"data:{\"n\":7,\"t\":\"new\"}\n\n",
            b"data: {\"n\":7,\"t\":\"new\"}\r\n",
            b"data: {\"n\":7,\"t\":\"new\",\"x\":1}\n\n",
            b"data: {\"n\":7,\"t\":null}\n\n",
            // What is no JSON.
            b"data: {\"n\":07,\"t\":\"new\"}\n\n",
            b"data: {\"n\":,\"t\":\"new\"}\n\n",
            b"data: {\"n\":7,\"t\":\"n\tw\"}\n\n",
            b"data: {\"n\":7,\"t\":\"n\\x\"}\n\n",
            b"data: {\"n\":7,\"t\":\"n\xff\"}\n\n",
            b"data: {\"n\":7,\"t\":\"\\",
            b"",
        ];
        for other in others {
            assert!(alike.take(other).is_none(), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn where_the_json_stands_twice_nothing_is_learnt() {
        let twin = r#"{"n":7,"t":"old"}"#;
        let mut alike = learnt(&format!(": {twin}\ndata: "), "old", "\n\n");
        assert!(alike.take(format!(": {twin}\ndata: {twin}\n\n").as_bytes()).is_none());
    }

    #[test]
    fn a_stream_whose_events_differ_is_left_alone() {
        let mut alike = Alike::default();
        for _ in 0..UNUSED_MAX {
            assert!(alike.is_willing());
            let data = r#"{"t":"x"}"#;
            alike.propose(data.as_bytes(), &Added { lane: LANE, text: &data[6..7], noise: &[] });
            alike.learn(data.as_bytes());
        }
        assert!(!alike.is_willing());
    }
}

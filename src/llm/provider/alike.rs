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

use crate::llm::json::word;

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
    /// How much of the first and of the last is not of the JSON, but around it.
    around: (usize, usize),
    /// The event's name.
    name: Vec<u8>,
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
    name: Vec<u8>,
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

    /// Takes note of an event's name and JSON, of which `added` was read.
    pub fn propose(&mut self, name: &[u8], data: &[u8], added: &Added<'_>) {
        let Some(text_at) = offset(data, added.text.as_bytes()) else { return };
        let mut holes = vec![(text_at, added.text.len(), Hole::Text)];
        holes.extend(added.noise.iter().filter_map(|name| noise(data, name)));
        holes.sort_by_key(|hole| hole.0);
        let (name, data) = (name.to_vec(), data.to_vec());
        self.proposed = Some(Proposal { name, data, holes, lane: added.lane });
    }

    /// Keeps the form of the event that was proposed, if there is one: `block`
    /// is all of it, framing included.
    pub fn learn(&mut self, block: &[u8]) {
        let Some(Proposal { name, data, holes, lane }) = self.proposed.take() else { return };
        self.lane = None;
        self.unused += 1;
        // There is little around it: to look at each place is cheapest.
        let mut found = (0..=block.len().saturating_sub(data.len()))
            .filter(|at| block[*at..].starts_with(data.as_slice()));
        let (Some(data_at), None) = (found.next(), found.next()) else { return };
        self.before.clear();
        let mut from = 0;
        for (at, len, hole) in holes {
            self.before.push((block[from..data_at + at].to_vec(), hole));
            from = data_at + at + len;
        }
        self.after = block[from..].to_vec();
        self.around = (data_at, block.len() - data_at - data.len());
        self.name = name;
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
        let (text, len) = self.fit(bytes, (0, 0))?;
        self.unused = 0;
        Some((lane, text, len))
    }

    /// The same for the JSON of an event that did not come in one piece, and was
    /// put together.
    pub fn take_data<'a>(&mut self, name: &[u8], data: &'a [u8]) -> Option<(Lane, Cow<'a, str>)> {
        let lane = self.lane.filter(|_| self.name == name)?;
        let (text, len) = self.fit(data, self.around)?;
        (len == data.len()).then_some((lane, text))
    }

    /// The text in bytes of this form, and their length. `without`: so much of the
    /// form's beginning and end is not among them.
    fn fit<'a>(&self, bytes: &'a [u8], without: (usize, usize)) -> Option<(Cow<'a, str>, usize)> {
        let (mut rest, mut text, mut from) = (bytes, Text::default(), without.0);
        for (literal, hole) in &self.before {
            rest = rest.strip_prefix(&literal[from..])?;
            from = 0;
            let len = match hole {
                Hole::Digits => digits(rest)?,
                Hole::Word => Some(word(rest)).filter(|len| rest[..*len].is_ascii())?,
                Hole::Text => {
                    text = Text::begins(rest, bytes.len() - rest.len())?;
                    text.len
                }
            };
            rest = &rest[len..];
        }
        rest = rest.strip_prefix(&self.after[..self.after.len() - without.1])?;
        Some((text.read(bytes)?, bytes.len() - rest.len()))
    }
}

/// Where a JSON text lies in an event, without its quotation marks.
#[derive(Default)]
struct Text {
    at: usize,
    len: usize,
    is_escaped: bool,
}

impl Text {
    /// The one that these bytes begin with, which lie at `at`.
    #[inline]
    fn begins(bytes: &[u8], at: usize) -> Option<Text> {
        let len = word(bytes);
        let is_escaped = bytes.get(len) == Some(&b'\\');
        Some(Text { at, len: if is_escaped { escaped(bytes)? } else { len }, is_escaped })
    }

    /// What it says.
    #[inline]
    fn read<'a>(&self, event: &'a [u8]) -> Option<Cow<'a, str>> {
        let (from, to) = (self.at, self.at + self.len);
        if self.is_escaped {
            let quoted = event.get(from.checked_sub(1)?..=to)?;
            return Some(Cow::Owned(serde_json::from_slice(quoted).ok()?));
        }
        Some(Cow::Borrowed(std::str::from_utf8(&event[from..to]).ok()?))
    }
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
        alike.propose(b"", data.as_bytes(), &added);
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
    fn an_event_that_was_put_together_is_taken_by_its_name_and_json() {
        let mut alike = learnt("event: a\ndata: ", "old", "\n\n");
        let data = br#"{"n":18,"t":"n\u00e4w"}"#;
        assert_eq!(alike.take_data(b"", data), Some((LANE, "n\u{e4}w".into())));
        assert_eq!(alike.take_data(b"b", data), None, "another event");
        for other in [&b"{\"n\":18,\"t\":\"new\"}\n"[..], b"{\"n\":18,\"t\":\"new\"", b"{}", b""] {
            assert_eq!(alike.take_data(b"", other), None);
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
            let added = Added { lane: LANE, text: &data[6..7], noise: &[] };
            alike.propose(b"", data.as_bytes(), &added);
            alike.learn(data.as_bytes());
        }
        assert!(!alike.is_willing());
    }
}

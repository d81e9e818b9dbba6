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

use crate::llm::events::Pieces;
use crate::llm::json::{Word, word};

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
    /// What has been taken.
    taken: Taken,
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

    /// Takes the events of this form that `bytes` begin with, none longer than `max`:
    /// how many bytes they are.
    pub fn take(&mut self, bytes: &[u8], max: usize) -> usize {
        let mut at = 0;
        while self.lane.is_some() {
            let rest = &bytes[at..];
            let Some((text, len)) = self.fit(rest, (0, 0)).filter(|(_, len)| *len <= max) else {
                break;
            };
            if self.taken.add(rest, text).is_none() {
                break;
            }
            self.unused = 0;
            at += len;
        }
        at
    }

    /// The same for the JSON of one event, which did not come in one piece and was put
    /// together: whether it is of this form.
    pub fn take_data(&mut self, name: &[u8], data: &[u8]) -> bool {
        let fits = self.lane.is_some() && self.name == name;
        let found = fits.then(|| self.fit(data, self.around)).flatten();
        let found = found.filter(|(_, len)| *len == data.len());
        found.and_then(|(text, _)| self.taken.add(data, text)).is_some()
    }

    /// What has been taken, and where it goes.
    pub fn taken(&self) -> Option<(Lane, Pieces<'_>)> {
        self.lane.zip(self.taken.pieces())
    }

    /// It has been told.
    pub fn told(&mut self) {
        self.taken.forget();
    }

    /// The text in bytes of this form, and their length. `without`: so much of the
    /// form's beginning and end is not among them.
    #[inline(always)]
    fn fit(&self, bytes: &[u8], without: (usize, usize)) -> Option<(Text, usize)> {
        let (mut at, mut text, mut from) = (0, Text::default(), without.0);
        for (literal, hole) in &self.before {
            at = after(bytes, at, &literal[from..])?;
            from = 0;
            let rest = &bytes[at..];
            at += match hole {
                Hole::Digits => digits(rest)?,
                Hole::Word => Some(word(rest)).filter(|word| word.is_ascii)?.len,
                Hole::Text => {
                    text = Text::begins(rest, at)?;
                    text.len
                }
            };
        }
        Some((text, after(bytes, at, &self.after[..self.after.len() - without.1])?))
    }
}

/// Where `bytes` go on after what they have at `at`, which is `literal`.
#[inline]
fn after(bytes: &[u8], at: usize, literal: &[u8]) -> Option<usize> {
    let end = at + literal.len();
    (bytes.get(at..end)? == literal).then_some(end)
}

/// Where a JSON text lies in an event, without its quotation marks.
#[derive(Debug, Default)]
struct Text {
    at: usize,
    len: usize,
    is_ascii: bool,
    is_escaped: bool,
}

impl Text {
    /// The one that these bytes begin with, which lie at `at`.
    #[inline]
    fn begins(bytes: &[u8], at: usize) -> Option<Text> {
        let Word { len, is_ascii } = word(bytes);
        let is_escaped = bytes.get(len) == Some(&b'\\');
        Some(Text { at, len: if is_escaped { escaped(bytes)? } else { len }, is_ascii, is_escaped })
    }
}

/// The texts of events that came one after the other.
#[derive(Debug, Default)]
struct Taken {
    /// Each of them is UTF-8.
    texts: Vec<u8>,
    lens: Vec<usize>,
}

/// Bytes of a text that is short.
const WORD: usize = 16;
/// Bytes and texts for which memory is kept: a stream that waits should hold little.
const KEPT: usize = 128;

impl Taken {
    /// Adds what a text of an event says; none if it is no text.
    #[inline(always)]
    fn add(&mut self, event: &[u8], text: Text) -> Option<()> {
        let (from, to) = (text.at, text.at + text.len);
        let before = self.texts.len();
        if text.is_escaped {
            self.add_escaped(event.get(from.checked_sub(1)?..=to)?)?;
        } else {
            let piece = event.get(from..to)?;
            if !text.is_ascii {
                std::str::from_utf8(piece).ok()?;
            }
            // A word is short: with as many bytes each time, its length is no question.
            match event[from..].first_chunk::<WORD>() {
                Some(more) if text.len <= WORD => {
                    self.texts.extend_from_slice(more);
                    self.texts.truncate(before + text.len);
                }
                _ => self.texts.extend_from_slice(piece),
            }
        }
        self.lens.push(self.texts.len() - before);
        Some(())
    }

    /// Adds what a JSON text with escapes says; nothing if it is none.
    #[cold]
    fn add_escaped(&mut self, quoted: &[u8]) -> Option<()> {
        let before = self.texts.len();
        if self.add_simple(&quoted[1..quoted.len() - 1]).is_none() {
            self.texts.truncate(before);
            let text: String = serde_json::from_slice(quoted).ok()?;
            self.texts.extend_from_slice(text.as_bytes());
        }
        Some(())
    }

    /// The same where each escape stands for the byte after it, as line ends and
    /// quotation marks do.
    fn add_simple(&mut self, mut rest: &[u8]) -> Option<()> {
        loop {
            let Word { len, is_ascii } = word(rest);
            let (plain, after) = rest.split_at(len);
            if !is_ascii {
                std::str::from_utf8(plain).ok()?;
            }
            self.texts.extend_from_slice(plain);
            let [b'\\', escape, after @ ..] = after else {
                return after.is_empty().then_some(());
            };
            self.texts.push(match escape {
                b'"' | b'\\' | b'/' => *escape,
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                _ => return None,
            });
            rest = after;
        }
    }

    fn pieces(&self) -> Option<Pieces<'_>> {
        let text = std::str::from_utf8(&self.texts).ok()?;
        (!self.lens.is_empty()).then_some(Pieces { text, lens: &self.lens })
    }

    fn forget(&mut self) {
        self.texts.clear();
        self.lens.clear();
        if self.texts.capacity() > KEPT * 8 || self.lens.capacity() > KEPT {
            *self = Taken::default();
        }
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
    let len = word(&rest[1..]).len;
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
    const MAX: usize = 1 << 20;

    /// How much of these bytes is taken, and the texts of it.
    fn taken(alike: &mut Alike, bytes: &[u8]) -> (usize, Vec<String>) {
        let (len, mut texts) = (alike.take(bytes, MAX), Vec::new());
        if let Some((lane, pieces)) = alike.taken() {
            assert_eq!(lane, LANE);
            let mut rest = pieces.text;
            for len in pieces.lens {
                let (text, after) = rest.split_at(*len);
                texts.push(text.to_string());
                rest = after;
            }
        }
        alike.told();
        (len, texts)
    }

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
        assert_eq!(taken(&mut alike, bytes), (26, vec!["new".into()]));
        let bytes = b"data: {\"n\":0,\"t\":\"\"}\n\n";
        assert_eq!(taken(&mut alike, bytes), (22, vec!["".into()]));
        let bytes = br#"data: {"n":1,"t":"a\"\n\u00e4"}"#;
        assert_eq!(taken(&mut alike, bytes), (0, vec![]), "the event has not come whole");
        let whole = b"data: {\"n\":1,\"t\":\"a\\\"\\n\\u00e4\"}\n\n";
        assert_eq!(taken(&mut alike, whole), (whole.len(), vec!["a\"\n\u{e4}".into()]));
    }

    #[test]
    fn events_that_came_together_are_taken_together() {
        let mut alike = learnt("", "old", "\n");
        let texts = ["a", "", "\u{e4}\u{1f600}", "\\n", "long enough to be no short one", "b"];
        let bytes: String = texts.iter().map(|t| format!("{{\"n\":5,\"t\":\"{t}\"}}\n")).collect();
        let wanted = texts.map(|text| text.replace("\\n", "\n")).to_vec();
        for cut in 0..bytes.len() {
            let (len, mut all) = taken(&mut alike, &bytes.as_bytes()[..cut]);
            let (rest, more) = taken(&mut alike, &bytes.as_bytes()[len..]);
            all.extend(more);
            assert_eq!((len + rest, &all), (bytes.len(), &wanted), "cut at {cut}");
        }
        assert_eq!(alike.take(bytes.as_bytes(), 16), 31, "the third is longer");
    }

    #[test]
    fn a_text_with_escapes_says_what_other_readers_read() {
        let mut random = fastrand::Rng::with_seed(3);
        let pieces =
            ["\\n", "\\\"", "\\\\", "\\/", "\\t", "\\r", "\\b", "\\u00e4", "\\ud83e\\udd9c"];
        let others = ["a", "some words", "\u{e4}", "\\x", "\\ud83e", "\\", "\u{7}", "\\u12"];
        for _ in 0..5_000 {
            let which = |n| if n < 9 { pieces[n] } else { others[n % others.len()] };
            let text: String =
                (0..random.usize(0..6)).map(|_| which(random.usize(0..25))).collect();
            let mut alike = learnt("", "old", "\n");
            let data = format!("{{\"n\":1,\"t\":\"{text}\"}}\n");
            let wanted = serde_json::from_str::<serde_json::Value>(&data);
            let wanted: Vec<String> =
                wanted.iter().map(|v| v["t"].as_str().unwrap().into()).collect();
            assert_eq!(taken(&mut alike, data.as_bytes()).1, wanted, "{text}");
        }
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
            assert_eq!(alike.take(other, MAX), 0, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn an_event_that_was_put_together_is_taken_by_its_name_and_json() {
        let mut alike = learnt("event: a\ndata: ", "old", "\n\n");
        let data = br#"{"n":18,"t":"n\u00e4w"}"#;
        assert!(alike.take_data(b"", data));
        assert_eq!(alike.taken(), Some((LANE, Pieces { text: "n\u{e4}w", lens: &[4] })));
        assert!(!alike.take_data(b"b", data), "another event");
        for other in [&b"{\"n\":18,\"t\":\"new\"}\n"[..], b"{\"n\":18,\"t\":\"new\"", b"{}", b""] {
            assert!(!alike.take_data(b"", other));
        }
    }

    #[test]
    fn where_the_json_stands_twice_nothing_is_learnt() {
        let twin = r#"{"n":7,"t":"old"}"#;
        let mut alike = learnt(&format!(": {twin}\ndata: "), "old", "\n\n");
        assert_eq!(alike.take(format!(": {twin}\ndata: {twin}\n\n").as_bytes(), MAX), 0);
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

//! Events that say what the last one said, but for a text.
//!
//! Of a thousand events of an answer, or of what a call is given, nearly all are
//! the same bytes around another word. Reading each as JSON would make most of a
//! stream's cost, so the bytes of one event that only added a text are kept, and an
//! event that repeats them around another text only adds that. Nothing is guessed: a
//! dialect says of an event, read in full, that it did nothing else
//! ([`super::stream::Dialect::added`]); whatever differs in any other byte is
//! read in full again. Members that are noise to the dialect (padding, a
//! counter) may differ too.

use crate::llm::events::Pieces;
use crate::llm::json::word;
use taken::{Taken, Text};

mod taken;

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lane {
    /// The number of the answer, of the block, or of what else the dialect counts.
    pub index: u64,
    /// What it is a piece of.
    pub of: PieceOf,
    /// Whether the event has the number of its item, which another may have by the next.
    pub is_numbered: bool,
}

impl Lane {
    /// A place that is the same for every event of the form.
    pub const fn new(index: u64, of: PieceOf) -> Lane {
        Lane { index, of, is_numbered: false }
    }
}

/// What a text is a piece of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PieceOf {
    /// What is said to the user.
    Text,
    /// A thought.
    Thought,
    /// What the call with the provider's number is given.
    Arguments(u64),
}

impl PieceOf {
    /// Text, or a thought.
    pub fn said(thought: bool) -> PieceOf {
        if thought { PieceOf::Thought } else { PieceOf::Text }
    }
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
    /// No event is like those before any more.
    pub fn forget_form(&mut self) {
        self.lane = None;
    }

    /// Whether it is worth the effort to learn from an event.
    pub fn is_willing(&self) -> bool {
        self.unused < UNUSED_MAX
    }

    /// Takes note of an event's name and JSON, of which `added` was read.
    pub fn propose(&mut self, name: &[u8], data: &[u8], added: &Added<'_>) {
        let Some(text_at) = offset(data, added.text.as_bytes()) else { return };
        let mut holes = vec![(text_at, added.text.len(), Hole::Text)];
        for hole in added.noise.iter().filter_map(|name| noise(data, name)) {
            holes.insert(holes.partition_point(|other| other.0 < hole.0), hole);
        }
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
        #[cfg(test)]
        tests::note(self.taken());
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
            if *hole == Hole::Digits {
                at += digits(rest)?;
                continue;
            }
            let word = word(rest);
            at += match hole {
                Hole::Text => {
                    text = Text::of(word, rest, at)?;
                    text.len
                }
                _ if word.is_ascii => word.len,
                _ => return None,
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

#[cfg(test)]
mod tests;

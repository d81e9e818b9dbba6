//! The texts of events, taken from where they lie.

use crate::llm::events::Pieces;
use crate::llm::json::{Word, text_len, word};

/// Where a JSON text lies in an event, without its quotation marks.
#[derive(Debug, Default)]
pub struct Text {
    at: usize,
    /// Its length in bytes.
    pub len: usize,
    is_ascii: bool,
    is_escaped: bool,
}

impl Text {
    /// The one of which `word` is the beginning, in bytes which lie at `at`.
    #[inline(always)]
    pub fn of(word: Word, bytes: &[u8], at: usize) -> Option<Text> {
        let Word { len, is_ascii } = word;
        let is_escaped = bytes.get(len) == Some(&b'\\');
        Some(Text {
            at,
            len: if is_escaped { text_len(bytes)? } else { len },
            is_ascii,
            is_escaped,
        })
    }
}

/// The texts of events that came one after the other.
#[derive(Debug, Default)]
pub struct Taken {
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
    pub fn add(&mut self, event: &[u8], text: Text) -> Option<()> {
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

    /// What has been added; none if nothing has.
    pub fn pieces(&self) -> Option<Pieces<'_>> {
        let text = std::str::from_utf8(&self.texts).ok()?;
        (!self.lens.is_empty()).then_some(Pieces { text, lens: &self.lens })
    }

    /// Has nothing any more.
    pub fn forget(&mut self) {
        self.texts.clear();
        self.lens.clear();
        if self.texts.capacity() > KEPT * 8 || self.lens.capacity() > KEPT {
            *self = Taken::default();
        }
    }
}

//! What has been told of an answer's texts, and what its ends say beyond that.
//!
//! A text comes in deltas, and is said again when its part is done, when the item is,
//! and when the answer is. Hosts leave out some deltas, or all. So each of those ends
//! is held against what was told: where that is the beginning of what is said in the
//! end, the rest is told; where the two contradict each other, what was told stays.
//! An end costs as much as it says, however much was told, and in how many runs.

use std::collections::HashMap;
use std::ops::Range;

use crate::llm::assemble::Assembler;
use crate::llm::events::Pieces;
use crate::llm::json::Json;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What is said to the user.
    Text,
    /// Why nothing is.
    Refusal,
    /// A thought.
    Thought,
    /// What stands for a thought.
    Summary,
}

/// Where a text belongs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The item.
    pub item: usize,
    /// The kind of its parts.
    pub kind: Kind,
    /// The number among these.
    pub part: u64,
}

/// Pieces that were told one after the other, as a range of the answer's text, of its
/// refusal or of its thoughts.
struct Run {
    place: Place,
    range: Range<usize>,
}

/// All texts that were told.
#[derive(Default)]
pub struct Told {
    runs: Vec<Run>,
    /// The numbers of those of each place, in their order.
    of_places: HashMap<Place, Vec<usize>>,
    /// The same of each item, in the text that its kind is told in.
    of_items: HashMap<(usize, Kind), Vec<usize>>,
    /// Where the last thought belongs, if another may go on with it.
    thought_of: Option<Place>,
    /// Whether its part has not been said to be over.
    is_open: bool,
}

impl Told {
    /// Tells a text.
    pub fn say(&mut self, place: Place, text: &str, out: &mut Assembler) {
        self.say_in(place, text.into(), out);
    }

    /// Tells a text in these pieces; a thought with an empty line before it, unless it
    /// goes on.
    pub fn say_in(&mut self, place: Place, pieces: Pieces<'_>, out: &mut Assembler) {
        if pieces.text.is_empty() {
            return;
        }
        let is_thought = place.kind.is_thought();
        self.is_open |= is_thought;
        if is_thought
            && self.thought_of.replace(place) != Some(place)
            && !so_far(place.kind, out).is_empty()
        {
            out.reasoning(0, "\n\n");
        }
        let from = so_far(place.kind, out).len();
        let to = from + pieces.text.len();
        match place.kind {
            Kind::Refusal => out.refusal(0, pieces.text),
            _ => out.pieces(0, is_thought, pieces),
        }
        match self.runs.last_mut().filter(|run| run.place == place && run.range.end == from) {
            Some(run) => run.range.end = to,
            None => self.begin(Run { place, range: from..to }),
        }
    }

    fn begin(&mut self, run: Run) {
        let (number, place) = (self.runs.len(), run.place);
        self.of_places.entry(place).or_default().push(number);
        self.of_items.entry((place.item, place.kind.told_as())).or_default().push(number);
        self.runs.push(run);
    }

    /// The runs of an item, in the text that this kind is told in.
    fn of_item(&self, item: usize, kind: Kind) -> &[usize] {
        self.of_items.get(&(item, kind.told_as())).map_or(&[], Vec::as_slice)
    }

    /// The next thought begins anew.
    pub fn end_thought(&mut self) {
        self.thought_of = None;
    }

    /// The next thought begins anew if its part has another number.
    pub fn close_thought(&mut self) {
        self.is_open = false;
    }

    /// The part that a piece of this kind is of; vLLM numbers the pieces of a thought.
    pub fn part(&self, place: Place) -> Place {
        let goes_on = |last: &Place| (last.item, last.kind) == (place.item, Kind::Thought);
        let last = self.thought_of.filter(|last| self.is_open && goes_on(last));
        last.filter(|_| place.kind == Kind::Thought).unwrap_or(place)
    }

    /// The number of the latest run.
    pub fn latest(&self) -> Option<u64> {
        self.runs.len().checked_sub(1).map(|at| at as u64)
    }

    /// Where a run belongs.
    pub fn place_of(&self, run: u64) -> Option<Place> {
        self.runs.get(usize::try_from(run).ok()?).map(|run| run.place)
    }

    /// A part is done: what its text says beyond what was told.
    pub fn end_part(&mut self, place: Place, whole: &str, out: &mut Assembler) {
        let runs = self.of_places.get(&place).map_or(&[][..], Vec::as_slice);
        let rest = self.beyond(whole, so_far(place.kind, out), runs);
        rest.into_iter().for_each(|rest| self.say(place, rest, out));
    }

    /// An item is done.
    pub fn end_item(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        self.end_thoughts(at, item, out);
        for kind in [Kind::Text, Kind::Refusal] {
            self.end_texts(&texts(at, item, kind), Some(at), out);
        }
    }

    /// What an item has thought. Of both the thoughts and what stands for them some
    /// hosts tell one, and say the other in the end.
    fn end_thoughts(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        let all = [texts(at, item, Kind::Thought), texts(at, item, Kind::Summary)];
        if !self.of_item(at, Kind::Thought).is_empty() {
            all.iter().find(|texts| self.end_texts(texts, Some(at), out));
            return;
        }
        // A message whose thoughts were told as an item of their own.
        let is_begun = self.knows(at);
        for (place, text) in all.iter().flatten() {
            if !(is_begun && has(place.kind, text, out)) {
                self.say(*place, text, out);
            }
        }
    }

    /// Whether something was told of an item.
    fn knows(&self, item: usize) -> bool {
        let kinds = [Kind::Text, Kind::Refusal, Kind::Thought];
        kinds.iter().any(|kind| !self.of_item(item, *kind).is_empty())
    }

    /// The answer is done, whose items tell no more than this: only where all that was
    /// told is the beginning of it, whichever item it was of.
    pub fn end_all(&mut self, items: &[(usize, &Json)], out: &mut Assembler) {
        for kind in [Kind::Text, Kind::Refusal] {
            let all: Vec<_> = items.iter().flat_map(|(at, item)| texts(*at, item, kind)).collect();
            self.end_texts(&all, None, out);
        }
        let has_none = out.choice(0).reasoning.is_none();
        for (at, item) in items {
            if has_none || self.knows(*at) {
                self.end_thoughts(*at, item, out);
            }
        }
    }

    /// Tells what these texts, of one item or of all, say beyond what was told of them;
    /// false if that was something else.
    fn end_texts(
        &mut self,
        texts: &[(Place, &str)],
        item: Option<usize>,
        out: &mut Assembler,
    ) -> bool {
        let Some((first, _)) = texts.first() else { return false };
        let whole: String = texts.iter().map(|(_, text)| *text).collect();
        let so_far = so_far(first.kind, out);
        let told = match item {
            Some(item) => self.beyond(&whole, so_far, self.of_item(item, first.kind)),
            None => {
                let is_its = |run: &usize| self.runs[*run].place.kind == first.kind;
                let runs: Vec<_> = (0..self.runs.len()).filter(is_its).collect();
                self.beyond(&whole, so_far, &runs)
            }
        };
        let Some(mut told) = told.map(|rest| whole.len() - rest.len()) else { return false };
        for (place, text) in texts {
            let (before, rest) = text.split_at(told.min(text.len()));
            told -= before.len();
            let is_of_item = |of: Place| place.kind.is_thought() && of.item == place.item;
            if !before.is_empty() && self.thought_of.is_some_and(is_of_item) {
                self.thought_of = Some(*place);
            }
            self.say(*place, rest, out);
        }
        true
    }

    /// The rest of a text, if what was told of it in these runs is its beginning.
    fn beyond<'a>(&self, whole: &'a str, told: &str, runs: &[usize]) -> Option<&'a str> {
        let piece = |run: &usize| told.get(self.runs[*run].range.clone()).unwrap_or_default();
        runs.iter().try_fold(whole, |rest, run| rest.strip_prefix(piece(run)))
    }
}

impl Kind {
    fn is_thought(self) -> bool {
        self.told_as() == Kind::Thought
    }

    /// What stands for a thought is told as one.
    fn told_as(self) -> Kind {
        if self == Kind::Summary { Kind::Thought } else { self }
    }

    /// The kind of a part.
    pub fn of(part: &Json) -> Option<Kind> {
        Some(match part.get("type").text()? {
            "output_text" | "text" => Kind::Text,
            "refusal" => Kind::Refusal,
            "reasoning_text" => Kind::Thought,
            "summary_text" => Kind::Summary,
            _ => return None,
        })
    }

    /// The kind of what an item says: LiteLLM writes a thought's texts as an answer's.
    fn in_item(self, item: &Json) -> Kind {
        let is_thought = item.get("type").text() == Some("reasoning");
        if self == Kind::Text && is_thought { Kind::Thought } else { self }
    }

    /// What a part of this kind says, or an event that ends one.
    pub fn text<'a>(self, part: &'a Json<'_>) -> &'a str {
        let name = if self == Kind::Refusal { "refusal" } else { "text" };
        part.get(name).text().unwrap_or_default()
    }
}

/// So much of what was told is searched for a text, however short that is.
const SEARCHED: usize = 1 << 14;

/// Whether the last of what was told of this kind holds a text, which so is told already.
pub fn has(kind: Kind, text: &str, out: &mut Assembler) -> bool {
    let told = so_far(kind, out).as_bytes();
    let from = told.len().saturating_sub(SEARCHED + 16 * text.len());
    memchr::memmem::find(&told[from..], text.as_bytes()).is_some()
}

/// All of a kind.
fn so_far<'a>(kind: Kind, out: &'a mut Assembler) -> &'a str {
    let choice = out.choice(0);
    let text = match kind {
        Kind::Text => return &choice.text,
        Kind::Refusal => &choice.refusal,
        Kind::Thought | Kind::Summary => &choice.reasoning,
    };
    text.as_deref().unwrap_or_default()
}

/// The texts of an item that are of a kind.
fn texts<'a>(item: usize, json: &'a Json<'_>, kind: Kind) -> Vec<(Place, &'a str)> {
    let is_summary = kind == Kind::Summary;
    let said = json.get(if is_summary { "summary" } else { "content" });
    // SGLang's thoughts are a text and no list.
    let alone = said.text().filter(|_| !is_summary && Kind::Text.in_item(json) == kind);
    if let Some(text) = alone {
        return vec![(Place { item, kind, part: 0 }, text)];
    }
    let parts = (0..).zip(said.items());
    let of = |part| Kind::of(part).map(|kind| kind.in_item(json));
    // What stands for thoughts is in a list of its own.
    let its = parts.filter(|(_, part)| is_summary || of(part) == Some(kind));
    its.map(|(part, json)| (Place { item, kind, part }, kind.text(json))).collect()
}

//! The items of an answer, and which of them an event is about.
//!
//! The vendor numbers the items in each event. Hosts leave the number out of some
//! events or of all: then the item's id tells, or that of its call, by which
//! llama.cpp names the pieces, or that it is the latest of its kind that is not
//! done. Ids alone would not do: GitHub's Copilot gives an item another in each event.

use serde_json::Value;

use crate::llm::json::Json;

/// An item, as far as it has come.
#[derive(Default)]
pub struct Item {
    /// Its place in the answer.
    index: u64,
    id: Option<String>,
    call_id: Option<String>,
    kind: String,
    name: Option<String>,
    /// As received, once it was done.
    pub value: Option<Value>,
    /// How much that says.
    said: usize,
    /// Whether a piece of it was told already.
    pub is_told: bool,
    /// How many words of it came with how likely they were.
    pub chances: usize,
    /// Whether a citation of it was told already.
    pub is_cited: bool,
    /// The call that it is, once that has begun.
    pub call: Option<Begun>,
    /// The text of a call that came whole, and is none before it is done: another
    /// item may take its place.
    pub held: Option<String>,
    /// Whether an event had it, and not only a piece of it.
    is_stated: bool,
    /// Whether it was found in the whole output.
    is_found: bool,
}

/// A call that has begun.
pub struct Begun {
    /// Its place among the answer's calls.
    pub place: usize,
    /// The arguments that it began with, which no delta may follow.
    pub given: String,
    /// All of them have been said at once: no delta is more of them.
    pub is_whole: bool,
}

/// All items, as they came.
#[derive(Default)]
pub struct Items(Vec<Item>);

impl Items {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One of them.
    pub fn at(&mut self, at: usize) -> &mut Item {
        &mut self.0[at]
    }

    /// Whether nothing of any has been told or done.
    pub fn are_untouched(&self) -> bool {
        self.0.iter().all(Item::is_untouched)
    }

    /// Whether one is known by the id that an event states.
    pub fn knows(&self, id: &Json) -> bool {
        id.word().is_some_and(|id| self.of_id(id).is_some())
    }

    /// Whether an event has a piece of a thought, by the id that it states.
    pub fn is_of_thought(&self, event: &Json) -> bool {
        let named = event.get("item_id").word().and_then(|id| self.of_id(id));
        named.is_some_and(|at| self.0[at].kind == "reasoning")
    }

    /// The item that an event begins or completes.
    pub fn of(&mut self, index: Option<u64>, item: &Json, begins: bool) -> usize {
        let is_there = |old: &Item| Some(old.index) == index;
        let at = match index {
            Some(_) => self
                .latest(|old| is_there(old) && old.is_or_becomes(item))
                // HuggingFace's router announces items under another number.
                .or_else(|| self.latest(|old| old.is_open() && old.is_it(item)))
                // Another item may have taken its place in the end.
                .or_else(|| self.latest(|old| is_there(old) && old.is_open() && !begins)),
            None => self.latest(|old| old.is_named_in(item)).or_else(|| {
                self.latest(|old| old.is_open() && !(begins && old.is_stated) && old.may_be(item))
            }),
        };
        let at = at.unwrap_or_else(|| self.push(index));
        self.0[at].note(item);
        self.0[at].index = index.unwrap_or(self.0[at].index);
        at
    }

    /// The item of this kind that an event has a piece of.
    pub fn about(&mut self, event: &Json, kind: &str) -> usize {
        let (index, id) = (event.get("output_index").u64(), event.get("item_id").word());
        let is_there = |old: &Item| Some(old.index) == index && old.takes(kind);
        let named = id.and_then(|id| self.of_id(id));
        let at = match index {
            // LocalAI's numbers go astray, and its ids do not; where one id is of several
            // items, the number tells.
            Some(_) => self
                .latest(|old| is_there(old) && old.is_known_as(id))
                .or(named.filter(|at| self.0[*at].takes(kind)))
                .or_else(|| self.latest(is_there)),
            None => named.or_else(|| self.latest(|old| old.is_open() && old.takes(kind))),
        };
        at.unwrap_or_else(|| {
            let at = self.push(index);
            (self.0[at].id, self.0[at].kind) = (id.map(String::from), kind.into());
            at
        })
    }

    /// The item that has the number of this one now.
    pub fn again(&self, at: usize) -> usize {
        let this = &self.0[at];
        let is_it = |old: &Item| old.index == this.index && old.takes(&this.kind);
        self.latest(is_it).unwrap_or(at)
    }

    /// Which items those of the whole output are. Its order is theirs.
    pub fn of_output(&mut self, output: &[Json]) -> Vec<usize> {
        let named = output.iter().map(|item| self.find(|old| old.is_named_in(item)));
        let named: Vec<_> = named.collect();
        let mut all = Vec::with_capacity(output.len());
        for ((index, item), at) in (0..).zip(output).zip(named) {
            let at = at
                .or_else(|| self.find(|old| old.index == index && old.is_like(item)))
                .or_else(|| self.find(|old| old.is_like(item)))
                .unwrap_or_else(|| self.push(Some(index)));
            self.0[at].note(item);
            self.0[at].is_found = true;
            all.push(at);
        }
        (0..).zip(&all).for_each(|(index, at)| self.0[*at].index = index);
        all
    }

    /// All of them, in the order of the answer.
    pub fn take(&mut self) -> Vec<Item> {
        let mut items = std::mem::take(&mut self.0);
        let mut order: Vec<_> = items.iter().map(|item| item.index).zip(0..).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, place): (_, usize)| std::mem::take(&mut items[place])).collect()
    }

    fn latest(&self, is_it: impl Fn(&Item) -> bool) -> Option<usize> {
        self.0.iter().rposition(is_it)
    }

    /// The latest of this id, or whose call has it.
    fn of_id(&self, id: &str) -> Option<usize> {
        let is_it = |own: &Option<String>| own.as_deref() == Some(id);
        self.latest(|old| is_it(&old.id)).or_else(|| self.latest(|old| is_it(&old.call_id)))
    }

    /// The first that is not found yet, which is found thereby.
    fn find(&mut self, is_it: impl Fn(&Item) -> bool) -> Option<usize> {
        let at = self.0.iter().position(|old| !old.is_found && is_it(old))?;
        self.0[at].is_found = true;
        Some(at)
    }

    /// A new one: without a number it is the next.
    fn push(&mut self, index: Option<u64>) -> usize {
        let next = || self.0.iter().map(|old| old.index.saturating_add(1)).max().unwrap_or(0);
        let index = index.unwrap_or_else(next);
        self.0.push(Item { index, ..Item::default() });
        self.0.len() - 1
    }
}

impl Item {
    /// Keeps it as received, unless what is kept already says more.
    pub fn keep(&mut self, item: &Json) {
        let new = item.to_value();
        let said = said(&new);
        if self.value.is_none() || self.said <= said {
            (self.value, self.said) = (Some(new), said);
        }
    }

    fn is_untouched(&self) -> bool {
        !self.is_told && self.value.is_none() && self.call.is_none() && self.held.is_none()
    }

    fn is_open(&self) -> bool {
        self.value.is_none()
    }

    /// Takes note of how it is known; the last word counts.
    fn note(&mut self, item: &Json) {
        let word = |name| item.get(name).word().map(String::from);
        if !self.is_of_kind(item) {
            (self.id, self.call_id, self.name) = (None, None, None);
        }
        self.id = word("id").or(self.id.take());
        self.call_id = word("call_id").or(self.call_id.take());
        self.name = word("name").or(self.name.take());
        self.kind = word("type").unwrap_or_default();
        self.is_stated = true;
    }

    /// Whether it has this id.
    fn is_known_as(&self, id: Option<&str>) -> bool {
        id.is_some() && self.id.as_deref() == id
    }

    /// Whether it has the id of an item, and is of its kind.
    fn is_it(&self, item: &Json) -> bool {
        self.is_known_as(item.get("id").word()) && self.is_of_kind(item)
    }

    /// Whether it has the id of an item, or of its call.
    fn is_named_in(&self, item: &Json) -> bool {
        let is_it =
            |name, own: &Option<String>| own.is_some() && item.get(name).word() == own.as_deref();
        is_it("id", &self.id) || is_it("call_id", &self.call_id) && self.is_of_kind(item)
    }

    /// Whether an item with its number is this one: before this is done, its kind
    /// tells enough.
    fn is_or_becomes(&self, item: &Json) -> bool {
        self.is_of_kind(item) && self.is_open() || self.may_be(item)
    }

    /// Whether an item may be this one, as far as ids tell.
    fn may_be(&self, item: &Json) -> bool {
        let agree = |name, own: &Option<String>| {
            item.get(name).word().zip(own.as_deref()).is_none_or(|(new, old)| new == old)
        };
        let do_agree = agree("id", &self.id) && agree("call_id", &self.call_id);
        self.is_named_in(item) || self.is_of_kind(item) && do_agree
    }

    /// Whether it may have a piece of this kind.
    fn takes(&self, kind: &str) -> bool {
        let is_call = |kind: &str| kind.ends_with("_call");
        self.kind == kind || is_call(&self.kind) && is_call(kind)
    }

    /// Whether it is of the kind of another, and of the same tool if that is known.
    fn is_like(&self, item: &Json) -> bool {
        let name = item.get("name").word();
        self.is_of_kind(item) && (self.name.is_none() || self.name.as_deref() == name)
    }

    fn is_of_kind(&self, item: &Json) -> bool {
        item.get("type").text() == Some(&self.kind)
    }
}

/// How much an item says: hosts leave some of it out of one event or another.
fn said(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(said).sum(),
        Value::Object(members) => {
            let is_said = |name: &str| !matches!(name, "id" | "status");
            members.iter().filter(|(name, _)| is_said(name)).map(|(_, value)| said(value)).sum()
        }
        _ => 0,
    }
}

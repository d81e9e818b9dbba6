//! Answers drawn at random, told in the words of every dialect: plain, and as its
//! vendor streams them.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::*;

mod openai;
mod others;

/// What a provider has signed, and the model that alone may have it back.
pub const SIGNED: [(&str, &str); 3] = [
    ("YW50aHJvcGlj", "claude-opus-5-5"),
    ("Z2VtaW5p", "gemini-3.8-flash"),
    ("cmVzcG9uc2Vz", "gpt-6-sol"),
];

/// What is answered.
pub struct Answer {
    /// Thoughts and texts, as they come.
    pub said: Vec<(bool, String)>,
    /// Ids, and JSON texts of arguments.
    pub calls: Vec<(String, String)>,
    /// Tokens in and out.
    pub tokens: (u64, u64),
    /// What the vendor says beside it: sources, probabilities, a search.
    pub more: bool,
    /// Whether the calls come before what is said, where that is possible.
    pub calls_first: bool,
    /// Whether it is said a second time, as another choice.
    pub twice: bool,
}

impl Answer {
    /// All thoughts or all texts.
    pub fn all(&self, thought: bool) -> String {
        self.said.iter().filter(|said| said.0 == thought).map(|said| said.1.as_str()).collect()
    }
}

fn words(random: &mut Rng, most: usize) -> String {
    const WORDS: [&str; 9] =
        ["It", " is", "\n\n", " \"3\"", "\\", "°", " Grüße", "\u{1f426}\u{200d}", "\u{7f}\t"];
    (0..random.usize(..most)).map(|_| WORDS[random.usize(..WORDS.len())]).collect()
}

/// Draws one.
pub fn draw(random: &mut Rng) -> Answer {
    let call = |i: usize, random: &mut Rng| {
        let arguments = json!({"city": words(random, 4), "n": random.i32(-9..9)});
        (format!("call_{i}{:04x}", random.u16(..)), arguments.to_string())
    };
    let calls = random.usize(..4).saturating_sub(1);
    let first = random.bool();
    let said = |i: usize, random: &mut Rng| (i.is_multiple_of(2) == first, words(random, 6) + ".");
    Answer {
        said: (0..random.usize(..5)).map(|i| said(i, random)).collect(),
        calls: (0..calls).map(|i| call(i, random)).collect(),
        tokens: (random.u64(10..99), random.u64(10..99)),
        more: random.bool(),
        calls_first: random.u8(..4) == 0,
        twice: random.u8(..4) == 0,
    }
}

/// A text in pieces, the first of which may be empty; none of an empty one.
pub fn pieces(random: &mut Rng, text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut pieces = vec![String::new()];
    for letter in text.chars() {
        if random.u8(..3) == 0 {
            pieces.push(String::new());
        }
        pieces.last_mut().unwrap().push(letter);
    }
    pieces
}

/// Each of these events, or lists of them, one after the other, their turns mixed.
pub fn mixed(random: &mut Rng, mut lists: Vec<Vec<Value>>) -> Vec<Value> {
    let mut out = Vec::new();
    lists.iter_mut().for_each(|list| list.reverse());
    while !lists.is_empty() {
        let at = random.usize(..lists.len());
        match lists[at].pop() {
            Some(event) => out.push(event),
            None => drop(lists.remove(at)),
        }
    }
    out
}

/// The plain answer and the events of a dialect.
pub type Told = (Value, Vec<Value>);
/// A provider, a model, and what tells an answer in its words.
pub type Dialect = (&'static str, &'static str, fn(&Answer, &mut Rng) -> Told);

/// The providers of all dialects, each with a model.
pub const DIALECTS: [Dialect; 7] = [
    ("siliconflow", "Qwen/Qwen3-8B", openai::chat),
    ("deepseek", "deepseek-flash", openai::chat),
    ("responses", SIGNED[2].1, openai::responses),
    ("anthropic", SIGNED[0].1, others::anthropic),
    ("gemini", SIGNED[1].1, others::gemini),
    ("cohere", "command-a-03-2025", others::cohere),
    ("ollama", "qwen3", others::ollama),
];

/// An answer's message in OpenAI's form, with what is kept of the vendor's own.
pub fn message(random: &mut Rng) -> Value {
    let (provider, model, tell) = DIALECTS[random.usize(..DIALECTS.len())];
    let client = any_request::client_of(provider, model);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let (plain, _) = tell(&draw(random), random);
    let read = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes());
    read.unwrap().first().message.value().into_owned()
}

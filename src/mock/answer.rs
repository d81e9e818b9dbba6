//! What the mock says: a function of the prompt, and of nothing else.
//!
//! The answer begins by repeating what was heard, as a mynah does, and goes on
//! with words drawn by a generator that the prompt seeds. A word is a token,
//! so counts are stable. A prompt asks for tool calls with lines that read
//! `call:NAME {"arguments": ...}`, where NAME is one of the request's tools.

use super::options::MockOptions;

/// What the mock understood of a request, whatever its dialect.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    /// The model's name, given back as it came.
    pub model: String,
    /// The texts of all messages.
    pub prompt: String,
    /// The text of the last message, where the user spoke last.
    pub last: String,
    /// The names of the tools.
    pub tools: Vec<String>,
    /// Whether a stream is wanted.
    pub stream: bool,
    /// Whether the stream is to end with usage.
    pub usage: bool,
    /// The cap on the answer.
    pub max_tokens: Option<u64>,
    /// How many answers are wanted.
    pub n: usize,
}

/// What it answers.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The words of the answer; those of a stream's event together.
    pub pieces: Vec<String>,
    /// Likewise of the reasoning.
    pub reasoning: Vec<String>,
    /// Calls: name and arguments, a JSON text.
    pub calls: Vec<(String, String)>,
    /// Whether the cap cut the answer short.
    pub capped: bool,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of answer, reasoning and calls.
    pub output_tokens: u64,
    /// Of these, reasoning.
    pub reasoning_tokens: u64,
    /// Hexadecimal, the same for the same prompt.
    pub id: String,
}

const WORDS: &[&str] = &[
    "river", "stone", "amber", "quiet", "morning", "feather", "copper", "lantern", "harbor",
    "meadow", "echo", "willow", "thunder", "velvet", "orchard", "compass", "ember", "glacier",
    "marble", "sparrow", "canyon", "drift", "hollow", "juniper", "kettle", "mosaic", "nectar",
    "opal", "prairie", "quartz", "ripple", "saffron",
];

impl Ask {
    /// The answer to it.
    pub fn answer(&self, options: &MockOptions) -> Answer {
        let seed = rapidhash::v3::rapidhash_v3(self.prompt.as_bytes());
        let mut random = fastrand::Rng::with_seed(seed);
        let calls = self.calls();
        let mut words = if calls.is_empty() { self.words(options, &mut random) } else { vec![] };
        let reasoning = spaced((0..options.reasoning_words).map(|_| draw(&mut random)));
        let room = self.max_tokens.map_or(usize::MAX, |n| n as usize);
        let capped = words.len() > room;
        words.truncate(room);
        let spoken: usize = calls.iter().map(|(_, arguments)| 1 + count(arguments) as usize).sum();
        Answer {
            input_tokens: count(&self.prompt),
            output_tokens: (words.len() + reasoning.len() + spoken) as u64,
            reasoning_tokens: reasoning.len() as u64,
            pieces: pieces(&words, options.chunk_words as usize),
            reasoning: pieces(&reasoning, options.chunk_words as usize),
            calls,
            capped,
            id: format!("{seed:016x}"),
        }
    }

    /// The calls that the last message asks for.
    fn calls(&self) -> Vec<(String, String)> {
        let asked = self.last.split("call:").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| c.is_whitespace() || c == '{').unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let arguments = serde_json::Deserializer::from_str(rest)
                .into_iter::<serde_json::Value>()
                .next()
                .and_then(|value| value.ok().filter(|value| value.is_object()));
            let arguments = arguments.map_or("{}".into(), |value| value.to_string());
            self.tools.iter().any(|tool| tool == name).then(|| (name.to_string(), arguments))
        });
        asked.collect()
    }

    fn words(&self, options: &MockOptions, random: &mut fastrand::Rng) -> Vec<String> {
        if let Some(answer) = &options.answer {
            return answer.split_inclusive(' ').map(str::to_string).collect();
        }
        let wanted = match options.answer_words {
            0 => random.usize(16..48),
            n => n as usize,
        };
        let heard = self.last.split_whitespace().take(8);
        let opening = ["I", "heard:"].into_iter().chain(heard).map(str::to_string);
        let drawn = std::iter::repeat_with(|| draw(random));
        spaced(opening.chain(drawn).take(wanted))
    }
}

impl Answer {
    /// The whole text.
    pub fn text(&self) -> String {
        self.pieces.concat()
    }

    /// The whole reasoning.
    pub fn thoughts(&self) -> String {
        self.reasoning.concat()
    }

    /// Prompt and answer.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }

    /// The id of the call with this index.
    pub fn call_id(&self, index: usize) -> String {
        format!("call_{}_{index}", &self.id[..8])
    }

    /// Of these words, the one that names the end: stop, length, or calls.
    pub fn finish<'a>(&self, stop: &'a str, length: &'a str, calls: &'a str) -> &'a str {
        match (self.calls.is_empty(), self.capped) {
            (false, _) => calls,
            (_, true) => length,
            _ => stop,
        }
    }
}

/// Words that make a text when they are put together.
fn spaced(words: impl Iterator<Item = String>) -> Vec<String> {
    words.enumerate().map(|(i, word)| if i == 0 { word } else { format!(" {word}") }).collect()
}

fn draw(random: &mut fastrand::Rng) -> String {
    WORDS[random.usize(..WORDS.len())].to_string()
}

fn pieces(words: &[String], each: usize) -> Vec<String> {
    words.chunks(each.max(1)).map(|chunk| chunk.concat()).collect()
}

fn count(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// A vector of embedding: unit length, the same for the same text.
pub(super) fn embedding(text: &str, dimensions: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(rapidhash::v3::rapidhash_v3(text.as_bytes()));
    let raw: Vec<f64> = (0..dimensions).map(|_| random.f64() - 0.5).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    raw.into_iter().map(|x| (x / length * 1e6).round() / 1e6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(prompt: &str) -> Ask {
        Ask { prompt: prompt.into(), last: prompt.into(), n: 1, ..Ask::default() }
    }

    #[test]
    fn an_answer_depends_on_the_prompt_alone() {
        let options = MockOptions::default();
        let (a, b) = (ask("good morning").answer(&options), ask("good evening").answer(&options));
        assert_eq!(a.text(), ask("good morning").answer(&options).text());
        assert_ne!(a.text(), b.text());
        assert!(a.text().starts_with("I heard: good morning "), "{}", a.text());
        assert_eq!(a.output_tokens, a.text().split_whitespace().count() as u64);
        assert_eq!(a.input_tokens, 2);
    }

    #[test]
    fn a_cap_cuts_the_answer_and_says_so() {
        let capped = Ask { max_tokens: Some(3), ..ask("hello") };
        let answer = capped.answer(&MockOptions::default());
        assert_eq!((answer.text().as_str(), answer.capped), ("I heard: hello", true));
        assert_eq!(answer.finish("stop", "length", "calls"), "length");
    }

    #[test]
    fn calls_are_made_when_the_prompt_asks_for_a_known_tool() {
        let tools = vec!["weather".to_string()];
        let ask =
            Ask { tools, ..ask("call:weather {\"city\": \"Oslo\"} call:other {} call:weather") };
        let answer = ask.answer(&MockOptions::default());
        let wanted = [("weather", "{\"city\":\"Oslo\"}"), ("weather", "{}")];
        assert_eq!(answer.calls, wanted.map(|(n, a)| (n.to_string(), a.to_string())));
        assert!(answer.pieces.is_empty());
    }

    #[test]
    fn an_embedding_has_unit_length() {
        let squares: f64 = embedding("a text", 64).iter().map(|x| x * x).sum();
        assert!((squares - 1.0).abs() < 1e-4, "{squares}");
    }
}

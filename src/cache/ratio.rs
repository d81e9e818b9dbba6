//! How small real answers become.
//!
//! The shapes are recorded answers of providers, with other ids, counts and
//! texts put in: those of the recordings, cut anew. What is measured has none of
//! the texts that the dictionary was trained on.

use serde_json::Value as Json;

use super::tests::{audit, cache};
use super::{Cache, Ttl};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/cases.jsonl.zst");

/// Answers that are remade without end.
struct Answers {
    shapes: Vec<Json>,
    texts: String,
    random: fastrand::Rng,
}

impl Answers {
    /// One of so many bytes.
    fn next(&mut self) -> Vec<u8> {
        loop {
            let at = self.random.usize(..self.shapes.len());
            let mut shape = self.shapes[at].clone();
            self.remake("", &mut shape);
            let bytes = shape.to_string().into_bytes();
            if (200..=1_024).contains(&bytes.len()) {
                return bytes;
            }
        }
    }

    fn remake(&mut self, key: &str, value: &mut Json) {
        match value {
            Json::Object(map) => map.iter_mut().for_each(|(key, value)| self.remake(key, value)),
            Json::Array(items) => items.iter_mut().for_each(|item| self.remake(key, item)),
            Json::String(text) if ["content", "text", "reasoning_content"].contains(&key) => {
                *text = self.excerpt();
            }
            Json::String(text) if key.to_lowercase().ends_with("id") => *text = self.id(text),
            Json::Number(_) if key == "created" => {
                *value = (1_700_000_000 + self.random.u32(..90_000_000)).into();
            }
            Json::Number(_) if key.to_lowercase().contains("token") => {
                *value = self.random.u32(..2_000).into();
            }
            _ => {}
        }
    }

    fn excerpt(&mut self) -> String {
        let letters = self.texts.chars().count();
        let len = self.random.usize(20..500);
        self.texts.chars().skip(self.random.usize(..letters - len)).take(len).collect()
    }

    /// The same prefix, and as many other letters and digits.
    fn id(&mut self, old: &str) -> String {
        let prefix = old.find(['-', '_']).map_or(0, |at| at + 1);
        let (kept, rest) = old.split_at(prefix);
        let letter = |c: char| match c.is_ascii_alphanumeric() {
            true => b"0123456789abcdef"[self.random.usize(..16)] as char,
            false => c,
        };
        kept.to_string() + &rest.chars().map(letter).collect::<String>()
    }
}

/// Answers to learn from, and answers to judge by, with texts of their own.
fn answers() -> Option<(Answers, Answers)> {
    let packed = std::fs::read(CASES).ok()?;
    let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
    let cases: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let body = |case: &Json| serde_json::from_str(case["response"]["body"].as_str()?).ok();
    let shapes: Vec<Json> =
        cases.iter().filter(|case| case["kind"] == "chat").filter_map(body).collect();
    let texts: Vec<&str> =
        cases.iter().filter_map(|case| case["expect"]["text"].as_str()).collect();
    let half = |n: usize| Answers {
        shapes: shapes.clone(),
        texts: texts.iter().skip(n).step_by(2).copied().collect::<Vec<_>>().join(" "),
        random: fastrand::Rng::with_seed(n as u64),
    };
    Some((half(0), half(1)))
}

/// Stores so many answers, and reads each; the ratio of their bytes before and
/// after.
fn ratio(cache: &Cache, answers: &mut Answers, count: u64) -> f64 {
    let bytes = || {
        let json = cache.metrics_json();
        let figure = |key: &str| json["compression"][key].as_f64().unwrap();
        (figure("raw_bytes"), figure("packed_bytes"))
    };
    let before = bytes();
    for _ in 0..count {
        let (key, answer) = (answers.random.u64(..).to_le_bytes(), answers.next());
        cache.set(&key, &answer, Ttl::Default).unwrap();
        assert_eq!(cache.get(&key).unwrap().as_bytes(), answer);
    }
    let after = bytes();
    (after.0 - before.0) / (after.1 - before.1)
}

#[test]
fn short_answers_shrink_to_two_fifths_with_the_dictionary() {
    let Some((mut teachers, mut judges)) = answers() else {
        println!("skip: the recorded answers are not here");
        return;
    };
    let options = r#"{"compression": true, "compression_threshold": 200}"#;
    // Fewer than it takes to train by itself.
    let plain = ratio(&cache(options).0, &mut judges, 120);
    let (cache, _) = cache(options);
    ratio(&cache, &mut teachers, 1_200);
    cache.train_next();
    let trained = ratio(&cache, &mut judges, 600);
    println!("ratio of answers of 200 to 1024 bytes: {plain:.2}, with a dictionary {trained:.2}");
    assert!(trained >= 2.5 && trained > plain * 1.3, "{plain} {trained}");
    audit(&cache);
}

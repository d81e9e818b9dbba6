//! How hard a request looks, from 0 to 1, without asking a model.
//!
//! The estimate adds up what makes an answer need a more able model: code,
//! reckoning, words that ask for reasoning, length, a longer conversation, tools
//! and a demanded form. It is meant to tell "what is the capital of France" from
//! "prove that this scheduler cannot deadlock", no more; whoever knows better
//! gives a callback.

use super::request::{Format, Request};

/// Words that ask for more than a look-up.
const DEMANDING: &[&str] = &[
    "analyz",
    "analys",
    "architecture",
    "compare",
    "complexity",
    "concurren",
    "critique",
    "derive",
    "design",
    "develop",
    "essay",
    "evaluate",
    "explain why",
    "function",
    "implement",
    "justify",
    "optimiz",
    "optimis",
    "prove",
    "reason",
    "step by step",
    "trade-off",
];

/// Marks of a question about a program.
const CODE: &[&str] = &[
    "```",
    "();",
    "{\n",
    "algorithm",
    "c++",
    "compile",
    "debug",
    "html",
    "java",
    "linked list",
    "program ",
    "programming",
    "python",
    "refactor",
    "regex",
    "rust ",
    "sql",
    "source code",
];

/// Words of a question that wants to be reckoned.
const RECKONING: &[&str] = &[
    "calculate",
    "derivative",
    "differential",
    "equation",
    "inequality",
    "integer",
    "integral",
    "matrix",
    "polynomial",
    "probability",
    "proof",
    "prove that",
    "remainder",
    "solve",
    "theorem",
];

/// The estimate.
pub fn estimate(request: &Request) -> f64 {
    let asked = request.messages.iter().rev().find(|m| m.role.name() == "user");
    let text = asked.map(|message| message.text().to_lowercase()).unwrap_or_default();
    let bytes: usize = request.messages.iter().map(|message| message.text().len()).sum();
    let demanding = DEMANDING.iter().filter(|word| text.contains(*word)).count();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let skill = has(CODE) || has(RECKONING) || is_reckoning(&text);
    let length = (bytes as f64 / 400.0).min(1.0) * 0.25;
    let turns = (request.messages.len().saturating_sub(1) as f64 / 20.0).min(1.0) * 0.1;
    let form = matches!(request.response_format, Some(Format::JsonSchema { .. }));
    let score = length
        + turns
        + (demanding as f64 * 0.2).min(0.6)
        + if skill { 0.45 } else { 0.0 }
        + if request.tools.is_empty() { 0.0 } else { 0.2 }
        + if form { 0.1 } else { 0.0 }
        + if text.contains('\n') { 0.05 } else { 0.0 };
    score.clamp(0.0, 1.0)
}

/// Whether a text has a formula in it, or as many numbers as a sum needs.
fn is_reckoning(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let numbers = text.split(|c: char| !digit(c)).filter(|part| !part.is_empty()).count();
    let formula = text.contains(['=', '^', '√', '∫']) && text.contains(digit);
    formula || numbers >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> f64 {
        let mut request = Request::new();
        request.add_message("user", text).unwrap();
        estimate(&request)
    }

    #[test]
    fn a_look_up_is_simpler_than_a_proof() {
        let simple = of("What is the capital of France?");
        let hard =
            of("Prove that this scheduler cannot deadlock, step by step:\n```rust\nloop {}\n```");
        assert!(simple < 0.1, "{simple}");
        assert!(hard > 0.5, "{hard}");
    }

    #[test]
    fn code_and_reckoning_are_told_from_talk() {
        for hard in [
            "Write a Python program that merges two sorted files without reading them whole.",
            "A train leaves at 9 with 120 people; 45 get off and 30 get on. How many are in it?",
            "Given f(x) = 3x^2 - 7, what is its value at 5, and where does it vanish?",
            "Prove that the square root of two is irrational, step by step.",
        ] {
            assert!(of(hard) >= 0.45, "{hard}: {}", of(hard));
        }
        for easy in [
            "What is the plural of mynah?",
            "Was Rome founded before 500 BC?",
            "Say good morning in Portuguese.",
            "Which colours does a parrot have, and why are they so bright?",
        ] {
            assert!(of(easy) < 0.3, "{easy}: {}", of(easy));
        }
    }

    #[test]
    fn it_never_leaves_its_range() {
        let all = DEMANDING.join(" ").repeat(100);
        assert_eq!(of(""), 0.0);
        assert!(of(&all) <= 1.0);
    }
}

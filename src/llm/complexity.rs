//! How hard a request looks, from 0 to 1, without asking a model.
//!
//! The estimate adds up what makes an answer need a more able model: length,
//! a longer conversation, code, tools, a demanded form, words that ask for
//! reasoning, and an explicit wish for effort. It is meant to tell "what is the
//! capital of France" from "prove that this scheduler cannot deadlock", no more;
//! whoever knows better gives a callback.

use super::request::{Format, Request};

/// Words that ask for more than a look-up.
const DEMANDING: &[&str] = &[
    "analyze",
    "analyse",
    "architecture",
    "compare",
    "complexity",
    "concurrent",
    "debug",
    "derive",
    "design",
    "differential",
    "evaluate",
    "explain why",
    "implement",
    "integral",
    "optimize",
    "prove",
    "proof",
    "reason",
    "refactor",
    "solve",
    "step by step",
    "theorem",
    "trade-off",
    "algorithm",
    "probability",
    "equation",
    "program",
    "function",
    "essay",
    "critique",
];

/// The estimate.
pub fn estimate(request: &Request) -> f64 {
    let asked = request.messages.iter().rev().find(|m| m.role.name() == "user");
    let text = asked.map(|message| message.text().to_lowercase()).unwrap_or_default();
    let bytes: usize = request.messages.iter().map(|message| message.text().len()).sum();
    let demanding = DEMANDING.iter().filter(|word| text.contains(*word)).count();
    let has_code = text.contains("```") || text.contains("{\n") || text.contains("();");
    let length = (bytes as f64 / 400.0).min(1.0) * 0.25;
    let turns = (request.messages.len().saturating_sub(1) as f64 / 20.0).min(1.0) * 0.1;
    let form = matches!(request.response_format, Some(Format::JsonSchema { .. }));
    let score = length
        + turns
        + (demanding as f64 * 0.2).min(0.6)
        + if has_code { 0.25 } else { 0.0 }
        + if request.tools.is_empty() { 0.0 } else { 0.2 }
        + if form { 0.1 } else { 0.0 }
        + if text.contains('\n') { 0.05 } else { 0.0 };
    score.clamp(0.0, 1.0)
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
    fn it_never_leaves_its_range() {
        let all = DEMANDING.join(" ").repeat(100);
        assert_eq!(of(""), 0.0);
        assert!(of(&all) <= 1.0);
    }
}

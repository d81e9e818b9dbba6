//! Messages as they may be shown: without a key, and of a bearable length.

use std::sync::Arc;

/// Longest message that is handed on, in characters.
const MESSAGE_MAX: usize = 16_000;

/// How the keys of vendors begin that nothing else begins with.
const STARTS: &[&str] = &["sk-", "AIza"];
/// How others begin, and models and fields too.
const DOUBTFUL: &[&str] = &["sk_", "hf_", "gsk_", "xai-", "key-"];
/// Letters and digits in a row that no word has, but a key.
const RUN: usize = 10;

/// A message without the key, whole or as some vendors repeat it.
pub(super) fn scrub(message: &str, secrets: &[Arc<str>]) -> String {
    let mut text = message.to_string();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(&**secret, "(key)");
    }
    text = without_keys(&text);
    if let Some((end, _)) = text.char_indices().nth(MESSAGE_MAX) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Without words that look like keys, also shortened or starred ones.
fn without_keys(text: &str) -> String {
    let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(in_key) {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(|c| !in_key(c)).map_or(rest.len(), |len| at + len);
        let word = &rest[at..end];
        let hidden = is_key(word);
        match hidden {
            // The full stop after it belongs to the sentence.
            true => out.push_str(if word.ends_with('.') { "(key)." } else { "(key)" }),
            false => out.push_str(word),
        }
        rest = &rest[end..];
    }
    out + rest
}

/// Whether a word looks like a key, whole, shortened or starred.
fn is_key(word: &str) -> bool {
    let begins = |starts: &[&str]| starts.iter().any(|start| word.starts_with(start));
    let is_hidden = || word.contains('*') || word.contains("..");
    let run = || word.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= RUN);
    let letters = || word.contains(|c: char| c.is_ascii_alphanumeric());
    // So many stars in a row are no emphasis; alone they hide what they stand for.
    word.contains("****") && letters()
        || word.len() >= 8 && (begins(STARTS) || begins(DOUBTFUL) && (is_hidden() || run()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hidden_wherever_they_stand() {
        let cases = [
            ("Incorrect key: sk-abcd1234. Try", "Incorrect key: (key). Try"),
            ("Consumer 'api_key:AIzaSyAbCdEf' gone", "Consumer 'api_key:(key)' gone"),
            ("key=gsk_0123456789&x", "key=(key)&x"),
            ("sk-proj-ab********yz, sent", "(key), sent"),
            ("a risk-free desk-top", "a risk-free desk-top"),
            ("pass mysecret on", "pass (key) on"),
            ("Your api key: ****2345 is invalid", "Your api key: (key) is invalid"),
            ("given secretke********2345", "given (key)"),
            ("a **bold** word, a ***very*** bold one", "a **bold** word, a ***very*** bold one"),
            ("password ******** is wrong", "password ******** is wrong"),
            ("no xai-***cdef or hf_...abcd", "no (key) or (key)"),
            ("no model xai-grok-4-fast", "no model xai-grok-4-fast"),
            ("key-value and sk_learn_model", "key-value and sk_learn_model"),
        ];
        for (message, shown) in cases {
            assert_eq!(scrub(message, &["mysecret".into()]), shown);
        }
        assert_eq!(scrub(&"\u{e9}".repeat(20_000), &[]).chars().count(), MESSAGE_MAX + 3);
    }
}

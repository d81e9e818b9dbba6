//! Messages as they may be shown: without a key, and of a bearable length.

/// Longest message that is handed on, in characters.
const MESSAGE_MAX: usize = 2_000;

/// How the keys of vendors begin.
const STARTS: &[&str] = &["sk-", "sk_", "AIza", "hf_", "gsk_", "xai-", "key-"];

/// A message without the key, whole or as some vendors repeat it.
pub(super) fn scrub(message: &str, secret: Option<&str>) -> String {
    let mut text = message.to_string();
    if let Some(secret) = secret.filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "(key)");
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
        let hidden = word.len() >= 8 && STARTS.iter().any(|start| word.starts_with(start));
        match hidden {
            // The full stop after it belongs to the sentence.
            true => out.push_str(if word.ends_with('.') { "(key)." } else { "(key)" }),
            false => out.push_str(word),
        }
        rest = &rest[end..];
    }
    out + rest
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
        ];
        for (message, shown) in cases {
            assert_eq!(scrub(message, Some("mysecret")), shown);
        }
        assert_eq!(scrub(&"\u{e9}".repeat(3_000), None).chars().count(), MESSAGE_MAX + 3);
    }
}

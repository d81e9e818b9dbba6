use std::time::Duration;

use super::*;
use crate::llm::response::Choice;
use crate::options::Layered;

const BASE: Identity<'static> = Identity {
    provider: "openai",
    url: "https://api.openai.com/v1/chat/completions",
    model: "m",
    account: "digest",
    organization: [None, None],
    headers: &[],
    body: br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
    fields: &[1..12, 13..56],
    format: None,
};

#[test]
fn each_part_alone_changes_the_key() {
    let header = ["x: 1".to_string()];
    let others = [
        Identity { provider: "anthropic", ..BASE },
        Identity { url: "https://api.openai.com/v2/chat/completions", ..BASE },
        Identity { model: "n", ..BASE },
        Identity { account: "other", ..BASE },
        Identity { organization: [Some("org"), None], ..BASE },
        Identity { organization: [Some(""), None], ..BASE },
        Identity { organization: [None, Some("org")], ..BASE },
        Identity { headers: &header, ..BASE },
        Identity { format: Some(&Format::JsonObject), ..BASE },
        Identity { body: br#"{"model":"m","messages":[{"role":"user","content":"ho"}]}"#, ..BASE },
    ];
    let mut keys: Vec<Key> = others.iter().map(Identity::key).collect();
    keys.push(BASE.key());
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), others.len() + 1);
}

#[test]
fn an_answer_past_the_time_of_these_options_is_not_held_though_it_is_still_there() {
    let (clock, time) = Clock::manual();
    let cache = Cache::new(Layered::default().resolve().unwrap(), clock.clone()).unwrap();
    let cache = ResponseCache::new(cache, &clock);
    let lasting = |ms: &str| {
        let mut options = Layered::<ClientOptions>::default();
        options.set("cache_ttl_ms", ms).unwrap();
        options.resolve().unwrap().values
    };
    let (key, answer) = (BASE.key(), Response::default());
    assert!(!cache.holds(&key, &lasting("100000")));
    cache.store(&key, &answer, &lasting("100000")).unwrap();
    assert!(cache.holds(&key, &lasting("50")));
    time.advance(Duration::from_millis(51));
    assert!(!cache.holds(&key, &lasting("50")));
    assert!(cache.holds(&key, &lasting("100000")));
}

#[test]
fn a_stream_has_the_key_of_the_plain_call_also_behind_an_address_with_a_query() {
    let key = |url: &str| Identity { url, ..BASE }.key();
    for query in ["", "a=1", "a=1&b=2"] {
        let (alone, behind) = match query {
            "" => (String::new(), String::new()),
            query => (format!("?{query}"), format!("&{query}")),
        };
        let plain = format!("https://h/v1beta/models/m:generateContent{alone}");
        let streamed = format!("https://h/v1beta/models/m{STREAMED}{behind}");
        assert_eq!(key(&plain), key(&streamed), "{query}");
    }
}

#[test]
fn text_that_moves_across_a_border_changes_the_key() {
    let left = Identity { provider: "ab", url: "c", ..BASE };
    let right = Identity { provider: "a", url: "bc", ..BASE };
    assert_ne!(left.key(), right.key());
    let one = ["ab".to_string()];
    let two = ["a".to_string(), "b".to_string()];
    assert_ne!(Identity { headers: &one, ..BASE }.key(), Identity { headers: &two, ..BASE }.key());
}

#[test]
fn geminis_two_urls_are_one() {
    let url = "https://g/v1beta/models/m:streamGenerateContent?alt=sse";
    let streamed = Identity { url, ..BASE };
    let plain = Identity { url: "https://g/v1beta/models/m:generateContent", ..BASE };
    assert_eq!(streamed.key(), plain.key());
}

#[test]
fn stream_flags_and_end_user_ids_do_not_change_the_key() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"user":"u","metadata":{"a":"b"}}"#;
    assert_eq!(Identity { body, ..BASE }.key(), BASE.key());
}

fn answer(text: &str, reason: Option<FinishReason>) -> Response {
    let choice = Choice { text: text.into(), finish_reason: reason, ..Choice::default() };
    Response { choices: vec![choice], ..Response::default() }
}

#[test]
fn only_answers_that_ended_by_themselves_are_kept_and_with_calls_only_if_asked() {
    use FinishReason::*;
    for (reason, keeps, keeps_with_calls) in [
        (Some(Stop), true, true),
        (Some(ToolCalls), false, true),
        (Some(Length), false, false),
        (Some(ContentFilter), false, false),
        (Some(Refusal), false, false),
        (Some(Pause), false, false),
        (Some(Other), false, false),
        (None, false, false),
    ] {
        let answer = answer("hi", reason);
        assert_eq!(may_keep(&answer, false, None), keeps, "{reason:?}");
        assert_eq!(may_keep(&answer, true, None), keeps_with_calls, "{reason:?}");
    }
    assert!(!may_keep(&Response::default(), true, None), "nothing is no answer");
    let mut two = answer("hi", Some(Stop));
    two.choices.extend(answer("cut", Some(Length)).choices);
    assert!(!may_keep(&two, true, None), "one of two was cut");
}

#[test]
fn an_answer_that_has_not_the_form_that_was_asked_for_is_not_kept() {
    let schema = serde_json::json!({"type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer"}}});
    let matching = Format::JsonSchema {
        name: "s".into(),
        schema,
        strict: None,
        description: None,
        within: serde_json::Map::new(),
        own: None,
    };
    for (format, text, keeps) in [
        (&Format::Text, "prose", true),
        (&Format::JsonObject, r#"{"a":1}"#, true),
        (&Format::JsonObject, "[1]", false),
        (&Format::JsonObject, "prose", false),
        (&Format::JsonObject, r#"{"a":1"#, false),
        (&matching, r#"{"a":1}"#, true),
        (&matching, r#"{"a":"1"}"#, false),
        (&matching, r#"{"b":1}"#, false),
        (&matching, "", false),
    ] {
        let answer = answer(text, Some(FinishReason::Stop));
        assert_eq!(may_keep(&answer, false, Some(format)), keeps, "{text} as {format:?}");
    }
}

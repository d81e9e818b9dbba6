use std::collections::HashMap;

use super::*;
use crate::options::Layered;

type Set<'a> = &'a [(&'a str, &'a str)];

fn client(set: Set) -> Arc<Resolved<ClientOptions>> {
    let mut options = Layered::<ClientOptions>::default();
    let base = [("api_key", "sk"), ("model", "m"), ("base_url", "http://localhost:1/v1")];
    for (name, value) in base.iter().chain(set) {
        options.set(name, value).unwrap();
    }
    Arc::new(options.resolve().unwrap())
}

/// The key of a request in OpenAI's form.
fn key(set: Set, json: &str, stream: bool) -> Key {
    let request = Request::from_json(json).unwrap();
    Order::new(&request, &client(set), stream).unwrap().key()
}

const HI: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;

#[test]
fn each_thing_that_can_change_the_answer_changes_the_key_alone() {
    let clients: &[Set] = &[
        &[("api_key", "other")],
        &[("model", "n")],
        &[("base_url", "http://localhost:2/v1")],
        &[("base_url", "http://localhost:1/v2")],
        &[("base_url", "http://localhost:1/v1?deployment=x")],
        &[("provider", "custom")],
        &[("provider", "deepseek")],
        &[("provider", "ollama")],
        &[("organization_id", "org")],
        &[("project_id", "org")],
        &[("header", "x-a: 1")],
        &[("header", "x-a: 2")],
        &[("header", "x-b: 1")],
        &[("system_prompt", "be brief")],
        &[("temperature", "0")],
        &[("temperature", "0.1")],
        &[("top_p", "0.1")],
        &[("max_tokens", "10")],
        &[("seed", "10")],
        &[("stop", "10")],
        &[("n", "2")],
        &[("presence_penalty", "0.1")],
        &[("frequency_penalty", "0.1")],
        &[("openai_api", "responses")],
    ];
    let requests = [
        r#"{"messages":[{"role":"user","content":"ho"}]}"#,
        r#"{"messages":[{"role":"system","content":"hi"}]}"#,
        r#"{"messages":[{"role":"assistant","content":"hi"}]}"#,
        r#"{"messages":[{"role":"user","content":"hi","name":"a"}]}"#,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"user","content":""}]}"#,
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"h"},{"type":"text","text":"i"}]}]}"#,
        r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"hi"}}]}]}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"d"}}]}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_object"}}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}}}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"logprobs":true}"#,
        r#"{"messages":[{"role":"user","content":"hi"}],"reasoning_effort":"low"}"#,
    ];
    let with_client = clients.iter().map(|set| (format!("{set:?}"), key(set, HI, false)));
    let with_request = requests.iter().map(|json| (json.to_string(), key(&[], json, false)));
    let mut known = HashMap::from([(key(&[], HI, false), "nothing".to_string())]);
    let mut count = 0;
    for (what, key) in with_client.chain(with_request) {
        let before = known.insert(key, what.clone());
        assert_eq!(before, None, "and {what} have one key");
        count += 1;
    }
    assert_eq!(count, 39);
}

#[test]
fn all_that_is_said_counts_towards_the_limit_of_tokens_and_no_picture_does_as_a_text() {
    let tokens =
        |set: Set, request: &Request| Order::new(request, &client(set), false).unwrap().tokens;
    let long = "word ".repeat(1_000);
    let plain = Request::from_json(HI).unwrap();
    let bare = tokens(&[], &plain);
    assert!((10..50).contains(&bare), "{bare}");
    let with_system = tokens(&[("system_prompt", &long)], &plain);
    let for_claude = [("provider", "anthropic"), ("system_prompt", &*long)];
    assert!(tokens(&for_claude, &plain) > 1_200);
    let mut with_tool = plain.clone();
    with_tool.add_tool("f", &long, "{}").unwrap();
    let mut with_picture = plain.clone();
    let picture = Source::from_bytes("image/png", &[7; 60_000]);
    with_picture.messages[0].content.push(Part::Image(picture, None).into());
    let [with_tool, with_picture] = [with_tool, with_picture].map(|r| tokens(&[], &r));
    assert!(with_system > 1_200 && with_tool > 1_200, "{with_system} {with_tool}");
    assert!(with_picture < 100, "{with_picture}");
}

#[test]
fn a_form_that_is_left_out_changes_the_key_too() {
    let with = |form: &str| {
        let json = HI.replace("]}", &format!(r#"],"response_format":{form}}}"#));
        key(&[("provider", "deepseek"), ("unsupported", "drop")], &json, false)
    };
    let of_type = |kind: &str| {
        let schema = format!(r#"{{"properties":{{"a":{{"type":"{kind}"}}}}}}"#);
        with(&format!(r#"{{"type":"json_schema","json_schema":{{"name":"s","schema":{schema}}}}}"#))
    };
    assert_ne!(of_type("string"), of_type("integer"));
    assert_ne!(of_type("string"), with(r#"{"type":"json_object"}"#));
}

#[test]
fn what_is_merged_last_changes_the_key() {
    let with = |extra: &str| {
        let mut request = Request::from_json(HI).unwrap();
        request.set("extra_json", extra).unwrap();
        Order::new(&request, &client(&[]), false).unwrap().key()
    };
    assert_ne!(with(r#"{"x":1}"#), with(r#"{"x":2}"#));
    assert_ne!(with(r#"{"x":1}"#), with("{}"));
}

#[test]
fn text_that_moves_across_a_border_changes_the_key() {
    let said = |messages: [(&str, &str); 2]| {
        let mut request = Request::new();
        for (role, text) in messages {
            request.add_message(role, text).unwrap();
        }
        Order::new(&request, &client(&[]), false).unwrap().key()
    };
    let keys = [
        said([("user", "ab"), ("user", "c")]),
        said([("user", "a"), ("user", "bc")]),
        said([("user", "abc"), ("user", "")]),
        said([("system", "ab"), ("user", "c")]),
        said([("system", "a"), ("user", "bc")]),
        said([("user", r#"a"},{"role":"user","content":"b"#), ("user", "c")]),
        key(&[("stop", "ab"), ("stop", "c")], HI, false),
        key(&[("stop", "a"), ("stop", "bc")], HI, false),
        key(&[("stop", "abc")], HI, false),
        key(&[("organization_id", "ab"), ("project_id", "c")], HI, false),
        key(&[("organization_id", "a"), ("project_id", "bc")], HI, false),
        key(&[("header", "x: ab"), ("header", "y: c")], HI, false),
        key(&[("header", "x: a"), ("header", "y: bc")], HI, false),
        key(&[("model", "mo"), ("system_prompt", "del")], HI, false),
        key(&[("model", "m"), ("system_prompt", "odel")], HI, false),
    ];
    let distinct: std::collections::HashSet<Key> = keys.into_iter().collect();
    assert_eq!(distinct.len(), keys.len());
}

#[test]
fn what_cannot_change_the_answer_leaves_the_key_as_it_is() {
    let plain = key(&[], HI, false);
    let with = |field: &str| HI.replace("]}", &format!("],{field}}}"));
    assert_eq!(key(&[], HI, true), plain, "a stream");
    assert_eq!(key(&[("timeout_ms", "5"), ("retry_count", "0")], HI, false), plain);
    assert_eq!(key(&[("cache_ttl_ms", "5"), ("raw_events", "true")], HI, true), plain);
    assert_eq!(key(&[], &with(r#""user":"somebody""#), false), plain);
    assert_eq!(key(&[], &with(r#""metadata":{"trace":"7"}"#), false), plain);
    for provider in ["anthropic", "gemini", "cohere", "ollama"] {
        let set: Set = &[("provider", provider)];
        assert_eq!(key(set, HI, false), key(set, HI, true), "{provider}");
        assert_ne!(key(set, HI, false), plain, "{provider}");
    }
}

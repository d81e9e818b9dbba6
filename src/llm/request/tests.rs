//! What a call has of its own.

use std::sync::Arc;

use super::*;

/// The options of a call with these fields, where the client has two of its own.
fn effective(request: &Request) -> ClientOptions {
    let mut client = Layered::<ClientOptions>::default();
    client.set("stop", "END").unwrap();
    client.set("header", "X-Client: 1").unwrap();
    request.effective(&Arc::new(client.resolve().unwrap())).unwrap().values.clone()
}

#[test]
fn an_empty_list_of_stop_texts_is_none_at_all() {
    let stop = |json| effective(&Request::from_json(json).unwrap()).stop;
    assert_eq!(stop(r#"{"stop": []}"#), Vec::<String>::new());
    assert_eq!(stop(r#"{"stop": ["x"]}"#), ["x"]);
    assert_eq!(stop(r#"{"stop": null}"#), ["END"]);
}

#[test]
fn headers_that_a_call_unsets_stay_away_when_it_sets_its_own() {
    let mut request = Request::new();
    for (text, expected) in [
        ("X-Own: 1", &["X-Client: 1", "X-Own: 1"][..]),
        ("unset", &[]),
        ("X-Own: 2", &["X-Own: 2"]),
        ("default", &["X-Client: 1"]),
        ("X-Own: 3", &["X-Client: 1", "X-Own: 3"]),
    ] {
        request.set("header", text).unwrap();
        assert_eq!(effective(&request).header, expected, "{text}");
    }
}

#[test]
fn a_field_that_is_a_text_is_one_whatever_it_looks_like() {
    let mut request = Request::new();
    for text in ["123", "true", r#"{"id": 5}"#, "null"] {
        for name in ["prompt_cache_key", "safety_identifier", "service_tier"] {
            request.set(name, text).unwrap();
            assert_eq!(request.other[name], text);
        }
        request.set("user", text).unwrap();
        assert_eq!(request.user.as_deref(), Some(text));
    }
    // A host may have a field of that name.
    request.set("cache", r#"{"no-cache": true}"#).unwrap();
    assert_eq!(request.other["cache"]["no-cache"], true);
    request.set("top_logprobs", "3").unwrap();
    assert_eq!(request.other["top_logprobs"], 3);
}

#[test]
fn a_time_that_a_call_unsets_is_the_default_one() {
    let mut request = Request::new();
    assert_eq!(request.own_timeout(), None);
    for (text, ms) in [("50", 50), ("unset", 600_000)] {
        request.set("timeout_ms", text).unwrap();
        assert_eq!(request.own_timeout(), Some(Duration::from_millis(ms)));
    }
}

#[test]
fn tools_are_a_list_and_a_schema_is_an_object() {
    for (json, field) in [
        (r#"{"tools": {"name": "f"}}"#, "tools"),
        (r#"{"tools": 5}"#, "tools"),
        (r#"{"functions": "f"}"#, "functions"),
    ] {
        let error = Request::from_json(json).unwrap_err().to_string();
        assert_eq!(error, format!("{field}: must be a list"));
    }
    assert!(Request::from_json(r#"{"tools": null}"#).unwrap().tools.is_empty());
    for schema in ["[]", "true", r#""object""#] {
        let error = Request::new().add_tool("f", "", schema).unwrap_err().to_string();
        assert!(error.starts_with("schema_json: "), "{error}");
    }
    assert!(Request::new().add_tool("f", "", "{}").is_ok());
}

#[test]
fn a_misspelt_field_of_a_call_is_likened_to_the_right_one() {
    let told = |name: &str| Request::new().set(name, "1").unwrap_err().to_string();
    assert_eq!(
        told("respons_format"),
        "respons_format: no such option; did you mean response_format?"
    );
    assert_eq!(told("rpm"), "rpm: no such option; did you mean rate_limit_rpm?");
}

#[test]
fn a_number_below_zero_that_some_hosts_know_goes_through_either_door() {
    let json = r#"{"seed": -1, "top_k": -1, "max_tokens": -2}"#;
    let mut set = Request::new();
    for (name, text) in [("seed", "-1"), ("top_k", "-1"), ("max_tokens", "-2")] {
        set.set(name, text).unwrap();
    }
    assert_eq!(set.other, Request::from_json(json).unwrap().other);
    assert_eq!(set.other["seed"], -1);
    set.set("seed", "5").unwrap();
    set.set("top_k", "default").unwrap();
    assert_eq!((set.other.get("seed"), set.other.get("top_k")), (None, None));
    assert!(set.set("n", "-1").is_err() && set.set("seed", "-1.5").is_err());
}

#[test]
fn a_field_of_one_call_that_is_wrong_is_named_with_its_value_and_what_would_be_right() {
    for (name, text, expected) in [
        ("cache", "nope", "cache: nope is outside the choices default, bypass, refresh, only"),
        ("parallel_tool_calls", "maybe", "parallel_tool_calls: maybe is outside true, false"),
        ("tool_choice", "", "tool_choice: \"\" is outside auto, none, required, a function's name"),
        ("tool_choice", "a b", "tool_choice: a b is outside auto, none"),
        ("tool_choice", r#"{"type":"function","#, "tool_choice: not the JSON expected: EOF"),
        ("response_format", "xml", "response_format: xml is outside text, json_object, and"),
        ("metadata", "[1]", "metadata: must be a JSON object, not a list"),
        ("extra_json", r#"{"a":"#, "extra_json: not the JSON expected: EOF while parsing"),
        ("extra_json", "a", "extra_json: must be a JSON object, not a text"),
    ] {
        let mut request = Request::new();
        let error = request.set(name, text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(format!("{request:?}"), format!("{:?}", Request::new()));
    }
    let long = Request::new().set("cache", &"x".repeat(1_000)).unwrap_err().to_string();
    assert!(long.len() < 200, "{long}");
    let mut request = Request::new();
    request.set("tool_choice", "Auto").unwrap();
    assert_eq!(request.tool_choice, Some(ToolChoice::Auto));
    request.set("user", "{not JSON").unwrap();
    assert_eq!(request.user.as_deref(), Some("{not JSON"));
}

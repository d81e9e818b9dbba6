use crate::error::Status;
use crate::options::{Layered, Origin};

use super::*;

type Options = Layered<ClientOptions>;

#[track_caller]
fn refused(json: &str) -> String {
    let mut options = Options::default();
    let object = format!(r#"{{"max_tokens": 7, {json}}}"#);
    let error = options.load_json(&object).unwrap_err();
    assert_eq!(error.status(), Status::OutOfRange, "{json}: {error}");
    assert_eq!(options.explicit().count(), 0, "{json} was taken in part");
    error.to_string()
}

#[test]
fn a_text_option_takes_no_switch_list_or_object_and_says_so() {
    for (json, expected) in [
        (r#""model": true"#, "model: true is outside text or unset"),
        (r#""model": ["a"]"#, r#"model: ["a"] is outside text or unset"#),
        (r#""system_prompt": {"a":1}"#, r#"system_prompt: {"a":1} is outside text or unset"#),
        (r#""api_key": ["SECRET",5]"#, "api_key: (redacted) is outside text or unset"),
        (r#""header": [{"X":"SECRET"}]"#, "header: (redacted) is outside Name: value; "),
        (r#""header": {"X":"SECRET"}"#, "header: an object is outside Name: value; "),
        (r#""stop": ["a",null,"b"]"#, r#"stop: ["a",null,"b"] is outside text; "#),
        (r#""stop": ["a",5]"#, r#"stop: ["a",5] is outside text; "#),
        (r#""price": 5"#, "price: 5 is outside the form model=in,out["),
        (r#""base_url": []"#, "base_url: [] is outside the form http or https URL"),
        (r#""base_url": ["http://u:SECRET@h"]"#, "base_url: "),
    ] {
        let message = refused(json);
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("SECRET"), "{message}");
    }
}

#[test]
fn a_number_may_stand_for_a_text() {
    let mut options = Options::default();
    options.load_json(r#"{"project_id": 17, "stop": 5}"#).unwrap();
    let values = options.resolve().unwrap().values;
    assert_eq!((values.project_id.as_deref(), &*values.stop), (Some("17"), &["5".into()][..]));
}

#[test]
fn the_texts_of_a_list_are_no_special_words() {
    let mut options = Options::default();
    options.load_json(r#"{"stop": ["a", "default", "unset"]}"#).unwrap();
    assert_eq!(options.resolve().unwrap().values.stop, ["a", "default", "unset"]);
}

#[test]
fn a_typed_text_is_no_special_word_in_a_list_either() {
    let mut options = Options::default();
    for text in ["a", "unset", "default"] {
        options.set_typed_text("stop", text).unwrap();
    }
    assert_eq!(options.resolve().unwrap().values.stop, ["a", "unset", "default"]);
    assert!(options.set_typed_text("header", "unset").is_err());
}

#[test]
fn a_typed_choice_is_withdrawn_by_default_as_by_the_other_doors() {
    let mut options = Options::default();
    options.set_typed_text("preset", "fast").unwrap();
    options.set_typed_text("preset", "default").unwrap();
    assert_eq!(options.explicit().count(), 0);
    assert_eq!(options.resolve().unwrap().values.preset, "none");
}

#[test]
fn unset_removes_what_a_layer_set_also_where_there_must_be_a_value() {
    let mut options = Options::default();
    options.set("preset", "production").unwrap();
    let layered = options.resolve().unwrap().values;
    let plain = ClientOptions::default();
    assert_ne!(layered.retry_count, plain.retry_count);
    for key in ["retry_count", "timeout_ms", "cache_enabled", "max_tokens"] {
        options.set(key, "unset").unwrap();
    }
    let unset = options.resolve().unwrap();
    assert_eq!(unset.values.retry_count, plain.retry_count);
    assert_eq!(unset.values.timeout_ms, plain.timeout_ms);
    assert_eq!(unset.values.cache_enabled, plain.cache_enabled);
    assert_eq!(unset.values.max_tokens, None);
    assert_eq!(unset.origin("retry_count").unwrap(), &Origin::Explicit);
}

#[test]
fn a_malformed_text_is_refused_when_it_is_set() {
    for (key, text, shown) in [
        ("price", "abc", "abc"),
        ("price", "m=1e400,1", "m=1e400,1"),
        ("proxy", "ftp://x", "ftp://x"),
        ("proxy", "socks4://u:SECRET@x", "socks4://(redacted)@x"),
        ("base_url", "ftp://x", "ftp://x"),
        ("base_url", "http://x y", "http://x y"),
        ("base_url", "http://u:SECRET/@x", "http://(redacted)@x"),
        ("organization_id", "a\r\nb: c", r#""a\r\nb: c""#),
        ("project_id", "a\nb", r#""a\nb""#),
    ] {
        for typed in [false, true] {
            let mut options = Options::default();
            let set = if typed { Options::set_typed_text } else { Options::set };
            let error = set(&mut options, key, text).unwrap_err();
            assert_eq!(error.status(), Status::OutOfRange);
            let start = format!("{key}: {shown} is outside the form ");
            assert!(error.to_string().starts_with(&start), "{error}");
            assert_eq!(options.explicit().count(), 0);
        }
    }
}

#[test]
fn a_key_is_one_line_without_control_characters() {
    let error = Options::default().set("api_key", "SECRET\u{1}").unwrap_err();
    assert!(error.to_string().starts_with("api_key: must not contain"), "{error}");
}

#[test]
fn the_users_and_keys_of_urls_are_used_and_not_shown() {
    let mut options = Options::default();
    options.set("proxy", "http://u:PASS@p:1").unwrap();
    options.set("base_url", "https://u:PASS@h/v1?key=SECRET&api-version=2").unwrap();
    let resolved = options.resolve().unwrap();
    assert_eq!(resolved.values.proxy.as_deref(), Some("http://u:PASS@p:1"));
    assert_eq!(resolved.show("proxy").unwrap()["value"], "http://(redacted)@p:1");
    let shown = "https://(redacted)@h/v1?key=(redacted)&api-version=2";
    assert_eq!(resolved.to_json()["base_url"]["value"], shown);
    options.set("base_url", " https://u:PASS@h ").unwrap();
    assert_eq!(
        options.resolve().unwrap().show("base_url").unwrap()["value"],
        "https://(redacted)@h"
    );
    options.set("api_key", "SECRET").unwrap();
    options.set("header", "x-key: SECRET").unwrap();
    let told = format!("{:?} {options:?}", resolved.values);
    assert!(!told.contains("PASS") && !told.contains("SECRET"), "{told}");
    assert!(told.contains("x-key"), "{told}");
}

#[test]
fn headers_that_say_where_a_request_ends_are_not_the_callers() {
    for name in super::FRAMING {
        let line = format!("{}: 5", name.to_uppercase());
        let error = Options::default().set("header", &line).unwrap_err().to_string();
        assert!(error.starts_with("header: ") && error.contains(name), "{error}");
    }
    Options::default().set("header", "x-content-length: 5").unwrap();
}

#[test]
fn a_name_is_likened_to_one_that_it_may_have_meant_and_to_no_other() {
    let told = |key: &str| Options::default().set(key, "1").unwrap_err().to_string();
    for (key, meant) in [
        ("timeout", "timeout_ms"),
        ("modle", "model"),
        ("temprature", "temperature"),
        ("topp", "top_p"),
        ("stops", "stop"),
        ("rpm", "rate_limit_rpm"),
        ("System", "system_prompt"),
        ("first_token", "first_token_timeout_ms"),
    ] {
        assert_eq!(told(key), format!("{key}: no such option; did you mean {meant}?"));
    }
    for key in OF_A_CALL {
        let error = Options::default().set(key, "1").unwrap_err();
        assert_eq!(error.status(), Status::UnknownOption);
        assert_eq!(
            error.to_string(),
            format!("{key}: is of one call, not an option of the client")
        );
    }
    assert!(told("respons_format").ends_with("did you mean response_format?"));
    for key in ["foo", "ssl", "nope", "key", "max_retries", "s"] {
        assert_eq!(told(key), format!("{key}: no such option"));
    }
}

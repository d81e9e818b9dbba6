//! JSON schemas as each vendor takes them that knows only a part of JSON Schema.

use serde_json::{Value, json};

use crate::*;

/// A request whose answer, and whose calls, are held to this schema.
fn held(schema: &Value) -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function":
            {"name": "f", "strict": true, "parameters": schema}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}}))
}

/// The schemas of the answer and of the calls that Claude is sent.
fn of_claude(schema: &Value) -> [Value; 2] {
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &held(schema));
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &sent);
    [sent["output_config"]["format"]["schema"].clone(), sent["tools"][0]["input_schema"].clone()]
}

#[test]
fn objects_are_closed_for_claude_wherever_they_stand_and_that_is_noted() {
    let point = json!({"type": "object", "properties": {"x": {"type": "number"}}});
    let given = json!({"type": "object", "$defs": {"point": point}, "properties": {
        "a": {"$ref": "#/$defs/point"},
        "b": {"type": "array", "items": point},
        "c": {"anyOf": [point, {"type": "null"}]},
        "d": {"type": ["object", "null"], "properties": {}},
        "type": {"enum": [1, "object", null]}}});
    let mut expected = given.clone();
    for place in
        ["", "/$defs/point", "/properties/b/items", "/properties/c/anyOf/0", "/properties/d"]
    {
        expected.pointer_mut(place).unwrap()["additionalProperties"] = false.into();
    }
    assert_eq!(of_claude(&given), [expected.clone(), expected.clone()]);
    let claude = client("anthropic", "claude-sonnet-5-5");
    let noted = ["response_format", "tools"]
        .map(|f| format!("{f}: objects hold nothing but their properties"));
    assert_eq!(prepare(&claude, &held(&given), false).unwrap().adjusted, noted);
    assert_eq!(prepare(&claude, &held(&expected), false).unwrap().adjusted, [""; 0]);
}

#[test]
fn bounds_are_told_to_claude_in_descriptions() {
    let given = json!({"type": "object", "additionalProperties": false, "properties": {
        "minimum": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many"},
        "list": {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 1},
        "long": {"type": "array", "items": {"oneOf": [{"type": "string", "format": "color"}]},
            "minItems": 2, "maxItems": 3}}});
    let expected = json!({"type": "object", "additionalProperties": false, "properties": {
        "minimum": {"type": "integer", "description": "How many\n\nminimum: 1, maximum: 9"},
        "list": {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 1},
        "long": {"type": "array", "description": "minItems: 2, maxItems: 3", "items": {"anyOf":
            [{"type": "string", "description": "format: \"color\""}]}}}});
    assert_eq!(of_claude(&given), [expected.clone(), expected]);
    let prepared = prepare(&client("anthropic", "claude-sonnet-5-5"), &held(&given), false);
    let told = "told in the descriptions: format, maxItems, maximum, minItems, minimum";
    let noted = ["response_format", "tools"].map(|field| format!("{field}: {told}"));
    assert_eq!(prepared.unwrap().adjusted, noted);
}

#[test]
fn an_object_of_any_members_is_refused_of_claude() {
    for open in [
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": {"type": "number"}}),
        json!({"type": "object", "properties": {}, "additionalProperties": true}),
    ] {
        let schema = json!({"type": "object", "properties": {"a": open}});
        let refused = prepare(&client("anthropic", "claude-sonnet-5-5"), &held(&schema), false);
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("whose members are not all named"), "{words}");
    }
    // A call that is not strict is held to nothing.
    let free = json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]});
    assert!(prepare(&client("anthropic", "claude-sonnet-5-5"), &request(free), false).is_ok());
}

#[test]
fn what_kimi_refuses_beside_a_choice_or_a_reference_stands_where_it_takes_it() {
    let given = json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"id": {"type": "string"}},
        "properties": {
            "to": {"$ref": "#/definitions/id", "type": "string", "description": "Whom"},
            "pair": {"type": "array", "items": [{"type": "string"}, {"type": "number"}]},
            "any": {"type": ["string", "null"], "anyOf": [{"enum": ["a"]}, {"type": "null"},
                {"$ref": "#/definitions/id"}]},
            "definitions": {"type": "boolean"}},
        "anyOf": [{"required": ["to"]}, {"required": ["any"]}]});
    let expected = json!({
        "properties": {
            "to": {"$ref": "#/$defs/id", "description": "Whom"},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
            "any": {"anyOf": [{"enum": ["a"], "type": ["string", "null"]}, {"type": "null"},
                {"$ref": "#/$defs/id"}]},
            "definitions": {"type": "boolean"}},
        "anyOf": [{"required": ["to"], "type": "object"}, {"required": ["any"], "type": "object"}],
        "$defs": {"id": {"type": "string"}}});
    let sent = |provider: &str, model: &str| {
        let sent = body(&client(provider, model), &held(&given));
        let tool = &sent["tools"][0]["function"]["parameters"];
        [tool.clone(), sent["response_format"]["json_schema"]["schema"].clone()]
    };
    assert_eq!(sent("kimi", "kimi-k2.6"), [expected.clone(), expected]);
    assert_eq!(sent("custom", "m"), [given.clone(), given.clone()]);
}

#[test]
fn a_choice_at_the_head_of_a_functions_schema_becomes_properties_where_it_is_refused() {
    let given = json!({"$defs": {"c": {"type": "object", "properties": {"c": {"type": "null"}}}},
        "properties": {"a": {"type": "string"}}, "required": ["a"],
        "anyOf": [{"properties": {"a": {"type": "number"}, "b": {"type": "string"}}, "required": ["b"]},
            {"$ref": "#/$defs/c"}],
        "allOf": [{"properties": {"d": {"type": "boolean"}}, "required": ["d", "a"]}]});
    let expected = json!({"type": "object", "$defs": given["$defs"],
        "properties": {"a": {"type": "string"}, "d": {"type": "boolean"}, "b": {"type": "string"},
            "c": {"type": "null"}},
        "required": ["a", "d"]});
    let asked = |parameters: &Value| {
        request(json!({"messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}]}))
    };
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    let notes = ["allOf", "anyOf"]
        .map(|key| format!("tools: what {key} says at a schema's head told as properties"));
    for (client, place) in [
        (&openai, "/tools/0/function/parameters"),
        (&responses(), "/tools/0/parameters"),
        (&client("anthropic", "claude-sonnet-5-5"), "/tools/0/input_schema"),
    ] {
        let sent = |schema: &Value| body(client, &asked(schema)).pointer(place).cloned().unwrap();
        assert_eq!(sent(&given), expected);
        assert_eq!(prepare(client, &asked(&given), false).unwrap().adjusted, notes);
        let bare = sent(&json!({"type": "object"}));
        assert_eq!(bare.get("properties").is_some(), !place.contains("input"), "{bare}");
    }
    let other = &body(&client("custom", "m"), &asked(&given))["tools"][0]["function"]["parameters"];
    assert_eq!(*other, given);
}

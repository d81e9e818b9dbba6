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
    let anything = json!(["null", "boolean", "object", "array", "number", "string"]);
    let choice = |name: &str| json!({"required": [name], "type": "object", "properties": {name: {"type": anything}}});
    let answer = json!({
        "properties": {
            "to": {"$ref": "#/$defs/id", "description": "Whom"},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
            "any": {"anyOf": [{"enum": ["a"], "type": ["string", "null"]}, {"type": "null"},
                {"$ref": "#/$defs/id"}]},
            "definitions": {"type": "boolean"}},
        "anyOf": [choice("to"), choice("any")],
        "$defs": {"id": {"type": "string"}}});
    // A function's arguments are an object at their head, and no choice.
    let mut tool = answer.clone();
    tool.as_object_mut().unwrap().shift_remove("anyOf");
    tool["type"] = "object".into();
    let sent = |provider: &str, model: &str| {
        let sent = body(&client(provider, model), &held(&given));
        let tool = &sent["tools"][0]["function"]["parameters"];
        [tool.clone(), sent["response_format"]["json_schema"]["schema"].clone()]
    };
    assert_eq!(sent("kimi", "kimi-k2.6"), [tool, answer]);
    assert_eq!(sent("custom", "m"), [given.clone(), given.clone()]);
}

#[test]
fn every_schema_says_its_type_to_kimi_and_describes_what_it_requires() {
    let anything = json!(["null", "boolean", "object", "array", "number", "string"]);
    let rows = [
        (json!({}), json!({"type": anything})),
        (json!({"description": "D"}), json!({"description": "D", "type": anything})),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["a", "b"], "type": "string"})),
        (json!({"enum": ["a", null]}), json!({"enum": ["a", null], "type": ["null", "string"]})),
        (
            json!({"enum": ["a", null], "type": "string"}),
            json!({"enum": ["a", null], "type": ["string", "null"]}),
        ),
        (json!({"enum": [1, 2.5]}), json!({"enum": [1, 2.5], "type": "number"})),
        (json!({"const": 3}), json!({"const": 3, "type": "integer"})),
        (json!({"maxLength": 3}), json!({"maxLength": 3, "type": "string"})),
        (json!({"minimum": 3}), json!({"minimum": 3, "type": "number"})),
        (
            json!({"items": {}, "type": "array"}),
            json!({"items": {"type": anything}, "type": "array"}),
        ),
        (
            json!({"oneOf": [{"const": "a"}, {"type": "null"}]}),
            json!({"anyOf": [{"const": "a", "type": "string"}, {"type": "null"}]}),
        ),
        (
            json!({"allOf": [{"type": "string"}], "description": "D"}),
            json!({"anyOf": [{"type": "string"}], "description": "D"}),
        ),
        (
            json!({"type": ["array", "null"], "items": {"type": "string"}, "description": "D"}),
            json!({"description": "D",
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
        ),
        (json!({"type": ["string", "null"]}), json!({"type": ["string", "null"]})),
        (
            json!({"type": "object", "properties": {}, "required": ["x"]}),
            json!({"type": "object", "properties": {"x": {"type": anything}}, "required": ["x"]}),
        ),
    ];
    for (given, taken) in rows {
        let whole = json!({"type": "object", "properties": {"a": given}});
        let sent = body(&client("kimi", "kimi-k2.6"), &held(&whole));
        let places = ["/tools/0/function/parameters", "/response_format/json_schema/schema"];
        for place in places {
            assert_eq!(sent.pointer(place).unwrap()["properties"]["a"], taken, "{given}");
        }
    }
}

#[test]
fn references_lead_kimi_to_definitions_at_the_root() {
    let given = json!({"type": "object", "properties": {
            "a": {"type": "object", "properties": {"n": {"$ref": "#/properties/b/$defs/n"}}},
            "b": {"type": "object", "$defs": {"n": {"type": "number", "description": "N"}}},
            "again": {"$ref": "#/properties/a", "description": "Once more"},
            "named": {"$ref": "#/$defs/id", "description": "Own"},
            "itself": {"$ref": "#"}, "part": {"$ref": "#/$defs/part_1"}},
        "$defs": {"id": {"type": "string", "description": "An id"},
            "part_1": {"type": "string", "enum": ["x"], "description": "The caller's own"}}});
    let sent = body(&client("kimi", "kimi-k2.6"), &held(&given));
    let sent = &sent["response_format"]["json_schema"]["schema"];
    let (all, defs) = (&sent["properties"], &sent["$defs"]);
    let target = |json: &Value| {
        let to = json["$ref"].as_str().unwrap();
        defs[to.strip_prefix("#/$defs/").unwrap()].clone()
    };
    assert_eq!(target(&all["again"])["properties"]["n"], all["a"]["properties"]["n"]);
    assert_eq!(all["again"]["description"], "Once more");
    assert_eq!(target(&all["a"]["properties"]["n"])["type"], "number");
    assert_eq!(all["b"], json!({"type": "object"}));
    // Two descriptions would be in conflict.
    let named = json!({"anyOf": [{"$ref": "#/$defs/id"}], "description": "Own"});
    assert_eq!(all["named"], named);
    assert_eq!(all["itself"], json!({"$ref": "#"}));
    assert_eq!(target(&all["part"]), given["$defs"]["part_1"]);
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
    let mut typed = given;
    typed["type"] = "object".into();
    assert_eq!(*other, typed);
}

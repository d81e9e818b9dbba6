use super::*;
use serde_json::json;

#[test]
fn objects_are_held_to_their_properties() {
    let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", null]}}});
    assert!(matches(&schema, &json!({"a": 1, "b": null})));
    for wrong in [
        json!({}),
        json!({"a": 1.5}),
        json!({"a": 1, "c": 0}),
        json!([1]),
        json!({"a": 1, "b": "y"}),
    ] {
        assert!(!matches(&schema, &wrong), "{wrong}");
    }
}

#[test]
fn unions_arrays_and_references_are_followed_and_loops_end() {
    let schema = json!({"$defs": {"tree": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/tree"}}},
        "anyOf": [{"type": ["string", "null"]}, {"$ref": "#/$defs/tree"}]});
    assert!(matches(&schema, &json!(null)) && matches(&schema, &json!([[], [[]]])));
    assert!(!matches(&schema, &json!([1])) && !matches(&schema, &json!([[], [], []])));
    let endless = json!({"$ref": "#"});
    assert!(!matches(&endless, &json!(1)));
    let twice =
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
    assert!(!matches(&twice, &json!(1)), "would take 2^32 steps");
}

#[test]
fn bounds_and_patterns_hold() {
    let schema = |rules: Value| json!({"properties": {"a": rules}});
    let fits = |rules: Value, a: Value| matches(&schema(rules), &json!({"a": a}));
    for (rules, good, bad) in [
        (json!({"minimum": 5}), json!(5), json!(1)),
        (json!({"exclusiveMaximum": 5}), json!(4.9), json!(5)),
        (json!({"multipleOf": 0.1}), json!(0.3), json!(0.35)),
        (json!({"pattern": "^[0-9]+$"}), json!("12"), json!("x")),
        (json!({"maxLength": 2}), json!("\u{e4}\u{f6}"), json!("abc")),
        (json!({"minLength": 1}), json!("a"), json!("")),
        (json!({"multipleOf": 0.01}), json!(1_234_567.89), json!(0.005)),
    ] {
        assert!(fits(rules.clone(), good) && !fits(rules, bad));
    }
    assert!(fits(json!({"pattern": "(?!a)b"}), json!("c")), "one that cannot be read");
}

fn hold(cases: &[(Value, &[Value], &[Value])]) {
    for (schema, good, bad) in cases {
        for value in *good {
            assert!(matches(schema, value), "{schema} of {value}");
        }
        for value in *bad {
            assert!(!matches(schema, value), "{schema} of {value}");
        }
    }
}

#[test]
fn lists_are_held_to_their_first_items_their_contents_and_their_differences() {
    let pair = [json!({"type": "integer"}), json!({"type": "string"})];
    hold(&[
        (
            json!({"prefixItems": pair, "items": false}),
            &[json!([1, "a"]), json!([1])],
            &[json!([1, "a", 2]), json!(["a"])],
        ),
        (
            json!({"items": pair, "additionalItems": {"type": "null"}}),
            &[json!([1, "a", null])],
            &[json!([1, "a", 2]), json!([1, 2])],
        ),
        (json!({"items": pair}), &[json!([1, "a", 2])], &[json!([1, 2])]),
        (json!({"contains": {"const": 1}}), &[json!([2, 1])], &[json!([2]), json!([])]),
        (
            json!({"contains": {"const": 1}, "minContains": 0, "maxContains": 1}),
            &[json!([]), json!([1, 2])],
            &[json!([1, 1])],
        ),
        (
            json!({"uniqueItems": true}),
            &[json!([1, "1", [1], true]), json!([[1, 2], [[1], 2]]), json!(["1,", "1"])],
            &[json!([1, 1.0]), json!([{"a": 1, "b": 2}, {"b": 2, "a": 1}])],
        ),
        (json!({"uniqueItems": false}), &[json!([1, 1])], &[]),
        (json!({"type": "ARRAY", "minItems": "1"}), &[json!([1])], &[json!([]), json!({})]),
    ]);
}

#[test]
fn objects_are_held_to_their_names_and_to_what_follows_from_them() {
    let like = json!({"^x": {"type": "integer"}, "y$": {"minimum": 2}});
    hold(&[
        (
            json!({"patternProperties": like, "additionalProperties": false}),
            &[json!({"x": 1}), json!({"xy": 2}), json!({})],
            &[json!({"z": 1}), json!({"x": "1"}), json!({"xy": 1})],
        ),
        (
            json!({"patternProperties": {"(?!a)": false}, "additionalProperties": false}),
            &[json!({"b": 1})],
            &[],
        ),
        (json!({"propertyNames": {"pattern": "^a"}}), &[json!({"ab": 1})], &[json!({"b": 1})]),
        (
            json!({"minProperties": 1, "maxProperties": 2.0}),
            &[json!({"a": 1})],
            &[json!({}), json!({"a": 1, "b": 1, "c": 1})],
        ),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            &[json!({"a": 1, "b": 1}), json!({})],
            &[json!({"a": 1})],
        ),
        (
            json!({"dependencies": {"a": ["b"], "c": {"maxProperties": 1}}}),
            &[json!({"c": 1})],
            &[json!({"a": 1}), json!({"c": 1, "d": 1})],
        ),
        (
            json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}),
            &[json!({"a": "x"})],
            &[json!({"a": 1}), json!("x")],
        ),
    ]);
}

#[test]
fn negations_conditions_and_nulls_are_followed() {
    hold(&[
        (json!({"not": {"type": "string"}}), &[json!(1)], &[json!("a")]),
        (
            json!({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 5}}),
            &[json!("aa"), json!(5)],
            &[json!("a"), json!(4)],
        ),
        (json!({"if": true, "else": false}), &[json!(1)], &[]),
        (json!({"type": "string", "nullable": true}), &[json!(null)], &[json!(1)]),
        (json!({"minimum": 3, "exclusiveMinimum": true}), &[json!(3.1)], &[json!(3)]),
        (json!({"maximum": 3, "exclusiveMaximum": false}), &[json!(3)], &[json!(3.1)]),
        (json!({"format": "date"}), &[json!("2026-01-02"), json!(1)], &[json!("xx")]),
    ]);
}

#[test]
fn a_check_without_end_fails_also_where_a_failure_is_asked_for() {
    for endless in [
        json!({"not": {"$ref": "#"}}),
        json!({"not": {"allOf": [{"$ref": "#/$defs/a"}]}, "$defs": {"a": {"$ref": "#/$defs/a"}}}),
        json!({"if": {"$ref": "#"}, "else": true}),
    ] {
        assert!(!matches(&endless, &json!(1)), "{endless}");
    }
    let unique = json!({"uniqueItems": true});
    let many = Value::from((0..STEPS).collect::<Vec<_>>());
    assert!(!matches(&unique, &many), "takes more steps than there are");
    let long = json!(["a".repeat(64 * STEPS as usize)]);
    assert!(!matches(&unique, &long), "a long text takes many steps");
    assert!(matches(&unique, &Value::from((0..10_000).collect::<Vec<_>>())));
}

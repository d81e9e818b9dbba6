//! Calls: which pieces are of which, and what is no part of one.

use super::*;

#[test]
fn calls_of_a_plain_answer_are_never_taken_for_one() {
    let call = |id: &str, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    for id in ["", "f"] {
        for arguments in [json!("{\"a\":1}"), json!("not json"), json!({"a": 1}), json!("")] {
            let answer = json!({"choices": [{"finish_reason": "tool_calls", "message":
                {"content": null, "tool_calls": [call(id, arguments.clone()), call(id, arguments.clone())]}}]});
            let response = plain("custom", &answer);
            assert_eq!(response.first().tool_calls.len(), 2, "{id} {arguments}");
        }
    }
}

#[test]
fn a_call_whose_id_or_name_comes_late_is_one_call_with_both() {
    let piece = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let given = |arguments: &str| json!({"index": 0, "function": {"arguments": arguments}});
    let named = |arguments: &str| json!({"index": 0, "id": "c1", "function": {"name": "f", "arguments": arguments}});
    let late = json!({"index": 0, "id": "c1", "function": {"arguments": "{\"a\":1}"}});
    let unknown = json!({"index": 0, "function": {"name": "f", "arguments": ""}});
    for pieces in [
        vec![unknown, late],
        vec![given("{\"a\""), named(":1}")],
        vec![given("{\"a\":1}"), named("")],
    ] {
        let mut events: Vec<Value> = pieces.iter().cloned().map(piece).collect();
        events.push(chunk(json!({}), "tool_calls".into()));
        let (_, response) = read("custom", &events).unwrap();
        assert_eq!(calls(&response), [("f", "{\"a\":1}")], "{pieces:?}");
        assert_eq!(response.first().tool_calls[0].id, "c1", "{pieces:?}");
    }
}

#[test]
fn an_empty_object_before_what_a_call_is_given_is_no_part_of_that() {
    let piece = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let begin = json!({"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}});
    let given = |arguments: &str| piece(json!({"index": 0, "function": {"arguments": arguments}}));
    let custom = json!({"index": 0, "id": "c1", "type": "custom",
        "custom": {"name": "f", "input": "{}"}});
    for (begin, more, wanted) in [
        (&begin, vec![given("{\"a\":"), given("{}"), given("}")], "{\"a\":{}}"),
        (&begin, vec![given("{}")], "{}"),
        (&begin, vec![], "{}"),
        (&custom, vec![], "{}"),
    ] {
        let mut events = vec![piece(begin.clone())];
        events.extend(more);
        events.push(chunk(json!({}), "tool_calls".into()));
        let (told, response) = read("custom", &events).unwrap();
        assert_eq!(calls(&response), [("f", wanted)]);
        let pieces = told.iter().filter_map(|event| match &event.kind {
            EventKind::ToolCall { arguments, .. } => Some(&**arguments),
            _ => None,
        });
        assert_eq!(pieces.collect::<String>(), wanted);
    }
}

#[test]
fn calls_of_a_stream_with_one_id_are_told_apart_by_index() {
    let call = |index: Value, arguments: &str| {
        chunk(
            json!({"tool_calls": [{"index": index, "id": "f", "type": "function",
            "function": {"name": "f", "arguments": arguments}}]}),
            Value::Null,
        )
    };
    let more =
        chunk(json!({"tool_calls": [{"index": 1, "function": {"arguments": "2}"}}]}), Value::Null);
    let events = [
        call(json!(0), "{\"a\":1}"),
        call(json!(1), "{\"a\":"),
        more,
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"a\":2}")]);
    let empty = [call(json!(0), "{}"), call(json!(1), "{}"), chunk(json!({}), "tool_calls".into())];
    let (_, response) = read("custom", &empty).unwrap();
    assert_eq!(calls(&response), [("f", "{}"), ("f", "{}")]);
    let (_, response) = read(
        "custom",
        &[call(json!(0), "{\"a\":"), call(json!(0), "1}"), chunk(json!({}), "stop".into())],
    )
    .unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}")]);
}

#[test]
fn calls_of_a_stream_with_one_id_and_index_are_told_apart_by_name() {
    let piece = |name: &str, arguments: &str| {
        let call = json!({"index": 0, "id": "a", "type": "function",
            "function": {"name": name, "arguments": arguments}});
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let events = [
        piece("f", "{\"x\""),
        piece("f", ":1}"),
        piece("g", "{}"),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"x\":1}"), ("g", "{}")]);
}

#[test]
fn calls_of_one_piece_without_index_are_told_apart_by_place() {
    let both = |a: Value, b: Value| {
        chunk(json!({"tool_calls": [{"function": a}, {"function": b}]}), Value::Null)
    };
    let events = [
        both(
            json!({"name": "f", "arguments": "{\"a\""}),
            json!({"name": "f", "arguments": "{\"b\""}),
        ),
        both(json!({"arguments": ":1}"}), json!({"arguments": ":2}"})),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"b\":2}")]);
}

#[test]
fn the_number_of_a_delta_is_no_part_of_the_message() {
    let first = json!({"index": 0, "channel": "final", "role": "assistant", "content": "Hi"});
    let first = chunk(first, Value::Null);
    let mut last = chunk(json!({"index": 0, "channel": "final", "content": ""}), json!("stop"));
    last["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 4});
    let (_, response) = read("custom", &[first, last]).unwrap();
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert_eq!(blocks, &json!([{"role": "assistant", "content": "Hi"}]));
    assert_eq!(response.usage.unwrap().cached_input_tokens, Some(4));
}

#[test]
fn calls_whose_ids_are_null_in_words_have_ids_of_their_own() {
    let call = |index: u32, name: &str| {
        json!({"id": "null", "index": index, "type": "function",
            "function": {"name": name, "arguments": "{}"}})
    };
    let calls = json!({"content": "", "tool_calls": [call(0, "f"), call(1, "g")]});
    let streamed = read("custom", &[chunk(calls.clone(), json!("tool_calls"))]).unwrap().1;
    let mut message = calls;
    message["role"] = "assistant".into();
    let whole = plain(
        "custom",
        &json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "message": message, "finish_reason": "tool_calls"}]}),
    );
    for response in [streamed, whole] {
        let calls = &response.first().tool_calls;
        assert_eq!(calls.iter().map(|call| &*call.name).collect::<Vec<_>>(), ["f", "g"]);
        assert!(calls[0].id != calls[1].id && calls.iter().all(|call| call.id != "null"));
        let message = response.first().message.value().to_string();
        assert!(!message.contains("\"null\""), "{message}");
    }
}

#[test]
fn a_name_that_comes_with_every_piece_begins_no_call_of_its_own() {
    let piece = |id: Option<&str>, arguments: &str| {
        json!({"tool_calls": [{"index": 0, "id": id, "type": "function",
            "function": {"name": "f", "arguments": arguments}}]})
    };
    let events = [
        chunk(piece(Some("c"), "{\"x\""), Value::Null),
        chunk(piece(None, ":1}"), Value::Null),
        chunk(piece(None, ""), Value::Null),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"x\":1}")]);
}

#[test]
fn a_type_that_later_pieces_of_a_call_leave_empty_stays_what_it_was() {
    let piece = |kind: &str, id: &str, function: Value| {
        let call = json!({"index": 0, "id": id, "type": kind, "function": function});
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let events = [
        piece("function", "c", json!({"name": "f", "arguments": ""})),
        piece("", "", json!({"arguments": "{}"})),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("siliconflow", &events).unwrap();
    let message = response.first().message.value();
    assert_eq!(message["tool_calls"][0]["type"], "function");
}

#[test]
fn calls_of_an_older_tgi_have_their_arguments_and_their_number() {
    let call = json!({"id": 0, "type": "function", "function": {"description": null, "name": "f",
        "parameters": {"format": "celsius", "days": 3}}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let choice = json!({"index": 0, "message": message, "finish_reason": "eos_token"});
    let response = plain("huggingface", &json!({"choices": [choice]}));
    assert_eq!(calls(&response), [("f", r#"{"format":"celsius","days":3}"#)]);
    assert_eq!(response.first().tool_calls[0].id, "0");
}

#[test]
fn more_choices_or_calls_than_any_model_gives_are_refused_before_they_cost_anything() {
    let choices: Vec<Value> = (0..2_000).map(|n| json!({"index": n, "delta": {}})).collect();
    let calls: Vec<Value> = (0..5_000).map(|n| json!({"index": n, "id": n.to_string()})).collect();
    let many = [json!({"choices": choices}), chunk(json!({"tool_calls": calls}), Value::Null)];
    for event in many {
        let error = read("custom", &[event]).unwrap_err();
        assert_eq!(error.status(), Status::Protocol, "{error}");
    }
}

#[test]
fn a_name_or_id_longer_than_any_host_gives_is_refused_before_it_is_told_with_each_piece() {
    let call = |id: &str, name: &str| {
        let function = json!({"name": name, "arguments": ""});
        chunk(json!({"tool_calls": [{"index": 0, "id": id, "function": function}]}), Value::Null)
    };
    let (short, long, half) = ("a".repeat(10_000), "a".repeat(70_000), "a".repeat(40_000));
    for events in [vec![call(&long, "f")], vec![call("c", &long)], vec![call("c", &half); 2]] {
        let error = read("custom", &events).map(drop);
        // A name that is repeated is no longer for it.
        assert_eq!(error.is_err_and(|e| e.status() == Status::Protocol), events.len() == 1);
    }
    let error = read("custom", &[call("c", &half), call("c", &(half.clone() + "b"))]).unwrap_err();
    assert_eq!(error.status(), Status::Protocol, "{error}");
    let end = chunk(json!({}), "tool_calls".into());
    let (_, response) = read("custom", &[call(&short, &short), end]).unwrap();
    assert_eq!(response.first().tool_calls[0].name, short);
}

#[test]
fn arguments_that_are_whole_and_come_once_more_at_the_end_are_taken_once() {
    let piece = |arguments: &str| {
        chunk(
            json!({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}),
            Value::Null,
        )
    };
    let begun = json!({"tool_calls": [{"index": 0, "id": "c", "type": "function",
        "function": {"name": "f", "arguments": ""}}]});
    let events = |pieces: &[&str]| {
        let mut events = vec![chunk(begun.clone(), Value::Null)];
        events.extend(pieces.iter().map(|arguments| piece(arguments)));
        events.push(chunk(json!({}), "tool_calls".into()));
        events
    };
    for (pieces, whole) in [
        (&["{\"a\":", "1}", "{\"a\":1}"][..], "{\"a\":1}"),
        (&["{}", "{}"], "{}"),
        (&["{\"a\":\"", "b", "b", "\"}"], "{\"a\":\"bb\"}"),
    ] {
        let (told, response) = read("custom", &events(pieces)).unwrap();
        assert_eq!(calls(&response), [("f", whole)]);
        let told = told.iter().filter_map(|event| match &event.kind {
            EventKind::ToolCall { arguments, .. } => Some(arguments.to_string()),
            _ => None,
        });
        assert_eq!(told.collect::<String>(), whole);
    }
}

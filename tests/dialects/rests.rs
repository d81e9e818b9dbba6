//! Texts of OpenAI's Responses of which deltas brought only the beginning, or nothing.

use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use crate::*;

/// A stream's answer, after holding its events against it.
fn read(events: &[Value]) -> Response {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let client = responses();
    let (dialect, context) = reader(&client, &asked);
    let (told, response) = stream(dialect, &context, &sse(events)).unwrap();
    let first = response.first();
    let all = |of: fn(&EventKind) -> Option<&str>| -> String {
        told.iter().filter_map(|event| of(&event.kind)).collect()
    };
    let text = all(|kind| if let EventKind::Text(text) = kind { Some(text) } else { None });
    let thought = all(|kind| if let EventKind::Reasoning(text) = kind { Some(text) } else { None });
    let refusal = all(|kind| if let EventKind::Refusal(text) = kind { Some(text) } else { None });
    let arguments = all(|kind| match kind {
        EventKind::ToolCall { arguments, .. } => Some(arguments),
        _ => None,
    });
    assert_eq!(text, first.text);
    assert_eq!(thought, first.reasoning.clone().unwrap_or_default());
    assert_eq!(refusal, first.refusal.clone().unwrap_or_default());
    let called: String = first.tool_calls.iter().map(|call| call.arguments.clone()).collect();
    assert_eq!(arguments, called);
    response
}

fn event(name: &str, members: Value) -> Value {
    let mut event = json!({"type": format!("response.{name}"), "output_index": 0});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event
}

fn delta(of: &str, text: &str) -> Value {
    event(&format!("{of}.delta"), json!({"delta": text}))
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "m", "role": "assistant",
        "content": [{"type": "output_text", "text": text}]})
}

fn ended(output: &[Value]) -> Value {
    json!({"type": "response.completed",
        "response": {"id": "r", "status": "completed", "model": "m", "output": output}})
}

/// The ways in which a text of a message may be said in the end.
fn ends(text: &str) -> [Value; 3] {
    let part = json!({"type": "output_text", "text": text});
    [
        event("output_text.done", json!({"text": text})),
        event("content_part.done", json!({"part": part})),
        event("output_item.done", json!({"item": message(text)})),
    ]
}

#[test]
fn what_only_the_end_of_a_text_says_is_told_once() {
    let begin = event("output_item.added", json!({"item": {"type": "message", "id": "m"}}));
    for deltas in [&[][..], &["So"], &["So ", "it"], &["So it is."], &["So ", "it", " is", "."]] {
        let mut head = vec![begin.clone()];
        head.extend(deltas.iter().map(|text| delta("output_text", text)));
        let [text, part, item] = ends("So it is.");
        let last = ended(&[message("So it is.")]);
        for tail in [
            vec![text.clone()],
            vec![part.clone()],
            vec![item.clone()],
            vec![last.clone()],
            vec![text.clone(), part.clone()],
            vec![text, part, item, last],
        ] {
            let is_over = tail.last().is_some_and(|last| last["type"] == "response.completed");
            let end = if is_over { vec![] } else { vec![ended(&[])] };
            let answer = read(&[head.clone(), tail.clone(), end].concat());
            assert_eq!(answer.text(), "So it is.", "{deltas:?} {tail:?}");
        }
    }
}

#[test]
fn an_end_that_contradicts_what_was_told_changes_nothing() {
    for whole in ["So it was.", "so it is, too.", "it is", "So"] {
        let told = [delta("output_text", "So it "), delta("output_text", "is")];
        for end in ends(whole) {
            let answer = read(&[&told[..], &[end, ended(&[message(whole)])]].concat());
            assert_eq!(answer.text(), "So it is", "{whole}");
        }
    }
}

#[test]
fn the_parts_of_a_message_are_held_against_their_own_ends() {
    let of = |part: u64, mut event: Value| {
        event["content_index"] = part.into();
        event
    };
    let item = json!({"type": "message", "id": "m", "role": "assistant", "content": [
        {"type": "output_text", "text": "One."}, {"type": "output_text", "text": "Two."}]});
    let done = event("output_item.done", json!({"item": item}));
    let piece = |part, text| of(part, delta("output_text", text));
    let end = |part, text: &str| of(part, event("output_text.done", json!({"text": text})));
    for events in [
        vec![piece(0, "On"), end(0, "One."), piece(1, "Two"), end(1, "Two.")],
        vec![end(0, "One."), end(1, "Two.")],
        vec![piece(0, "One."), piece(1, "Tw")],
        vec![piece(0, "On")],
        // A host that numbers none of its deltas, or each.
        vec![piece(0, "One."), piece(0, "Two."), end(0, "One."), end(1, "Two.")],
        vec![piece(0, "O"), piece(1, "ne."), piece(2, "Two."), end(0, "One."), end(1, "Two.")],
    ] {
        let answer = read(&[&events[..], &[done.clone(), ended(&[])]].concat());
        assert_eq!(answer.text(), "One.Two.", "{events:?}");
    }
}

#[test]
fn texts_of_a_host_that_streams_its_messages_as_one_are_told_once() {
    let told = [delta("output_text", "One."), delta("output_text", "Two")];
    let mut second = message("Two.");
    second["id"] = "n".into();
    let answer = read(&[&told[..], &[ended(&[message("One."), second])]].concat());
    assert_eq!(answer.text(), "One.Two.");
}

#[test]
fn the_rest_of_a_refusal_is_told() {
    let item = json!({"type": "message", "id": "m", "role": "assistant",
        "content": [{"type": "refusal", "refusal": "I will not."}]});
    for deltas in [&[][..], &["I will"]] {
        let head: Vec<_> = deltas.iter().map(|text| delta("refusal", text)).collect();
        for end in [
            event("refusal.done", json!({"refusal": "I will not."})),
            event("content_part.done", json!({"part": item["content"][0]})),
            event("output_item.done", json!({"item": item})),
        ] {
            let answer = read(&[&head[..], &[end, ended(&[])]].concat());
            assert_eq!(answer.first().refusal.as_deref(), Some("I will not."));
        }
    }
}

#[test]
fn the_rest_of_a_thought_is_told_with_an_empty_line_between_two() {
    let of = |part: u64, mut event: Value| {
        event["summary_index"] = part.into();
        event
    };
    let piece = |part, text| of(part, delta("reasoning_summary_text", text));
    let end =
        |part, text: &str| of(part, event("reasoning_summary_text.done", json!({"text": text})));
    let part = |text: &str| json!({"type": "summary_text", "text": text});
    let item = json!({"type": "reasoning", "id": "r", "summary": [part("Hm."), part("Ah.")]});
    let done = event("output_item.done", json!({"item": item}));
    let of_part = of(1, event("reasoning_summary_part.done", json!({"part": part("Ah.")})));
    for events in [
        vec![piece(0, "H"), end(0, "Hm."), piece(1, "A"), end(1, "Ah.")],
        vec![end(0, "Hm."), of_part.clone()],
        vec![piece(0, "H"), end(0, "Hm."), of_part],
        vec![piece(0, "Hm."), piece(1, "A"), done.clone()],
        vec![piece(0, "H"), done.clone()],
        vec![done.clone()],
        vec![piece(0, "H")],
        vec![],
    ] {
        let answer = read(&[&events[..], &[ended(std::slice::from_ref(&item))]].concat());
        let thought = answer.first().reasoning.as_deref();
        assert_eq!(thought, Some("Hm.\n\nAh."), "{events:?}");
    }
}

#[test]
fn a_thought_that_is_said_under_another_name_in_the_end_is_told_once() {
    let told = [delta("reasoning_text", "Hm, "), delta("reasoning_text", "so")];
    let same = json!({"type": "reasoning", "id": "r",
        "summary": [{"type": "summary_text", "text": "Hm, so."}]});
    let both = json!({"type": "reasoning", "id": "r",
        "content": [{"type": "reasoning_text", "text": "Hm, so."}],
        "summary": [{"type": "summary_text", "text": "It thinks."}]});
    for item in [same, both] {
        let done = event("output_item.done", json!({"item": item}));
        let answer = read(&[&told[..], &[done, ended(&[item])]].concat());
        assert_eq!(answer.first().reasoning.as_deref(), Some("Hm, so."));
    }
}

#[test]
fn a_thought_whose_pieces_are_numbered_is_one_until_its_part_is_over() {
    let piece = |part: u64, text: &str| {
        event("reasoning_text.delta", json!({"content_index": part, "delta": text}))
    };
    let done = |part: u64, text: &str| {
        event("reasoning_text.done", json!({"content_index": part, "text": text}))
    };
    let added = |name: &str| event(&format!("{name}.added"), json!({"content_index": 1}));
    let item = |texts: &[&str]| {
        let parts: Vec<_> =
            texts.iter().map(|text| json!({"type": "reasoning_text", "text": text})).collect();
        json!({"type": "reasoning", "id": "r", "content": parts})
    };
    let end = |texts: &[&str]| {
        [event("output_item.done", json!({"item": item(texts)})), ended(&[item(texts)])]
    };
    // As vLLM numbers them, with the end of the part and without.
    let pieces = [piece(5, "I"), piece(6, " see"), piece(7, " it.")];
    for done in [vec![done(8, "I see it.")], vec![]] {
        let answer = read(&[&pieces[..], &done, &end(&["I see it."])].concat());
        assert_eq!(answer.first().reasoning.as_deref(), Some("I see it."));
    }
    for between in [done(0, "Hm."), added("content_part"), added("reasoning_part")] {
        let events = [piece(0, "Hm."), between, piece(1, "A"), piece(1, "h.")];
        let answer = read(&[&events[..], &end(&["Hm.", "Ah."])].concat());
        assert_eq!(answer.first().reasoning.as_deref(), Some("Hm.\n\nAh."), "{events:?}");
    }
}

#[test]
fn the_rest_of_a_calls_arguments_is_told() {
    let call = |arguments: &str| {
        json!({"type": "function_call", "id": "f", "call_id": "c", "name": "f",
            "arguments": arguments})
    };
    let added = event("output_item.added", json!({"item": call("")}));
    let whole = "{\"a\":1}";
    for deltas in [&[][..], &["{\"a"], &["{\"a", "\":1}"]] {
        let pieces = deltas.iter().map(|text| delta("function_call_arguments", text));
        let head: Vec<_> = std::iter::once(added.clone()).chain(pieces).collect();
        let done = event("function_call_arguments.done", json!({"arguments": whole}));
        let item = event("output_item.done", json!({"item": call(whole)}));
        for tail in [vec![done.clone()], vec![item.clone()], vec![done, item]] {
            let answer = read(&[&head[..], &tail, &[ended(&[])]].concat());
            assert_eq!(answer.first().tool_calls[0].arguments, whole, "{deltas:?}");
        }
    }
}

/// The arguments of the only call, and the pieces that were told of them.
fn called(events: &[Value]) -> (String, String) {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let client = responses();
    let (dialect, context) = reader(&client, &asked);
    let (events, response) = stream(dialect, &context, &sse(events)).unwrap();
    let mut is_over = false;
    let told = events.iter().map(|event| match &event.kind {
        EventKind::ToolCall { arguments, .. } => {
            assert!(!is_over, "a piece after the end of the call");
            &arguments[..]
        }
        EventKind::ToolCallEnd { .. } => {
            is_over = true;
            ""
        }
        _ => "",
    });
    let told = told.collect();
    let [call] = &response.first().tool_calls[..] else { panic!("{response:?}") };
    (call.arguments.clone(), told)
}

#[test]
fn what_a_call_is_given_is_what_is_said_in_the_end_whatever_came_of_its_pieces() {
    let call = |arguments: &str| {
        event(
            "output_item.done",
            json!({"item": {"type": "function_call", "id": "f",
            "call_id": "c", "name": "f", "arguments": arguments}}),
        )
    };
    let mut added = call("");
    added["type"] = "response.output_item.added".into();
    let piece = |text: &str| delta("function_call_arguments", text);
    let done = |text: &str| event("function_call_arguments.done", json!({"arguments": text}));
    let whole = "{\"a\":123}";
    let item = call(whole);
    let end = ended(&[item["item"].clone()]);
    let check = |middle: &[Value], told: &str| {
        let events = [std::slice::from_ref(&added), middle, std::slice::from_ref(&end)].concat();
        assert_eq!(called(&events), (whole.into(), told.into()), "{middle:?}");
    };
    // More of it after its end.
    let pieces = [piece("{\"a\":"), piece("123}")];
    check(&[&pieces[..], &[done(whole), piece("}"), item.clone()]].concat(), whole);
    check(&[&pieces[..], &[done(whole), item.clone(), piece("}")]].concat(), whole);
    // Its pieces after what is said in the end, in another order, or not all.
    check(&[&[done(whole)], &pieces[..], std::slice::from_ref(&item)].concat(), whole);
    let turned = [piece("123}"), piece("{\"a\":"), done(whole), item.clone()];
    check(&turned, "123}{\"a\":");
    for lost in 0..2 {
        let kept = ["{\"a\":", "123}"][1 - lost];
        let told = if kept.starts_with('{') { whole } else { kept };
        check(&[piece(kept), done(whole), item.clone()], told);
        check(&[piece(kept), item.clone()], told);
    }
    // The same in another form is what was told.
    let spaced = [added.clone(), piece("{\"a\": 123}"), item.clone(), end.clone()];
    assert_eq!(called(&spaced).0, "{\"a\": 123}");
}

#[test]
fn how_likely_the_words_were_is_told_once() {
    let word = |token: &str| json!({"token": token, "logprob": -0.5});
    let mut piece = delta("output_text", "So");
    piece["logprobs"] = json!([word("So")]);
    let mut item = message("So it");
    item["content"][0]["logprobs"] = json!([word("So"), word(" it")]);
    let done = event("output_item.done", json!({"item": item}));
    for head in [&[piece][..], &[]] {
        let answer = read(&[head, &[done.clone(), ended(std::slice::from_ref(&item))]].concat());
        assert_eq!(answer.first().logprobs, Some(json!([word("So"), word(" it")])));
        assert_eq!(answer.text(), "So it");
    }
}

#[test]
fn an_item_that_is_done_twice_is_told_once() {
    let mut item = message("Hi");
    item["content"][0]["logprobs"] = json!([{"token": "Hi", "logprob": -0.5}]);
    item["content"][0]["annotations"] = json!([{"type": "url_citation", "url": "u"}]);
    let done = event("output_item.done", json!({"item": item}));
    let answer = read(&[done.clone(), done, ended(&[item])]);
    let first = answer.first();
    assert_eq!(answer.text(), "Hi");
    let listed = [&first.logprobs, &first.citations].map(|list| list.as_ref().unwrap().as_array());
    assert_eq!(listed.map(|list| list.unwrap().len()), [1, 1]);
}

#[test]
fn an_end_costs_what_it_says_however_much_was_told() {
    const MANY: usize = 80_000;
    // Of two items in turn, and so in as many runs as pieces.
    let piece = |n: usize| {
        let mut piece = delta("output_text", "so, ");
        piece["output_index"] = (n % 2).into();
        piece
    };
    let mut other = event("output_text.done", json!({"text": "something else"}));
    other["content_index"] = 1.into();
    let ends = [other, event("output_item.done", json!({"item": message("something else")}))];
    let pieces = (0..MANY).map(piece);
    let events: Vec<_> = pieces.chain((0..MANY).map(|n| ends[n % 2].clone())).collect();
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&responses(), &asked);
    let answer = soon(dialect, &context, &sse(&[&events[..], &[ended(&[])]].concat()));
    assert!(answer.text().starts_with("so, so, "));
}

#[test]
fn a_message_whose_thoughts_came_in_an_item_of_their_own_thinks_them_once() {
    let of = |index: u64, mut event: Value| {
        event["output_index"] = index.into();
        event
    };
    let item = json!({"type": "message", "id": "m", "role": "assistant", "content": [
        {"type": "reasoning_text", "text": "Hm."}, {"type": "output_text", "text": "So."}]});
    let head = [delta("reasoning_text", "Hm."), of(1, delta("output_text", "So."))];
    let done = of(1, event("output_item.done", json!({"item": item})));
    let answer = read(&[&head[..], &[done.clone(), ended(&[])]].concat());
    assert_eq!((answer.text(), answer.first().reasoning.as_deref()), ("So.", Some("Hm.")));
    let answer = read(&[done, ended(&[])]);
    assert_eq!((answer.text(), answer.first().reasoning.as_deref()), ("So.", Some("Hm.")));
}

#[test]
fn pieces_of_items_with_one_number_are_held_against_the_item_that_they_are_of() {
    let begin =
        |id: &str| event("output_item.added", json!({"item": {"type": "message", "id": id}}));
    let of = |id: &str, text: &str| {
        let mut item = message(text);
        item["id"] = id.into();
        event("output_item.done", json!({"item": item}))
    };
    let piece = |text: &str| delta("output_text", text);
    let answer = read(&[
        begin("a"),
        piece("One"),
        piece(" and"),
        of("a", "One and two."),
        begin("b"),
        piece("One"),
        piece(" and"),
        of("b", "One and three."),
        ended(&[]),
    ]);
    assert_eq!(answer.text(), "One and two.One and three.");
}

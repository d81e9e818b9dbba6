//! Items of OpenAI's Responses from hosts that tell them in another way.

use serde_json::{Value, json};

use mynah::llm::event::EventKind;
use mynah::llm::message::Message;
use mynah::llm::response::FinishReason;

use crate::*;

/// Events and answer of a stream, which ends with a `completed` of these members.
fn told(events: &[Value], end: Value) -> (Vec<Event>, Response) {
    let end = json!({"type": "response.completed", "response": end});
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (client, all) = (responses(), [events, &[end]].concat());
    let (dialect, context) = reader(&client, &asked);
    stream(dialect, &context, &sse(&all)).unwrap()
}

fn plain(answer: &Value) -> Response {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let client = responses();
    let (dialect, context) = reader(&client, &asked);
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

/// What goes back of an answer.
fn sent_back(response: &Response, results: &[&str]) -> Vec<Value> {
    let mut asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let mut add = |json: &Value| asked.messages.push(Message::from_json(json).unwrap());
    add(&response.first().message.value());
    results.iter().for_each(|id| add(&json!({"role": "tool", "tool_call_id": id, "content": "4"})));
    add(&json!({"role": "user", "content": "So?"}));
    body(&responses(), &asked)["input"].as_array().unwrap()[1..].to_vec()
}

fn ended(output: &[&Value]) -> Value {
    json!({"id": "r", "status": "completed", "model": "m", "output": output})
}

fn added(item: &Value) -> Value {
    json!({"type": "response.output_item.added", "item": item})
}

fn done(item: &Value) -> Value {
    json!({"type": "response.output_item.done", "item": item})
}

fn numbered(index: u64, mut event: Value) -> Value {
    event["output_index"] = index.into();
    event
}

/// A piece of the item with this id; of any if it is empty.
fn piece(of: &str, id: &str, text: &str) -> Value {
    match id {
        "" => json!({"type": format!("response.{of}.delta"), "delta": text}),
        _ => json!({"type": format!("response.{of}.delta"), "item_id": id, "delta": text}),
    }
}

fn message(id: &str, text: &str) -> Value {
    json!({"type": "message", "id": id, "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn thought(id: &str, text: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": text}]})
}

fn call(id: &str, call_id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": id, "call_id": call_id, "name": "f",
        "arguments": arguments})
}

/// The same before it is done.
fn begun(item: &Value) -> Value {
    let mut item = item.clone();
    for member in ["content", "summary"] {
        item.as_object_mut().unwrap().remove(member);
    }
    if item["arguments"].is_string() {
        item["arguments"] = "".into();
    }
    item
}

/// Ids and arguments of an answer's calls.
fn calls(response: &Response) -> Vec<(String, String)> {
    let calls = response.first().tool_calls.iter();
    calls.map(|call| (call.id.clone(), call.arguments.clone())).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(id, arguments)| (id.to_string(), arguments.to_string())).collect()
}

fn blocks(response: &Response) -> Value {
    response.first().message.value()["mynah"]["blocks"].clone()
}

#[test]
fn events_without_a_number_are_of_the_item_that_they_name() {
    let (a, b) = (call("fc_1", "fc_a", "{\"a\":1}"), call("fc_2", "fc_b", "{\"b\":2}"));
    let (think, say) = (thought("rs", "Hm."), message("msg", "So it is."));
    let of_call = |id: &str, text: &str| piece("function_call_arguments", id, text);
    let all = [&think, &say, &a, &b];
    // All are done at the end; pieces of a call name the item, or the call.
    for [first, second] in [["fc_1", "fc_2"], ["fc_a", "fc_b"]] {
        let events = [
            added(&begun(&think)),
            piece("reasoning_text", "rs", "Hm."),
            added(&begun(&say)),
            piece("output_text", "msg", "So"),
            piece("output_text", "msg", " it is."),
            added(&begun(&a)),
            of_call(first, "{\"a\""),
            added(&begun(&b)),
            of_call(second, "{\"b\":2}"),
            of_call(first, ":1}"),
            done(&think),
            done(&say),
            done(&a),
            done(&b),
        ];
        for output in [&all[..], &[]] {
            let (_, response) = told(&events, ended(output));
            assert_eq!(calls(&response), pairs(&[("fc_a", "{\"a\":1}"), ("fc_b", "{\"b\":2}")]));
            assert_eq!(response.text(), "So it is.");
            assert_eq!(response.first().reasoning.as_deref(), Some("Hm."));
            assert_eq!(blocks(&response), json!(all), "{output:?}");
        }
    }
}

#[test]
fn items_are_told_apart_where_only_some_events_have_a_number_and_where_none_begins() {
    let (think, say) = (thought("rs", "Hm."), message("msg", "So it is."));
    let items_only = [
        numbered(0, added(&begun(&think))),
        piece("reasoning_summary_text", "rs", "Hm."),
        numbered(0, done(&think)),
        numbered(1, added(&begun(&say))),
        piece("output_text", "msg", "So it"),
        piece("output_text", "msg", " is."),
        numbered(1, done(&say)),
    ];
    let done_only = [done(&think), done(&say)];
    let nameless = [
        piece("reasoning_summary_text", "", "Hm."),
        piece("output_text", "", "So it"),
        piece("output_text", "", " is."),
        done(&think),
        done(&say),
    ];
    for events in [&items_only[..], &done_only, &nameless] {
        for output in [&[&think, &say][..], &[]] {
            let (_, response) = told(events, ended(output));
            let reasoning = response.first().reasoning.as_deref();
            assert_eq!((response.text(), reasoning), ("So it is.", Some("Hm.")), "{events:?}");
            assert_eq!(blocks(&response), json!([think, say]));
        }
    }
}

#[test]
fn arguments_that_are_said_only_when_they_are_done_are_the_calls() {
    let told_as = |given: &str| {
        let given = json!({"type": "response.function_call_arguments.done", "item_id": "fc",
            "arguments": given});
        let (begun, ended_as) = (call("fc", "c", ""), call("fc", "c", "{}"));
        let events = [added(&begun), given, done(&ended_as)].map(|event| numbered(0, event));
        told(&events, ended(&[&ended_as])).1
    };
    let response = told_as("{\"a\":1}");
    assert_eq!(calls(&response), pairs(&[("c", "{\"a\":1}")]));
    assert_eq!(blocks(&response), json!([call("fc", "c", "{\"a\":1}")]));
    assert_eq!(calls(&told_as("")), pairs(&[("c", "{}")]));
}

#[test]
fn items_without_a_number_follow_one_another() {
    let (first, second) = (message("m1", "One."), message("m2", "Two."));
    let (a, b) = (call("", "c1", "{}"), call("", "c2", "{\"a\":1}"));
    let (_, response) =
        told(&[done(&first), done(&second), done(&a), done(&b)], json!({"id": "r"}));
    assert_eq!(response.text(), "One.Two.");
    assert_eq!(calls(&response), pairs(&[("c1", "{}"), ("c2", "{\"a\":1}")]));
    assert_eq!(blocks(&response), json!([first, second, a, b]));
    // Pieces that are alike to the byte are each of another item.
    let say = |text: &str| piece("output_text", "", text);
    let events = [say("One."), done(&first), say("Two."), done(&second)];
    let (_, response) = told(&events, ended(&[]));
    assert_eq!(response.text(), "One.Two.");
    assert_eq!(blocks(&response), json!([first, second]));
}

#[test]
fn items_that_all_have_the_same_number_are_told_apart() {
    let (think, say) = (thought("rs", "Hm."), message("msg", "So."));
    let (a, b) = (call("f1", "c1", "{}"), call("f2", "c2", "{\"a\":1}"));
    let text = |of: &str, text: &str| numbered(0, piece(of, "", text));
    let mut events = vec![text("reasoning_text", "Hm."), text("output_text", "So.")];
    events.extend([&think, &say, &a, &b].map(|item| numbered(0, done(item))));
    let (_, response) = told(&events, ended(&[]));
    assert_eq!(response.text(), "So.");
    assert_eq!(calls(&response), pairs(&[("c1", "{}"), ("c2", "{\"a\":1}")]));
    assert_eq!(blocks(&response), json!([think, say, a, b]));
}

#[test]
fn an_answer_without_a_status_ended_as_its_event_says() {
    let end = |kind: &str, answer: Value| {
        let events = [done(&message("m", "Hi")), json!({"type": kind, "response": answer})];
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let client = responses();
        let (dialect, context) = reader(&client, &asked);
        let (_, response) = stream(dialect, &context, &sse(&events)).unwrap();
        let first = response.first();
        (first.finish_reason.unwrap(), first.provider_finish_reason.clone().unwrap())
    };
    let bare = json!({"incomplete_details": null});
    assert_eq!(
        end("response.completed", bare.clone()),
        (FinishReason::Stop, "completed".to_string())
    );
    assert_eq!(end("response.incomplete", bare), (FinishReason::Other, "incomplete".to_string()));
    let cut = json!({"incomplete_details": {"reason": "max_output_tokens"}});
    assert_eq!(end("response.incomplete", cut).0, FinishReason::Length);
    let answer = |item: Value| plain(&json!({"id": "r", "error": null, "output": [item]}));
    let reason = |item: Value| answer(item).first().finish_reason;
    assert_eq!(reason(message("m", "Hi")), Some(FinishReason::Stop));
    assert_eq!(reason(call("f", "c", "{}")), Some(FinishReason::ToolCalls));
    let cut = json!({"output": [message("m", "Hi")], "incomplete_details": {}});
    assert_eq!(plain(&cut).first().finish_reason, Some(FinishReason::Other));
}

#[test]
fn of_what_is_said_of_an_item_the_fuller_is_kept() {
    let (think, say) = (thought("rs", "Hm."), message("msg", "So."));
    let shell = json!({"type": "message", "id": "msg", "role": "assistant", "content": []});
    let empty = json!({"type": "reasoning", "id": "rs", "summary": []});
    let mut turned = (think.clone(), say.clone());
    (turned.0["id"], turned.1["id"]) = ("other".into(), "another".into());
    let text = numbered(1, piece("output_text", "msg", "So."));
    for (items, output, kept) in [
        ([&empty, &shell], [&think, &say], json!([think, say])),
        ([&think, &say], [&empty, &shell], json!([think, say])),
        // Ids that change from one event to the next.
        ([&empty, &shell], [&turned.0, &turned.1], json!([turned.0, turned.1])),
    ] {
        let done = [numbered(0, done(items[0])), numbered(1, done(items[1]))];
        let (_, response) = told(&[std::slice::from_ref(&text), &done].concat(), ended(&output));
        assert_eq!(blocks(&response), kept);
        assert_eq!(response.text(), "So.");
    }
}

#[test]
fn items_that_lack_what_was_said_do_not_go_back() {
    let shell = json!({"type": "message", "id": "msg", "role": "assistant", "status": "completed"});
    let text = |text: &str| numbered(0, piece("output_text", "msg", text));
    let said = [json!({"role": "assistant", "content": "So."})];
    let (_, response) = told(&[text("So."), numbered(0, done(&shell))], json!({"id": "r"}));
    assert_eq!(sent_back(&response, &[])[..1], said);
    // A call that nothing said was done.
    let (_, response) = told(&[added(&call("f", "c", "{\"a\":1}"))], ended(&[]));
    assert_eq!(sent_back(&response, &["c"])[0]["arguments"], "{\"a\":1}");
    // White space is no reason to.
    let trimmed = message("msg", "So.");
    let (_, response) = told(&[text("\nSo. "), numbered(0, done(&trimmed))], ended(&[]));
    assert_eq!(sent_back(&response, &[])[0], trimmed);
}

#[test]
fn a_call_keeps_the_id_that_it_was_told_by() {
    let other = call("f", "other", "{}");
    let first = numbered(0, added(&call("f", "first", "")));
    let ends = [
        vec![numbered(0, done(&other))],
        vec![],
        vec![numbered(0, done(&call("f", "second", "{}")))],
    ];
    for end in ends {
        let (events, response) =
            told(&[std::slice::from_ref(&first), &end].concat(), ended(&[&other]));
        assert_eq!(calls(&response), pairs(&[("first", "{}")]));
        let told = events.iter().filter_map(|event| event.kind.call());
        assert!(told.clone().count() > 0 && told.clone().all(|(_, id, _)| id == "first"));
        let sent = sent_back(&response, &["first"]);
        assert_eq!((&sent[0]["id"], &sent[0]["call_id"]), (&json!("f"), &json!("first")));
        assert_eq!(sent[1]["call_id"], "first", "the result names the call");
    }
}

#[test]
fn a_call_whose_place_another_item_takes_is_none_of_the_callers() {
    let mut search = call("fc", "call_20", "{\"queries\":[\"a\"]}");
    search["status"] = "completed".into();
    let found = json!({"type": "search_results", "queries": ["a"], "results": []});
    let say = message("msg", "So.");
    let events = [
        json!({"type": "response.created", "response": {"id": "r", "model": "fast"}}),
        numbered(0, added(&search)),
        numbered(0, done(&found)),
        numbered(1, piece("output_text", "msg", "So.")),
        numbered(1, done(&say)),
    ];
    let (events, response) = told(&events, ended(&[&found, &say]));
    assert!(events.iter().all(|event| event.kind.call().is_none()), "{events:?}");
    assert_eq!((response.text(), calls(&response)), ("So.", vec![]));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
    assert_eq!(response.model.as_deref(), Some("m"), "the last word counts");
    assert_eq!(blocks(&response), json!([found, say]));
    // One that had begun is taken back, and the call after it stays.
    let after = call("f", "c", "{}");
    let open = [numbered(0, added(&begun(&search))), numbered(1, added(&after))];
    search["status"] = "in_progress".into();
    let ends = [numbered(0, done(&found)), numbered(1, done(&after))];
    let begins = [numbered(0, added(&search)), open[1].clone()];
    for begins in [&open[..], &begins] {
        let (_, response) = told(&[begins, &ends].concat(), ended(&[]));
        assert_eq!(calls(&response), pairs(&[("c", "{}")]));
        assert_eq!(blocks(&response), json!([found, after]));
    }
}

#[test]
fn a_call_that_comes_whole_is_told_when_it_is_done_or_goes_on() {
    let mut whole = call("f", "c", "{\"a\":1}");
    whole["status"] = "completed".into();
    let more = numbered(0, piece("function_call_arguments", "f", "{\"a\":1}"));
    let add = numbered(0, added(&whole));
    for events in [
        vec![add.clone()],
        vec![add.clone(), more.clone()],
        vec![add.clone(), numbered(0, done(&whole))],
        vec![add, more, numbered(0, done(&whole))],
    ] {
        let (_, response) = told(&events, ended(&[]));
        assert_eq!(calls(&response), pairs(&[("c", "{\"a\":1}")]), "{events:?}");
    }
}

#[test]
fn a_text_beside_an_empty_output_is_the_answer() {
    let answer = json!({"id": "r", "model": "m", "status": "completed", "output": [],
        "output_text": "Hi"});
    assert_eq!(plain(&answer).text(), "Hi");
    assert_eq!(told(&[], answer.clone()).1.text(), "Hi");
    let (_, response) = told(&[done(&message("m", "Hi"))], answer);
    assert_eq!(response.text(), "Hi", "it only repeats what came before");
}

#[test]
fn an_answer_that_waits_for_the_callers_machine_says_so() {
    let of = |kind: &str| json!({"type": kind, "id": "i", "call_id": "c", "status": "completed"});
    let with = |kind: &str, name: &str, value: Value| {
        let mut item = of(kind);
        item[name] = value;
        item
    };
    let local = with("shell_call", "environment", json!({"type": "local"}));
    let searched = with("tool_search_call", "execution", "client".into());
    let mut asking =
        ["apply_patch_call", "computer_call", "local_shell_call", "shell_call"].map(of).to_vec();
    asking.extend([of("mcp_approval_request"), local, searched]);
    for item in &asking {
        let kind = item["type"].as_str();
        let (events, response) = told(&[done(item)], ended(&[item]));
        let is_shown = |event: &Event| event.kind == EventKind::Other(done(item).to_string());
        assert!(events.iter().any(is_shown), "{item}");
        for response in [response, plain(&ended(&[item]))] {
            let first = response.first();
            assert_eq!(first.finish_reason, Some(FinishReason::Other), "{item}");
            assert_eq!(first.finish_detail.as_deref(), kind);
            assert_eq!(blocks(&response), json!([item]));
        }
        let both = plain(&ended(&[item, &call("f", "g", "{}")]));
        assert_eq!(both.first().finish_reason, Some(FinishReason::ToolCalls));
        assert_eq!(both.first().finish_detail.as_deref(), kind);
    }
    let hosted = with("shell_call", "environment", json!({"type": "container_reference"}));
    let answered = with("mcp_call", "approval_request_id", "i".into());
    for items in [
        [hosted, of("web_search_call")],
        [with("tool_search_call", "execution", "server".into()), of("reasoning")],
        [of("shell_call"), of("shell_call_output")],
        [of("mcp_approval_request"), answered],
    ] {
        let response = plain(&ended(&[&items[0], &items[1], &message("m", "So.")]));
        assert_eq!(response.first().finish_reason, Some(FinishReason::Stop), "{items:?}");
        assert_eq!(response.first().finish_detail, None);
    }
}

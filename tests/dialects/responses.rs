//! Calls of OpenAI's Responses from hosts that say their arguments once, wherever.

use serde_json::{Value, json};

use mynah::error::Status;
use mynah::llm::message::Message;

use crate::*;

const GIVEN: &str = "{\"a\":1}";

fn call(id: &str, arguments: Value) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f",
        "arguments": arguments})
}

fn added(index: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn delta(index: u64, text: &str) -> Value {
    json!({"type": "response.function_call_arguments.delta", "output_index": index, "delta": text})
}

fn completed(output: &[&Value]) -> Value {
    json!({"type": "response.completed",
        "response": {"id": "r", "status": "completed", "model": "m", "output": output}})
}

/// The calls of a stream: ids and arguments.
fn calls(events: &[Value]) -> Vec<(String, String)> {
    let client = options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let (_, response) = stream(dialect, &context, &sse(events)).unwrap();
    let calls = response.first().tool_calls.iter();
    calls.map(|call| (call.id.clone(), call.arguments.clone())).collect()
}

#[test]
fn arguments_are_those_that_were_said_wherever_they_were() {
    let (full, empty) = (call("c", GIVEN.into()), call("c", "".into()));
    let (object, absent) = (call("c", json!({"a": 1})), call("c", Value::Null));
    let streams = [
        vec![added(0, &full), completed(&[])],
        vec![added(0, &full), completed(&[&empty])],
        vec![added(0, &full), done(0, &empty), completed(&[])],
        vec![added(0, &full), done(0, &full), completed(&[&full])],
        vec![added(0, &full), delta(0, GIVEN), done(0, &full), completed(&[&full])],
        vec![added(0, &empty), completed(&[&full])],
        vec![added(0, &absent), done(0, &full), completed(&[])],
        vec![added(0, &empty), delta(0, ""), done(0, &full), completed(&[&full])],
        vec![added(0, &empty), done(0, &object), completed(&[])],
        vec![added(0, &object), completed(&[&object])],
        vec![done(0, &object), completed(&[&object])],
    ];
    for events in streams {
        assert_eq!(calls(&events), [("c".into(), GIVEN.into())], "{events:?}");
    }
    let nothing = [added(0, &empty), done(0, &empty), completed(&[&empty])];
    assert_eq!(calls(&nothing), [("c".into(), "{}".into())]);
}

#[test]
fn a_call_that_only_the_end_tells_is_told_and_none_is_told_twice() {
    let text = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"});
    let message = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi"}]});
    let (one, two) = (call("c", GIVEN.into()), call("d", "{}".into()));
    let end = completed(&[&message, &one, &two]);
    let both = [("c".into(), GIVEN.into()), ("d".into(), "{}".into())];
    assert_eq!(calls(&[text.clone(), end.clone()]), both);
    // A host that counts its items in another way while it streams.
    let counted = [text, added(7, &one), done(7, &one), added(8, &two), end];
    assert_eq!(calls(&counted), both);
}

#[test]
fn a_cap_that_is_too_low_for_this_interface_is_refused_or_the_lowest() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}));
    let client = |unsupported| {
        options(&[
            ("model", "m"),
            ("openai_api", "responses"),
            ("api_key", "k"),
            ("unsupported", unsupported),
        ])
    };
    let error = prepare(&client("error"), &asked, false).err().unwrap().to_string();
    assert!(error.contains("max_tokens") && error.contains("16"), "{error}");
    let prepared = prepare(&client("drop"), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    assert_eq!(sent["max_output_tokens"], 16);
    assert!(prepared.adjusted.iter().any(|note| note.starts_with("max_tokens: 16 instead")));
}

#[test]
fn an_answer_in_the_background_is_refused() {
    let asked = |background: bool| {
        request(json!({"messages": [{"role": "user", "content": "Hi"}], "background": background}))
    };
    let error = prepare(&client_of_responses(&[]), &asked(true), false).unwrap_err();
    assert_eq!(error.status(), Status::BadRequest);
    let said = error.to_string();
    assert!(said.ends_with("is only asked for answers that come at once"), "{said}");
    for (client, background) in
        [(client_of_responses(&[("unsupported", "drop")]), true), (client_of_responses(&[]), false)]
    {
        let prepared = prepare(&client, &asked(background), false).unwrap();
        assert_eq!(prepared.adjusted.len(), usize::from(background));
        assert_eq!(body(&client, &asked(background)).get("background"), None);
    }
}

#[test]
fn only_of_models_that_think_is_asked_what_they_thought() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let include = |model: &str| {
        let client = options(&[
            ("provider", "openai"),
            ("model", model),
            ("api_key", "k"),
            ("openai_api", "responses"),
        ]);
        body(&client, &asked).get("include").cloned()
    };
    assert_eq!(include("gpt-6-sol"), Some(json!(["reasoning.encrypted_content"])));
    assert_eq!(include("gpt-4o"), None);
}

fn client_of_responses(more: &[(&str, &str)]) -> Resolved<ClientOptions> {
    let own = [
        ("model", "gpt-6-sol"),
        ("provider", "openai"),
        ("openai_api", "responses"),
        ("api_key", "k"),
    ];
    options(&[&own, more].concat())
}

/// The answer of a stream.
fn answer(events: &[Value]) -> Response {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client_of_responses(&[]), &asked);
    stream(dialect, &context, &sse(events)).unwrap().1
}

#[test]
fn one_text_is_no_list_and_arguments_are_never_empty() {
    let calls =
        json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]);
    let asked = request(json!({"messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c", "content": "4"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    ]}));
    let input = &body(&client_of_responses(&[]), &asked)["input"];
    assert_eq!(input[0]["content"], "Hi");
    assert_eq!(input[1]["arguments"], "{}");
    assert_eq!(input[3]["content"][1], json!({"type": "input_text", "text": "b"}));
}

#[test]
fn models_that_tell_no_chances_are_not_asked_for_them() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "logprobs": true, "top_logprobs": 3}));
    for (model, told) in [("gpt-4o", true), ("o3", false)] {
        let client =
            |unsupported| client_of_responses(&[("model", model), ("unsupported", unsupported)]);
        let sent = body(&client("drop"), &asked);
        let include = sent["include"].to_string();
        assert_eq!(include.contains("logprobs"), told, "{sent}");
        assert_eq!(sent.get("top_logprobs").is_some(), told, "{sent}");
        assert_eq!(prepare(&client("error"), &asked, false).is_ok(), told, "{model}");
    }
}

#[test]
fn a_document_without_a_name_gets_one() {
    let file = json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}});
    let asked = request(json!({"messages": [{"role": "user", "content": [file]}]}));
    let sent = body(&client_of_responses(&[]), &asked);
    assert_eq!(sent["input"][0]["content"][0]["filename"], "document.pdf");
}

#[test]
fn a_thought_of_which_nothing_came_does_not_go_back_and_an_image_of_the_assistant_is_noted() {
    let thought = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "SIG",
        "summary": [{"type": "summary_text", "text": "Hm."}]});
    let cut = json!({"type": "response.incomplete", "response": {"id": "r", "status": "incomplete",
        "model": "gpt-6-sol", "incomplete_details": {"reason": "max_output_tokens"},
        "output": [thought]}});
    let response = answer(&[done(0, &thought), cut]);
    let mut asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    asked.messages.push(Message::from_json(&response.first().message.value()).unwrap());
    asked.messages.extend(
        request(json!({"messages": [
            {"role": "assistant", "content": [{"type": "text", "text": "So:"},
                {"type": "image_url", "image_url": {"url": "https://h/i.png"}}]},
            {"role": "user", "content": "Well?"},
        ]}))
        .messages,
    );
    let prepared = prepare(&client_of_responses(&[]), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    let kinds: Vec<_> =
        sent["input"].as_array().unwrap().iter().map(|item| &item["role"]).collect();
    assert_eq!(kinds, ["user", "assistant", "user"], "{sent:#}");
    let noted = |what: &str| prepared.adjusted.iter().any(|note| note.contains(what));
    assert!(
        noted("a thought") && noted("only texts and calls of the assistant"),
        "{:?}",
        prepared.adjusted
    );
}

#[test]
fn citations_are_taken_from_where_they_stand_and_once() {
    let note = json!({"type": "url_citation", "url": "https://h", "title": "H"});
    let message = json!({"type": "message", "role": "assistant", "content": [
        {"type": "output_text", "text": "So.", "annotations": [note]}]});
    let text = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "So."});
    let told = json!({"type": "response.output_text.annotation.added", "output_index": 0,
        "annotation": note});
    for events in [
        vec![text.clone(), told, done(0, &message), completed(&[&message])],
        vec![text, done(0, &message), completed(&[&message])],
        vec![done(0, &message), completed(&[&message])],
        vec![completed(&[&message])],
    ] {
        let response = answer(&events);
        assert_eq!(response.first().citations, Some(json!([note])), "{events:?}");
        assert_eq!(response.first().text, "So.");
    }
}

#[test]
fn a_cost_that_the_host_states_is_taken() {
    let end = json!({"type": "response.completed", "response": {"id": "r", "status": "completed",
        "model": "m", "output": [], "usage": {"input_tokens": 3, "output_tokens": 2,
        "total_tokens": 5, "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
        "cost": 0.25}}});
    let response = answer(&[end]);
    assert_eq!(response.stated_cost_usd, Some(0.25));
    let usage = response.usage.unwrap();
    assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(1), Some(2)));
}

/// The items of one of xAI's answers, and the tools that it repeats.
fn searched() -> (Value, Value) {
    let search = json!({"type": "custom_tool_call", "id": "ctc", "call_id": "xs_call_1",
        "name": "x_keyword_search", "input": "{\"query\":\"a\"}", "status": "completed"});
    let own = json!({"type": "custom_tool_call", "id": "ct2", "call_id": "call_2",
        "name": "shell", "input": "ls", "status": "completed"});
    let message = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "So."}]});
    let tools = json!([{"type": "x_search"}, {"type": "custom", "name": "shell"}]);
    (json!([search, own, message]), tools)
}

/// A stream of these items, in the way of the vendor.
fn streamed(items: &Value, tools: &Value) -> Vec<Value> {
    let of = |status: &str, output: &Value| json!({"id": "r", "status": status, "model": "m", "output": output, "tools": tools});
    let mut events =
        vec![json!({"type": "response.created", "response": of("in_progress", &json!([]))})];
    for (index, item) in (0..).zip(items.as_array().unwrap()) {
        let mut begun = item.clone();
        if item["input"].is_string() {
            begun["input"] = "".into();
        }
        events.push(added(index, &begun));
        if let Some(input) = item["input"].as_str() {
            events.push(json!({"type": "response.custom_tool_call_input.delta",
                "output_index": index, "delta": input}));
        }
        events.push(done(index, item));
    }
    events.push(json!({"type": "response.completed", "response": of("completed", items)}));
    events
}

/// Ids and names of the calls that the caller is told of, plain and streamed.
fn told(items: &Value, tools: &Value) -> Vec<(String, String)> {
    let client = options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let plain = json!({"id": "r", "status": "completed", "model": "m", "output": items,
        "tools": tools});
    let plain = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes()).unwrap();
    let (_, mut streamed) = stream(dialect, &context, &sse(&streamed(items, tools))).unwrap();
    streamed.raw = plain.raw.clone();
    assert_eq!(plain, streamed);
    let message = plain.first().message.value().into_owned();
    assert_eq!(message["mynah"]["blocks"], *items, "all goes back");
    let calls = plain.first().tool_calls.iter();
    calls.map(|call| (call.id.clone(), call.name.clone())).collect()
}

#[test]
fn searches_that_xai_makes_by_itself_are_no_calls_of_the_callers() {
    let (items, tools) = searched();
    let own = [("call_2".to_string(), "shell".to_string())];
    assert_eq!(told(&items, &tools), own);
    let inner = json!([{"type": "x_search"},
        {"type": "namespace", "name": "n", "tools": [{"type": "custom", "name": "shell"}]}]);
    assert_eq!(told(&items, &inner), own, "a tool in a namespace is the caller's");
    assert_eq!(told(&items, &json!([])), own, "x_keyword_search is known by its name");
    let both = json!([{"type": "custom", "name": "x_keyword_search"},
        {"type": "custom", "name": "shell"}]);
    assert_eq!(told(&items, &both).len(), 2, "the caller's own tools may have any name");
    let page = json!([{"type": "custom_tool_call", "id": "ctc", "call_id": "b",
        "name": "browse_page", "input": "{}"}]);
    assert_eq!(told(&page, &tools), []);
    assert_eq!(told(&page, &json!([])).len(), 1, "so may one of a host that repeats none");
    assert_eq!(told(&json!([items[0], items[2]]), &tools), []);
}

#[test]
fn a_call_whose_result_stands_beside_it_is_none_of_the_callers() {
    let call = json!({"type": "function_call", "id": "f", "call_id": "c", "name": "lookup",
        "arguments": "{}"});
    let result = json!({"type": "function_call_output", "call_id": "c", "output": "3"});
    let message = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "So."}]});
    assert_eq!(told(&json!([call, result, message]), &json!([])), []);
    assert_eq!(told(&json!([call, message]), &json!([])).len(), 1);
}

#[test]
fn a_search_that_the_vendor_made_is_noted_where_another_cannot_have_it() {
    let (items, tools) = searched();
    let client = options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let answer = json!({"id": "r", "status": "completed", "model": "m", "output": items,
        "tools": tools});
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    assert!(answer.has_unpriced, "a search has a fee");
    let mut next = asked;
    next.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
    next.messages.push(Message::tool_result("call_2", "a.txt", false));
    let sent = prepare(&crate::client("anthropic", "claude-sonnet-5-5"), &next, false).unwrap();
    let note = "messages: left out: custom_tool_call of an answer of openai m";
    assert!(sent.adjusted.iter().any(|adjusted| adjusted == note), "{:?}", sent.adjusted);
}

#[test]
fn what_an_agent_says_that_the_model_set_to_work_is_no_answer_and_goes_back() {
    let of = |name: &str, mut json: Value| {
        json["agent"] = json!({"agent_name": name});
        json
    };
    let message = |id: &str, part: Value| {
        json!({"type": "message", "id": id, "role": "assistant", "status": "completed",
            "content": [part]})
    };
    let note = json!({"type": "url_citation", "url": "https://example.test"});
    let text = |text: &str, notes: Value| json!({"type": "output_text", "text": text, "annotations": notes});
    let helper = "/root/reviewer";
    let items = [
        of(
            helper,
            json!({"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "E",
            "content": [{"type": "reasoning_text", "text": "Hm."}]}),
        ),
        of(helper, message("m1", text("All is well.", json!([note])))),
        of(helper, message("m2", json!({"type": "refusal", "refusal": "I cannot."}))),
        of(helper, call("c", GIVEN.into())),
        of("/root", message("m3", text("Done.", json!([])))),
    ];
    let all: Vec<_> = items.iter().collect();
    let said = [
        ("reasoning_text", "Hm."),
        ("output_text", "All is well."),
        ("refusal", "I cannot."),
        ("function_call_arguments", GIVEN),
        ("output_text", "Done."),
    ];
    let mut events = Vec::new();
    for ((index, item), (kind, delta)) in (0..).zip(&items).zip(said) {
        let mut begun = item.clone();
        for (key, none) in [("content", json!([])), ("arguments", "".into())] {
            if begun.get(key).is_some() {
                begun[key] = none;
            }
        }
        events.push(added(index, &begun));
        let piece = json!({"type": format!("response.{kind}.delta"), "output_index": index,
            "delta": delta});
        events.push(of(item["agent"]["agent_name"].as_str().unwrap(), piece));
        events.push(done(index, item));
    }
    events.push(completed(&all));
    let mut done_only: Vec<_> = (0..).zip(&items).map(|(index, item)| done(index, item)).collect();
    done_only.push(completed(&all));
    let hi = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&responses(), &hi);
    let whole = completed(&all)["response"].to_string();
    let plain = dialect.reply(&context, &head(200, &[]), whole.as_bytes()).unwrap();
    let read = |events: &[Value]| stream(dialect, &context, &sse(events)).unwrap().1;
    for response in [plain, read(&events), read(&done_only), read(&[completed(&all)])] {
        let answer = response.first();
        let told = (answer.text.as_str(), &answer.reasoning, &answer.refusal, &answer.citations);
        assert_eq!(told, ("Done.", &None, &None, &None));
        let calls: Vec<_> = answer.tool_calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(calls, ["c"]);
        let message = answer.message.value().into_owned();
        assert_eq!(message["mynah"]["blocks"], json!(all));
    }
}

#[test]
fn what_agents_write_to_each_other_is_no_answer_and_goes_back() {
    let note = json!({"type": "url_citation", "url": "https://example.test"});
    let parts = json!([
        {"type": "output_text", "text": "Look at the tests.", "annotations": [note]},
        {"type": "reasoning_text", "text": "Hm."},
        {"type": "refusal", "refusal": "No."},
        {"type": "encrypted_content", "encrypted_content": "E"}]);
    let letter = json!({"type": "agent_message", "id": "a", "author": "/root",
        "recipient": "/root/reviewer", "content": parts});
    let answer_of = json!({"type": "message", "id": "m", "role": "assistant",
        "content": [{"type": "output_text", "text": "Done.", "annotations": []}]});
    let all = [&letter, &answer_of];
    for events in [
        vec![added(0, &letter), done(0, &letter), done(1, &answer_of), completed(&all)],
        vec![completed(&all)],
    ] {
        let response = answer(&events);
        let told = response.first();
        let told = (told.text.as_str(), &told.reasoning, &told.refusal, &told.citations);
        assert_eq!(told, ("Done.", &None, &None, &None));
        let message = response.first().message.value().into_owned();
        assert_eq!(message["mynah"]["blocks"], json!(all));
    }
}

#[test]
fn a_thought_that_stands_beside_the_items_alone_is_told_once() {
    let item = json!({"type": "message", "id": "m", "role": "assistant",
        "content": [{"type": "output_text", "text": "So.", "annotations": []}]});
    let with = |reasoning: Value, output: &[&Value]| {
        let mut last = completed(output);
        last["response"]["reasoning"] = reasoning;
        last
    };
    let thought = |last: Value| {
        let whole = answer(std::slice::from_ref(&last));
        let streamed = answer(&[added(0, &item), done(0, &item), last]);
        assert_eq!(whole.first().reasoning, streamed.first().reasoning);
        whole.first().reasoning.clone()
    };
    assert_eq!(thought(with("Hm.".into(), &[&item])).as_deref(), Some("Hm."));
    assert_eq!(thought(with(json!({"effort": "low"}), &[&item])), None);
    let own = json!({"type": "reasoning", "id": "rs", "summary": [],
        "content": [{"type": "reasoning_text", "text": "Own."}]});
    let last = with("Hm.".into(), &[&own, &item]);
    assert_eq!(answer(&[last]).first().reasoning.as_deref(), Some("Own."));
}

#[test]
fn an_end_without_an_object_around_it_is_read() {
    let last = json!({"type": "response.completed", "id": "r", "status": "completed", "model": "m",
        "usage": {"input_tokens": 3, "output_tokens": 2}, "output": [{"type": "message",
            "role": "assistant", "content": [{"type": "output_text", "text": "So."}]}]});
    let response = answer(&[last]);
    assert_eq!((response.id.as_deref(), response.first().text.as_str()), (Some("r"), "So."));
    assert_eq!(response.usage.unwrap().input_tokens, Some(3));
}

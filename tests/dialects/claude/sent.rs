//! What it is sent: its own forms of messages, marks and fields.

use mynah::error::Status;
use serde_json::{Value, json};

use super::*;

/// What a request with this message is sent as, and what was adjusted of it.
fn dropped(message: Value) -> (Value, Vec<String>) {
    let set = [("provider", "anthropic"), ("model", "claude-sonnet-4-5"), ("api_key", "k")];
    let client = options(&[&set[..], &[("unsupported", "drop")]].concat());
    let asked = request(json!({"messages": [message, {"role": "user", "content": "Hi"}]}));
    let prepared = prepare(&client, &asked, false).unwrap();
    (serde_json::from_slice(&prepared.http.body).unwrap(), prepared.adjusted)
}

fn image(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// The refusal of a request with this message, in words.
fn refusal(message: &Value) -> String {
    let asked = request(json!({"messages": [message, {"role": "user", "content": "Hi"}]}));
    let refused = prepare(&client("anthropic", "claude-sonnet-4-5"), &asked, false).unwrap_err();
    assert_eq!(refused.status(), Status::BadRequest, "{message}");
    refused.to_string()
}

#[test]
fn a_conversation_may_not_end_with_the_assistants_turn_whatever_follows_without_a_word() {
    let client = client("anthropic", "claude-opus-4-7");
    let user = |text: &str| json!({"role": "user", "content": text});
    let said = json!({"role": "assistant", "content": "So"});
    for after in [json!({"role": "system", "content": "Be brief."}), user("")] {
        let asked = request(json!({"messages": [user("Hi"), said.clone(), after]}));
        let refused = prepare(&client, &asked, false).unwrap_err();
        assert!(refused.to_string().contains("does not go on from"), "{refused}");
    }
    let asked = request(json!({"messages": [user("Hi"), said, user("And?")]}));
    assert_eq!(body(&client, &asked)["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn the_system_says_nothing_but_texts() {
    let brief = json!({"type": "text", "text": "Be brief."});
    let seen = json!({"role": "system", "content": [brief, image("https://example.test/a.png")]});
    let words = refusal(&seen);
    assert!(words.starts_with("messages: ") && words.contains("from the system"), "{words}");
    let (sent, adjusted) = dropped(seen);
    assert_eq!(sent["system"], "Be brief.");
    assert!(adjusted.iter().any(|note| note.starts_with("messages: left out")), "{adjusted:?}");
}

#[test]
fn what_the_system_says_later_stays_there_for_models_whose_thoughts_are_bound_to_the_field() {
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c",
        "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let asked = request(json!({"messages": [
        said("system", "Be brief."), said("user", "Hi"), said("assistant", "Yes?"),
        said("system", "It is late."), said("system", "Hurry."), said("user", "Go on"),
        call, {"role": "tool", "tool_call_id": "c", "content": "1"},
        said("system", "One call is left."), said("system", "")]}));
    let roles = |sent: &Value| -> Vec<String> {
        let turns = sent["messages"].as_array().unwrap().iter();
        turns.map(|turn| turn["role"].as_str().unwrap().into()).collect()
    };
    for model in [
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
        "claude-fable-5-1",
        "claude-fable-5-2",
        "claude-mythos-5-1",
        "claude-mythos-5-2",
    ] {
        let prepared = prepare(&client("anthropic", model), &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(sent["system"], "Be brief.", "{model}");
        let turns = ["user", "assistant", "user", "system", "assistant", "user", "system"];
        assert_eq!(roles(&sent), turns, "{model}");
        let texts = |at: usize| {
            let blocks = sent["messages"][at]["content"].as_array().unwrap().iter();
            blocks.map(|block| block["text"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(texts(3), ["It is late.", "Hurry."]);
        assert_eq!(texts(6), ["One call is left."]);
        let moved = "messages: the system's moved after the user's next";
        assert_eq!(prepared.adjusted, [moved], "{model}");
    }
    for model in ["claude-opus-5", "claude-fable-5", "claude-mythos-5"] {
        let sent = body(&client("anthropic", model), &asked);
        let all = "Be brief.\n\nIt is late.\n\nHurry.\n\nOne call is left.";
        assert_eq!(sent["system"], all, "{model}");
        assert_eq!(roles(&sent), ["user", "assistant", "user", "assistant", "user"]);
    }
}

#[test]
fn the_system_adds_and_removes_tools_in_a_turn_of_its_own() {
    let added = json!({"type": "tool_addition", "tool": {"type": "tool_definition",
        "definition": {"name": "f", "input_schema": {"type": "object"}}}});
    let removed = json!({"type": "tool_removal", "tool": {"type": "tool_reference", "name": "g"}});
    let system = json!({"role": "system", "content": [added, removed]});
    let user = json!({"role": "user", "content": "Hi"});
    let later = request(json!({"messages": [user, system]}));
    let sent = body(&client("anthropic", "claude-opus-5-5"), &later);
    assert_eq!(sent["messages"][1], json!({"role": "system", "content": [added, removed]}));
    let first = request(json!({"messages": [system, user]}));
    for (model, asked) in [("claude-opus-5-5", &first), ("claude-sonnet-4-5", &later)] {
        let refused = prepare(&client("anthropic", model), asked, false).unwrap_err();
        assert_eq!(refused.status(), Status::BadRequest, "{model}");
    }
}

#[test]
fn images_are_of_the_kinds_that_are_taken_under_their_proper_names() {
    let seen = |kind: &str| {
        json!({"role": "user", "content": [{"type": "text", "text": "Look"},
            image(&format!("data:{kind},/9j/"))]})
    };
    for (given, sent) in [("jpg", "jpeg"), ("PNG", "png"), ("gif", "gif"), ("webp", "webp")] {
        let (body, adjusted) = dropped(seen(&format!("image/{given};base64")));
        let media = &body["messages"][0]["content"][1]["source"]["media_type"];
        assert!(*media == format!("image/{sent}") && adjusted.is_empty(), "{body} {adjusted:?}");
    }
    for other in ["image/bmp;base64", "image/svg+xml;base64", ";base64", "image/svg+xml;utf8"] {
        let words = refusal(&seen(other));
        assert!(words.contains("jpeg, png, gif and webp"), "{words}");
        let (body, adjusted) = dropped(seen(other));
        assert!(!body.to_string().contains("image") && adjusted.len() == 1, "{body} {adjusted:?}");
    }
}

#[test]
fn who_asks_is_said_once_and_what_is_no_id_is_refused() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let asked = |more: Value| {
        let mut json = json!({"messages": [user("Hi")]});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        prepare(&claude, &request(json), false)
    };
    for (more, id, notes) in [
        (json!({"metadata": {"user_id": 5}}), "5", &[][..]),
        (json!({"metadata": {"user_id": "a"}, "user": "a"}), "a", &[]),
        (
            json!({"metadata": {"user_id": "a"}, "user": "b"}),
            "a",
            &["user: left out: metadata has a user_id"],
        ),
        (json!({"safety_identifier": "c"}), "c", &[]),
        (
            json!({"user": "b", "safety_identifier": "c"}),
            "b",
            &["safety_identifier: left out: user says who asks"],
        ),
        (
            json!({"metadata": {"user_id": "a"}, "safety_identifier": "c"}),
            "a",
            &["safety_identifier: left out: metadata has a user_id"],
        ),
    ] {
        let prepared = asked(more).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(
            (sent["metadata"]["user_id"].as_str(), &*prepared.adjusted),
            (Some(id), &*notes.iter().map(|note| String::from(*note)).collect::<Vec<_>>())
        );
    }
    let refused = asked(json!({"metadata": {"user_id": {"a": 1}}})).unwrap_err();
    assert!(refused.to_string().contains("only a text as user_id"), "{refused}");
}

#[test]
fn a_mark_on_the_models_own_message_goes_to_its_last_block() {
    let mark = json!({"type": "ephemeral"});
    let blocks = json!([{"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "text", "text": "a"}]);
    let mut on_message = own("claude-sonnet-4-5", blocks);
    let mut on_part = on_message.clone();
    on_message["cache_control"] = mark.clone();
    on_part["content"] = json!([{"type": "text", "text": "a", "cache_control": mark}]);
    for said in [on_message, on_part] {
        let asked = request(json!({"messages": [user("Hi"), said, user("And?")]}));
        let sent = body(&client("anthropic", "claude-sonnet-4-5"), &asked);
        let sent = &sent["messages"][1]["content"];
        assert_eq!((&sent[1]["cache_control"], &sent[0]["cache_control"]), (&mark, &Value::Null));
    }
}

#[test]
fn a_stop_text_has_more_in_it_than_white_space() {
    let client = client("anthropic", "claude-sonnet-4-5");
    for blank in ["\n", "", " \t"] {
        let mut asked = request(json!({"messages": [user("Hi")], "stop": [blank, "END\n"]}));
        let refused = prepare(&client, &asked, false).unwrap_err();
        assert_eq!(refused.status(), Status::BadRequest);
        assert!(refused.to_string().starts_with("stop: "), "{refused}");
        asked.set("unsupported", "drop").unwrap();
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(sent["stop_sequences"], json!(["END\n"]));
        assert!(prepared.adjusted.iter().any(|note| note.starts_with("stop: left out")));
    }
}

#[test]
fn what_the_model_goes_on_from_ends_with_a_word() {
    let client = client("anthropic", "claude-sonnet-4-5");
    let text = |text: &str| json!({"type": "text", "text": text});
    let sent = |content: Value| {
        let said = json!({"role": "assistant", "content": content});
        let asked = request(json!({"messages": [user("Hi"), said]}));
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        (sent["messages"][1]["content"].clone(), prepared.adjusted.len())
    };
    assert_eq!(sent("Sure: \n".into()), (json!([text("Sure:")]), 1));
    assert_eq!(sent(json!([text("Sure: "), text(" ")])), (json!([text("Sure:")]), 1));
    assert_eq!(sent("Sure:".into()), (json!([text("Sure:")]), 0));
    let user_goes_on = json!([user("Hi"), {"role": "assistant", "content": "A "}, user("B ")]);
    let asked = request(json!({"messages": user_goes_on}));
    assert_eq!(body(&client, &asked)["messages"][1]["content"], json!([text("A ")]));
}

#[test]
fn an_answer_that_cites_keeps_to_no_schema() {
    let cites = json!({"enabled": true});
    let document = json!({"type": "document", "citations": cites,
        "source": {"type": "text", "media_type": "text/plain", "data": "So."}});
    let found = json!({"type": "search_result", "source": "s", "title": "t", "citations": cites,
        "content": [{"type": "text", "text": "So."}]});
    let of_tool = json!({"role": "tool", "tool_call_id": "c", "content": [found]});
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s",
        "schema": {"type": "object", "additionalProperties": false}}});
    for said in [
        json!([{"role": "user", "content": [document]}]),
        json!([user("Hi"), called("c"), of_tool]),
    ] {
        let asked = request(json!({"messages": said, "response_format": schema}));
        let error = prepare(&client("anthropic", "claude-sonnet-5-5"), &asked, false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        assert!(error.to_string().contains("together with citations"), "{error}");
    }
    let asked = request(json!({"messages": [user("Hi")], "response_format": schema}));
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &asked);
    assert_eq!(sent["output_config"]["format"]["type"], "json_schema");
}

#[test]
fn what_only_this_vendor_has_is_handed_on() {
    let own = json!({"speed": "fast", "fallbacks": [{"model": "claude-sonnet-5-5"}],
        "inference_geo": "us"});
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let sent = body(&client("anthropic", "claude-opus-5-5"), &request(json));
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent[key], value, "{key}");
    }
}

#[test]
fn the_container_in_which_code_waits_for_a_result_is_named_with_it() {
    let tool = |caller: &str| {
        json!({"type": "tool_use", "id": "t", "name": "f", "input": {},
            "caller": {"type": caller, "tool_id": "s"}})
    };
    let container = json!({"id": "box_1", "expires_at": "2026-12-01T00:00:00Z"});
    let client = client("anthropic", "claude-opus-5-5");
    let next = |response: &Response, more: Value| {
        let said = response.first().message.value().into_owned();
        let mut json = json!({"messages": [{"role": "user", "content": "Hi"}, said,
            {"role": "tool", "tool_call_id": "t", "content": "r"}]});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        prepare(&client, &request(json), false).unwrap()
    };
    for (caller, named) in [("code_execution_20260120", json!("box_1")), ("direct", Value::Null)] {
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        let mut end = end("tool_use");
        end[0]["delta"]["container"] = container.clone();
        let events = [vec![begin(), start(0, tool(caller)), stop(0)], end.to_vec()].concat();
        let (_, streamed) = stream(dialect, &context, &sse(&events)).unwrap();
        let whole = json!({"id": "m", "model": "claude-opus-5-5", "content": [tool(caller)],
            "stop_reason": "tool_use", "container": container});
        let whole = dialect.reply(&context, &head(200, &[]), whole.to_string().as_bytes());
        for response in [streamed, whole.unwrap()] {
            let prepared = next(&response, json!({}));
            let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            assert_eq!((&sent["container"], prepared.adjusted.len()), (&named, 0), "{caller}");
            let own: Value =
                serde_json::from_slice(&next(&response, json!({"container": "own"})).http.body)
                    .unwrap();
            assert_eq!(own["container"], "own");
        }
    }
}

#[test]
fn the_container_is_named_while_anything_of_its_code_waits_and_is_remembered() {
    let client = client("anthropic", "claude-opus-5-5");
    let tool = |kind: &str, id: &str, name: &str, caller: &str| json!({"type": kind, "id": id, "name": name, "input": {}, "caller": {"type": caller}});
    let code = || tool("server_tool_use", "s", "bash_code_execution", "direct");
    let search = || tool("server_tool_use", "w", "web_search", "code_execution_20260120");
    let direct = || tool("tool_use", "t", "f", "direct");
    let done = json!({"type": "bash_code_execution_tool_result", "tool_use_id": "s",
        "content": {"type": "bash_code_execution_result", "stdout": ""}});
    let said = |content: Value, reason: &str, container: Value| {
        let asked = request(json!({"messages": [user("Hi")]}));
        let (dialect, context) = reader(&client, &asked);
        let whole = json!({"id": "m", "model": "claude-opus-5-5", "content": content,
            "stop_reason": reason, "container": container});
        let response = dialect.reply(&context, &head(200, &[]), whole.to_string().as_bytes());
        response.unwrap().first().message.value().into_owned()
    };
    let named = json!({"id": "box_1", "expires_at": "2026-12-01T00:00:00Z"});
    let sent = |turns: &[Value], own: Value| {
        let messages = [&[user("Hi")], turns].concat();
        let mut json = json!({"messages": messages});
        json.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        body(&client, &request(json))["container"].clone()
    };
    let paused = |content: Value| vec![said(content, "pause_turn", named.clone())];
    assert_eq!(sent(&paused(json!([code()])), json!({})), "box_1");
    assert_eq!(sent(&paused(json!([code(), done, search()])), json!({})), "box_1");
    assert_eq!(sent(&paused(json!([code(), done])), json!({})), Value::Null, "nothing waits");
    let beside = [said(json!([code(), direct()]), "tool_use", named.clone()), result("t")];
    assert_eq!(sent(&beside, json!({})), "box_1");
    let by_code = || json!([tool("tool_use", "t", "f", "code_execution_20260120")]);
    let round = |container: &Value| [said(by_code(), "tool_use", container.clone()), result("t")];
    assert_eq!(sent(&[round(&named), round(&Value::Null)].concat(), json!({})), "box_1");
    let skills = json!({"container": {"skills": [{"type": "anthropic", "skill_id": "xlsx"}]}});
    let mut both = skills["container"].clone();
    both["id"] = "box_1".into();
    assert_eq!(sent(&round(&named), skills), both);
}

#[test]
fn the_vendors_own_fields_are_handed_on() {
    let fields = json!({"billing_policy": {"type": "billing_policy"}, "compaction":
        {"type": "summarize"}, "thread": {"type": "create"}});
    let mut asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
    asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let sent = body(&client("anthropic", "claude-opus-5-5"), &request(asked));
    fields.as_object().unwrap().iter().for_each(|(name, value)| assert_eq!(sent[name], *value));
}

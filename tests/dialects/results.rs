//! Calls and their results: whose each is, whatever ids there are and in which order
//! they were put in.

use mynah::error::Status;
use mynah::llm::message::Message;
use serde_json::{Value, json};

use crate::*;

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn asks(calls: &[Value]) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn result(id: &str, text: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": text})
}

fn conversation(said: &[Value]) -> Request {
    let mut all = vec![json!({"role": "user", "content": "Go"})];
    all.extend_from_slice(said);
    request(json!({"messages": all}))
}

/// All parts of Gemini's turns that have this member, without the rest of them.
fn parts<'a>(body: &'a Value, member: &str) -> Vec<&'a Value> {
    let turns = body["contents"].as_array().unwrap().iter();
    let parts = turns.flat_map(|turn| turn["parts"].as_array().unwrap());
    parts.filter_map(|part| part.get(member)).collect()
}

/// Two calls of one function, and their results the other way round.
fn crossed(ids: [&str; 2]) -> Request {
    conversation(&[
        asks(&[
            call(ids[0], "weather", "{\"city\":\"Paris\"}"),
            call(ids[1], "weather", "{\"city\":\"Oslo\"}"),
        ]),
        result(ids[1], "cold in Oslo"),
        result(ids[0], "warm in Paris"),
    ])
}

#[test]
fn results_stand_in_the_order_of_their_calls_where_nothing_else_tells_whose_they_are() {
    for ids in [["c1", "c2"], ["call_mynah_0_0", "call_mynah_0_1"]] {
        let sent = body(&client("gemini", "gemini-2.5-flash"), &crossed(ids));
        fits("gemini-openapi.json", "GenerateContentRequest", &sent);
        let results = parts(&sent, "functionResponse");
        let said: Vec<_> = results.iter().map(|r| &r["response"]["output"]).collect();
        assert_eq!(said, ["warm in Paris", "cold in Oslo"]);
        let sent = body(&client("ollama", "m"), &crossed(ids));
        let said: Vec<_> = (2..4).map(|at| &sent["messages"][at]["content"]).collect();
        assert_eq!(said, ["warm in Paris", "cold in Oslo"]);
    }
}

#[test]
fn results_of_an_answer_without_ids_go_back_in_its_order() {
    let client = client("gemini", "gemini-3.8-flash");
    let asked = conversation(&[]);
    let (provider, context) = reader(&client, &asked);
    let calls = ["Paris", "Oslo"]
        .map(|city| json!({"functionCall": {"name": "weather", "args": {"city": city}}}));
    let answer = json!({"candidates": [{"finishReason": "STOP", "index": 0,
        "content": {"role": "model", "parts": calls}}]});
    let answer = provider.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let mut request = asked;
    request.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
    for (at, text) in [(1, "cold in Oslo"), (0, "warm in Paris")] {
        let id = &answer.first().tool_calls[at].id;
        request.messages.push(Message::tool_result(id, text, false));
    }
    let sent = body(&client, &request);
    let said: Vec<_> = parts(&sent, "functionResponse")
        .iter()
        .map(|result| result["response"]["output"].clone())
        .collect();
    assert_eq!(said, ["warm in Paris", "cold in Oslo"]);
}

#[test]
fn a_system_message_among_results_does_not_keep_them_from_their_order() {
    let request = conversation(&[
        asks(&[call("a", "f", "{}"), call("b", "f", "{}")]),
        result("b", "2"),
        json!({"role": "system", "content": "Be brief."}),
        result("a", "1"),
    ]);
    let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
    let said: Vec<_> = parts(&sent, "functionResponse").iter().map(|r| r["id"].clone()).collect();
    assert_eq!(said, ["a", "b"]);
}

/// A host that counts its calls anew in each answer.
fn counted_anew() -> Request {
    conversation(&[
        asks(&[call("call_0", "weather", "{}")]),
        result("call_0", "sunny"),
        asks(&[call("call_0", "time", "{}")]),
        result("call_0", "noon"),
    ])
}

#[test]
fn a_result_is_its_own_calls_though_a_later_one_has_the_same_id() {
    let sent = body(&client("gemini", "gemini-2.5-flash"), &counted_anew());
    let names: Vec<_> =
        parts(&sent, "functionResponse").iter().map(|r| r["name"].clone()).collect();
    assert_eq!(names, ["weather", "time"]);
    let sent = body(&client("ollama", "m"), &counted_anew());
    let names = [2, 4].map(|at| sent["messages"][at]["tool_name"].clone());
    assert_eq!(names, ["weather", "time"]);
}

#[test]
fn an_id_that_comes_again_gets_another_where_ids_are_unique() {
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &counted_anew());
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &sent);
    let id = |at: usize, name: &str| sent["messages"][at]["content"][0][name].clone();
    assert_eq!([id(1, "id"), id(2, "tool_use_id")], ["call_0", "call_0"]);
    assert_eq!([id(3, "id"), id(4, "tool_use_id")], ["call_0_2", "call_0_2"]);
    let sent = body(&responses(), &counted_anew());
    fits("openai-openapi.json", "CreateResponse", &sent);
    let ids: Vec<_> = (1..5).map(|at| sent["input"][at]["call_id"].clone()).collect();
    assert_eq!(ids, ["call_0", "call_0", "call_0_2", "call_0_2"]);
    for client in [client("custom", "m"), client("openai", "gpt-5"), client("cohere", "m")] {
        let sent = body(&client, &counted_anew());
        let messages = &sent["messages"];
        assert_eq!(messages[4]["tool_call_id"], "call_0_2");
        assert_eq!(messages[3]["tool_calls"][0]["id"], "call_0_2");
    }
}

#[test]
fn an_id_that_a_host_gave_to_two_calls_goes_back_to_it_but_to_kimi() {
    for (provider, model, ids) in
        [("custom", "m", ["call_0"; 2]), ("kimi", "kimi-k3", ["call_0", "call_0_2"])]
    {
        let client = client(provider, model);
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        let message = json!({"role": "assistant", "content": null, "reasoning_content": "t",
            "tool_calls": [call("call_0", "f", "{}"), call("call_0", "g", "{}")]});
        let answer = json!({"id": "a", "model": model, "choices": [{"index": 0,
            "message": message, "finish_reason": "tool_calls"}]});
        let answer =
            dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
        let sent = body(
            &client,
            &conversation(&[
                answer.first().message.value().into_owned(),
                result("call_0", "1"),
                result("call_0", "2"),
            ]),
        );
        let own = &sent["messages"][1]["tool_calls"];
        assert_eq!([&own[0]["id"], &own[1]["id"]], ids, "{provider}");
        let results = [2, 3].map(|at| sent["messages"][at]["tool_call_id"].clone());
        assert_eq!(results, ids, "{provider}");
    }
}

#[test]
fn calls_of_one_answer_with_one_id_have_their_results_in_turn() {
    let request = conversation(&[
        asks(&[call("0", "weather", "{}"), call("0", "time", "{}")]),
        result("0", "sunny"),
        result("0", "noon"),
    ]);
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    let results = &sent["messages"][2]["content"];
    assert_eq!([&results[0]["tool_use_id"], &results[1]["tool_use_id"]], ["0", "0_2"]);
    let sent = body(&client("ollama", "m"), &request);
    assert_eq!([2, 3].map(|at| sent["messages"][at]["tool_name"].clone()), ["weather", "time"]);
}

#[test]
fn what_a_custom_tool_answers_is_told_from_a_functions_result_of_the_same_id() {
    let paint = json!({"id": "c1", "type": "custom", "custom": {"name": "paint", "input": "red"}});
    let request = conversation(&[
        asks(&[paint]),
        result("c1", "done"),
        asks(&[call("c1", "weather", "{}")]),
        result("c1", "sunny"),
    ]);
    let sent = body(&responses(), &request);
    let kinds = [2, 4].map(|at| sent["input"][at]["type"].clone());
    assert_eq!(kinds, ["custom_tool_call_output", "function_call_output"]);
}

#[test]
fn results_that_name_one_function_are_those_of_its_calls_in_turn() {
    let named = |text: &str| json!({"role": "tool", "tool_name": "weather", "content": text});
    let request = conversation(&[
        asks(&[call("a", "weather", "{}"), call("b", "weather", "{}")]),
        named("1"),
        named("2"),
        named("3"),
    ]);
    let sent = body(&client("custom", "m"), &request);
    let ids = [2, 3, 4].map(|at| sent["messages"][at]["tool_call_id"].clone());
    assert_eq!(ids, ["a", "b", "b"]);
}

/// A conversation with a call whose arguments are so, which a model has made; the
/// provider's own words are those of chat completions.
fn made_by(provider: &str, model: &str, arguments: &str) -> Request {
    let mut asked = asks(&[call("c1", "weather", arguments)]);
    let blocks = json!([asked]);
    asked["mynah"] = json!({"provider": provider, "model": model, "blocks": blocks});
    conversation(&[asked, result("c1", "the arguments are no JSON")])
}

#[test]
fn a_call_that_a_model_has_cut_does_not_end_the_conversation() {
    for arguments in ["{\"city\":", "[]", "\"x\"", "{}{}"] {
        let request = made_by("custom", "m", arguments);
        let sent = |provider: &str, model: &str| {
            let prepared = prepare(&client(provider, model), &request, false).unwrap();
            let notes = prepared.adjusted.join("; ");
            assert!(notes.contains("arguments of weather"), "{provider}: {notes}");
            serde_json::from_slice::<Value>(&prepared.http.body).unwrap()
        };
        let text = json!({"input": arguments});
        let claude = sent("anthropic", "claude-sonnet-5-5");
        fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &claude);
        assert_eq!(claude["messages"][1]["content"][0]["input"], text);
        let gemini = sent("gemini", "gemini-2.5-flash");
        fits("gemini-openapi.json", "GenerateContentRequest", &gemini);
        assert_eq!(parts(&gemini, "functionCall")[0]["args"], text);
        let ollama = sent("ollama", "m");
        assert_eq!(ollama["messages"][1]["tool_calls"][0]["function"]["arguments"], text);
        let cohere = sent("cohere", "command-a-03-2025");
        let function = &cohere["messages"][1]["tool_calls"][0]["function"];
        assert_eq!(function["arguments"], text.to_string());
    }
}

#[test]
fn hosts_that_read_arguments_as_json_get_json_of_a_cut_call_their_own_too() {
    let foreign = made_by("custom", "m", "{\"city\":");
    let cut = call("c1", "weather", "{\"city\":");
    let origin = json!({"provider": "custom", "model": "m", "blocks": [
        {"role": "assistant", "content": null, "tool_calls": [cut.clone()]}]});
    let mut asked = asks(&[cut]);
    asked["mynah"] = origin;
    let verbatim = conversation(&[asked, result("c1", "no JSON")]);
    for provider in ["custom", "siliconflow", "huggingface", "deepseek", "kimi"] {
        for request in [&foreign, &verbatim] {
            let prepared = prepare(&client(provider, "m"), request, false).unwrap();
            let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            let arguments = &sent["messages"][1]["tool_calls"][0]["function"]["arguments"];
            let read: Value = serde_json::from_str(arguments.as_str().unwrap()).unwrap();
            assert_eq!(read, json!({"input": "{\"city\":"}), "{provider}");
            let notes = prepared.adjusted.join("; ");
            assert!(notes.contains("arguments of weather"), "{provider}: {notes}");
        }
    }
}

#[test]
fn a_call_that_cohere_has_cut_itself_goes_back_as_one_text() {
    let model = "command-a-03-2025";
    let sent = |arguments: &str| {
        let sent = body(&client("cohere", model), &made_by("cohere", model, arguments));
        sent["messages"][1]["tool_calls"][0]["function"]["arguments"].clone()
    };
    assert_eq!(sent("{\"city\":"), json!({"input": "{\"city\":"}).to_string());
    assert_eq!(sent("{\"city\" : 1}"), "{\"city\" : 1}", "what is whole is not touched");
}

#[test]
fn a_call_that_anthropic_has_cut_itself_goes_back_empty_and_that_is_noted() {
    let model = "claude-sonnet-5-5";
    let notes = |arguments: &str| {
        let mut asked = asks(&[call("c1", "weather", arguments)]);
        asked["mynah"] = json!({"provider": "anthropic", "model": model, "blocks": [
            {"type": "tool_use", "id": "c1", "name": "weather", "input": {}}]});
        let request = conversation(&[asked, result("c1", "no JSON")]);
        prepare(&client("anthropic", model), &request, false).unwrap().adjusted.join("; ")
    };
    assert!(notes("{\"city\":").contains("arguments of weather left out"));
    assert_eq!(notes("{}"), "");
}

#[test]
fn that_a_tool_failed_is_told_or_noted() {
    let mut failed = result("c1", "404");
    failed["is_error"] = true.into();
    let request = conversation(&[asks(&[call("c1", "weather", "{}")]), failed]);
    let is_noted = |client: &Resolved<ClientOptions>| {
        let adjusted = prepare(client, &request, false).unwrap().adjusted;
        adjusted.iter().any(|note| note.starts_with("messages: left out: is_error"))
    };
    for provider in ["cohere", "ollama", "kimi", "deepseek", "siliconflow", "custom"] {
        assert!(is_noted(&client(provider, "m")), "{provider}");
    }
    assert!(is_noted(&client("openai", "gpt-4o")) && is_noted(&responses()));
    let claude = client("anthropic", "claude-sonnet-5-5");
    let gemini = client("gemini", "gemini-2.5-flash");
    assert!(!is_noted(&claude) && !is_noted(&gemini));
    assert_eq!(body(&claude, &request)["messages"][2]["content"][0]["is_error"], true);
    let sent = body(&gemini, &request);
    assert_eq!(parts(&sent, "functionResponse")[0]["response"], json!({"error": "404"}));
}

#[test]
fn a_tool_that_failed_without_a_word_says_one_where_an_empty_failure_is_refused() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let sent = |is_error: bool| {
        let mut silent = result("c1", "");
        silent["is_error"] = is_error.into();
        let request = conversation(&[asks(&[call("c1", "weather", "{}")]), silent]);
        let prepared = prepare(&claude, &request, false).unwrap();
        (body(&claude, &request)["messages"][2]["content"][0].clone(), prepared.adjusted)
    };
    let (failed, adjusted) = sent(true);
    assert_eq!(failed["content"], "error");
    assert!(adjusted.iter().any(|note| note.contains("says nothing")), "{adjusted:?}");
    let (silent, adjusted) = sent(false);
    assert!(silent.get("content").is_none() && adjusted.is_empty(), "{silent} {adjusted:?}");
}

#[test]
fn a_functions_result_without_a_call_goes_in_the_legacy_form_or_is_refused() {
    let result = json!({"role": "function", "name": "search", "content": "r"});
    let asked = conversation(std::slice::from_ref(&result));
    for (provider, model) in [("openai", "gpt-4o"), ("custom", "m")] {
        let sent = body(&client(provider, model), &asked);
        assert_eq!(sent["messages"][1], result, "{provider}");
    }
    fits(
        "openai-openapi.json",
        "CreateChatCompletionRequest",
        &body(&client("openai", "gpt-4o"), &asked),
    );
    let sent = body(&client("ollama", "m"), &asked);
    assert_eq!(sent["messages"][1], json!({"role": "tool", "content": "r", "tool_name": "search"}));
    for client in [
        responses(),
        client("anthropic", "claude-sonnet-5-5"),
        client("gemini", "gemini-3.8-flash"),
        client("cohere", "command-a-03-2025"),
        client("deepseek", "deepseek-flash"),
        client("kimi", "kimi-k2.6"),
        client("siliconflow", "Qwen/Qwen3-8B"),
    ] {
        let error = prepare(&client, &asked, false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        let (said, provider) = (error.to_string(), &client.values.provider);
        assert!(said.starts_with(&format!("messages: {provider} ")), "{said}");
        assert!(said.contains("none of search stands before it"), "{said}");
    }
}

#[test]
fn a_result_of_claudes_may_name_the_tools_that_a_search_has_found() {
    let found = json!({"type": "tool_reference", "tool_name": "weather"});
    let of = |content: &Value| json!({"role": "tool", "tool_call_id": "c", "content": [content]});
    let asked = |said: Value| conversation(&[asks(&[call("c", "search_tools", "{}")]), said]);
    let claude = client("anthropic", "claude-sonnet-5-5");
    let sent = body(&claude, &asked(of(&found)));
    assert_eq!(sent["messages"][2]["content"][0]["content"], json!([found]));
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &sent);
    let upload = json!({"type": "container_upload", "file_id": "file_1"});
    let user = |content: &Value| json!({"role": "user", "content": [content]});
    let sent = body(&claude, &conversation(&[user(&upload)]));
    assert_eq!(sent["messages"][0]["content"][1], upload);
    for refused in [asked(of(&upload)), conversation(&[user(&found)])] {
        let error = prepare(&claude, &refused, false).unwrap_err();
        assert!(error.to_string().contains("does not take content of type"), "{error}");
    }
}

//! What Kimi takes otherwise than others that speak chat completions.

use mynah::llm::message::Message;
use serde_json::{Value, json};

use crate::*;

fn sent(model: &str, json: Value) -> Value {
    body(&client("kimi", model), &request(json))
}

#[test]
fn texts_that_say_nothing_are_left_out_also_beside_others() {
    let silent = json!({"type": "text", "text": ""});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let said = json!({"type": "text", "text": "x"});
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = sent(
        "kimi-k2.6",
        json!({"messages": [
        {"role": "system", "content": ""},
        {"role": "user", "content": [silent, image]},
        {"role": "assistant", "content": [silent, said]},
        {"role": "user", "content": "on"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [silent, image]}]}),
    );
    let contents: Vec<_> =
        body["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
    let [first, answer, on, _, result] = contents[..] else { panic!("{body:#}") };
    assert_eq!((first, answer), (&json!([image]), &json!([said])));
    assert_eq!((on, result), (&json!("on"), &json!([image])));
}

#[test]
fn a_switch_of_thinking_that_the_model_has_not_is_told() {
    let off = json!({"type": "disabled"});
    let on = json!({"type": "enabled"});
    for (model, switch, why) in [
        ("kimi-k3", &off, Some("thinking: kimi kimi-k3 always thinks")),
        ("kimi-k2.7", &off, Some("thinking: kimi kimi-k2.7 always thinks")),
        ("moonshot-v1-32k", &on, Some("thinking: kimi moonshot-v1-32k does not think")),
        ("kimi-k3", &on, None),
        ("moonshot-v1-32k", &off, None),
    ] {
        let asked =
            request(json!({"messages": [{"role": "user", "content": "Hi"}], "thinking": switch}));
        let prepared = prepare(&client("kimi", model), &asked, false);
        match why {
            Some(why) => assert_eq!(prepared.err().unwrap().to_string(), why),
            None => {
                let prepared = prepared.unwrap();
                let body: Value = serde_json::from_slice(&prepared.http.body).unwrap();
                assert!(body["thinking"].is_null(), "{model}: {body}");
                assert!(prepared.adjusted[0].starts_with("thinking: left out"), "{model}");
            }
        }
    }
    let kept = json!({"type": "enabled", "keep": "all"});
    assert_eq!(
        sent(
            "kimi-k2.7",
            json!({"messages": [{"role": "user", "content": "Hi"}], "thinking": kept})
        )["thinking"],
        kept
    );
}

#[test]
fn what_is_said_of_thinking_stands_beside_what_the_effort_says() {
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}],
        "reasoning_effort": "high", "thinking": {"keep": "all"}});
    assert_eq!(sent("kimi-k2.6", asked)["thinking"], json!({"type": "enabled", "keep": "all"}));
}

#[test]
fn a_named_tool_is_not_asked_of_a_model_that_thinks_whatever_its_switch_says() {
    let tool =
        json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let named = json!({"type": "function", "function": {"name": "f"}});
    let mut options =
        options(&[("provider", "kimi"), ("model", "kimi-k3"), ("unsupported", "drop")]);
    options.values.api_key = Some("k".into());
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "tools": [tool],
        "tool_choice": named, "thinking": {"type": "disabled"}}));
    assert_eq!(body(&options, &asked)["tool_choice"], "required");
}

#[test]
fn each_of_the_assistants_messages_has_a_thought_where_they_are_kept() {
    let talk = json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"},
        {"role": "user", "content": "on"}]);
    let thought = |model: &str, more: Value| {
        let mut asked = json!({"messages": talk});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sent(model, asked)["messages"][1]["reasoning_content"].clone()
    };
    assert_eq!(thought("kimi-k3", json!({})), " ");
    assert_eq!(thought("kimi-k2.7", json!({})), " ");
    assert_eq!(thought("kimi-k2.6", json!({"thinking": {"type": "enabled", "keep": "all"}})), " ");
    assert_eq!(thought("kimi-k2.6", json!({})), Value::Null);
}

#[test]
fn a_thought_that_says_nothing_goes_back_as_one_that_is_missing() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let said = json!({"role": "assistant", "content": null, "reasoning_content": "", "tool_calls": [call]});
    let answer = json!({"model": "kimi-k2.6", "choices": [
        {"index": 0, "finish_reason": "tool_calls", "message": said}]});
    let options = client("kimi", "kimi-k2.6");
    let mut talk = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (provider, context) = reader(&options, &talk);
    let response =
        provider.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    talk.messages.push(Message::from_json(&response.first().message.value()).unwrap());
    talk.add_tool_result("c", "found", false).unwrap();
    assert_eq!(body(&options, &talk)["messages"][1]["reasoning_content"], " ");
}

//! Three turns in each dialect: thinking and two calls at once, their results,
//! the answer. Plain and streamed answers must lead to the same next request,
//! which carries what the provider signed; another provider must not see it.

mod talks;

use mynah::llm::message::Message;
use mynah::llm::request::Request;
use mynah::llm::response::{FinishReason, Response};
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

use talks::*;

fn answers(talk: &Talk) -> [Response; 2] {
    let client = client(talk.provider, talk.model);
    let (provider, context) = reader(&client, &asked());
    let plain = provider.reply(&context, &head(200, &[]), talk.plain.to_string().as_bytes());
    let (_, streamed) = stream(provider, &context, &talk.stream)
        .unwrap_or_else(|e| panic!("{}: {e}", talk.provider));
    [plain.unwrap(), streamed]
}

/// The conversation with the answer and the results of its calls.
fn second(response: &Response) -> Request {
    let mut request = asked();
    request.messages.push(Message::from_json(&response.first().message.value()).unwrap());
    for (call, degrees) in response.first().tool_calls.iter().zip(["3", "21"]) {
        request.messages.push(Message::tool_result(&call.id, degrees, false));
    }
    request
}

#[test]
fn an_answer_says_the_same_plain_and_streamed() {
    for talk in talks() {
        let name = talk.provider;
        for response in answers(&talk) {
            let choice = response.first();
            assert_eq!(choice.reasoning.as_deref(), Some("Two cities."), "{name}");
            assert_eq!(choice.finish_reason, Some(FinishReason::ToolCalls), "{name}");
            let calls: Vec<_> = choice.tool_calls.iter().map(|c| c.arguments.as_str()).collect();
            assert_eq!(calls, [r#"{"city":"Oslo"}"#, r#"{"city":"Rome"}"#], "{name}");
            assert_ne!(choice.tool_calls[0].id, choice.tool_calls[1].id, "{name}");
            let usage = response.usage.unwrap();
            assert_eq!((usage.input_tokens, usage.output_tokens), (Some(17), Some(20)), "{name}");
            assert_eq!(usage.total_tokens, Some(37), "{name}");
        }
        let [plain, streamed] = answers(&talk);
        let blocks =
            |response: &Response| response.first().message.value()["mynah"]["blocks"].clone();
        assert_eq!(blocks(&plain), blocks(&streamed), "{name}");
    }
}

#[test]
fn the_next_request_carries_what_was_signed_and_keeps_to_the_schema() {
    for talk in talks() {
        let name = talk.provider;
        let client = client(talk.provider, talk.model);
        let [plain, streamed] = answers(&talk);
        let sent = body(&client, &second(&plain));
        // Ids that we gave differ with the request that was answered.
        assert_eq!(sent, body(&client, &second(&streamed)), "{name}");
        let text = sent.to_string();
        for signed in talk.signed {
            assert!(text.contains(signed), "{name} lost {signed}: {text}");
        }
        assert!(!text.contains("mynah"), "{name}: ours has leaked: {text}");
        assert!(!text.contains("call_mynah"), "{name}");
        assert_eq!(text.contains("_1"), talk.has_ids, "{name}: ids: {text}");
        let Some((file, schema)) = talk.schema else { continue };
        if let Some(spec) = Spec::load(file) {
            spec.check(schema, &sent);
        }
    }
}

#[test]
fn the_third_turn_goes_on_from_the_answer() {
    for talk in talks() {
        let client = client(talk.provider, talk.model);
        let [first, _] = answers(&talk);
        let mut request = second(&first);
        let mut answer = Message::from_json(&json!({"role": "assistant", "content": "3 and 21."}));
        request.messages.push(answer.as_mut().unwrap().clone());
        request.add_message("user", "Which is warmer?").unwrap();
        let sent = body(&client, &request);
        let text = sent.to_string();
        assert!(text.contains("3 and 21.") && text.contains("Which is warmer?"));
        assert!(talk.signed.iter().all(|signed| text.contains(signed)), "{}", talk.provider);
        let Some((file, schema)) = talk.schema else { continue };
        if let Some(spec) = Spec::load(file) {
            spec.check(schema, &sent);
        }
    }
}

#[test]
fn another_provider_gets_the_calls_and_no_signature() {
    let talks = talks();
    for from in &talks {
        let [answer, _] = answers(from);
        for to in talks.iter().filter(|to| to.provider != from.provider) {
            let names = format!("{} to {}", from.provider, to.provider);
            let sent = body(&client(to.provider, to.model), &second(&answer));
            let text = sent.to_string();
            for signed in from.signed {
                assert!(!text.contains(signed), "{names}: {signed} in {text}");
            }
            assert!(text.contains("Oslo") && text.contains("21"), "{names}: {text}");
            if let Some((file, schema)) = to.schema
                && let Some(spec) = Spec::load(file)
            {
                spec.check(schema, &sent);
            }
            let held = match to.provider {
                "deepseek" => r#""reasoning_content":"""#,
                "kimi" => r#""reasoning_content":" ""#,
                _ => "",
            };
            assert!(text.contains(held), "{names}: {text}");
            if to.provider == "gemini" {
                let count = text.matches("skip_thought_signature_validator").count();
                assert_eq!(count, 1, "{names}: only the first call needs it");
            }
        }
    }
}

#[test]
fn another_model_or_account_of_the_same_provider_gets_no_signature() {
    let talk = anthropic();
    let [answer, _] = answers(&talk);
    let same = body(&client("anthropic", "claude-sonnet-5-5-20261001"), &second(&answer));
    assert!(same.to_string().contains("SIG-A=="), "a dated name is the same model");
    let other = body(&client("anthropic", "claude-opus-5-5"), &second(&answer));
    assert!(!other.to_string().contains("SIG-A=="));
    let account = options(&[
        ("provider", "anthropic"),
        ("model", talk.model),
        ("api_key", "sk-other-key"),
        ("base_url", "https://example.test"),
    ]);
    assert!(!body(&account, &second(&answer)).to_string().contains("SIG-A=="));
}

#[test]
fn calls_in_the_legacy_form_are_answered_in_it() {
    let client = client("custom", "old-model");
    let (provider, context) = reader(&client, &asked());
    let plain = json!({"id": "c", "model": "old-model", "choices": [{"index": 0,
        "finish_reason": "function_call", "message": {"role": "assistant", "content": null,
        "function_call": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}}]});
    let answer = provider.reply(&context, &head(200, &[]), plain.to_string().as_bytes()).unwrap();
    assert_eq!(answer.first().finish_reason, Some(FinishReason::ToolCalls));
    let sent = body(&client, &second(&answer));
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(messages[2]["function_call"]["name"], "weather");
    assert_eq!(messages[3]["role"], "function");
    assert_eq!(messages[3]["name"], "weather");
    assert!(!sent.to_string().contains("call_mynah"));
}

#[test]
fn reasoning_that_the_caller_gives_as_json_is_kept_for_hosts_that_know_it() {
    let request = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?", "reasoning_content": "Hm.",
         "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"role": "user", "content": "Bye"},
    ]}));
    let sent = body(&client("custom", "m"), &request);
    assert_eq!(sent["messages"][1]["reasoning_content"], "Hm.");
    assert_eq!(sent["messages"][1]["reasoning_details"][0]["text"], "Hm.");
    let openai = options(&[("api_key", "k"), ("model", "gpt-4o")]);
    let sent = body(&openai, &request);
    assert!(sent["messages"][1].get("reasoning_content").is_none());
}

#[test]
fn thoughts_go_back_without_the_ids_under_which_their_vendor_does_not_keep_them() {
    let details = json!([
        {"type": "reasoning.encrypted", "data": "x", "id": "rs_1", "index": 0},
        {"type": "reasoning.encrypted", "data": "y", "id": "tool_1", "index": 1},
    ]);
    let client = client("custom", "m");
    let (provider, context) = reader(&client, &asked());
    let message = json!({"role": "assistant", "content": "Hm.", "reasoning_details": details});
    let plain = json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string();
    let answer = provider.reply(&context, &head(200, &[]), plain.as_bytes()).unwrap();
    let given = request(json!({"messages": [{"role": "user", "content": "Hi"}, message,
        {"role": "user", "content": "Bye"}]}));
    for request in [second(&answer), given] {
        let sent = body(&client, &request);
        let messages = sent["messages"].as_array().unwrap().iter();
        let mut details = messages.map(|message| &message["reasoning_details"]);
        let details = details.rfind(|details| details.is_array()).unwrap();
        assert_eq!(details[0], json!({"type": "reasoning.encrypted", "data": "x", "index": 0}));
        assert_eq!(details[1]["id"], "tool_1");
    }
}

#[test]
fn the_place_of_a_thought_that_a_call_lacks_is_held_as_its_vendor_takes_it() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    for given in [json!(null), json!(""), json!("Hm.")] {
        let request = request(json!({"messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [call], "reasoning_content": given},
            {"role": "tool", "tool_call_id": "c", "content": "3"},
        ]}));
        for (provider, model, none) in
            [("deepseek", "deepseek-v4-pro", ""), ("kimi", "kimi-k2.6", " ")]
        {
            let sent = body(&client(provider, model), &request);
            let expected = if given == "Hm." { "Hm." } else { none };
            assert_eq!(sent["messages"][1]["reasoning_content"], expected, "{provider}");
        }
    }
}

#[test]
fn ids_of_another_vendors_making_fit_the_new_one() {
    let request = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": [{"id": "functions.weather:0", "type": "function",
            "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "functions.weather:0", "content": "3"},
    ]}));
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    let id = sent["messages"][1]["content"][0]["id"].as_str().unwrap();
    assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{id}");
    assert_eq!(sent["messages"][2]["content"][0]["tool_use_id"], id);
}

#[test]
fn mistral_gets_ids_of_nine_letters_and_digits_each_calls_its_own() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    let asked = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": [call("toolu_01"), call("Ab3Cd5Ef7"), call("0"), call("0")]},
        result("0"), result("toolu_01"), result("Ab3Cd5Ef7"), result("0"),
    ]}));
    let mistral = options(&[
        ("provider", "custom"),
        ("model", "mistral-large-latest"),
        ("base_url", "https://api.mistral.ai/v1"),
    ]);
    let sent = body(&mistral, &asked);
    let calls = sent["messages"][1]["tool_calls"].as_array().unwrap();
    let ids: Vec<_> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
    for id in &ids {
        assert!(id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
    }
    assert_eq!(ids[1], "Ab3Cd5Ef7");
    assert!(ids[2] != ids[3] && ids[0] != ids[2], "{ids:?}");
    let answered: Vec<_> = (2..6).map(|at| sent["messages"][at]["tool_call_id"].clone()).collect();
    assert_eq!(answered, [ids[2], ids[0], ids[1], ids[3]]);
    assert_eq!(body(&mistral, &asked), sent, "the same each time");
    let elsewhere = body(&client("custom", "m"), &asked);
    assert_eq!(elsewhere["messages"][1]["tool_calls"][0]["id"], "toolu_01");
}

#[test]
fn a_call_that_mistral_gave_no_id_goes_back_to_it_with_one_that_it_takes() {
    let mistral = options(&[
        ("provider", "custom"),
        ("model", "m"),
        ("base_url", "https://api.mistral.ai/v1"),
    ]);
    let (dialect, context) = reader(&mistral, &asked());
    let answer = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "tool_calls": [
            {"id": "null", "function": {"name": "weather", "arguments": "{}"}}]}}]});
    let head = head(200, &[]);
    let response = dialect.reply(&context, &head, answer.to_string().as_bytes()).unwrap();
    let sent = body(&mistral, &second(&response));
    let id = sent["messages"][2]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric()), "{sent}");
    assert_eq!(sent["messages"][3]["tool_call_id"], id);
}

#[test]
fn a_refusal_is_a_text_to_vendors_that_know_none() {
    for assistant in [
        json!({"role": "assistant", "content": null, "refusal": "No."}),
        json!({"role": "assistant", "content": "", "refusal": "No."}),
        json!({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}),
    ] {
        let request = request(json!({"messages": [
            {"role": "user", "content": "Hi"}, assistant, {"role": "user", "content": "Why?"}]}));
        let sent = |provider: &str, model: &str| body(&client(provider, model), &request);
        assert_eq!(sent("openai", "gpt-4o")["messages"][1], assistant);
        let claude = sent("anthropic", "claude-sonnet-5-5");
        assert_eq!(claude["messages"][1]["content"][0]["text"], "No.");
        assert_eq!(sent("gemini", "gemini-2.5-flash")["contents"][1]["parts"][0]["text"], "No.");
        assert_eq!(sent("cohere", "command-a-03-2025")["messages"][1]["content"], "No.");
        assert_eq!(sent("ollama", "m")["messages"][1]["content"], "No.");
    }
}

#[test]
fn a_message_of_nothing_divides_no_turns() {
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"},
        {"role": "assistant", "content": ""}, {"role": "user", "content": "Well?"}]}));
    let claude = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(claude["messages"].as_array().map(Vec::len), Some(1));
    let gemini = body(&client("gemini", "gemini-2.5-flash"), &request);
    assert_eq!(gemini["contents"].as_array().map(Vec::len), Some(1));
}

#[test]
fn white_space_that_says_nothing_is_no_text_to_anthropic() {
    let sent = |message: Value| {
        let request = request(json!({"messages": [{"role": "user", "content": "Hi"}, message,
            {"role": "user", "content": "Well?"}]}));
        let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
        sent["messages"][1].clone()
    };
    let call = json!({"type": "tool_use", "id": "c1", "name": "f", "input": {}});
    let calls = json!([{"id": "c1", "type": "function",
        "function": {"name": "f", "arguments": "{}"}}]);
    let said = |content: Value| json!({"role": "assistant", "content": content});
    let translated = json!({"role": "assistant", "content": "\n\n", "tool_calls": calls});
    assert_eq!(sent(translated), said(json!([call])));
    let mut own = json!({"role": "assistant", "content": "\n\n", "tool_calls": calls});
    own["mynah"] = json!({"provider": "anthropic", "model": "claude-sonnet-5-5",
        "blocks": [{"type": "text", "text": "\n\n"}, call]});
    assert_eq!(sent(own), said(json!([call])));
    let spaced = json!([{"type": "text", "text": "a"}, {"type": "text", "text": " "}]);
    assert_eq!(sent(said(spaced.clone())), said(spaced), "it only parts what is said");
}

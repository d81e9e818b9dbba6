//! What is said, as items of OpenAI's Responses.

use mynah::llm::message::Message;
use serde_json::json;

use crate::{body, fits, head, reader, request, responses};

#[test]
fn the_result_of_a_programs_call_says_who_called() {
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let caller = json!({"type": "program", "caller_id": "call_p"});
    let call = |kind: &str, input: &str, id: &str| {
        json!({"type": kind, "id": format!("fc_{id}"), "call_id": id, "name": "f", input: "{}",
            "caller": caller})
    };
    let program = json!({"type": "program", "id": "cm_1", "call_id": "call_p",
        "code": "await tools.f({})", "fingerprint": "SIG"});
    let mut own = call("function_call", "arguments", "own");
    own.as_object_mut().unwrap().shift_remove("caller");
    let answer = json!({"id": "r", "status": "completed", "model": "gpt-6-sol", "output": [program,
        call("function_call", "arguments", "a"), call("custom_tool_call", "input", "b"), own]});
    let (dialect, context) = reader(&responses(), &request(asked.clone()));
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let mut next = request(asked);
    next.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
    let results = ["b", "own", "a"].map(|id| Message::tool_result(id, "5", false));
    next.messages.extend(results);
    let sent = body(&responses(), &next);
    fits("openai-openapi.json", "CreateResponse", &sent);
    let told: Vec<_> = sent["input"].as_array().unwrap()[5..]
        .iter()
        .map(|item| (item["type"].as_str().unwrap(), &item["call_id"], item.get("caller")))
        .collect();
    let expected = [
        ("custom_tool_call_output", &json!("b"), Some(&caller)),
        ("function_call_output", &json!("own"), None),
        ("function_call_output", &json!("a"), Some(&caller)),
    ];
    assert_eq!(told, expected, "{sent:#}");
}

//! The conversations themselves, in each dialect's own words.

use mynah::llm::request::Request;
use serde_json::{Value, json};

use crate::*;

/// A provider's first answer, in both forms.
pub struct Talk {
    pub provider: &'static str,
    pub model: &'static str,
    pub plain: Value,
    pub stream: String,
    /// What has to go back, word for word.
    pub signed: &'static [&'static str],
    /// The schema file and the schema of a request.
    pub schema: Option<(&'static str, &'static str)>,
    /// Whether this provider gives its calls ids.
    pub has_ids: bool,
}

pub fn asked() -> Request {
    request(json!({
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather in Oslo and Rome?"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "weather",
            "description": "The weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        }}],
    }))
}

pub fn anthropic() -> Talk {
    let call = |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}});
    let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    let empty = |id: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {}});
    let text = |piece: &str| json!({"type": "input_json_delta", "partial_json": piece});
    Talk {
        provider: "anthropic",
        model: "claude-sonnet-5-5",
        plain: json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5",
            "content": [
                {"type": "thinking", "thinking": "Two cities.", "signature": "SIG-A=="},
                {"type": "redacted_thinking", "data": "REDACTED-A"},
                call("toolu_1", "Oslo"),
                call("toolu_2", "Rome"),
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {
                "input_tokens": 10, "cache_read_input_tokens": 5,
                "cache_creation_input_tokens": 2, "output_tokens": 20,
            },
        }),
        stream: sse(&[
            json!({"type": "message_start", "message": {
                "id": "msg_1", "model": "claude-sonnet-5-5", "content": [],
                "usage": {
                    "input_tokens": 10, "cache_read_input_tokens": 5,
                    "cache_creation_input_tokens": 2, "output_tokens": 1,
                },
            }}),
            start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
            json!({"type": "ping"}),
            delta(0, json!({"type": "thinking_delta", "thinking": "Two "})),
            delta(0, json!({"type": "thinking_delta", "thinking": "cities."})),
            delta(0, json!({"type": "signature_delta", "signature": "SIG-A=="})),
            stop(0),
            start(1, json!({"type": "redacted_thinking", "data": "REDACTED-A"})),
            stop(1),
            start(2, empty("toolu_1")),
            delta(2, text("")),
            delta(2, text("{\"city\":")),
            delta(2, text("\"Oslo\"}")),
            stop(2),
            start(3, empty("toolu_2")),
            delta(3, text("{\"city\":\"Rome\"}")),
            stop(3),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                   "usage": {"output_tokens": 20}}),
            json!({"type": "message_stop"}),
        ]),
        signed: &["SIG-A==", "REDACTED-A", "Two cities."],
        schema: Some(("anthropic-tryagi-openapi.yaml", "CreateMessageParams")),
        has_ids: true,
    }
}

fn gemini() -> Talk {
    let usage = json!({
        "promptTokenCount": 17, "candidatesTokenCount": 12, "thoughtsTokenCount": 8,
        "totalTokenCount": 37,
    });
    let call = |city: &str| json!({"name": "weather", "args": {"city": city}});
    let chunk = |parts: Value| {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
               "modelVersion": "gemini-3.8-flash", "responseId": "r1"})
    };
    let mut last = chunk(json!([{"functionCall": call("Rome")}]));
    last["candidates"][0]["finishReason"] = "STOP".into();
    last["usageMetadata"] = usage.clone();
    let events = [
        chunk(json!([{"text": "Two ", "thought": true}])),
        chunk(json!([{"text": "cities.", "thought": true}])),
        chunk(json!([{"functionCall": call("Oslo"), "thoughtSignature": "U0lHLUc="}])),
        last,
    ];
    Talk {
        provider: "gemini",
        model: "gemini-3.8-flash",
        plain: json!({
            "candidates": [{
                "content": {"role": "model", "parts": [
                    {"text": "Two cities.", "thought": true},
                    {"functionCall": call("Oslo"), "thoughtSignature": "U0lHLUc="},
                    {"functionCall": call("Rome")},
                ]},
                "finishReason": "STOP", "index": 0,
            }],
            "usageMetadata": usage, "modelVersion": "gemini-3.8-flash", "responseId": "r1",
        }),
        // CRLF, and the last newline is missing.
        stream: sse(&events).replace('\n', "\r\n").trim_end().into(),
        signed: &["U0lHLUc=", "Two cities."],
        schema: Some(("gemini-openapi.json", "GenerateContentRequest")),
        has_ids: false,
    }
}

/// A host of chat completions that names its thinking `field`.
fn chat(provider: &'static str, model: &'static str, field: &str) -> Talk {
    let usage = json!({
        "prompt_tokens": 17, "completion_tokens": 20, "total_tokens": 37,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 8},
    });
    let call = |id: &str, arguments: &str| {
        json!({"id": id, "type": "function",
               "function": {"name": "weather", "arguments": arguments}})
    };
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c1", "model": model, "created": 7, "choices": [
            {"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let piece = |index: u32, arguments: &str| {
        let call = json!({"index": index, "function": {"arguments": arguments}});
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let first = |index: u32, id: &str| {
        let mut call = call(id, "");
        call["index"] = index.into();
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let events = [
        chunk(json!({"role": "assistant", "content": null, field: "Two "}), Value::Null),
        chunk(json!({field: "cities."}), Value::Null),
        first(0, "call_1"),
        piece(0, "{\"city\":"),
        piece(0, "\"Oslo\"}"),
        first(1, "call_2"),
        piece(1, "{\"city\":\"Rome\"}"),
        chunk(json!({}), "tool_calls".into()),
        json!({"id": "c1", "model": model, "choices": [], "usage": usage}),
    ];
    Talk {
        provider,
        model,
        plain: json!({
            "id": "c1", "model": model, "created": 7, "usage": usage,
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": null, field: "Two cities.",
                "tool_calls": [
                    call("call_1", "{\"city\":\"Oslo\"}"),
                    call("call_2", "{\"city\":\"Rome\"}"),
                ],
            }}],
        }),
        stream: sse(&events) + "data: [DONE]\n\n",
        signed: &["Two cities."],
        schema: Some(("openai-openapi.json", "CreateChatCompletionRequest")),
        has_ids: true,
    }
}

fn responses() -> Talk {
    let thought = json!({
        "type": "reasoning", "id": "rs_1", "encrypted_content": "SIG-R",
        "summary": [{"type": "summary_text", "text": "Two cities."}],
    });
    let call = |n: u32, city: &str| {
        json!({"type": "function_call", "id": format!("fc_{n}"), "call_id": format!("call_{n}"),
               "name": "weather", "arguments": format!("{{\"city\":\"{city}\"}}"),
               "status": "completed"})
    };
    let whole = json!({
        "id": "resp_1", "object": "response", "created_at": 7, "model": "gpt-6.1-terra",
        "status": "completed", "error": null, "incomplete_details": null,
        "output": [thought, call(1, "Oslo"), call(2, "Rome")],
        "usage": {
            "input_tokens": 17, "input_tokens_details": {"cached_tokens": 5},
            "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 8},
            "total_tokens": 37,
        },
    });
    let mut begun = whole.clone();
    begun["output"] = json!([]);
    begun["usage"] = Value::Null;
    begun["status"] = "in_progress".into();
    let added = |index: u32, mut item: Value| {
        item["arguments"] = "".into();
        json!({"type": "response.output_item.added", "output_index": index, "item": item})
    };
    let done = |index: u32, item: Value| json!({"type": "response.output_item.done", "output_index": index, "item": item});
    let piece = |index: u32, text: &str| {
        json!({"type": "response.function_call_arguments.delta", "output_index": index,
               "delta": text})
    };
    let thinks = |text: &str| json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": text});
    let events = [
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0}),
        thinks("Two "),
        thinks("cities."),
        done(0, thought),
        added(1, call(1, "Oslo")),
        piece(1, "{\"city\":"),
        piece(1, "\"Oslo\"}"),
        done(1, call(1, "Oslo")),
        added(2, call(2, "Rome")),
        piece(2, "{\"city\":\"Rome\"}"),
        done(2, call(2, "Rome")),
        json!({"type": "response.completed", "response": whole}),
    ];
    Talk {
        provider: "openai",
        model: "gpt-6.1-terra",
        plain: whole,
        stream: sse(&events),
        signed: &["SIG-R", "Two cities."],
        schema: Some(("openai-openapi.json", "CreateResponse")),
        has_ids: true,
    }
}

fn cohere() -> Talk {
    let usage = json!({
        "billed_units": {"input_tokens": 9, "output_tokens": 9},
        "tokens": {"input_tokens": 17, "output_tokens": 20}, "cached_tokens": 5,
    });
    let call = |id: &str, arguments: &str| {
        json!({"id": id, "type": "function",
               "function": {"name": "weather", "arguments": arguments}})
    };
    let event = |kind: &str, index: u32, message: Value| json!({"type": kind, "index": index, "delta": {"message": message}});
    let arguments = |text: &str| json!({"tool_calls": {"function": {"arguments": text}}});
    Talk {
        provider: "cohere",
        model: "command-a-reasoning-08-2025",
        plain: json!({
            "id": "m1", "finish_reason": "TOOL_CALL", "usage": usage,
            "message": {
                "role": "assistant", "tool_plan": "Two cities.",
                "tool_calls": [
                    call("w_1", "{\"city\":\"Oslo\"}"),
                    call("w_2", "{\"city\":\"Rome\"}"),
                ],
            },
        }),
        stream: sse(&[
            json!({"type": "message-start", "id": "m1", "delta": {"message": {
                "role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}}}),
            event("tool-plan-delta", 0, json!({"tool_plan": "Two "})),
            event("tool-plan-delta", 0, json!({"tool_plan": "cities."})),
            event("tool-call-start", 0, json!({"tool_calls": call("w_1", "")})),
            event("tool-call-delta", 0, arguments("{\"city\":")),
            event("tool-call-delta", 0, arguments("\"Oslo\"}")),
            json!({"type": "tool-call-end", "index": 0}),
            event("tool-call-start", 1, json!({"tool_calls": call("w_2", "")})),
            event("tool-call-delta", 1, arguments("{\"city\":\"Rome\"}")),
            json!({"type": "tool-call-end", "index": 1}),
            json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}}),
        ]),
        signed: &["Two cities."],
        schema: None,
        has_ids: true,
    }
}

fn ollama() -> Talk {
    let call = |index: u32, city: &str| json!({"function": {"index": index, "name": "weather", "arguments": {"city": city}}});
    let line = |message: Value| {
        json!({"model": "qwen3", "created_at": "2026-01-01T00:00:00Z", "message": message,
               "done": false})
    };
    let mut last = line(json!({"role": "assistant", "content": ""}));
    last["done"] = true.into();
    last["done_reason"] = "stop".into();
    last["prompt_eval_count"] = 17.into();
    last["eval_count"] = 20.into();
    let mut plain = last.clone();
    plain["message"] = json!({
        "role": "assistant", "content": "", "thinking": "Two cities.",
        "tool_calls": [call(0, "Oslo"), call(1, "Rome")],
    });
    let lines = [
        line(json!({"role": "assistant", "content": "", "thinking": "Two "})),
        line(json!({"role": "assistant", "content": "", "thinking": "cities."})),
        line(json!({"role": "assistant", "content": "", "tool_calls": [call(0, "Oslo")]})),
        line(json!({"role": "assistant", "content": "", "tool_calls": [call(1, "Rome")]})),
        last,
    ];
    Talk {
        provider: "ollama",
        model: "qwen3",
        plain,
        stream: lines.iter().map(|line| format!("{line}\n")).collect(),
        signed: &["Two cities."],
        schema: Some(("ollama-openapi.yaml", "ChatRequest")),
        has_ids: false,
    }
}

pub fn talks() -> Vec<Talk> {
    vec![
        anthropic(),
        gemini(),
        responses(),
        chat("deepseek", "deepseek-flash", "reasoning_content"),
        chat("kimi", "kimi-k3", "reasoning_content"),
        chat("siliconflow", "Qwen/Qwen3-8B", "reasoning_content"),
        chat("huggingface", "openai/gpt-oss-20b", "reasoning"),
        chat("custom", "some-model", "reasoning"),
        cohere(),
        ollama(),
    ]
}

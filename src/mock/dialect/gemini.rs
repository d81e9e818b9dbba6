//! Gemini's generateContent and streamGenerateContent.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, last_of_user, object, texts};
use crate::object::json;

pub(super) struct Gemini;

impl Dialect for Gemini {
    fn ask(&self, path: &str, body: &Value) -> Ask {
        let model = path.rsplit('/').next().and_then(|end| end.split(':').next());
        let system = body.get("systemInstruction").or(body.get("system_instruction"));
        let contents = &body["contents"];
        Ask {
            model: model.unwrap_or_default().to_string(),
            prompt: format!("{}\n{}", system.map(texts).unwrap_or_default(), texts(contents)),
            last: last_of_user(contents, "role"),
            tools: tools(&body["tools"]),
            stream: path.contains(":streamGenerateContent"),
            usage: true,
            max_tokens: body["generationConfig"]["maxOutputTokens"].as_u64(),
            n: 1,
        }
    }

    fn plain(&self, ask: &Ask, answer: &Answer) -> Value {
        let thoughts = (!answer.reasoning.is_empty())
            .then(|| json!({"text": answer.thoughts(), "thought": true}));
        let text = (!answer.pieces.is_empty()).then(|| json!({"text": answer.text()}));
        let parts = thoughts.into_iter().chain(text).chain(calls(answer)).collect();
        chunk(ask, answer, parts, true)
    }

    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String> {
        let thoughts = answer.reasoning.iter().map(|p| json!({"text": p, "thought": true}));
        let texts = answer.pieces.iter().map(|p| json!({"text": p}));
        let mut parts: Vec<Value> = thoughts.chain(texts).chain(calls(answer)).collect();
        if parts.is_empty() {
            // Nothing said is an answer too, and has an end.
            parts.push(json!({"text": ""}));
        }
        let count = parts.len();
        let chunks = parts.into_iter().enumerate();
        chunks
            .map(|(i, part)| {
                format!("data: {}\r\n\r\n", chunk(ask, answer, vec![part], i + 1 == count))
            })
            .collect()
    }

    fn endings(&self, _: &Ask) -> usize {
        1
    }

    fn error(&self, status: u16, message: &str) -> Value {
        let name = match status {
            400 => "INVALID_ARGUMENT",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            _ => "INTERNAL",
        };
        json!({"error": {"code": status, "message": message, "status": name}})
    }
}

fn tools(tools: &Value) -> Vec<String> {
    let declared = tools.as_array().into_iter().flatten().filter_map(|tool| {
        tool.get("functionDeclarations").or(tool.get("function_declarations"))?.as_array()
    });
    declared.flatten().filter_map(|f| f["name"].as_str().map(str::to_string)).collect()
}

/// The first of parallel calls carries the signature.
fn calls(answer: &Answer) -> impl Iterator<Item = Value> + '_ {
    answer.calls.iter().enumerate().map(|(index, (name, arguments))| {
        let mut part = json!({"functionCall": {"name": name, "args": object(arguments)}});
        if index == 0 {
            part["thoughtSignature"] = "bW9jaw==".into();
        }
        part
    })
}

fn chunk(ask: &Ask, answer: &Answer, parts: Vec<Value>, last: bool) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if last {
        candidate["finishReason"] = answer.finish("STOP", "MAX_TOKENS", "STOP").into();
    }
    let mut usage = json!({"promptTokenCount": answer.input_tokens});
    if last {
        let visible = answer.output_tokens - answer.reasoning_tokens;
        usage["candidatesTokenCount"] = visible.into();
        usage["thoughtsTokenCount"] = answer.reasoning_tokens.into();
    }
    usage["totalTokenCount"] = answer.total_tokens().into();
    json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": ask.model,
           "responseId": answer.id})
}

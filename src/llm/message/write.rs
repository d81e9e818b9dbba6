//! How a message is written in OpenAI's form, whole or in its parts.

use serde_json::{Map, Value, json};

use super::{Message, Origin, Part, Piece, Source, ToolCall};

impl Message {
    /// OpenAI's form again, with the origin in `mynah`.
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("role".into(), self.role.name().into());
        out.insert("content".into(), content_json(&self.content));
        if let Some(name) = &self.name {
            out.insert("name".into(), name.clone().into());
        }
        if let Some(id) = &self.tool_call_id {
            out.insert("tool_call_id".into(), id.clone().into());
        }
        if self.is_error {
            out.insert("is_error".into(), true.into());
        }
        if !self.tool_calls.is_empty() {
            let calls = self.tool_calls.iter().map(call_json).collect();
            out.insert("tool_calls".into(), calls);
        }
        out.extend(self.extra.clone());
        if let Some(origin) = &self.origin {
            out.insert("mynah".into(), origin.to_json());
        }
        out.into()
    }
}

impl Origin {
    /// As it stands in a message.
    pub fn to_json(&self) -> Value {
        json!({
            "provider": self.provider,
            "model": self.model,
            "account": self.account,
            "blocks": self.blocks,
        })
    }
}

/// OpenAI's form of a content: null, one text, or a list of parts.
pub fn content_json(content: &[Piece]) -> Value {
    match content {
        [] => Value::Null,
        [piece] if piece.bare_text().is_some() => piece.bare_text().into(),
        pieces => pieces.iter().map(piece_json).collect(),
    }
}

/// OpenAI's form of a part.
pub fn piece_json(piece: &Piece) -> Value {
    let mut json = match &piece.part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(Source::File(id), _) => json!({"type": "image_url", "file_id": id}),
        Part::Image(source, detail) => {
            let mut image = json!({"url": source.to_url()});
            if let Some(detail) = detail {
                image["detail"] = detail.clone().into();
            }
            json!({"type": "image_url", "image_url": image})
        }
        Part::Document(source, name) => {
            let mut file = match source {
                Source::File(id) => json!({"file_id": id}),
                Source::Url(url) if !piece.in_data => json!({"file_url": url}),
                source => json!({"file_data": source.to_url()}),
            };
            if let Some(name) = name {
                file["filename"] = name.clone().into();
            }
            json!({"type": "file", "file": file})
        }
        Part::Other(json) => json.clone(),
    };
    if let Some(mark) = &piece.cache_control {
        json["cache_control"] = mark.clone();
    }
    let nested = if matches!(piece.part, Part::Document(..)) { "file" } else { "image_url" };
    for (key, value) in &piece.within {
        json[nested][key] = value.clone();
    }
    for (key, value) in &piece.extra {
        json[key] = value.clone();
    }
    json
}

/// OpenAI's form of a call.
pub fn call_json(call: &ToolCall) -> Value {
    let mut json = if call.is_custom() {
        json!({"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}})
    } else {
        json!({
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        })
    };
    let nested = if call.is_custom() { "custom" } else { "function" };
    for (key, value) in &call.within {
        json[nested][key] = value.clone();
    }
    for (key, value) in &call.extra {
        json[key] = value.clone();
    }
    json
}

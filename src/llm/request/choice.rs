//! Which tool is to be called, in every form that vendors have for it.

use serde_json::{Value, json};

use super::values::outside;
use super::{Named, ToolChoice};
use crate::error::Result;

const CHOICES: &str = "auto, none, required, a function's name, and OpenAI's object";

/// Whether a function can be called so: each vendor has a rule of its own, and none takes
/// these.
fn is_name(word: &str) -> bool {
    let is_foreign = |c: char| c.is_whitespace() || c.is_control() || "{}[]\"".contains(c);
    !word.is_empty() && !word.contains(is_foreign)
}

/// The choice; none where nothing is said of it.
pub fn tool_choice(value: &Value) -> Result<Option<ToolChoice>> {
    Ok(Some(match (value, named(value)) {
        (Value::Null, _) => return Ok(None),
        (Value::String(word), _) => match word.to_ascii_lowercase().as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" | "any" => ToolChoice::Required,
            _ if is_name(word) => ToolChoice::Function(Named { name: word.clone(), hosted: None }),
            _ => return Err(outside("tool_choice", value, CHOICES)),
        },
        // In Responses it is not nested.
        (Value::Object(_), _) if value["type"] == "allowed_tools" => {
            let nested = Some(&value["allowed_tools"]).filter(|nested| nested.is_object());
            allowed(nested.unwrap_or(value))
        }
        (Value::Object(_), _) if value["allowed_tools"].is_object() => {
            allowed(&value["allowed_tools"])
        }
        (Value::Object(_), Some(named)) => ToolChoice::Function(named),
        _ => return Err(outside("tool_choice", value, CHOICES)),
    }))
}

fn allowed(json: &Value) -> ToolChoice {
    let tools = json["tools"].as_array().map_or(&[][..], Vec::as_slice);
    let names = tools.iter().filter_map(tool_named).collect();
    ToolChoice::Allowed(names, json["mode"] == json!("required"))
}

/// The tool that an object of OpenAI's means.
fn named(tool: &Value) -> Option<Named> {
    let nested = ["function", "custom"].into_iter().find_map(|kind| tool[kind]["name"].as_str());
    let kind = tool["type"].as_str().unwrap_or_default();
    let is_hosted = nested.is_none() && !matches!(kind, "" | "function" | "custom" | "tool");
    let own = match kind {
        "mcp" => tool["server_label"].as_str(),
        "auto" | "any" | "none" | "required" => None,
        kind => Some(kind).filter(|_| is_hosted),
    };
    let name = tool["name"].as_str().filter(|_| kind != "mcp");
    let name = nested.or(name).or(own)?.into();
    Some(Named { name, hosted: is_hosted.then(|| tool.clone()) })
}

/// The same of a tool; Gemini's own have nothing but a member of their name.
pub fn tool_named(tool: &Value) -> Option<Named> {
    let member = || {
        let name = tool.as_object()?.keys().next()?.clone();
        Some(Named { name, hosted: Some(tool.clone()) })
    };
    named(tool).or_else(member)
}

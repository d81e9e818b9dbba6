//! Tools, and which of them is to be called, in Anthropic's form.

use serde_json::{Value, json};

use crate::error::Result;
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, offer, schemas};
use crate::llm::request::{Tool, ToolChoice};

/// What the vendor knows of a function beside what all know.
const OF_TOOLS: &[&str] =
    &["allowed_callers", "defer_loading", "eager_input_streaming", "input_examples"];

/// Tools of OpenAI's, which the vendor has under other names, or not at all.
const OF_OPENAI: [&str; 10] = [
    "web_search",
    "web_search_preview",
    "file_search",
    "code_interpreter",
    "computer_use_preview",
    "image_generation",
    "local_shell",
    "shell",
    "apply_patch",
    "mcp",
];

/// Whether a tool that is no function of OpenAI's form is one of the vendor's: a function
/// in its own form, or of a type that has a version where OpenAI has one of the same name.
fn is_own(tool: &Value) -> bool {
    match tool["type"].as_str() {
        Some("custom") | None => tool["input_schema"].is_object(),
        Some(kind) => !OF_OPENAI.contains(&kind),
    }
}

/// Puts the tools, and the choice among them.
pub fn tools(
    chat: &Chat,
    wanted: &mut Wanted,
    has_budget: bool,
    put: &mut impl FnMut(&str, Value),
) -> Result<()> {
    let request = chat.request;
    let tools = offer::but_others(offer::allowed(request), is_own, wanted)?;
    if tools.is_empty() {
        return Ok(());
    }
    let mut chosen = offer::choice(request, &tools, wanted);
    let forced = matches!(
        chosen,
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true))
    );
    if forced && (has_budget || !wanted.takes.forced_tools) {
        let why = match wanted.takes.forced_tools {
            true => "takes only auto and none with a budget of thinking",
            false => "takes only auto and none",
        };
        wanted.refuse("tool_choice", why)?;
        chosen = None;
    }
    let tools = tools.into_iter().map(|one| tool(one, wanted));
    put("tools", tools.collect::<Result<Vec<_>>>()?.into());
    let mut choice = match &chosen {
        None | Some(ToolChoice::Auto | ToolChoice::Allowed(_, false)) => json!({"type": "auto"}),
        Some(ToolChoice::Required | ToolChoice::Allowed(_, true)) => json!({"type": "any"}),
        Some(ToolChoice::None) => json!({"type": "none"}),
        Some(ToolChoice::Function(named)) => json!({"type": "tool", "name": named.name}),
    };
    let serial = request.parallel_tool_calls == Some(false) && choice["type"] != "none";
    if serial {
        choice["disable_parallel_tool_use"] = true.into();
    }
    if serial || chosen.is_some() {
        put("tool_choice", choice);
    }
    Ok(())
}

fn tool(tool: &Tool, wanted: &mut Wanted) -> Result<Value> {
    if let Some(other) = &tool.other {
        return Ok(other.clone());
    }
    let mut schema =
        schemas::headed(tool.parameters.as_ref().unwrap_or(&json!({"properties": {}})), wanted);
    if tool.strict == Some(true) {
        schema = schemas::closed(&schema, "tools", wanted)?;
    }
    let mut json = json!({"name": tool.name, "input_schema": schema});
    if let Some(description) = &tool.description {
        json["description"] = description.clone().into();
    }
    if tool.strict == Some(true) {
        json["strict"] = true.into();
    }
    for (key, value) in offer::members(tool, OF_TOOLS, wanted)? {
        json[key] = value;
    }
    if let Some(mark) = &tool.cache_control {
        json["cache_control"] = mark.clone();
    }
    Ok(json)
}

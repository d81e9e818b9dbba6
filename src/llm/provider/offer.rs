//! The tools of a request, as far as dialects offer them in the same way.

use serde_json::{Map, Value, json};

use super::wanted::Wanted;
use crate::error::Result;
use crate::llm::request::{Named, Request, Tool, ToolChoice};

/// The tools, or those of them that the choice is limited to.
pub fn allowed(request: &Request) -> impl Iterator<Item = &Tool> {
    request.tools.iter().filter(|tool| is_allowed(request, tool))
}

/// Whether a tool is not kept out by the choice.
pub fn is_allowed(request: &Request, tool: &Tool) -> bool {
    match &request.tool_choice {
        Some(ToolChoice::Allowed(names, _)) => names.iter().any(|named| named.name == tool.name),
        _ => true,
    }
}

/// The functions among tools, and what else is the vendor's own.
pub fn but_others<'a>(
    tools: impl Iterator<Item = &'a Tool>,
    is_own: fn(&Value) -> bool,
    wanted: &mut Wanted,
) -> Result<Vec<&'a Tool>> {
    let is_refused = |tool: &Tool| tool.other.as_ref().is_some_and(|other| !is_own(other));
    but(is_refused, "takes only functions and tools of its own", tools, wanted)
}

/// The functions and custom tools among tools, which are all that OpenAI's chat
/// completions know.
pub fn in_chat<'a>(
    tools: impl Iterator<Item = &'a Tool>,
    wanted: &mut Wanted,
) -> Result<Vec<&'a Tool>> {
    let is_refused = |tool: &Tool| tool.other.is_some() && !tool.is_custom(&tool.name);
    let why = "takes only functions and custom tools in chat completions; \
               openai_api auto or responses takes others";
    but(is_refused, why, tools, wanted)
}

/// The functions among tools, for those who take nothing else.
pub fn functions<'a>(
    tools: impl Iterator<Item = &'a Tool>,
    wanted: &mut Wanted,
) -> Result<Vec<&'a Tool>> {
    but(|tool| tool.other.is_some(), "takes only functions", tools, wanted)
}

fn but<'a>(
    is_refused: impl Fn(&Tool) -> bool,
    why: &str,
    tools: impl Iterator<Item = &'a Tool>,
    wanted: &mut Wanted,
) -> Result<Vec<&'a Tool>> {
    let (refused, taken): (Vec<_>, Vec<_>) = tools.partition(|tool| is_refused(tool));
    if !refused.is_empty() {
        wanted.refuse("tools", why)?;
    }
    Ok(taken)
}

/// The choice among the tools that are offered, without those that were left out.
pub fn choice(request: &Request, offered: &[&Tool], wanted: &mut Wanted) -> Option<ToolChoice> {
    let is_asked = |named: &Named| request.tools.iter().any(|tool| tool.name == named.name);
    let is_left_out =
        |named: &Named| is_asked(named) && !offered.iter().any(|tool| tool.name == named.name);
    match request.tool_choice.clone()? {
        ToolChoice::Function(named) if is_left_out(&named) => {
            wanted.note("tool_choice", "left out: so was the tool that it names");
            None
        }
        ToolChoice::Allowed(mut names, must) => {
            names.retain(|named| !is_left_out(named));
            // Another vendor's; a function that is missing is left to this one to tell.
            let strange = |named: &&Named| named.hosted.is_some() && !is_asked(named);
            for Named { name, .. } in names.iter().filter(strange) {
                wanted.note("tool_choice", &format!("left out: {name:.40} is not among the tools"));
            }
            // Where none is left, none may be called.
            Some(if names.is_empty() { ToolChoice::None } else { ToolChoice::Allowed(names, must) })
        }
        choice => Some(choice),
    }
}

/// A function in OpenAI's form, with a schema of its arguments in any case; for
/// those who know nothing else of it.
pub fn function(tool: &Tool, wanted: &mut Wanted) -> Result<Value> {
    let parameters = tool.parameters.clone();
    let mut function = json!({
        "name": tool.name,
        "parameters": parameters.unwrap_or_else(|| json!({"type": "object", "properties": {}})),
    });
    if let Some(description) = &tool.description {
        function["description"] = description.clone().into();
    }
    members(tool, &[], wanted)?;
    Ok(json!({"type": "function", "function": function}))
}

/// What MCP's servers say of a tool to the program that lists it.
const FOR_PEOPLE: [&str; 6] =
    ["title", "annotations", "outputSchema", "_meta", "execution", "icons"];

/// What a tool says beside what all know, as far as the vendor knows it; the rest is
/// refused.
pub fn members(tool: &Tool, known: &[&str], wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let mut taken = Map::new();
    for (key, value) in tool.extra.iter().chain(&tool.within) {
        if known.contains(&key.as_str()) {
            taken.insert(key.clone(), value.clone());
        } else if FOR_PEOPLE.contains(&key.as_str()) {
            wanted.note(&format!("tools.{key}"), "left out: it tells the model nothing");
        } else if *value != Value::Bool(false) {
            wanted.refuse(&format!("tools.{key:.40}"), "does not take it")?;
        }
    }
    Ok(taken)
}

/// Notes which of a tool's wishes are not sent, for a dialect that marks no tool
/// for the prompt cache and may have no functions that are strict.
pub fn note_unsaid(request: &Request, has_strict: bool, wanted: &mut Wanted) {
    if request.tools.iter().any(|tool| tool.cache_control.is_some()) {
        wanted.note_mark();
    }
    if !has_strict && request.tools.iter().any(|tool| tool.strict == Some(true)) {
        let what = format!("left out: {} has no functions that are strict", wanted.provider);
        wanted.note("tools.strict", &what);
    }
}

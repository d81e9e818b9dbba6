//! Tools and the choice among them, in Gemini's form.
//!
//! The vendor's own tools cannot be named in a choice: they are offered or not. The
//! choice is among functions, and only newer models take those beside what the vendor
//! does itself.

use serde_json::{Map, Value, json};

use super::super::wanted::Wanted;
use super::super::{Chat, offer};
use crate::error::Result;
use crate::llm::request::{Named, Tool, ToolChoice};

/// What the vendor knows of a function beside name, description and schema.
const OF_FUNCTIONS: &[&str] = &["behavior", "response", "responseJsonSchema"];
/// What an own tool may consist of that is left to the caller's program, as functions
/// are.
const DECLARED: [&str; 2] = ["functionDeclarations", "function_declarations"];
const DRIVEN: [&str; 2] = ["computerUse", "computer_use"];
const WHY: &str = "can be made to call functions only";

/// What is offered, and how it is to be used.
#[derive(Default)]
pub struct Offered {
    /// The tools.
    pub tools: Vec<Value>,
    /// What goes beside them.
    pub config: Map<String, Value>,
}

impl Offered {
    /// Whether a function has to be called.
    pub fn is_forced(&self) -> bool {
        self.config.get("functionCallingConfig").is_some_and(|calling| calling["mode"] == "ANY")
    }
}

/// Writes the tools, and which of them may or must be called.
pub fn write(chat: &Chat, wanted: &mut Wanted) -> Result<Offered> {
    let request = chat.request;
    // The vendor's own are called by their members.
    let is_own = |tool: &Value| tool["type"].is_null();
    let tools = offer::but_others(request.tools.iter(), is_own, wanted)?;
    if tools.is_empty() {
        return Ok(Offered::default());
    }
    if !wanted.takes.tools {
        wanted.refuse("tools", "takes none")?;
        return Ok(Offered::default());
    }
    offer::note_unsaid(request, true, wanted);
    let choice = offer::choice(request, &tools, wanted);
    let (mut own, functions): (Vec<&Tool>, Vec<&Tool>) =
        tools.into_iter().partition(|tool| tool.other.is_some());
    own.retain(|tool| offer::is_allowed(request, tool));
    let has_functions = !functions.is_empty() || own.iter().any(|tool| consists(tool, &DECLARED));
    // Beside functions they stay: the conversation may have what they did before.
    if choice == Some(ToolChoice::None) && !(has_functions && wanted.takes.tools_beside) {
        own.retain(|tool| !is_served(tool));
    }
    let mixes = has_functions && mixes(&mut own, wanted)?;
    let is_strict = functions.iter().any(|tool| tool.strict == Some(true));
    let calling = calling(choice, mixes || is_strict, wanted)?;
    let config = config(calling, has_functions, mixes, wanted)?;
    let tools = listed(&own, &functions, wanted)?;
    if request.parallel_tool_calls == Some(false) && !tools.is_empty() {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    Ok(Offered { tools, config })
}

fn listed(own: &[&Tool], functions: &[&Tool], wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut tools: Vec<_> = own.iter().filter_map(|tool| tool.other.clone()).collect();
    if !functions.is_empty() {
        let functions = functions.iter().map(|tool| declaration(tool, wanted));
        let functions = functions.collect::<Result<Vec<_>>>()?;
        tools.push(json!({"functionDeclarations": functions}));
    }
    Ok(tools)
}

/// Whether functions stand beside what the vendor does itself; where they cannot,
/// only they are offered.
fn mixes(own: &mut Vec<&Tool>, wanted: &mut Wanted) -> Result<bool> {
    let mixes = own.iter().any(is_served);
    if mixes && !wanted.takes.tools_beside {
        wanted.refuse("tools", "takes no functions beside tools of the vendor's own")?;
        own.retain(|tool| !is_served(tool));
    }
    Ok(mixes && wanted.takes.tools_beside)
}

/// What goes beside the tools: how functions are called, which is refused where there
/// are none, and that what the vendor has done itself is told too.
fn config(
    calling: Option<Value>,
    has_functions: bool,
    mixes: bool,
    wanted: &mut Wanted,
) -> Result<Map<String, Value>> {
    let mut config = Map::new();
    match calling {
        Some(calling) if has_functions => {
            config.insert("functionCallingConfig".into(), calling);
        }
        Some(calling) if calling["mode"] == "ANY" => wanted.refuse("tool_choice", WHY)?,
        _ => {}
    }
    if mixes {
        config.insert("includeServerSideToolInvocations".into(), true.into());
    }
    Ok(config)
}

/// Whether a tool in the vendor's form has one of these members.
fn consists(tool: &Tool, of: &[&str]) -> bool {
    tool.other.as_ref().is_some_and(|own| of.iter().any(|key| own.get(key).is_some()))
}

/// Whether the vendor itself does what a tool of its own is for.
fn is_served(tool: &&Tool) -> bool {
    let members = tool.other.as_ref().and_then(Value::as_object).into_iter().flatten();
    members
        .map(|(key, _)| key.as_str())
        .any(|key| !DECLARED.contains(&key) && !DRIVEN.contains(&key))
}

/// Which functions are to be called. Where they are strict, or stand beside what the
/// vendor does itself, a call that the model is free to make is held to its schema, as
/// one that it has to make always is.
fn calling(
    choice: Option<ToolChoice>,
    is_held: bool,
    wanted: &mut Wanted,
) -> Result<Option<Value>> {
    let is_function = |named: &Named| named.hosted.is_none();
    let free = json!({"mode": if is_held { "VALIDATED" } else { "AUTO" }});
    Ok(Some(match choice {
        None => return Ok(is_held.then_some(free)),
        Some(ToolChoice::Auto) => free,
        Some(ToolChoice::None) => json!({"mode": "NONE"}),
        Some(ToolChoice::Required) => json!({"mode": "ANY"}),
        Some(ToolChoice::Function(named)) if is_function(&named) => {
            json!({"mode": "ANY", "allowedFunctionNames": [named.name]})
        }
        Some(ToolChoice::Function(_)) => {
            wanted.refuse("tool_choice", WHY)?;
            return Ok(is_held.then_some(free));
        }
        Some(ToolChoice::Allowed(mut names, must)) => {
            names.retain(is_function);
            let names: Vec<_> = names.into_iter().map(|named| named.name).collect();
            match (names.is_empty(), must) {
                (false, true) => json!({"mode": "ANY", "allowedFunctionNames": names}),
                (false, false) => json!({"mode": "VALIDATED", "allowedFunctionNames": names}),
                (true, _) => {
                    if must {
                        wanted.refuse("tool_choice", WHY)?;
                    }
                    json!({"mode": "NONE"})
                }
            }
        }
    }))
}

fn declaration(tool: &Tool, wanted: &mut Wanted) -> Result<Value> {
    let mut json = json!({
        "name": tool.name,
        "description": tool.description.as_deref().unwrap_or_default(),
    });
    if let Some(parameters) = &tool.parameters {
        json["parametersJsonSchema"] = with_lone_references(parameters);
    }
    for (key, value) in offer::members(tool, OF_FUNCTIONS, wanted)? {
        json[key] = value;
    }
    Ok(json)
}

/// A schema whose references stand alone. Beside a `$ref` this vendor takes no
/// member that does not begin with `$`; other programs write descriptions and
/// defaults there.
pub fn with_lone_references(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(with_lone_references).collect(),
        Value::Object(members) => {
            let mut members: Map<_, _> =
                members.iter().map(|(key, it)| (key.clone(), with_lone_references(it))).collect();
            let is_lone = members.keys().all(|key| key.starts_with('$'));
            if !is_lone
                && members.get("$ref").is_some_and(Value::is_string)
                && !members.contains_key("anyOf")
                && let Some(reference) = members.shift_remove("$ref")
            {
                members.insert("anyOf".into(), json!([{"$ref": reference}]));
            }
            members.into()
        }
        other => other.clone(),
    }
}

//! Tools and the choice among them, in the form of chat completions.

use serde_json::{Map, Value, json};

use super::super::models::Forcing;
use super::super::send::put;
use super::super::wanted::Wanted;
use super::super::{Chat, offer, schemas};
use super::write::is_strict;
use crate::error::Result;
use crate::llm::request::{Named, Tool, ToolChoice};

/// Writes the tools, and which of them may or must be called.
pub fn write(
    chat: &Chat,
    wanted: &mut Wanted,
    body: &mut Map<String, Value>,
    url: &str,
) -> Result<()> {
    let request = chat.request;
    if request.tools.is_empty() {
        return Ok(());
    }
    let (choice, offered) = offered(chat, wanted, url)?;
    if offered.is_empty() {
        return Ok(());
    }
    let tools = offered.into_iter().map(|tool| tool_json(tool, wanted, url));
    body.insert("tools".into(), tools.collect::<Result<Vec<_>>>()?.into());
    if let Some(choice) = choice {
        body.insert("tool_choice".into(), tool_choice(&choice, &request.tools));
    }
    put(body, "parallel_tool_calls", parallel(chat, wanted)?);
    Ok(())
}

/// Whether it may call in parallel, where that can be said: who has no such field does.
fn parallel(chat: &Chat, wanted: &mut Wanted) -> Result<Option<bool>> {
    const FIELD: &str = "parallel_tool_calls";
    let asked = chat.request.parallel_tool_calls;
    if wanted.host.chat.has_parallel && wanted.takes.parallel_in_chat {
        return Ok(asked);
    }
    match asked {
        Some(false) => wanted.refuse(FIELD, "cannot be kept from parallel calls")?,
        Some(true) if wanted.host.chat.has_parallel => {
            wanted.note(FIELD, "left out: the model does not take it");
        }
        _ => {}
    }
    Ok(None)
}

/// The choice as the host takes it, and the tools that it is offered.
fn offered<'a>(
    chat: &Chat<'a>,
    wanted: &mut Wanted,
    url: &str,
) -> Result<(Option<ToolChoice>, Vec<&'a Tool>)> {
    let request = chat.request;
    if is_strict(url) {
        let offered = offer::in_chat(request.tools.iter(), wanted)?;
        return Ok((offer::choice(request, &offered, wanted), offered));
    }
    // Who takes no choice of this kind is offered nothing else than it names.
    let (offered, choice): (Vec<_>, _) = match forced(chat, wanted)? {
        Some(ToolChoice::Allowed(_, must)) if !wanted.host.chat.takes_allowed => {
            let choice = if must { ToolChoice::Required } else { ToolChoice::Auto };
            (offer::allowed(request).collect(), Some(choice))
        }
        Some(ToolChoice::Function(one)) if forcing(chat, wanted) == Forcing::Unnamed => {
            let named = request.tools.iter().filter(|tool| tool.name == one.name);
            (named.collect(), Some(ToolChoice::Required))
        }
        choice => (request.tools.iter().collect(), choice),
    };
    if offered.is_empty() {
        wanted.refuse("tool_choice", "needs what it names among the tools")?;
    } else if choice == Some(ToolChoice::Required) && forcing(chat, wanted) == Forcing::OnlyNamed {
        return Ok((the_only(&offered, wanted)?, offered));
    }
    Ok((choice, offered))
}

/// The choice of the only function among tools: who has to call any has to call that.
fn the_only(offered: &[&Tool], wanted: &mut Wanted) -> Result<Option<ToolChoice>> {
    match offered {
        [Tool { name, other: None, .. }] => {
            Ok(Some(ToolChoice::Function(Named { name: name.clone(), hosted: None })))
        }
        _ => {
            wanted.refuse("tool_choice", "can only be made to call a tool by its name")?;
            Ok(None)
        }
    }
}

/// The choice, unless it forces what cannot be forced.
fn forced(chat: &Chat, wanted: &mut Wanted) -> Result<Option<ToolChoice>> {
    let choice = chat.request.tool_choice.clone();
    let is_forced = matches!(
        choice,
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true))
    );
    if !is_forced || forcing(chat, wanted) != Forcing::No {
        return Ok(choice);
    }
    wanted.refuse("tool_choice", "cannot be made to call a tool while it thinks")?;
    // What limits the tools still does.
    Ok(match choice {
        Some(ToolChoice::Allowed(names, _)) => Some(ToolChoice::Allowed(names, false)),
        _ => None,
    })
}

/// What the model can be made to call in this chat.
fn forcing(chat: &Chat, wanted: &Wanted) -> Forcing {
    match wanted.thinks(chat) {
        true => wanted.takes.forced_thinking,
        false => wanted.takes.forced_unthinking,
    }
}

fn tool_json(tool: &Tool, wanted: &mut Wanted, url: &str) -> Result<Value> {
    if let Some(other) = &tool.other {
        let is_flat = tool.is_custom(&tool.name) && !tool.is_openais();
        return Ok(if is_flat && wanted.host.chat.nests_custom {
            nested(other)
        } else {
            other.clone()
        });
    }
    // Behind such an address there may be a host that knows more of a function.
    let is_handed_on = wanted.host.chat.hands_on;
    if !is_handed_on {
        offer::members(tool, &[], wanted)?;
    }
    let mut function = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        function["description"] = description.clone().into();
    }
    match &tool.parameters {
        Some(parameters) if is_strict(url) => {
            function["parameters"] = schemas::of_openai(parameters, wanted);
        }
        None if is_strict(url) => {}
        parameters => {
            let parameters = parameters.as_ref();
            let said = match wanted.host.chat.wants_head {
                true => schemas::said(parameters.map(|one| schemas::headed(one, wanted)).as_ref()),
                false => schemas::said(parameters),
            };
            function["parameters"] = (wanted.host.chat.schema)(&said);
        }
    }
    if let Some(strict) = tool.strict {
        function["strict"] = strict.into();
    }
    for (key, value) in tool.within.iter().filter(|_| is_handed_on) {
        function[key] = value.clone();
    }
    let mut json = json!({"type": "function", "function": function});
    for (key, value) in tool.extra.iter().filter(|_| is_handed_on) {
        json[key] = value.clone();
    }
    if let Some(mark) = &tool.cache_control {
        if wanted.host.chat.keeps_marks {
            json["cache_control"] = mark.clone();
        } else {
            wanted.note_mark();
        }
    }
    Ok(json)
}

/// A custom tool in the form of Responses, where nothing is nested.
fn nested(tool: &Value) -> Value {
    let mut custom = tool.as_object().cloned().unwrap_or_default();
    custom.shift_remove("type");
    if let Some(Value::Object(format)) = custom.get_mut("format")
        && format.get("type").is_some_and(|kind| kind == "grammar")
        && !format.contains_key("grammar")
    {
        let mut grammar = std::mem::take(format);
        grammar.shift_remove("type");
        custom.insert("format".into(), json!({"type": "grammar", "grammar": grammar}));
    }
    json!({"type": "custom", "custom": custom})
}

fn tool_choice(choice: &ToolChoice, tools: &[Tool]) -> Value {
    let chosen = |Named { name, hosted }: &Named| match hosted {
        Some(own) => own.clone(),
        None if tools.iter().any(|tool| tool.is_custom(name)) => {
            json!({"type": "custom", "custom": {"name": name}})
        }
        None => json!({"type": "function", "function": {"name": name}}),
    };
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(named) => chosen(named),
        ToolChoice::Allowed(names, must) => {
            let tools: Vec<_> = names.iter().map(chosen).collect();
            let mode = if *must { "required" } else { "auto" };
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
    }
}

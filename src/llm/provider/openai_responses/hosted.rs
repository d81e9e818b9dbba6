//! Which calls of an answer are the caller's, and which the vendor made by itself.
//!
//! xAI tells its searches as calls of custom tools, which it carries out before it
//! answers (docs.x.ai, tools): they have its own names, and are not among the tools
//! of the request, which the answer repeats. Other hosts put the result beside the
//! call. And some of the vendor's own tools are carried out by the caller, each in a
//! way of its own: they are no functions, and the answer ends at such an item.

use serde_json::Value;

use crate::llm::json::Json;

/// Names of xAI's searches that nobody else has.
const XAI: [&str; 5] =
    ["x_user_search", "x_keyword_search", "x_semantic_search", "x_thread_fetch", "view_x_video"];
/// Names of its other tools, which mean them beside tools that the vendor runs.
const XAI_HOSTED: [&str; 6] = [
    "web_search",
    "web_search_with_snippets",
    "browse_page",
    "view_image",
    "code_execution",
    "collections_search",
];

/// The tools that an answer repeats.
#[derive(Default)]
pub struct Tools {
    /// Custom ones by name.
    custom: Vec<String>,
    /// Whether there are some that the vendor runs.
    has_hosted: bool,
}

impl Tools {
    /// Takes note of the tools that are repeated; an empty list says nothing.
    pub fn note(&mut self, tools: &Json) {
        if tools.items().is_empty() || self.has_hosted || !self.custom.is_empty() {
            return;
        }
        for tool in tools.items() {
            // A namespace has tools of its own.
            let inner = tool.get("tools").items();
            for tool in std::iter::once(tool).chain(inner) {
                match tool.get("type").text() {
                    Some("custom") => self.custom.extend(tool.get("name").label()),
                    Some("function" | "namespace") | None => {}
                    Some(_) => self.has_hosted = true,
                }
            }
        }
    }

    /// Whether an item is a call that the caller has to answer.
    pub fn is_call(&self, item: &Json) -> bool {
        let (kind, name) = (item.get("type").text(), item.get("name").text());
        match kind {
            Some("function_call") => true,
            _ => kind == Some("custom_tool_call") && !self.is_vendors(kind, name),
        }
    }

    /// Whether an item of this type and name is a call that the vendor made by itself.
    pub fn is_vendors(&self, kind: Option<&str>, name: Option<&str>) -> bool {
        let Some(name) = name.filter(|_| kind == Some("custom_tool_call")) else { return false };
        let is_xais = XAI.contains(&name) || self.has_hosted && XAI_HOSTED.contains(&name);
        is_xais && !self.custom.iter().any(|own| own == name)
    }
}

/// Whether an item of this type is the result of a call.
pub fn is_result(kind: &Value) -> bool {
    matches!(kind.as_str(), Some("function_call_output" | "custom_tool_call_output"))
}

/// The kind of an item that the caller has to answer in its own way: what a tool of
/// the vendor's asks of the caller's machine, or a permission.
pub fn asks_caller(item: &Value) -> Option<&str> {
    let kind = item["type"].as_str()?;
    let asks = match kind {
        "apply_patch_call" | "computer_call" | "local_shell_call" | "mcp_approval_request" => true,
        // The vendor has shells of its own.
        "shell_call" => matches!(item["environment"]["type"].as_str(), None | Some("local")),
        "tool_search_call" => item["execution"] == "client",
        _ => false,
    };
    asks.then_some(kind)
}

/// The id by which a result names a call: an approval is asked for under the item's own.
pub fn id_of(call: &Value) -> Option<&str> {
    call["call_id"].as_str().or(call["id"].as_str())
}

/// Who called, if it was not the model itself.
pub fn caller_of(call: &Value) -> Option<&Value> {
    call.get("caller").filter(|caller| !caller.is_null())
}

/// Whether an item is the answer to one that asks.
pub fn answers(item: &Value, asked: &Value) -> bool {
    let is_of = |name: &str, id: &str| item[name].is_string() && item[name] == asked[id];
    let is_output = item["type"].as_str().is_some_and(|kind| kind.ends_with("_output"));
    is_output && is_of("call_id", "call_id") || is_of("approval_request_id", "id")
}

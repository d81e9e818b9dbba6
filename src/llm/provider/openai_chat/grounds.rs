//! What an answer rests on, as Azure says it of an answer on the caller's own data.
//!
//! Its message has a `context` with citations. In an older form a choice has a list of
//! messages instead: that of a tool is the context, as a text, and that of the
//! assistant the answer, whose last piece has no words but a mark.

use serde_json::Value;

use crate::llm::json::Json;

/// The text at the end of a stream in the older form.
const END: &str = "[DONE]";

/// One choice's messages in the older form.
#[derive(Default)]
pub struct Grounds {
    /// The context so far, as a text.
    context: String,
    /// Whether the tool speaks, which only its first piece says.
    is_tool: bool,
}

impl Grounds {
    /// Takes a message, or a piece of one; answers what of it the assistant says.
    pub fn take<'a>(&mut self, message: &'a Json<'a>) -> Option<&'a Json<'a>> {
        let piece = match message.get("delta") {
            piece @ Json::Object(_) => piece,
            _ => message,
        };
        if let Some(role) = piece.get("role").word() {
            self.is_tool = role == "tool";
        }
        let text = piece.get("content").text().unwrap_or_default();
        if self.is_tool {
            self.context.push_str(text);
        }
        (!self.is_tool && text != END).then_some(piece)
    }

    /// The context that the tool has told.
    pub fn context(&self) -> Option<Value> {
        serde_json::from_str(&self.context).ok().filter(Value::is_object)
    }
}

/// The citations of a context; of an older one, within the tool's message in it.
pub fn citations(context: &Value) -> Option<Value> {
    let stated = |context: &Value| {
        let list = context["citations"].as_array().filter(|list| !list.is_empty());
        list.map(|list| list.clone().into())
    };
    let of_tool = || {
        let messages = context["messages"].as_array()?;
        let mut texts = messages.iter().filter_map(|message| message["content"].as_str());
        texts.find_map(|text| stated(&serde_json::from_str(text).ok()?))
    };
    stated(context).or_else(of_tool)
}

/// Whether Azure has withheld a choice, or some of it.
pub fn is_withheld(choice: &Json) -> bool {
    let results = choice.get("content_filter_results").members();
    results.iter().any(|(_, result)| result.get("filtered").bool() == Some(true))
}

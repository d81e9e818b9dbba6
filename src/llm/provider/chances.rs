//! Fields that tell the chances of tokens, or shift them.

use serde_json::Value;

use super::models::Range;
use super::wanted::Wanted;
use crate::error::Result;

/// Whether a field is sent to OpenAI, whose models that refuse sampling refuse
/// what tells or shifts the chances of tokens as well.
pub fn is_sent(key: &str, value: &Value, wanted: &mut Wanted) -> Result<bool> {
    let range = match key {
        "logprobs" | "top_logprobs" => wanted.takes.temperature,
        // Of those that can do without thought none takes it, not even so.
        "logit_bias" if matches!(wanted.takes.penalties, Range::Unthinking(..)) => Range::No,
        "logit_bias" => wanted.takes.penalties,
        _ => return Ok(true),
    };
    let why = match range {
        Range::From(..) | Range::Idle(..) | Range::Ignored(..) => return Ok(true),
        Range::Unthinking(..) if wanted.is_unthinking() => return Ok(true),
        Range::Unthinking(..) => "takes it only with reasoning_effort none",
        Range::No => "does not take it",
    };
    let asks_nothing = match value {
        Value::Bool(asked) => !asked,
        Value::Object(biases) => biases.is_empty(),
        value => value.is_null() || *value == 0,
    };
    if !asks_nothing {
        wanted.refuse(key, why)?;
    }
    Ok(false)
}

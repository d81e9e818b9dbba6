//! Fields of OpenAI's that some of its models refuse: what tells or shifts the chances of
//! tokens, how much is to be said, and how a prompt is cached.

use serde_json::{Map, Value};

use super::models::Range;
use super::wanted::Wanted;
use crate::error::Result;

/// Whether a field is sent to OpenAI; one that the model refuses is only an error where
/// it asks for something.
pub fn is_sent(key: &str, value: &Value, wanted: &mut Wanted) -> Result<bool> {
    let why = match key {
        "logprobs" | "top_logprobs" | "logit_bias" => chances(key, wanted),
        // All of them say as much as that.
        "verbosity" if *value == "medium" => None,
        "verbosity" => (!wanted.takes.verbosity).then_some("takes only medium"),
        "prompt_cache_options" => (!wanted.takes.cache_options).then_some("does not take it"),
        _ => None,
    };
    let Some(why) = why else { return Ok(true) };
    if !asks_nothing(value) {
        wanted.refuse(key, why)?;
    }
    Ok(false)
}

/// Those of some fields that are sent.
pub fn taken(all: &Map<String, Value>, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let mut taken = Map::new();
    for (key, value) in all {
        if is_sent(key, value, wanted)? {
            taken.insert(key.clone(), value.clone());
        }
    }
    Ok(taken)
}

/// Why the model refuses what tells the chances of tokens, or shifts them: those that
/// refuse sampling refuse that as well.
pub fn chances(key: &str, wanted: &Wanted) -> Option<&'static str> {
    let range = match key {
        "logit_bias" => match wanted.takes.penalties {
            // Of those that can do without thought none takes it, not even so.
            Range::Unthinking(..) => Range::No,
            range => range,
        },
        _ => wanted.takes.temperature,
    };
    match range {
        Range::From(..) | Range::Idle(..) | Range::Ignored(..) => None,
        Range::Unthinking(..) if wanted.is_unthinking() => None,
        Range::Unthinking(..) => Some("takes it only with reasoning_effort none"),
        Range::No => Some("does not take it"),
    }
}

fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(asked) => !asked,
        Value::Object(members) => members.is_empty(),
        value => value.is_null() || *value == 0,
    }
}

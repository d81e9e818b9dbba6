//! The rows of [`TAKES`], a file for each vendor that has many: what is common to a
//! family first, then what sets a model apart.

mod anthropic;
mod gemini;
mod openai;
mod others;

use super::Range::{From, No};
use super::{ChatTools, Forcing, Takes, Thinking};

/// What a model takes of which nothing is known.
pub const OPEN: Takes = Takes {
    provider: "custom",
    prefix: "",
    temperature: From(0.0, 2.0),
    top_p: From(0.0, 1.0),
    both: true,
    top_k: From(0.0, 1e6),
    penalties: From(-2.0, 2.0),
    both_penalties: true,
    seed: true,
    n: 128,
    stop: usize::MAX,
    stop_bytes: usize::MAX,
    thinking: Thinking::Any,
    budget: No,
    cap: "max_tokens",
    max_output: 0,
    allowance: 0,
    thinks_unasked: true,
    unthinking: "disabled",
    in_chat: true,
    max_in_chat: true,
    tools_in_chat: ChatTools::Yes,
    parallel_in_chat: true,
    forced_tools: true,
    forced_thinking: Forcing::Named,
    forced_unthinking: Forcing::Named,
    prefill: true,
    schema: true,
    images: true,
    verbosity: true,
    cache_options: true,
    system_in_turns: false,
    cached_content: true,
    system: true,
    tools: true,
    tools_beside: true,
};

/// By provider and prefix; the longest prefix that fits holds.
pub static TAKES: &[&[Takes]] =
    &[&[OPEN], openai::ROWS, anthropic::ROWS, gemini::ROWS, others::ROWS];

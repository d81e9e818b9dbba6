//! What each provider's models are called and what they take, as of
//! [`CHECKED`].
//!
//! Two tables. [`DEFAULTS`] has each provider's small, standard and large
//! model, for presets and for clients that name none. `TAKES` says, by the
//! longest prefix of a model's name, which sampling options, caps and efforts
//! it accepts; a model that no row knows takes what its provider documents.

mod rows;
#[cfg(test)]
mod tests;

use crate::llm::model_name::begins_with;
use crate::options::presets::ModelSize;

use rows::{OPEN, TAKES};

/// When the tables were put together, from what vendors had published by then;
/// efforts, allowances and output limits are the least certain of it.
pub const CHECKED: &str = "2026-11-28";

/// A provider's models by size: small, standard, large; and the day on which
/// the vendor retires each, where it has said so.
pub struct Defaults {
    /// The provider.
    pub provider: &'static str,
    /// The three names, and the last day of each (`YYYY-MM-DD`).
    pub models: [(&'static str, Option<&'static str>); 3],
}

const fn defaults(provider: &'static str, models: [&'static str; 3]) -> Defaults {
    let [small, standard, large] = models;
    Defaults { provider, models: [(small, None), (standard, None), (large, None)] }
}

/// Each provider's own models; `custom` has none.
pub static DEFAULTS: &[Defaults] = &[
    defaults("openai", ["gpt-6-luna", "gpt-6.1-terra", "gpt-6-sol"]),
    defaults("anthropic", ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]),
    defaults("gemini", ["gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.1-pro-preview"]),
    defaults("deepseek", ["deepseek-flash", "deepseek-flash", "deepseek-v4-pro"]),
    Defaults {
        provider: "kimi",
        models: [
            ("kimi-k2.6", Some("2026-12-31")),
            ("kimi-k2.6", Some("2026-12-31")),
            ("kimi-k3", None),
        ],
    },
    defaults("cohere", ["command-r7b-12-2024", "command-a-03-2025", "command-a-reasoning-08-2025"]),
    defaults(
        "siliconflow",
        ["Qwen/Qwen3-8B", "deepseek-ai/DeepSeek-V4-Flash", "Pro/zai-org/GLM-5.2"],
    ),
    defaults(
        "huggingface",
        ["openai/gpt-oss-20b", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-V4.1-Flash"],
    ),
    defaults("ollama", ["gemma3:1b", "qwen3", "gpt-oss:120b"]),
];

/// A provider's model of this size.
pub fn default_model(provider: &str, size: ModelSize) -> Option<&'static str> {
    let row = DEFAULTS.iter().find(|row| row.provider == provider)?;
    let place = match size {
        ModelSize::Small => 0,
        ModelSize::Standard => 1,
        ModelSize::Large => 2,
    };
    Some(row.models[place].0)
}

/// How a model takes a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// Not at all.
    No,
    /// Between these.
    From(f64, f64),
    /// Only with `reasoning_effort` none, between these.
    Unthinking(f64, f64),
    /// Between these, and to no effect while it thinks.
    Idle(f64, f64),
    /// Between these, and to no effect.
    Ignored(f64, f64),
}

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Thinking {
    /// It cannot be told.
    No,
    /// By these efforts.
    Efforts(&'static [&'static str]),
    /// On or off: `none` is off, every other effort is on.
    Switch,
    /// Always on: no effort makes a difference, and `none` is refused.
    Always,
    /// By efforts that are translated into a budget.
    Budgeted(&'static [&'static str]),
    /// Any effort is handed on.
    Any,
}

/// Whether function tools are taken in chat completions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ChatTools {
    /// Always.
    Yes,
    /// Unless an effort other than none is asked for.
    UnlessThinking,
    /// Only where the effort none is asked for.
    OnlyUnthinking,
}

impl ChatTools {
    /// Whether they are taken with this effort.
    pub fn are_taken(self, effort: Option<&str>) -> bool {
        match self {
            ChatTools::Yes => true,
            ChatTools::UnlessThinking => effort.is_none_or(|effort| effort == "none"),
            ChatTools::OnlyUnthinking => effort == Some("none"),
        }
    }
}

/// What a model can be made to call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Forcing {
    /// Any tool, or one by its name.
    Named,
    /// One by its name, but not any tool.
    OnlyNamed,
    /// Any tool, but none by its name.
    Unnamed,
    /// Nothing.
    No,
}

/// What a model takes.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// The provider.
    pub provider: &'static str,
    /// How the model's name begins.
    pub prefix: &'static str,
    /// Temperature.
    pub temperature: Range,
    /// top_p.
    pub top_p: Range,
    /// Whether temperature and top_p may come together.
    pub both: bool,
    /// top_k.
    pub top_k: Range,
    /// Presence and frequency penalty.
    pub penalties: Range,
    /// Whether both may come together.
    pub both_penalties: bool,
    /// seed.
    pub seed: bool,
    /// Most answers to one request.
    pub n: u64,
    /// Most stop texts; 0: it takes none.
    pub stop: usize,
    /// Longest stop text, in bytes.
    pub stop_bytes: usize,
    /// Efforts.
    pub thinking: Thinking,
    /// Bounds of a budget of thinking, in tokens.
    pub budget: Range,
    /// The name of the cap on tokens.
    pub cap: &'static str,
    /// The largest cap; 0: unknown.
    pub max_output: u64,
    /// Tokens of thinking that a layer's cap is raised by, while it thinks.
    pub allowance: u64,
    /// Whether it thinks without being asked to.
    pub thinks_unasked: bool,
    /// Anthropic: what kind of thinking the effort none asks for.
    pub unthinking: &'static str,
    /// Whether it is found in OpenAI's chat completions.
    pub in_chat: bool,
    /// Whether it takes the effort max there.
    pub max_in_chat: bool,
    /// Whether function tools are taken there.
    pub tools_in_chat: ChatTools,
    /// Whether it can be told there to call one tool at a time, or several.
    pub parallel_in_chat: bool,
    /// Whether it can be made to call a tool.
    pub forced_tools: bool,
    /// In chat completions: what it can be made to call while it thinks.
    pub forced_thinking: Forcing,
    /// The same while it does not.
    pub forced_unthinking: Forcing,
    /// Whether it goes on from an assistant's message at the end.
    pub prefill: bool,
    /// Whether the answer can be held to a JSON schema.
    pub schema: bool,
    /// Whether it sees images.
    pub images: bool,
    /// OpenAI: whether it can be told to say more or less than it does unasked.
    pub verbosity: bool,
    /// OpenAI: whether it can be told how prompts are cached.
    pub cache_options: bool,
    /// Anthropic: whether what the system says in the midst of the conversation stays
    /// there.
    pub system_in_turns: bool,
    /// Gemini: whether it takes instructions apart from what is said.
    pub system: bool,
    /// Gemini: whether a conversation may begin with what lies with the vendor.
    pub cached_content: bool,
    /// Gemini: whether it takes tools.
    pub tools: bool,
    /// Gemini: whether functions go beside tools of the vendor's own, and a format of
    /// JSON beside tools.
    pub tools_beside: bool,
}

/// What a provider's model takes; Gemini's may be given as a resource's name, Claude's
/// as a cloud's, and SiliconFlow's as those that are paid for.
pub fn takes(provider: &str, model: &str) -> &'static Takes {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let model = model.strip_prefix("Pro/").unwrap_or(model);
    let model = model.rsplit_once("anthropic.").map_or(model, |(_, model)| model);
    let fits = |row: &&Takes| begins_with(model, row.prefix) && row.provider == provider;
    let rows = TAKES.iter().flat_map(|rows| rows.iter()).filter(fits);
    rows.max_by_key(|row| row.prefix.len()).unwrap_or(&OPEN)
}

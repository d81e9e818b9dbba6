//! What each provider's models are called and what they take, as of
//! [`CHECKED`].
//!
//! Two tables. [`DEFAULTS`] has each provider's small, standard and large
//! model, for presets and for clients that name none. [`TAKES`] says, by the
//! longest prefix of a model's name, which sampling options, caps and efforts
//! it accepts; a model that no row knows takes what its provider documents.

use crate::options::presets::ModelSize;

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
    defaults("kimi", ["kimi-k2.6", "kimi-k2.6", "kimi-k3"]),
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
    /// seed.
    pub seed: bool,
    /// Most answers to one request.
    pub n: u64,
    /// Most stop texts; 0: it takes none.
    pub stop: usize,
    /// Whether it takes them only with `reasoning_effort` none.
    pub stop_unthinking: bool,
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
    /// Whether function tools are taken there.
    pub tools_in_chat: ChatTools,
    /// Whether it can be made to call a tool.
    pub forced_tools: bool,
    /// Whether it goes on from an assistant's message at the end.
    pub prefill: bool,
    /// Whether the answer can be held to a JSON schema.
    pub schema: bool,
}

use Range::{From, No, Unthinking};

const OPEN: Takes = Takes {
    provider: "custom",
    prefix: "",
    temperature: From(0.0, 2.0),
    top_p: From(0.0, 1.0),
    both: true,
    top_k: From(0.0, 1e6),
    penalties: From(-2.0, 2.0),
    seed: true,
    n: 128,
    stop: usize::MAX,
    stop_unthinking: false,
    stop_bytes: usize::MAX,
    thinking: Thinking::Any,
    budget: No,
    cap: "max_tokens",
    max_output: 0,
    allowance: 0,
    thinks_unasked: true,
    unthinking: "disabled",
    in_chat: true,
    tools_in_chat: ChatTools::Yes,
    forced_tools: true,
    prefill: true,
    schema: true,
};

const OPENAI: Takes =
    Takes { provider: "openai", top_k: No, stop: 4, cap: "max_completion_tokens", ..OPEN };
/// Models that think and refuse sampling.
const OPENAI_O: Takes = Takes {
    temperature: No,
    top_p: No,
    penalties: No,
    thinking: Thinking::Efforts(&["low", "medium", "high"]),
    allowance: 25_000,
    ..OPENAI
};
const OPENAI_5: Takes = Takes {
    stop: 0,
    thinking: Thinking::Efforts(&["minimal", "low", "medium", "high"]),
    ..OPENAI_O
};
const OPENAI_5_1: Takes = Takes {
    temperature: Unthinking(0.0, 2.0),
    top_p: Unthinking(0.0, 1.0),
    stop_unthinking: true,
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "xhigh"]),
    ..OPENAI_O
};
const OPENAI_6: Takes = Takes {
    temperature: Unthinking(0.0, 2.0),
    top_p: Unthinking(0.0, 1.0),
    thinking: Thinking::Efforts(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    tools_in_chat: ChatTools::OnlyUnthinking,
    ..OPENAI_O
};
/// Models that the vendor offers in its Responses alone.
const OPENAI_RESPONSES: Takes =
    Takes { thinking: Thinking::Any, in_chat: false, stop: 0, ..OPENAI_O };
const OPENAI_PLAIN: Takes = Takes { thinking: Thinking::No, ..OPENAI };

/// Claude from 4.7 on.
const ANTHROPIC: Takes = Takes {
    provider: "anthropic",
    prefix: "claude-",
    temperature: No,
    top_p: No,
    top_k: No,
    penalties: No,
    seed: false,
    n: 1,
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "xhigh", "max"]),
    max_output: 128_000,
    allowance: 16_000,
    prefill: false,
    ..OPEN
};
const ANTHROPIC_ALWAYS_THINKS: Takes = Takes {
    thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh", "max"]),
    forced_tools: false,
    ..ANTHROPIC
};
/// One of temperature and top_p, and a budget of thinking.
const ANTHROPIC_4: Takes = Takes {
    temperature: From(0.0, 1.0),
    top_p: From(0.0, 1.0),
    top_k: From(0.0, 1e6),
    both: false,
    thinking: Thinking::Budgeted(&["none", "low", "medium", "high"]),
    budget: From(1_024.0, 128_000.0),
    thinks_unasked: false,
    prefill: true,
    max_output: 64_000,
    ..ANTHROPIC
};
const ANTHROPIC_4_0: Takes = Takes { both: true, schema: false, ..ANTHROPIC_4 };
const ANTHROPIC_4_6: Takes = Takes {
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "max"]),
    prefill: false,
    ..ANTHROPIC_4
};
const ANTHROPIC_3: Takes =
    Takes { thinking: Thinking::No, budget: No, max_output: 4_096, ..ANTHROPIC_4_0 };
/// Other makers' models behind Anthropic's form.
const ANTHROPIC_LIKE: Takes =
    Takes { prefix: "", both: true, max_output: 0, allowance: 0, ..ANTHROPIC_4 };

const GEMINI: Takes = Takes {
    provider: "gemini",
    top_k: From(0.0, 1e6),
    n: 8,
    stop: 5,
    cap: "maxOutputTokens",
    thinking: Thinking::Efforts(&["minimal", "low", "medium", "high"]),
    allowance: 16_384,
    ..OPEN
};

const GEMINI_NOT_MINIMAL: Takes =
    Takes { thinking: Thinking::Efforts(&["low", "medium", "high"]), ..GEMINI };

const KIMI: Takes = Takes {
    provider: "kimi",
    temperature: No,
    top_p: No,
    top_k: No,
    penalties: No,
    seed: false,
    n: 1,
    stop: 5,
    stop_bytes: 32,
    cap: "max_completion_tokens",
    thinking: Thinking::Switch,
    allowance: 16_384,
    ..OPEN
};

/// Before K2.5.
const KIMI_OPEN: Takes = Takes {
    temperature: From(0.0, 1.0),
    top_p: From(0.0, 1.0),
    penalties: From(-2.0, 2.0),
    n: 5,
    ..KIMI
};

const COHERE: Takes = Takes {
    provider: "cohere",
    temperature: From(0.0, 1.0),
    top_p: From(0.01, 0.99),
    top_k: From(0.0, 500.0),
    penalties: From(0.0, 1.0),
    n: 1,
    stop: 5,
    thinking: Thinking::No,
    ..OPEN
};

const OLLAMA: Takes = Takes {
    provider: "ollama",
    n: 1,
    cap: "num_predict",
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "max"]),
    ..OPEN
};
const OLLAMA_THINKS: Takes = Takes { allowance: 8_192, ..OLLAMA };

const DEEPSEEK: Takes = Takes {
    provider: "deepseek",
    top_k: No,
    seed: false,
    n: 1,
    stop: 16,
    thinking: Thinking::Efforts(&["none", "low", "high", "max"]),
    allowance: 16_384,
    schema: false,
    ..OPEN
};

/// By provider and prefix; the longest prefix that fits holds.
pub static TAKES: &[Takes] = &[
    OPEN,
    OPENAI,
    Takes { prefix: "gpt-3.5", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-4", ..OPENAI_PLAIN },
    Takes { prefix: "o1", ..OPENAI_O },
    Takes { prefix: "o3", stop: 0, ..OPENAI_O },
    Takes { prefix: "o4", stop: 0, ..OPENAI_O },
    Takes { prefix: "gpt-5", ..OPENAI_5 },
    Takes { prefix: "gpt-5-chat", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-5.1", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.2", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.3", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.4", tools_in_chat: ChatTools::UnlessThinking, ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.5", tools_in_chat: ChatTools::UnlessThinking, ..OPENAI_6 },
    Takes { prefix: "gpt-5.6", ..OPENAI_6 },
    Takes { prefix: "gpt-6", ..OPENAI_6 },
    Takes {
        prefix: "gpt-6-astra",
        thinking: Thinking::Efforts(&["minimal", "low", "medium", "high", "xhigh", "max"]),
        ..OPENAI_6
    },
    Takes {
        prefix: "gpt-6.1-sol",
        thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh", "max"]),
        ..OPENAI_6
    },
    Takes { prefix: "codex-", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.1-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.2-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.3-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.2-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.4-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "o1-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "o3-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "o3-deep-research", ..OPENAI_RESPONSES },
    Takes { prefix: "o4-mini-deep-research", ..OPENAI_RESPONSES },
    ANTHROPIC_LIKE,
    ANTHROPIC,
    Takes { prefix: "claude-2", ..ANTHROPIC_3 },
    Takes { prefix: "claude-instant", ..ANTHROPIC_3 },
    Takes { prefix: "claude-3", ..ANTHROPIC_3 },
    Takes { prefix: "claude-3-5", max_output: 8_192, ..ANTHROPIC_3 },
    Takes { prefix: "claude-3-7", ..ANTHROPIC_4_0 },
    Takes { prefix: "claude-opus-4", max_output: 32_000, ..ANTHROPIC_4_0 },
    Takes { prefix: "claude-sonnet-4", ..ANTHROPIC_4_0 },
    Takes { prefix: "claude-opus-4-1", max_output: 32_000, ..ANTHROPIC_4 },
    Takes { prefix: "claude-opus-4-5", ..ANTHROPIC_4 },
    Takes { prefix: "claude-sonnet-4-5", ..ANTHROPIC_4 },
    Takes { prefix: "claude-haiku-4-5", ..ANTHROPIC_4 },
    Takes { prefix: "claude-opus-4-6", ..ANTHROPIC_4_6 },
    Takes { prefix: "claude-sonnet-4-6", ..ANTHROPIC_4_6 },
    Takes { prefix: "claude-opus-4-7", thinks_unasked: false, ..ANTHROPIC },
    Takes { prefix: "claude-opus-4-8", thinks_unasked: false, ..ANTHROPIC },
    Takes {
        prefix: "claude-sonnet-5-5",
        unthinking: "between_tools",
        forced_tools: false,
        ..ANTHROPIC
    },
    Takes { prefix: "claude-opus-5-5", ..ANTHROPIC_ALWAYS_THINKS },
    Takes { prefix: "claude-fable-5-1", ..ANTHROPIC_ALWAYS_THINKS },
    GEMINI,
    Takes { prefix: "gemini-1.5", thinking: Thinking::No, allowance: 0, ..GEMINI },
    Takes { prefix: "gemini-2.0", thinking: Thinking::No, allowance: 0, ..GEMINI },
    Takes { prefix: "gemma-3", thinking: Thinking::No, allowance: 0, ..GEMINI },
    Takes {
        prefix: "gemini-2.5",
        thinking: Thinking::Budgeted(&["none", "minimal", "low", "medium", "high"]),
        budget: From(0.0, 32_768.0),
        ..GEMINI
    },
    Takes {
        prefix: "gemini-2.5-pro",
        thinking: Thinking::Budgeted(&["minimal", "low", "medium", "high"]),
        budget: From(128.0, 32_768.0),
        ..GEMINI
    },
    Takes { prefix: "gemini-3-pro", thinking: Thinking::Efforts(&["low", "high"]), ..GEMINI },
    Takes { prefix: "gemini-3.1-pro", ..GEMINI_NOT_MINIMAL },
    Takes { prefix: "gemini-3.7-flash", ..GEMINI_NOT_MINIMAL },
    DEEPSEEK,
    KIMI,
    Takes { prefix: "kimi-k2-", thinking: Thinking::No, ..KIMI_OPEN },
    Takes { prefix: "kimi-latest", thinking: Thinking::No, ..KIMI_OPEN },
    Takes { prefix: "kimi-thinking", ..KIMI_OPEN },
    Takes { prefix: "kimi-k3", thinking: Thinking::Efforts(&["low", "high", "max"]), ..KIMI },
    Takes { prefix: "moonshot-v1", thinking: Thinking::No, allowance: 0, ..KIMI_OPEN },
    Takes { provider: "siliconflow", stop: 4, budget: From(128.0, 32_768.0), ..OPEN },
    Takes { provider: "huggingface", top_k: No, ..OPEN },
    COHERE,
    Takes {
        prefix: "command-a-reasoning",
        thinking: Thinking::Switch,
        budget: From(1.0, 1e6),
        allowance: 8_192,
        ..COHERE
    },
    OLLAMA,
    Takes { prefix: "qwen3", ..OLLAMA_THINKS },
    Takes { prefix: "gpt-oss", ..OLLAMA_THINKS },
    Takes { prefix: "deepseek-r1", ..OLLAMA_THINKS },
];

/// What a provider's model takes; Gemini's may be given as a resource's name, and
/// Claude's as a cloud's.
pub fn takes(provider: &str, model: &str) -> &'static Takes {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let model = model.rsplit_once("anthropic.").map_or(model, |(_, model)| model);
    let fits = |row: &&Takes| row.provider == provider && model.starts_with(row.prefix);
    TAKES.iter().filter(fits).max_by_key(|row| row.prefix.len()).unwrap_or(&TAKES[0])
}

#[cfg(test)]
mod tests;

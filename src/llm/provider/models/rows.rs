//! The rows of [`TAKES`], vendor by vendor: what is common to a family first, then
//! what sets a model apart.

use super::Range::{From, No, Unthinking};
use super::{ChatTools, Forcing, Takes, Thinking};

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
    forced_tools: true,
    forced_thinking: Forcing::Named,
    prefill: true,
    schema: true,
    system_in_turns: false,
    system: true,
    tools: true,
    tools_beside: true,
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
    thinks_unasked: false,
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "xhigh"]),
    ..OPENAI_5
};
const OPENAI_5_4: Takes = Takes {
    penalties: Unthinking(-2.0, 2.0),
    tools_in_chat: ChatTools::UnlessThinking,
    ..OPENAI_5_1
};
/// Models that think as hard as they can in Responses alone.
const OPENAI_6: Takes = Takes {
    thinks_unasked: true,
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "xhigh", "max"]),
    max_in_chat: false,
    tools_in_chat: ChatTools::OnlyUnthinking,
    ..OPENAI_5_4
};
const OPENAI_6_ALWAYS_THINKS: Takes = Takes {
    temperature: No,
    top_p: No,
    penalties: No,
    thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh", "max"]),
    ..OPENAI_6
};
/// Models that the vendor offers in its Responses alone.
const OPENAI_RESPONSES: Takes =
    Takes { thinking: Thinking::Any, in_chat: false, stop: 0, ..OPENAI_O };
const OPENAI_PLAIN: Takes = Takes { thinking: Thinking::No, ..OPENAI };
/// Models that search before they answer, and refuse sampling.
const OPENAI_SEARCHES: Takes = Takes { temperature: No, top_p: No, penalties: No, ..OPENAI_PLAIN };

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
    system_in_turns: true,
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
    penalties: No,
    n: 8,
    stop: 5,
    cap: "maxOutputTokens",
    thinking: Thinking::Efforts(&["minimal", "low", "medium", "high"]),
    allowance: 16_384,
    ..OPEN
};

/// Before Gemini 3.
const GEMINI_2: Takes = Takes { tools_beside: false, ..GEMINI };
/// The last ones that take penalties.
const GEMINI_2_0: Takes =
    Takes { penalties: From(-2.0, 2.0), thinking: Thinking::No, allowance: 0, ..GEMINI_2 };
const GEMINI_NOT_MINIMAL: Takes =
    Takes { thinking: Thinking::Efforts(&["low", "medium", "high"]), ..GEMINI };
/// 3.5 Flash-Lite, 3.6 and all that come after (ai.google.dev, whats-new-gemini-3.6).
const GEMINI_NEW: Takes = Takes { prefill: false, ..GEMINI };
const GEMINI_3_7: Takes = Takes { prefill: false, ..GEMINI_NOT_MINIMAL };

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
    forced_thinking: Forcing::No,
    ..OPEN
};

/// Before K2.5.
const KIMI_OPEN: Takes = Takes {
    forced_thinking: Forcing::Named,
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
    forced_thinking: Forcing::No,
    schema: false,
    ..OPEN
};

const HUGGINGFACE: Takes = Takes { provider: "huggingface", top_k: No, ..OPEN };

/// By provider and prefix; the longest prefix that fits holds.
pub static TAKES: &[Takes] = &[
    OPEN,
    OPENAI,
    Takes { prefix: "gpt-3.5", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-4", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-4o-search-preview", ..OPENAI_SEARCHES },
    Takes { prefix: "gpt-4o-mini-search-preview", ..OPENAI_SEARCHES },
    Takes { prefix: "o1", ..OPENAI_O },
    Takes { prefix: "o3", stop: 0, ..OPENAI_O },
    Takes { prefix: "o4", stop: 0, ..OPENAI_O },
    Takes { prefix: "gpt-5", ..OPENAI_5 },
    Takes { prefix: "gpt-5-chat", ..OPENAI_PLAIN },
    Takes {
        prefix: "gpt-5.1",
        thinking: Thinking::Efforts(&["none", "low", "medium", "high"]),
        ..OPENAI_5_1
    },
    Takes { prefix: "gpt-5.2", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.3", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.4", ..OPENAI_5_4 },
    Takes { prefix: "gpt-5.5", thinks_unasked: true, ..OPENAI_5_4 },
    Takes { prefix: "gpt-5.6", ..OPENAI_6 },
    Takes { prefix: "gpt-6", ..OPENAI_6 },
    Takes { prefix: "gpt-6-astra", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.1-sol", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.2-astra", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.2-sol", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "codex-", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.1-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.2-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.3-codex", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5-pro", thinking: Thinking::Efforts(&["high"]), ..OPENAI_RESPONSES },
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
        system_in_turns: true,
        ..ANTHROPIC
    },
    Takes { prefix: "claude-opus-5-5", ..ANTHROPIC_ALWAYS_THINKS },
    Takes { prefix: "claude-fable-5-1", ..ANTHROPIC_ALWAYS_THINKS },
    GEMINI,
    Takes { prefix: "gemini-1.5", ..GEMINI_2_0 },
    Takes { prefix: "gemini-2.0", ..GEMINI_2_0 },
    Takes {
        prefix: "gemma-3",
        thinking: Thinking::No,
        allowance: 0,
        schema: false,
        system: false,
        tools: false,
        ..GEMINI
    },
    // It takes no budget (livekit/agents, request 7080).
    Takes { prefix: "gemma-4", thinking: Thinking::Efforts(&["minimal", "high"]), ..GEMINI },
    Takes {
        prefix: "gemini-2.5",
        thinking: Thinking::Budgeted(&["none", "minimal", "low", "medium", "high"]),
        budget: From(0.0, 24_576.0),
        ..GEMINI_2
    },
    Takes {
        prefix: "gemini-2.5-flash-lite",
        thinking: Thinking::Budgeted(&["none", "minimal", "low", "medium", "high"]),
        budget: From(0.0, 24_576.0),
        thinks_unasked: false,
        ..GEMINI_2
    },
    Takes {
        prefix: "gemini-2.5-pro",
        thinking: Thinking::Budgeted(&["minimal", "low", "medium", "high"]),
        budget: From(128.0, 32_768.0),
        ..GEMINI_2
    },
    Takes { prefix: "gemini-", ..GEMINI_NEW },
    Takes { prefix: "gemini-3-", ..GEMINI },
    Takes { prefix: "gemini-3-pro", thinking: Thinking::Efforts(&["low", "high"]), ..GEMINI },
    Takes { prefix: "gemini-3.1-", ..GEMINI },
    Takes { prefix: "gemini-3.1-pro", ..GEMINI_NOT_MINIMAL },
    Takes { prefix: "gemini-pro-latest", ..GEMINI_NOT_MINIMAL },
    Takes { prefix: "gemini-3.5-flash", ..GEMINI },
    Takes { prefix: "gemini-3.5-flash-lite", ..GEMINI_NEW },
    Takes { prefix: "gemini-3.7-flash", ..GEMINI_3_7 },
    Takes { prefix: "gemini-3.8-flash", ..GEMINI_3_7 },
    DEEPSEEK,
    Takes { prefix: "deepseek-chat", thinks_unasked: false, ..DEEPSEEK },
    KIMI,
    Takes { prefix: "kimi-k2-", thinking: Thinking::No, allowance: 0, ..KIMI_OPEN },
    Takes {
        prefix: "kimi-k2-thinking",
        thinking: Thinking::Always,
        forced_thinking: Forcing::No,
        ..KIMI_OPEN
    },
    Takes { prefix: "kimi-k2.7", thinking: Thinking::Always, ..KIMI },
    Takes { prefix: "kimi-latest", thinking: Thinking::No, allowance: 0, ..KIMI_OPEN },
    Takes {
        prefix: "kimi-thinking",
        thinking: Thinking::Always,
        forced_thinking: Forcing::No,
        ..KIMI_OPEN
    },
    Takes {
        prefix: "kimi-k3",
        thinking: Thinking::Efforts(&["low", "high", "max"]),
        forced_thinking: Forcing::Unnamed,
        ..KIMI
    },
    Takes { prefix: "moonshot-v1", thinking: Thinking::No, allowance: 0, ..KIMI_OPEN },
    Takes { provider: "siliconflow", stop: 4, budget: From(128.0, 32_768.0), ..OPEN },
    HUGGINGFACE,
    Takes { prefix: "openai/gpt-oss", allowance: 8_192, ..HUGGINGFACE },
    Takes { prefix: "deepseek-ai/DeepSeek-R1", allowance: 8_192, ..HUGGINGFACE },
    Takes { prefix: "deepseek-ai/DeepSeek-V4", allowance: 16_384, ..HUGGINGFACE },
    Takes { prefix: "Qwen/Qwen3", allowance: 8_192, ..HUGGINGFACE },
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

//! The models of DeepSeek, Kimi, SiliconFlow, HuggingFace, Cohere and Ollama.

use super::super::Range::{From, Idle, No};
use super::super::{ChatTools, Forcing, Takes, Thinking};
use super::OPEN;

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

const KIMI_PLAIN: Takes = Takes { thinking: Thinking::No, allowance: 0, ..KIMI_OPEN };

const COHERE: Takes = Takes {
    provider: "cohere",
    temperature: From(0.0, 1.0),
    top_p: From(0.01, 0.99),
    top_k: From(0.0, 500.0),
    penalties: From(0.0, 1.0),
    both_penalties: false,
    n: 1,
    stop: 5,
    thinking: Thinking::No,
    ..OPEN
};

const COHERE_THINKS: Takes =
    Takes { thinking: Thinking::Switch, budget: From(1.0, 1e6), allowance: 8_192, ..COHERE };

const OLLAMA: Takes = Takes {
    provider: "ollama",
    n: 1,
    cap: "num_predict",
    thinking: Thinking::Efforts(&["none", "low", "medium", "high", "max"]),
    ..OPEN
};
const OLLAMA_THINKS: Takes = Takes { allowance: 8_192, ..OLLAMA };
/// Models whose server refuses every word on thinking.
const OLLAMA_PLAIN: Takes = Takes { thinking: Thinking::No, ..OLLAMA };

const DEEPSEEK: Takes = Takes {
    provider: "deepseek",
    top_k: No,
    seed: false,
    n: 1,
    stop: 16,
    temperature: Idle(0.0, 2.0),
    penalties: Idle(-2.0, 2.0),
    // Some of these mean one another (api-docs.deepseek.com, guide to thinking).
    thinking: Thinking::Efforts(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    allowance: 16_384,
    forced_thinking: Forcing::No,
    schema: false,
    ..OPEN
};

const SILICONFLOW: Takes =
    Takes { provider: "siliconflow", stop: 4, budget: From(128.0, 32_768.0), ..OPEN };

const HUGGINGFACE: Takes = Takes { provider: "huggingface", top_k: No, ..OPEN };

/// The rows.
pub const ROWS: &[Takes] = &[
    DEEPSEEK,
    Takes { prefix: "deepseek-chat", thinks_unasked: false, ..DEEPSEEK },
    KIMI,
    Takes { prefix: "kimi-k2-", images: false, ..KIMI_PLAIN },
    Takes {
        prefix: "kimi-k2-thinking",
        thinking: Thinking::Always,
        forced_thinking: Forcing::No,
        images: false,
        ..KIMI_OPEN
    },
    // platform.kimi.ai, guide to tools.
    Takes { prefix: "kimi-k2.6", forced_unthinking: Forcing::OnlyNamed, ..KIMI },
    Takes { prefix: "kimi-k2.7", thinking: Thinking::Always, ..KIMI },
    Takes { prefix: "kimi-latest", ..KIMI_PLAIN },
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
    Takes { prefix: "moonshot-v1", ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-8k", images: false, ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-32k", images: false, ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-128k", images: false, ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-8k-vision", ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-32k-vision", ..KIMI_PLAIN },
    Takes { prefix: "moonshot-v1-128k-vision", ..KIMI_PLAIN },
    SILICONFLOW,
    // Asked not to think they answer 400, as do those that cannot but think.
    Takes { prefix: "Qwen/Qwen2.5", thinking: Thinking::No, budget: No, ..SILICONFLOW },
    Takes { prefix: "tencent/Hunyuan-MT", thinking: Thinking::No, budget: No, ..SILICONFLOW },
    Takes { prefix: "deepseek-ai/DeepSeek-R1", thinking: Thinking::Always, ..SILICONFLOW },
    // docs.siliconflow.cn, reference of chat completions.
    Takes {
        prefix: "deepseek-ai/DeepSeek-V3.1",
        tools_in_chat: ChatTools::UnlessThinking,
        ..SILICONFLOW
    },
    Takes { prefix: "deepseek-ai/DeepSeek-V3.1-Terminus", ..SILICONFLOW },
    HUGGINGFACE,
    Takes { prefix: "openai/gpt-oss", allowance: 8_192, ..HUGGINGFACE },
    Takes { prefix: "deepseek-ai/DeepSeek-R1", allowance: 8_192, ..HUGGINGFACE },
    Takes { prefix: "deepseek-ai/DeepSeek-V4", allowance: 16_384, ..HUGGINGFACE },
    Takes { prefix: "Qwen/Qwen3", allowance: 8_192, ..HUGGINGFACE },
    COHERE,
    Takes { prefix: "command-r", images: false, ..COHERE },
    Takes { prefix: "command-a-03-2025", images: false, ..COHERE },
    Takes { prefix: "command-a-reasoning", images: false, ..COHERE_THINKS },
    Takes { prefix: "command-a-plus", ..COHERE_THINKS },
    OLLAMA,
    Takes { prefix: "qwen3", ..OLLAMA_THINKS },
    Takes {
        prefix: "qwen3.8",
        thinking: Thinking::Efforts(&["none", "low", "medium", "high", "xhigh", "max"]),
        ..OLLAMA_THINKS
    },
    // It cannot but think (ollama/ollama, issues 11751 and 16877).
    Takes {
        prefix: "gpt-oss",
        thinking: Thinking::Efforts(&["low", "medium", "high"]),
        ..OLLAMA_THINKS
    },
    Takes { prefix: "gemma3", ..OLLAMA_PLAIN },
    Takes { prefix: "llama3", ..OLLAMA_PLAIN },
    Takes { prefix: "qwen2.5", ..OLLAMA_PLAIN },
    Takes { prefix: "deepseek-r1", ..OLLAMA_THINKS },
];

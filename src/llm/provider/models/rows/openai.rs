//! OpenAI's models.

use super::super::Range::{No, Unthinking};
use super::super::{ChatTools, Takes, Thinking};
use super::OPEN;

const OPENAI: Takes =
    Takes { provider: "openai", top_k: No, stop: 4, cap: "max_completion_tokens", ..OPEN };
/// Models that think and refuse sampling.
const OPENAI_O: Takes = Takes {
    cache_options: false,
    temperature: No,
    top_p: No,
    penalties: No,
    thinking: Thinking::Efforts(&["low", "medium", "high"]),
    allowance: 25_000,
    ..OPENAI
};
/// The first of them, which have no word on parallel calls in chat completions.
const OPENAI_O_CHAT: Takes = Takes { parallel_in_chat: false, verbosity: false, ..OPENAI_O };
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
/// ChatGPT's own, which think moderately and not otherwise (BerriAI/litellm, issues 21911
/// and 22404).
const OPENAI_CHATGPT: Takes =
    Takes { thinking: Thinking::Efforts(&["medium"]), max_output: 16_384, ..OPENAI_5 };
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
    cache_options: true,
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
/// The same of those that say as much as they do and no more or less, as all before GPT-5
/// and some of it (theopenco/llmgateway, request 2989).
const OPENAI_RESPONSES_MEDIUM: Takes = Takes { verbosity: false, ..OPENAI_RESPONSES };
/// Efforts of Codex's and of the pro models (openai/codex, issue 6647;
/// anomalyco/models.dev, request 2296).
const UP_TO_HIGH: Thinking = Thinking::Efforts(&["low", "medium", "high"]);
const FROM_MEDIUM: Thinking = Thinking::Efforts(&["medium", "high", "xhigh"]);
const OPENAI_PLAIN: Takes =
    Takes { thinking: Thinking::No, verbosity: false, cache_options: false, ..OPENAI };
/// Models that search before they answer, and refuse sampling.
const OPENAI_SEARCHES: Takes = Takes { temperature: No, top_p: No, penalties: No, ..OPENAI_PLAIN };

/// The rows.
pub const ROWS: &[Takes] = &[
    OPENAI,
    Takes { prefix: "gpt-3.5", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-4", ..OPENAI_PLAIN },
    Takes { prefix: "gpt-4o-search-preview", ..OPENAI_SEARCHES },
    Takes { prefix: "gpt-4o-mini-search-preview", ..OPENAI_SEARCHES },
    Takes { prefix: "o1", ..OPENAI_O_CHAT },
    Takes { prefix: "o3", stop: 0, ..OPENAI_O_CHAT },
    Takes { prefix: "o4", stop: 0, ..OPENAI_O_CHAT },
    Takes { prefix: "gpt-5", ..OPENAI_5 },
    Takes { prefix: "gpt-5-chat", ..OPENAI_PLAIN },
    Takes {
        prefix: "gpt-5.1",
        thinking: Thinking::Efforts(&["none", "low", "medium", "high"]),
        ..OPENAI_5_1
    },
    Takes { prefix: "gpt-5.2", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.3", ..OPENAI_5_1 },
    Takes { prefix: "gpt-5.1-chat", ..OPENAI_CHATGPT },
    Takes { prefix: "gpt-5.2-chat", ..OPENAI_CHATGPT },
    Takes { prefix: "gpt-5.3-chat", ..OPENAI_CHATGPT },
    Takes { prefix: "chat-latest", cache_options: true, ..OPENAI_CHATGPT },
    Takes { prefix: "gpt-5.4", ..OPENAI_5_4 },
    Takes { prefix: "gpt-5.5", thinks_unasked: true, ..OPENAI_5_4 },
    Takes { prefix: "gpt-5.6", ..OPENAI_6 },
    Takes { prefix: "gpt-6", ..OPENAI_6 },
    Takes { prefix: "gpt-6-astra", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.1-sol", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.2-astra", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "gpt-6.2-sol", ..OPENAI_6_ALWAYS_THINKS },
    Takes { prefix: "codex-", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5-codex", thinking: UP_TO_HIGH, ..OPENAI_RESPONSES_MEDIUM },
    Takes { prefix: "gpt-5.1-codex", thinking: UP_TO_HIGH, ..OPENAI_RESPONSES_MEDIUM },
    Takes { prefix: "gpt-5.1-codex-max", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.2-codex", ..OPENAI_RESPONSES_MEDIUM },
    Takes {
        prefix: "gpt-5.3-codex",
        thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh"]),
        ..OPENAI_RESPONSES
    },
    Takes { prefix: "gpt-5-pro", thinking: Thinking::Efforts(&["high"]), ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.2-pro", ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.4-pro", thinking: FROM_MEDIUM, ..OPENAI_RESPONSES },
    Takes { prefix: "gpt-5.5-pro", thinking: FROM_MEDIUM, ..OPENAI_RESPONSES },
    Takes { prefix: "o1-pro", ..OPENAI_RESPONSES_MEDIUM },
    Takes { prefix: "o3-pro", ..OPENAI_RESPONSES_MEDIUM },
    Takes { prefix: "o3-deep-research", ..OPENAI_RESPONSES_MEDIUM },
    Takes { prefix: "o4-mini-deep-research", ..OPENAI_RESPONSES_MEDIUM },
];

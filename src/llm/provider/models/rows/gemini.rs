//! Gemini and Gemma.

use super::super::Range::{From, Ignored, No};
use super::super::{Takes, Thinking};
use super::OPEN;

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
/// They go on as if nothing was said of how to choose words (docs.cloud.google.com, the
/// guides to 3.5 Flash-Lite, 3.6 Flash and 4 Argon).
const GEMINI_HEEDLESS: Takes = Takes {
    temperature: Ignored(0.0, 2.0),
    top_p: Ignored(0.0, 1.0),
    top_k: Ignored(0.0, 1e6),
    ..GEMINI_NEW
};
const GEMINI_4: Takes = Takes {
    thinking: Thinking::Efforts(&["low", "medium", "high"]),
    cached_content: false,
    ..GEMINI_HEEDLESS
};
const GEMINI_4_LONG: Takes =
    Takes { thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh"]), ..GEMINI_4 };

/// The rows.
pub const ROWS: &[Takes] = &[
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
    Takes { prefix: "gemini-3.5-flash-lite", ..GEMINI_HEEDLESS },
    Takes { prefix: "gemini-3.6-flash", ..GEMINI_HEEDLESS },
    Takes { prefix: "gemini-3.7-flash", ..GEMINI_3_7 },
    Takes { prefix: "gemini-3.8-flash", ..GEMINI_3_7 },
    Takes { prefix: "gemini-4", ..GEMINI_4 },
    Takes { prefix: "gemini-4-hydrogen", ..GEMINI_4_LONG },
    Takes { prefix: "gemini-4-neon", ..GEMINI_4_LONG },
];

//! Claude, and other makers' models behind Anthropic's form.

use super::super::Range::{From, No};
use super::super::{Takes, Thinking};
use super::OPEN;

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
const ANTHROPIC_ALWAYS_THINKS: Takes =
    Takes { thinking: Thinking::Efforts(&["low", "medium", "high", "xhigh", "max"]), ..ANTHROPIC };
/// Those of them that force no tool, and bind their thoughts to the system's field.
const ANTHROPIC_BINDS: Takes =
    Takes { forced_tools: false, system_in_turns: true, ..ANTHROPIC_ALWAYS_THINKS };
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

/// The rows.
pub const ROWS: &[Takes] = &[
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
    Takes { prefix: "claude-haiku-5-5", system_in_turns: true, ..ANTHROPIC },
    Takes { prefix: "claude-opus-5-5", ..ANTHROPIC_BINDS },
    // platform.claude.com, the migration guides of Fable 5, 5.1 and 5.2.
    Takes { prefix: "claude-fable-5", ..ANTHROPIC_ALWAYS_THINKS },
    Takes { prefix: "claude-fable-5-1", ..ANTHROPIC_BINDS },
    Takes { prefix: "claude-fable-5-2", ..ANTHROPIC_BINDS },
    Takes { prefix: "claude-mythos-5", ..ANTHROPIC_ALWAYS_THINKS },
    Takes { prefix: "claude-mythos-5-1", ..ANTHROPIC_BINDS },
    Takes { prefix: "claude-mythos-5-2", ..ANTHROPIC_BINDS },
];

//! Log records: one JSON object each, and how much it matters.

/// How much a record matters; the number is part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// For whoever looks for a defect.
    Debug = 1,
    /// A call that ended well, a decision.
    Info = 2,
    /// Something that was coped with: a retry, an open breaker, an alert.
    Warning = 3,
    /// A call that failed.
    Error = 4,
}

impl Level {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The level of a number from C.
    pub fn from_code(code: i32) -> Option<Level> {
        let levels = [Level::Debug, Level::Info, Level::Warning, Level::Error];
        levels.into_iter().find(|level| *level as i32 == code)
    }
}

/// Takes a record.
pub type LogListener = dyn Fn(Level, &str) + Send + Sync;

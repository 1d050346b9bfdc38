//! Exit codes, as the documentation promises them.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// All well.
    Ok = 0,
    /// An experiment failed, or a file could not be used.
    Failed = 1,
    /// Usage or manifest.
    Usage = 2,
    /// Something would run (`status`).
    Stale = 3,
    /// An output or a recomputation differs.
    Integrity = 4,
    /// A claim is false.
    Claim = 5,
    /// Another process holds the lock.
    Busy = 6,
    /// A mistake of ours.
    Internal = 70,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The meaning in a word, for the last line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "manifest",
            Self::Stale => "stale",
            Self::Integrity => "integrity",
            Self::Claim => "claim",
            Self::Busy => "busy",
            Self::Internal => "internal",
            Self::Interrupted | Self::Terminated => "stopped",
        }
    }

    /// The exit of a signal.
    pub fn of_signal(signal: usize) -> Self {
        if signal == 15 { Self::Terminated } else { Self::Interrupted }
    }
}

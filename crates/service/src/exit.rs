//! Exit codes, after `sysexits.h`.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// The work found a failure: a verify that differs, a backtest below its bar.
    Found = 1,
    /// Wrong usage or settings.
    Usage = 64,
    /// A dependency cannot be reached.
    Unavailable = 69,
    /// A bug.
    Bug = 70,
}

impl ExitCode {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

//! Lines that stay, above one line that tells how far the day is.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use quaywatch_service::Clock;

/// Where the demo talks to a person. Clones share the terminal.
#[derive(Clone)]
pub(super) struct Screen {
    clock: Clock,
    terminal: bool,
    progress: Arc<Mutex<String>>,
}

impl Screen {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, terminal: std::io::stdout().is_terminal(), progress: Arc::default() }
    }

    /// A line that stays, under the simulated time.
    pub(super) fn say(&self, text: &str) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        self.write(&format!("{clear}{}  {text}\n{progress}", hour(&self.clock)));
    }

    /// Tells how far the day is; on a terminal the line is redrawn in place, elsewhere there is none.
    pub(super) fn progress(&self, sent: usize, of: usize, alerts: u64) {
        if self.terminal {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let percent = sent * 100 / of.max(1);
            let bar = "#".repeat(percent / 5);
            *progress = format!(
                "\r\x1b[K{}  [{bar:<20}] {sent} of {of} messages, {alerts} alerts",
                hour(&self.clock)
            );
            self.write(&progress);
        }
    }

    /// Removes the progress line.
    pub(super) fn end(&self) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    fn write(&self, text: &str) {
        // Nobody may be reading any more; the accounting at the end still counts.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn hour(clock: &Clock) -> String {
    let text = clock.now().to_string();
    text.get(11..16).unwrap_or("--:--").to_owned()
}

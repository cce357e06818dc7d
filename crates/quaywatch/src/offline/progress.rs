//! How far a long run is, on a terminal only.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Steps between two looks at the clock.
const STRIDE: usize = 1_024;
/// A run shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two drawings.
const REDRAW: Duration = Duration::from_millis(200);
/// Characters of the bar.
const WIDTH: usize = 30;

/// A bar that is drawn over itself and erased at the end.
pub(crate) struct Progress<'a> {
    label: &'a str,
    total: Option<usize>,
    done: usize,
    next_draw: Option<Instant>,
    drawn: bool,
}

impl<'a> Progress<'a> {
    /// A bar for `total` steps; silent when stderr is no terminal.
    pub(crate) fn new(label: &'a str, total: usize) -> Self {
        let next_draw = std::io::stderr().is_terminal().then(|| Instant::now() + PATIENCE);
        Self { label, total: Some(total), done: 0, next_draw, drawn: false }
    }

    /// A count of the steps of a stream that ends when it ends; silent when stderr is no terminal.
    pub(crate) fn unbounded(label: &'a str) -> Self {
        Self { total: None, ..Self::new(label, 0) }
    }

    /// One step more.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(STRIDE) {
            self.draw_when_due();
        }
    }

    /// So many steps more.
    pub(crate) fn advance(&mut self, steps: usize) {
        self.done += steps;
        self.draw_when_due();
    }

    fn draw_when_due(&mut self) {
        if let Some(at) = self.next_draw
            && at <= Instant::now()
        {
            self.draw();
            self.next_draw = Some(Instant::now() + REDRAW);
        }
    }

    fn draw(&mut self) {
        self.drawn = true;
        let mut out = std::io::stderr().lock();
        // A terminal that went away is no reason to stop.
        let _ = match self.total {
            Some(total) => {
                let filled = (self.done * WIDTH / total.max(1)).min(WIDTH);
                let (full, rest) = ("#".repeat(filled), "-".repeat(WIDTH - filled));
                let percent = self.done * 100 / total.max(1);
                write!(out, "\r  {} [{full}{rest}] {percent:>3} % of {total}", self.label)
            }
            None => write!(out, "\r  {} {}", self.done, self.label),
        };
        let _ = out.flush();
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

//! How long work is shown: a bar on a terminal, plain lines elsewhere.

use crate::ingest::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two plain lines about one file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the progress of an import or a check on stderr.
pub struct Bar {
    bar: Option<ProgressBar>,
    /// What is counted.
    word: &'static str,
    told: RefCell<(String, Instant)>,
}

impl Bar {
    /// A bar that has nothing to show yet, and will count what `word` names.
    pub fn counting(word: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template(&format!("{{spinner}} {{msg}}  {{pos}} {word}  {{per_sec}}  {{elapsed}}"))
            {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, word, told: RefCell::new((String::new(), Instant::now())) }
    }
    /// Shows one step.
    pub fn step(&self, step: Progress) {
        match (&self.bar, step) {
            (Some(bar), Progress::File(file, bytes)) => {
                bar.reset();
                bar.set_message(format!("{} ({:.1} MB)", file.display(), bytes as f64 / 1e6));
                bar.tick();
            }
            (Some(bar), Progress::Objects(count)) => bar.set_position(count as u64),
            (_, Progress::Read(_) | Progress::Checking | Progress::Committing | Progress::Done(_)) => {}
            (None, Progress::File(file, bytes)) => {
                let name = file.display().to_string();
                line(&format!("reading {name} ({:.1} MB)", bytes as f64 / 1e6));
                self.told.replace((name, Instant::now()));
            }
            (None, Progress::Objects(count)) => {
                let mut told = self.told.borrow_mut();
                if told.1.elapsed() > PATIENCE {
                    told.1 = Instant::now();
                    line(&format!("{}: {count} {}", told.0, self.word));
                }
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on stderr; progress that cannot be shown is no reason to stop.
fn line(text: &str) {
    _ = writeln!(std::io::stderr(), "{text}");
}

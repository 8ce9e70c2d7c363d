//! Shows the progress of a run: bars on a terminal, otherwise plain lines.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::output;
use crate::{
    stage::{Notice, Observer},
    wording::{counted, number},
};

/// Returns an observer that prints to standard error: bars on a terminal, lines in a log.
pub(super) fn observer() -> Arc<dyn Observer> {
    if output::is_terminal() { Arc::new(Bars::default()) } else { Arc::new(Lines::default()) }
}

#[derive(Debug, Default)]
struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn begin(slot: &mut Option<ProgressBar>, length: u64, template: &str) {
        if let Some(bar) = slot.take() {
            bar.finish_and_clear();
        }
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        *slot = Some(bar);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.with(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
    }
}

impl Observer for Bars {
    fn notice(&self, notice: Notice) {
        self.with(|slot| match notice {
            Notice::Read { bytes, total } => {
                if slot.is_none() {
                    Self::begin(slot, total, "reading   {bar:40.cyan} {bytes}/{total_bytes}");
                }
                if let Some(bar) = slot {
                    bar.inc(bytes);
                }
            }
            Notice::Planned { contacts, posted } => {
                Self::begin(
                    slot,
                    contacts,
                    "sending   {bar:40.cyan} {human_pos}/{human_len} contacts, {eta} left",
                );
                if let Some(bar) = slot {
                    bar.set_position(posted);
                    bar.reset_eta();
                }
            }
            Notice::Posted { contacts } => {
                if let Some(bar) = slot {
                    bar.inc(contacts);
                }
            }
            Notice::Settling { pending } => {
                Self::begin(slot, 0, "settling  {spinner} {msg}");
                if let Some(bar) = slot {
                    bar.set_message(format!("Omnisend is processing {}", batches(pending)));
                }
            }
        });
    }
}

#[derive(Debug, Default)]
struct Lines {
    contacts: AtomicU64,
    posted: AtomicU64,
}

impl Observer for Lines {
    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Read { .. } => {}
            Notice::Planned { contacts, posted } => {
                self.contacts.store(contacts, Ordering::Relaxed);
                self.posted.store(posted, Ordering::Relaxed);
                output::note(&format!(
                    "planned: {} contacts to send",
                    number(contacts - posted.min(contacts))
                ));
            }
            Notice::Posted { contacts } => {
                let total = self.contacts.load(Ordering::Relaxed).max(1);
                let before = self.posted.fetch_add(contacts, Ordering::Relaxed);
                let now = before + contacts;
                // A line for each 10% of the contacts.
                if before * 10 / total != now * 10 / total {
                    output::note(&format!("sent: {} of {} contacts", number(now), number(total)));
                }
            }
            Notice::Settling { pending } => {
                output::note(&format!("settling: Omnisend is processing {}", batches(pending)));
            }
        }
    }
}

fn batches(n: usize) -> String {
    counted(n as u64, "batch", "batches")
}

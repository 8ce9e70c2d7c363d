//! Sends a run's messages. The queue drops duplicates; an [`Attempt`] marks messages that are repeated on purpose.

use jiff::Timestamp;

use crate::{
    app::{application::App, error::AppError},
    retry_policies::sweep::ATTEMPT_SECONDS,
    run::Manifest,
    stage,
};

/// The end of a message's deduplication ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt(String);

impl Attempt {
    /// The first attempt: no matter how often a run is started, its messages are delivered once.
    pub(super) fn first() -> Self {
        Self(String::new())
    }

    /// A repetition that a person asked for.
    pub(super) fn again(now: Timestamp) -> Self {
        Self(format!("-{}", now.as_second()))
    }

    /// A repetition by the sweep: all sweeps in one deduplication window count as one repetition.
    pub(super) fn of_sweep(now: Timestamp) -> Self {
        Self(format!("-{}", now.as_second() / ATTEMPT_SECONDS))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl App {
    /// Sends a message for every chunk that has no receipt, then the message that settles the run.
    pub(super) async fn enqueue(&self, manifest: &Manifest, attempt: &Attempt) -> Result<(), AppError> {
        Ok(stage::enqueue(self.ports(), manifest, attempt.as_str()).await?)
    }

    pub(super) async fn enqueue_settlement(
        &self,
        manifest: &Manifest,
        attempt: &Attempt,
    ) -> Result<(), AppError> {
        Ok(stage::enqueue_settlement(self.ports(), manifest, attempt.as_str()).await?)
    }

    /// Sends the messages again at a person's request.
    pub(super) async fn enqueue_again(&self, manifest: &Manifest) -> Result<(), AppError> {
        self.enqueue(manifest, &Attempt::again(self.ports().clock.now())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_deliberate_repetitions_differ() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let (noon, later, next) =
            (at("2026-11-23T12:00:00Z"), at("2026-11-23T12:04:59Z"), at("2026-11-23T12:05:00Z"));
        assert_eq!(Attempt::first().as_str(), "");
        assert_ne!(Attempt::again(noon), Attempt::again(later));
        assert_eq!(Attempt::of_sweep(noon), Attempt::of_sweep(later));
        assert_ne!(Attempt::of_sweep(later), Attempt::of_sweep(next));
    }
}

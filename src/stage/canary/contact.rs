//! The canary's contact, as Omnisend shows it.

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::Instant;

use super::{
    probe::{TEMPORARY_TAG, contains_all},
    stop::Stop,
};
use crate::{kill_point, retry_policies, stage::StageContext, test_scale};
use omnisend::{CallError, CallOptions};

/// The canary's contact.
pub(super) struct CanaryContact<'a> {
    pub context: &'a StageContext<'a>,
    pub email: String,
}

/// The contact's tags at the end of polling.
pub(super) struct Seen {
    /// `None` if the contact does not exist.
    pub tags: Option<Vec<String>>,
    /// Whether the tags are as expected.
    pub is_expected: bool,
}

impl CanaryContact<'_> {
    pub(super) fn options(&self) -> CallOptions {
        retry_policies::CANARY.until(self.context.deadline)
    }

    /// Returns the contact's tags, or `None` if the contact does not exist.
    pub(super) async fn tags(&self) -> Result<Option<Vec<String>>, Stop> {
        match self.context.client.contact_by_email(&self.email, self.options()).await? {
            None => Ok(None),
            Some(contact) => {
                let no_tags = || Stop::Inconclusive("Omnisend does not show the contact's tags".to_owned());
                contact.tags.ok_or_else(no_tags).map(Some)
            }
        }
    }

    /// Polls the contact's tags until they are as expected, for at most half a minute.
    pub(super) async fn poll(&self, is_expected: impl Fn(Option<&[String]>) -> bool) -> Result<Seen, Stop> {
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(test_scale::wait(retry_policies::CANARY_FIRST_DELAY))
            .with_max_times(retry_policies::CANARY_LOOKS)
            .build();
        loop {
            let tags = self.tags().await?;
            if is_expected(tags.as_deref()) {
                return Ok(Seen { tags, is_expected: true });
            }
            let Some(delay) = delays.next() else { return Ok(Seen { tags, is_expected: false }) };
            if self.context.deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(CallError::OutOfTime.into());
            }
            tokio::time::sleep(delay).await;
        }
    }

    /// Restores the contact's tags: adds `lost`, removes the temporary tag if it was sent, and polls until Omnisend
    /// shows all of `had` again. Returns false if Omnisend did not show them in time.
    pub(super) async fn restore(
        &self,
        lost: &[String],
        has_temporary: bool,
        had: &[String],
    ) -> Result<bool, CallError> {
        let (client, options, email) = (self.context.client, self.options(), [self.email.as_str()]);
        if !lost.is_empty() {
            let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
            client.add_tags(&lost, &email, options).await?;
            kill_point::reach("canary.put-back");
        }
        if has_temporary {
            client.remove_tags(&[TEMPORARY_TAG], &email, options).await?;
            kill_point::reach("canary.removed");
        }
        let is_restored = |tags: Option<&[String]>| {
            tags.is_none_or(|tags| contains_all(tags, had) && !tags.iter().any(|tag| tag == TEMPORARY_TAG))
        };
        match self.poll(is_restored).await {
            Ok(seen) => Ok(seen.is_expected),
            Err(Stop::Call(error)) => Err(error),
            // Omnisend accepted both requests. The next upload checks again.
            Err(Stop::Inconclusive(_) | Stop::Record(_)) => Ok(false),
        }
    }
}

//! Scales a run down so that tests of many chunks and long waits take seconds.
//!
//! With the feature `test-scale`, `OMNISEND_EXPORT_SCALE=chunk:500,wait:50,answer:10,pace:100`
//! - cuts chunks of 500 contacts,
//! - divides the client's own waits by 50 and its answer timeout by 10,
//! - multiplies the narrow limits, such as that of tags, by 100.
//!
//! Waits that Omnisend asks for and the brand's pace are never scaled. Release builds leave the feature out.

use std::{num::NonZeroU32, time::Duration};

use omnisend::Timing;

/// Contacts per chunk.
pub(crate) fn chunk(contacts: u32) -> u32 {
    factor("chunk").unwrap_or(contacts)
}

/// Returns the API client's timing.
pub(crate) fn timing() -> Timing {
    let divisor = |name| factor(name).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let unscaled = Timing::default();
    Timing {
        attempt_timeout: unscaled.attempt_timeout / divisor("answer").get(),
        waits_divided_by: divisor("wait"),
        narrow_limits_times: divisor("pace"),
    }
}

/// Returns a wait that a stage chooses itself, such as a backoff.
pub(crate) fn wait(wait: Duration) -> Duration {
    factor("wait").map_or(wait, |n| wait / n)
}

/// Returns the factor if the variable names one.
#[cfg(feature = "test-scale")]
fn factor(what: &str) -> Option<u32> {
    use std::sync::LazyLock;

    static SCALE: LazyLock<String> = LazyLock::new(|| crate::environment::scale().unwrap_or_default());

    let named = SCALE.split(',').filter_map(|part| part.split_once(':')).find(|(name, _)| *name == what);
    named.and_then(|(_, n)| n.parse().ok()).filter(|n| *n > 0)
}

#[cfg(not(feature = "test-scale"))]
fn factor(_what: &str) -> Option<u32> {
    None
}

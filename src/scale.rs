//! Scales a run down so that tests of many chunks and long waits take seconds.
//!
//! With the feature `test-scale`, `OMNISEND_EXPORT_SCALE=chunk:500,wait:50,answer:10,pace:100`
//! - cuts chunks of 500 contacts,
//! - divides the client's own waits by 50 and its answer timeout by 10,
//! - multiplies the narrow limits, such as that of tags, by 100.
//!
//! Waits that Omnisend asks for and the brand's pace are never scaled. Release builds leave the feature out.

use std::time::Duration;

/// Contacts per chunk.
pub(crate) fn chunk(contacts: u32) -> u32 {
    factor("chunk").unwrap_or(contacts)
}

/// A wait that the client chooses itself, such as a backoff.
pub(crate) fn wait(wait: Duration) -> Duration {
    factor("wait").map_or(wait, |n| wait / n)
}

/// The timeout of an answer.
pub(crate) fn answer(time: Duration) -> Duration {
    factor("answer").map_or(time, |n| time / n)
}

/// Requests per minute under a narrow limit.
pub(crate) fn pace(per_minute: u32) -> u32 {
    factor("pace").map_or(per_minute, |n| per_minute.saturating_mul(n))
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

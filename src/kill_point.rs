//! Labelled steps at which a test kills the process to show that a run survives it.
//!
//! With the feature `kill-points`, `OMNISEND_EXPORT_KILL=label:n` sends SIGKILL to the process when it reaches the label
//! for the n-th time; `label:n:panic` panics instead. In release builds, which leave the feature out, the calls compile
//! to nothing.

/// Marks a step.
#[cfg(not(feature = "kill-points"))]
#[inline(always)]
pub(crate) fn reach(_label: &'static str) {}

/// Marks a step.
#[cfg(feature = "kill-points")]
pub(crate) fn reach(label: &'static str) {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };

    static KILL: LazyLock<Option<(String, u32, bool)>> = LazyLock::new(|| {
        let text = crate::environment::kill_point()?;
        let mut parts = text.split(':');
        let (label, n) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        Some((label, n, parts.next() == Some("panic")))
    });
    static REACHED: AtomicU32 = AtomicU32::new(0);

    if let Some((wanted, n, panics)) = &*KILL
        && wanted == label
        && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *n
    {
        assert!(!panics, "reached {label}");
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

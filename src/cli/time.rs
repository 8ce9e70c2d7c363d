//! Parses durations of arguments.

use jiff::SignedDuration;

/// Parses `90s`, `5m` or `1h 30m`.
pub(super) fn time(text: &str) -> Result<SignedDuration, &'static str> {
    match text.parse::<SignedDuration>() {
        Ok(time) if !time.is_negative() => Ok(time),
        _ => Err("write a time with its unit, such as 90s, 5m or 1h"),
    }
}

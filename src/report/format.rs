//! Formats times, sizes, shares and sentences for people.

use jiff::{
    SignedDuration, Timestamp,
    fmt::friendly::{Designator, SpanPrinter},
};

use crate::{
    run::Report,
    wording::{counted, number},
};

/// Formats a duration in seconds: `14s`, `25m 30s`.
pub fn duration(seconds: i64) -> String {
    SpanPrinter::new().designator(Designator::Compact).duration_to_string(&SignedDuration::from_secs(seconds))
}

/// Returns how long a run took.
pub(super) fn took(report: &Report) -> String {
    let took = report.ended_at.duration_since(report.started_at);
    if took < SignedDuration::from_secs(1) { "less than 1s".to_owned() } else { duration(took.as_secs()) }
}

/// Formats a moment to the second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Formats a size in powers of 1,000: `1.3 MB`.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", number(bytes / unit), bytes % unit * 10 / unit),
        None => counted(bytes, "byte", "bytes"),
    }
}

/// Formats a part of a whole in percent. Never rounds to `0%` or `100%`: only 0 is `0%`, and only the whole is `100%`.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let per_mille = |n: u64| (u128::from(n) * 2000 / u128::from(whole.max(1))).div_ceil(2);
    match per_mille(part) {
        0 if part == 0 => "0%".to_owned(),
        0 => "<0.1%".to_owned(),
        1000.. if part >= whole => "100%".to_owned(),
        1000.. => ">99.9%".to_owned(),
        n => format!("{}.{}%", n / 10, n % 10),
    }
}

/// Turns a message into a sentence: adds a full stop, and a capital letter unless the message begins with a name.
pub(super) fn sentence(message: &str) -> String {
    let first = message.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(|c| c.is_ascii_lowercase());
    let mut chars = message.chars();
    let capital = if is_word { chars.next().map(|c| c.to_ascii_uppercase()) } else { None };
    let stop = if message.is_empty() || message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    capital.into_iter().chain(chars).chain(stop.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formats_durations_and_sizes() {
        assert_eq!([0, 14, 1530, 7384].map(duration), ["0s", "14s", "25m 30s", "2h 3m 4s"]);
        assert_eq!(
            [1, 999, 1000, 1_320_068, 7_250_000_000].map(size),
            ["1 byte", "999 bytes", "1.0 kB", "1.3 MB", "7.2 GB"]
        );
    }

    #[test]
    fn formats_shares_without_rounding_to_nothing_or_everything() {
        let of = |part| percent(part, 1_000_000);
        assert_eq!(of(0), "0%");
        assert_eq!(of(1), "<0.1%");
        assert_eq!(of(41_949), "4.2%");
        assert_eq!(of(999_999), ">99.9%");
        assert_eq!(of(1_000_000), "100%");
        assert_eq!(percent(0, 0), "0%");
    }

    proptest! {
        #[test]
        fn only_nothing_is_0_percent_and_only_everything_is_100_percent(whole in 1..=u64::MAX, part in any::<u64>()) {
            let part = part.min(whole);
            let shown = percent(part, whole);
            prop_assert_eq!(shown == "0%", part == 0);
            prop_assert_eq!(shown == "100%", part == whole);
        }
    }

    #[test]
    fn turns_a_message_into_a_sentence_and_keeps_names() {
        assert_eq!(sentence("the source has no rows"), "The source has no rows.");
        assert_eq!(sentence("max_profiles is 0"), "max_profiles is 0.");
        assert_eq!(sentence("Omnisend answered 401!"), "Omnisend answered 401!");
        assert_eq!(sentence(""), "");
    }
}

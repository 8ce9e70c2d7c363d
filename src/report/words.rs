//! Numbers, times and sentences as people read them.

use jiff::{
    SignedDuration, Timestamp,
    fmt::friendly::{Designator, SpanPrinter},
};

use crate::run::Report;
pub(super) use crate::text::{counted, grouped as count};

/// A duration in seconds, for people: `14s`, `25m 30s`.
pub fn duration(seconds: i64) -> String {
    SpanPrinter::new().designator(Designator::Compact).duration_to_string(&SignedDuration::from_secs(seconds))
}

/// How long a run took.
pub(super) fn took(report: &Report) -> String {
    let took = report.ended_at.duration_since(report.started_at);
    if took < SignedDuration::from_secs(1) { "less than 1s".to_owned() } else { duration(took.as_secs()) }
}

/// A moment to the second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A size as storage counts it, in powers of 1,000.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", count(bytes / unit), bytes % unit * 10 / unit),
        None => counted(bytes, "byte", "bytes"),
    }
}

/// A part of a whole in percent. Some is never shown as none, nor almost all as all.
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

/// A message of a program as a sentence of a page: a capital first, where that is a word and not a name of
/// something, and a full stop.
pub(super) fn sentence(message: &str) -> String {
    let first = message.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(|c| c.is_ascii_lowercase());
    let mut chars = message.chars();
    let capital = if is_word { chars.next().map(|c| c.to_ascii_uppercase()) } else { None };
    let stop = if message.is_empty() || message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    capital.into_iter().chain(chars).chain(stop.chars()).collect()
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_times_are_for_people() {
        assert_eq!([0, 14, 1530, 7384].map(duration), ["0s", "14s", "25m 30s", "2h 3m 4s"]);
        assert_eq!(
            [1, 999, 1000, 1_320_068, 7_250_000_000].map(size),
            ["1 byte", "999 bytes", "1.0 kB", "1.3 MB", "7.2 GB"]
        );
    }

    #[test]
    fn a_share_never_hides_what_there_is() {
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
        fn only_all_is_all_and_only_none_is_none(whole in 1..=u64::MAX, part in any::<u64>()) {
            let part = part.min(whole);
            let said = percent(part, whole);
            prop_assert_eq!(said == "0%", part == 0);
            prop_assert_eq!(said == "100%", part == whole);
        }
    }

    #[test]
    fn a_message_becomes_a_sentence_and_names_stay_as_they_are() {
        assert_eq!(sentence("the source has no profile"), "The source has no profile.");
        assert_eq!(sentence("max_profiles is 0"), "max_profiles is 0.");
        assert_eq!(sentence("Omnisend answered 401!"), "Omnisend answered 401!");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn parts_are_joined_as_people_do() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([0, 1, 2, 3].map(|n| and(&parts[..n])), ["", "a", "a and b", "a, b and c"]);
    }
}

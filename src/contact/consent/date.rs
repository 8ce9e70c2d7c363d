//! When a status was given.

use jiff::{SignedDuration, Timestamp, civil::Date, fmt::strtime, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::contact::check_format;

/// A day before which nobody consented to anything here: such dates stand for "unknown" (1900-01-01, 1970-01-01).
const FIRST: i64 = 631_152_000; // 1990-01-01T00:00:00Z

/// How far clocks and zones may be apart: a date that is later is a mistake.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// How a date is written, as `strftime` has it: `%d.%m.%Y`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateFormat(String);

/// A text that is no format, or one that does not tell one day from another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a format of dates: write day, month and year, such as DD.MM.YYYY or %d.%m.%Y, with hh:mm:ss or %H:%M:%S for a \
     time"
)]
pub struct InvalidFormat;

impl TryFrom<String> for DateFormat {
    type Error = InvalidFormat;

    fn try_from(text: String) -> Result<Self, InvalidFormat> {
        let format = if text.contains('%') {
            Self(text)
        } else {
            Self(check_format(&text).map_err(|_| InvalidFormat)?)
        };
        // Every part differs from the others, so that none can stand for another.
        let day = Date::constant(2024, 11, 23);
        let moment = Offset::UTC.to_timestamp(day.at(13, 45, 6, 0)).ok();
        let written = moment.and_then(|moment| strtime::format(&format.0, moment).ok());
        let read = written.and_then(|written| format.read(&written));
        let is_read_back = read.is_some_and(|read| Offset::UTC.to_datetime(read).date() == day);
        if is_read_back { Ok(format) } else { Err(InvalidFormat) }
    }
}

impl From<DateFormat> for String {
    fn from(format: DateFormat) -> Self {
        format.0
    }
}

impl DateFormat {
    fn read(&self, cell: &str) -> Option<Timestamp> {
        let parsed = strtime::parse(&self.0, cell).ok()?;
        if let Ok(moment) = parsed.to_timestamp() {
            return Some(moment);
        }
        // Without a zone: taken as UTC, as a day is.
        let local =
            parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        Offset::UTC.to_timestamp(local).ok()
    }
}

/// When a status was given, to the second: in the format, or as RFC 3339, or as a day, which is taken as its midnight
/// in UTC. `None` where the cell is neither, or no day on which anybody can have consented. `now` is when the run was
/// started.
pub(super) fn given(cell: &str, format: Option<&DateFormat>, now: Timestamp) -> Option<Timestamp> {
    let moment = match format {
        Some(format) => format.read(cell)?,
        None => cell.parse::<Timestamp>().ok().or_else(|| midnight(cell))?,
    };
    let latest = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
    let is_possible = moment.as_second() >= FIRST && moment <= latest;
    is_possible.then(|| Timestamp::from_second(moment.as_second()).ok()).flatten()
}

fn midnight(day: &str) -> Option<Timestamp> {
    let day = Date::strptime("%Y-%m-%d", day).ok()?;
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, format: Option<&str>) -> Option<String> {
        let format = format.map(|format| DateFormat::try_from(format.to_owned()).unwrap());
        given(cell, format.as_ref(), "2026-11-23T10:00:00Z".parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn a_date_is_rfc_3339_or_a_day() {
        for (cell, at) in [
            ("2025-03-04T05:06:07Z", Some("2025-03-04T05:06:07Z")),
            ("2025-03-04T05:06:07.891+09:00", Some("2025-03-03T20:06:07Z")),
            ("2025-03-04 05:06:07Z", Some("2025-03-04T05:06:07Z")),
            ("2025-03-04", Some("2025-03-04T00:00:00Z")),
            ("2026-11-24", Some("2026-11-24T00:00:00Z")),
            ("2026-11-24T10:00:00Z", Some("2026-11-24T10:00:00Z")),
            ("2026-11-24T10:00:01Z", None),
            ("2026-11-25", None),
            ("2999-12-31", None),
            ("1989-12-31", None),
            ("1970-01-01", None),
            ("0001-01-01", None),
            ("-000001-01-01T00:00:00Z", None),
            ("2025-03-04T05:06:07", None),
            ("04.03.2025", None),
            ("2025-02-29", None),
            ("1741064767", None),
            ("soon", None),
        ] {
            assert_eq!(read(cell, None).as_deref(), at, "{cell}");
        }
    }

    #[test]
    fn a_format_says_how_days_are_written() {
        for (format, cell, at) in [
            ("%d.%m.%Y", "04.03.2025", Some("2025-03-04T00:00:00Z")),
            ("%d.%m.%Y", "4.3.2025", Some("2025-03-04T00:00:00Z")),
            ("%d.%m.%Y", "2025-03-04", None),
            ("%m/%d/%Y %H:%M", "03/04/2025 05:06", Some("2025-03-04T05:06:00Z")),
            ("%Y%m%d%H%M%S%z", "20250304050607+0900", Some("2025-03-03T20:06:07Z")),
            ("DD.MM.YYYY hh:mm", "04.03.2025 05:06", Some("2025-03-04T05:06:00Z")),
            ("%s", "1741064767", Some("2025-03-04T05:06:07Z")),
        ] {
            assert_eq!(read(cell, Some(format)).as_deref(), at, "{format} {cell}");
        }
    }

    #[test]
    fn a_format_that_does_not_tell_days_apart_is_none() {
        for format in ["", "%Y", "%d.%m", "DD.MM", "%q", "%", "%H:%M"] {
            assert_eq!(DateFormat::try_from(format.to_owned()), Err(InvalidFormat), "{format}");
        }
    }
}

//! The date of a consent status.

use jiff::{SignedDuration, Timestamp, civil::Date, fmt::strtime, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::contact::date_format::{InvalidDateFormat, check_date_format};

/// Dates before this one mean "unknown" (1900-01-01, 1970-01-01): 1990-01-01T00:00:00Z, in Unix seconds.
const FIRST: i64 = 631_152_000;

/// How far clocks and time zones may differ: a date further than this after the start of the run is a mistake.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// The format of a date, for `strptime`: `%d.%m.%Y`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateFormat(String);

impl TryFrom<String> for DateFormat {
    type Error = InvalidDateFormat;

    fn try_from(text: String) -> Result<Self, InvalidDateFormat> {
        let format = Self(if text.contains('%') { text } else { check_date_format(&text)? });
        // The parts of this date all differ, so that none can be read as another.
        let day = Date::constant(2024, 11, 23);
        let sample = Offset::UTC.to_timestamp(day.at(13, 45, 6, 0)).ok();
        let written = sample
            .and_then(|sample| strtime::format(&format.0, sample).ok())
            .ok_or(InvalidDateFormat::Unreadable)?;
        let read = format.read(&written).map(|read| Offset::UTC.to_datetime(read).date());
        if read == Some(day) { Ok(format) } else { Err(InvalidDateFormat::Incomplete) }
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
        if let Ok(timestamp) = parsed.to_timestamp() {
            return Some(timestamp);
        }
        // A date or time without a zone is in UTC.
        let local =
            parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        Offset::UTC.to_timestamp(local).ok()
    }
}

/// Returns when a status was given, to the second. Without a format, the cell is RFC 3339 or a day, which counts from
/// its midnight in UTC. Returns `None` if the cell is neither, or if no consent can have been given then: before 1990,
/// or more than 24 hours after `now`, the start of the run.
pub(super) fn given_at(cell: &str, format: Option<&DateFormat>, now: Timestamp) -> Option<Timestamp> {
    let given = match format {
        Some(format) => format.read(cell)?,
        None => cell.parse::<Timestamp>().ok().or_else(|| midnight(cell))?,
    };
    let latest = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
    let is_possible = given.as_second() >= FIRST && given <= latest;
    is_possible.then(|| Timestamp::from_second(given.as_second()).ok()).flatten()
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
        given_at(cell, format.as_ref(), "2026-11-23T10:00:00Z".parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn reads_rfc_3339_and_days() {
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
    fn reads_dates_in_the_given_format() {
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
    fn rejects_formats_that_do_not_identify_a_day() {
        for format in ["", "%Y", "%d.%m", "DD.MM", "%q", "%", "%H:%M"] {
            assert!(DateFormat::try_from(format.to_owned()).is_err(), "{format}");
        }
    }
}

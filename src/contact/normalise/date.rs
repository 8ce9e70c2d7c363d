//! Reads dates and timestamps as people and systems write them.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{self, Date, DateTime},
    fmt::strtime,
    tz::Offset,
};

use super::plain::plain;
use crate::contact::invalid_cell::InvalidCell;

/// Unambiguous formats: the year first, the day before a dot, or the month in letters.
#[rustfmt::skip]
const FORMATS: [&str; 11] = [
    "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y",
];

/// No living person was born earlier.
const OLDEST: Date = civil::date(1880, 1, 1);

/// Returns a birthdate as `YYYY-MM-DD`. It is `today` at the latest.
pub(super) fn birthdate<'a>(
    cell: &'a str,
    format: Option<&str>,
    today: Date,
) -> Result<Cow<'a, str>, InvalidCell> {
    let day = day(cell, format)?;
    if !(OLDEST..=today).contains(&day) {
        return Err(InvalidCell::Birthdate);
    }
    Ok(if format.is_none() && is_iso(cell) { Cow::Borrowed(cell) } else { Cow::Owned(day.to_string()) })
}

/// Whether a day is written as `YYYY-MM-DD`.
fn is_iso(day: &str) -> bool {
    day.len() == 10
        && day
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

/// Returns a day as `YYYY-MM-DD` and a timestamp as RFC 3339.
pub(super) fn date(cell: &str, format: Option<&str>) -> Result<String, InvalidCell> {
    match exact(cell, format) {
        Some(Exact::Timestamp(timestamp)) => Ok(timestamp.to_string()),
        Some(Exact::Day(day)) => Ok(day.to_string()),
        None => day(cell, format).map(|day| day.to_string()),
    }
}

/// Returns a timestamp. A time without an offset is in UTC, and a day counts from its midnight in UTC.
pub(super) fn timestamp(cell: &str, format: Option<&str>) -> Result<Timestamp, InvalidCell> {
    let day = match exact(cell, format) {
        Some(Exact::Timestamp(timestamp)) => return Ok(timestamp),
        Some(Exact::Day(day)) => day,
        None => day(cell, format)?,
    };
    utc(day.at(0, 0, 0, 0)).ok_or(InvalidCell::Date)
}

enum Exact {
    Timestamp(Timestamp),
    Day(Date),
}

/// Reads a cell that has a time of day, or is a plain day.
fn exact(cell: &str, format: Option<&str>) -> Option<Exact> {
    let Some(format) = format else {
        if cell.len() == 10
            && let Ok(day) = cell.parse::<Date>()
        {
            return Some(Exact::Day(day));
        }
        if let Some(timestamp) = instant(cell) {
            return Some(Exact::Timestamp(timestamp));
        }
        let time = cell.parse::<DateTime>().ok().filter(|_| cell.contains(':'))?;
        return utc(time).map(Exact::Timestamp);
    };
    let parsed = strtime::parse(format, cell).ok()?;
    if let Ok(timestamp) = parsed.to_timestamp() {
        return Some(Exact::Timestamp(timestamp));
    }
    if parsed.hour().is_some() {
        return utc(parsed.to_datetime().ok()?).map(Exact::Timestamp);
    }
    parsed.to_date().ok().map(Exact::Day)
}

/// Reads a time with its zone or offset, even after a space, as BigQuery, Snowflake and Presto write it.
fn instant(cell: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = cell.parse::<Timestamp>() {
        return Some(timestamp);
    }
    match cell.strip_suffix(" UTC").or_else(|| cell.strip_suffix(" Z")) {
        Some(time) => format!("{time}Z").parse().ok(),
        None => Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f %z", cell).ok(),
    }
}

fn utc(time: DateTime) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(time).ok()
}

/// Reads a day. A time of day after it is ignored.
fn day(cell: &str, format: Option<&str>) -> Result<Date, InvalidCell> {
    if let Some(format) = format {
        let parse = |text: &str| strtime::parse(format, text).and_then(|parsed| parsed.to_date()).ok();
        return parse(cell).or_else(|| parse(without_time(cell)?)).ok_or(InvalidCell::Format);
    }
    if let Ok(day) = cell.parse::<Date>() {
        return Ok(day);
    }
    let plain = plain(cell);
    let text = without_time(&plain).unwrap_or(&plain);
    if let Ok(day) = text.parse::<Date>() {
        return Ok(day);
    }
    match FORMATS.iter().find_map(|format| Date::strptime(format, text).ok()) {
        // `%Y` also reads a two-digit year.
        Some(day) if day.year() >= 1000 => Ok(day),
        _ => Err(why_unreadable(text)),
    }
}

/// Returns the day before a time of day.
fn without_time(text: &str) -> Option<&str> {
    let (day, time) = text.split_once(['T', ' '])?;
    (time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':')).then(|| day.trim_end())
}

/// Returns why a text that may look like a date cannot be read as one.
fn why_unreadable(text: &str) -> InvalidCell {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    match parts.as_slice() {
        [a, b, c]
            if parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) =>
        {
            match (a.len(), b.len(), c.len()) {
                (1 | 2, 1 | 2, 4) if !text.contains('.') => InvalidCell::AmbiguousDate,
                (1 | 2, 1 | 2, 1 | 2) => InvalidCell::TwoDigitYear,
                _ => InvalidCell::Date,
            }
        }
        _ => InvalidCell::Date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    #[test]
    fn reads_every_unambiguous_date_format() {
        for cell in [
            "1990-02-08",
            "1990/02/08",
            "1990/2/8",
            "1990.02.08",
            "19900208",
            "08.02.1990",
            "8.2.1990",
            "1990年2月8日",
            "１９９０年２月８日",
            "8 Feb 1990",
            "08 February 1990",
            "Feb 8, 1990",
            "February 8, 1990",
            "08-Feb-1990",
            "1990-02-08T00:00:00",
            "1990-02-08T10:00:00.0000000Z",
            "1990-02-08 10:00:00+09",
            "1990/02/08 0:00",
            "08.02.1990 00:00:00",
        ] {
            assert_eq!(birthdate(cell, None, TODAY).as_deref(), Ok("1990-02-08"), "{cell}");
        }
    }

    #[test]
    fn reads_an_ambiguous_date_only_with_a_format() {
        for (cell, invalid) in [
            ("02/03/1990", InvalidCell::AmbiguousDate),
            ("28/02/1990", InvalidCell::AmbiguousDate),
            ("2-3-1990", InvalidCell::AmbiguousDate),
            ("28.02.90", InvalidCell::TwoDigitYear),
            ("90/02/28", InvalidCell::TwoDigitYear),
            ("1990-02-30", InvalidCell::Date),
            ("30.02.1990", InvalidCell::Date),
            ("yesterday", InvalidCell::Date),
            ("12345", InvalidCell::Date),
            ("2026-11-26", InvalidCell::Birthdate),
            ("1790-01-01", InvalidCell::Birthdate),
        ] {
            assert_eq!(birthdate(cell, None, TODAY), Err(invalid), "{cell}");
        }
        for (cell, format, found) in [
            ("02/03/1990", "%d/%m/%Y", Ok("1990-03-02")),
            ("02/03/1990", "%m/%d/%Y", Ok("1990-02-03")),
            ("2/3/1990 0:00", "%m/%d/%Y", Ok("1990-02-03")),
            ("28.02.90", "%d.%m.%y", Ok("1990-02-28")),
            ("1990-02-03", "%Y-%d-%m", Ok("1990-03-02")),
            ("1990-02-28", "%d/%m/%Y", Err(InvalidCell::Format)),
        ] {
            assert_eq!(birthdate(cell, Some(format), TODAY).as_deref(), found.as_ref().copied(), "{cell}");
        }
    }

    #[test]
    fn timestamps_keep_their_instant() {
        for (cell, format, found) in [
            ("2024-05-06T07:08:09+09:00", None, "2024-05-05T22:08:09Z"),
            ("2024-05-06 07:08:09+00", None, "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09", None, "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09 UTC", None, "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09.000 Z", None, "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09.123456 -0700", None, "2024-05-06T14:08:09.123456Z"),
            ("2024-02-29T10:00:00.0000000Z", None, "2024-02-29T10:00:00Z"),
            ("2024-05-06", None, "2024-05-06T00:00:00Z"),
            ("06.05.2024", None, "2024-05-06T00:00:00Z"),
            ("05/06/2024 07:08", Some("%m/%d/%Y %H:%M"), "2024-05-06T07:08:00Z"),
        ] {
            assert_eq!(timestamp(cell, format).unwrap().to_string(), found, "{cell}");
        }
        assert_eq!(timestamp("yesterday", None), Err(InvalidCell::Date));
        for (cell, found) in [
            ("2024-02-29", Ok("2024-02-29")),
            ("2024-02-29T10:00:00Z", Ok("2024-02-29T10:00:00Z")),
            ("29.02.2024", Ok("2024-02-29")),
            ("29/02/2024", Err(InvalidCell::AmbiguousDate)),
        ] {
            assert_eq!(date(cell, None).as_deref(), found.as_ref().copied(), "{cell}");
        }
    }
}

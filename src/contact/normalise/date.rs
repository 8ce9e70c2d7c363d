//! Days and moments as people and systems write them.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{self, Date, DateTime},
    fmt::strtime,
    tz::Offset,
};

use super::{Flaw, plain::plain};

/// Orders that leave no doubt: the year first, the day before a dot, or a month in letters.
const ORDERS: [&str; 11] = [
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
];

/// Nobody alive was born before.
const OLDEST: Date = civil::date(1880, 1, 1);

/// `YYYY-MM-DD`, of a day in the past.
pub(super) fn birthdate<'a>(cell: &'a str, format: Option<&str>, today: Date) -> Result<Cow<'a, str>, Flaw> {
    let day = day(cell, format)?;
    if !(OLDEST..=today).contains(&day) {
        return Err(Flaw::Birthdate);
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

/// `YYYY-MM-DD` for a day, RFC 3339 for a moment.
pub(super) fn date(cell: &str, format: Option<&str>) -> Result<String, Flaw> {
    match exact(cell, format) {
        Some(Exact::Moment(moment)) => Ok(moment.to_string()),
        Some(Exact::Day(day)) => Ok(day.to_string()),
        None => day(cell, format).map(|day| day.to_string()),
    }
}

/// A moment. Without an offset it is one in UTC, and of a day it is the beginning.
pub(super) fn moment(cell: &str, format: Option<&str>) -> Result<Timestamp, Flaw> {
    let day = match exact(cell, format) {
        Some(Exact::Moment(moment)) => return Ok(moment),
        Some(Exact::Day(day)) => day,
        None => day(cell, format)?,
    };
    utc(day.at(0, 0, 0, 0)).ok_or(Flaw::Date)
}

enum Exact {
    Moment(Timestamp),
    Day(Date),
}

/// What a cell says that has a time of day, or is a plain day.
fn exact(cell: &str, format: Option<&str>) -> Option<Exact> {
    let Some(format) = format else {
        if cell.len() == 10
            && let Ok(day) = cell.parse::<Date>()
        {
            return Some(Exact::Day(day));
        }
        if let Some(moment) = instant(cell) {
            return Some(Exact::Moment(moment));
        }
        let time = cell.parse::<DateTime>().ok().filter(|_| cell.contains(':'))?;
        return utc(time).map(Exact::Moment);
    };
    let parsed = strtime::parse(format, cell).ok()?;
    if let Ok(moment) = parsed.to_timestamp() {
        return Some(Exact::Moment(moment));
    }
    if parsed.hour().is_some() {
        return utc(parsed.to_datetime().ok()?).map(Exact::Moment);
    }
    parsed.to_date().ok().map(Exact::Day)
}

/// An instant, also with the zone apart, as BigQuery, Snowflake and Presto write it.
fn instant(cell: &str) -> Option<Timestamp> {
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Some(moment);
    }
    match cell.strip_suffix(" UTC").or_else(|| cell.strip_suffix(" Z")) {
        Some(time) => format!("{time}Z").parse().ok(),
        None => Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f %z", cell).ok(),
    }
}

fn utc(time: DateTime) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(time).ok()
}

/// A day; of a day and a time the day.
fn day(cell: &str, format: Option<&str>) -> Result<Date, Flaw> {
    if let Some(format) = format {
        let parse = |text: &str| strtime::parse(format, text).and_then(|parsed| parsed.to_date()).ok();
        return parse(cell).or_else(|| parse(without_time(cell)?)).ok_or(Flaw::Format);
    }
    if let Ok(day) = cell.parse::<Date>() {
        return Ok(day);
    }
    let plain = plain(cell);
    let text = without_time(&plain).unwrap_or(&plain);
    if let Ok(day) = text.parse::<Date>() {
        return Ok(day);
    }
    match ORDERS.iter().find_map(|order| Date::strptime(order, text).ok()) {
        // `%Y` also reads a year of two digits.
        Some(day) if day.year() >= 1000 => Ok(day),
        _ => Err(doubt(text)),
    }
}

/// What stands before a time of day.
fn without_time(text: &str) -> Option<&str> {
    let (day, time) = text.split_once(['T', ' '])?;
    (time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':')).then(|| day.trim_end())
}

/// Why a text that looks like a date is none.
fn doubt(text: &str) -> Flaw {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    match parts.as_slice() {
        [a, b, c]
            if parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) =>
        {
            match (a.len(), b.len(), c.len()) {
                (1 | 2, 1 | 2, 4) if !text.contains('.') => Flaw::AmbiguousDate,
                (1 | 2, 1 | 2, 1 | 2) => Flaw::TwoDigitYear,
                _ => Flaw::Date,
            }
        }
        _ => Flaw::Date,
    }
}

/// A format as an export gives it, `%d.%m.%Y` or `DD.MM.YYYY`, as `strptime` takes it; or what is wrong with it.
pub fn check_format(text: &str) -> Result<String, &'static str> {
    let format = if text.contains('%') { text.to_owned() } else { from_letters(text) };
    let sample = civil::date(2001, 2, 3);
    let written = strtime::format(&format, sample.at(4, 5, 6, 0)).map_err(|_| {
        "not a format of dates; write it like %d.%m.%Y or DD.MM.YYYY, with %H:%M:%S or hh:mm:ss for a time"
    })?;
    let read = strtime::parse(&format, &written).and_then(|parsed| parsed.to_date());
    if read.is_ok_and(|read| read == sample) {
        Ok(format)
    } else {
        Err("a date needs its year, month and day, each once; write it like %d.%m.%Y or DD.MM.YYYY")
    }
}

/// `DD.MM.YYYY` as `%d.%m.%Y`.
fn from_letters(text: &str) -> String {
    const LETTERS: [(&str, &str); 13] = [
        ("YYYY", "%Y"),
        ("yyyy", "%Y"),
        ("YY", "%y"),
        ("yy", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("hh", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ];
    const SINGLE: [(&str, &str); 3] = [("M", "%m"), ("D", "%d"), ("d", "%d")];
    let (mut format, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        let found = LETTERS.iter().chain(&SINGLE).find(|(letters, _)| rest.starts_with(letters));
        let (written, taken) = found.map_or_else(
            || (next.to_string(), next.len_utf8()),
            |(letters, directive)| ((*directive).to_owned(), letters.len()),
        );
        format.push_str(&written);
        rest = rest.get(taken..).unwrap_or_default();
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    #[test]
    fn a_day_is_understood_in_every_order_that_leaves_no_doubt() {
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
    fn what_could_be_two_days_is_none_unless_the_format_is_said() {
        for (cell, flaw) in [
            ("02/03/1990", Flaw::AmbiguousDate),
            ("28/02/1990", Flaw::AmbiguousDate),
            ("2-3-1990", Flaw::AmbiguousDate),
            ("28.02.90", Flaw::TwoDigitYear),
            ("90/02/28", Flaw::TwoDigitYear),
            ("1990-02-30", Flaw::Date),
            ("30.02.1990", Flaw::Date),
            ("yesterday", Flaw::Date),
            ("12345", Flaw::Date),
            ("2026-11-26", Flaw::Birthdate),
            ("1790-01-01", Flaw::Birthdate),
        ] {
            assert_eq!(birthdate(cell, None, TODAY), Err(flaw), "{cell}");
        }
        for (cell, format, found) in [
            ("02/03/1990", "%d/%m/%Y", Ok("1990-03-02")),
            ("02/03/1990", "%m/%d/%Y", Ok("1990-02-03")),
            ("2/3/1990 0:00", "%m/%d/%Y", Ok("1990-02-03")),
            ("28.02.90", "%d.%m.%y", Ok("1990-02-28")),
            ("1990-02-03", "%Y-%d-%m", Ok("1990-03-02")),
            ("1990-02-28", "%d/%m/%Y", Err(Flaw::Format)),
        ] {
            assert_eq!(birthdate(cell, Some(format), TODAY).as_deref(), found.as_ref().copied(), "{cell}");
        }
    }

    #[test]
    fn moments_keep_their_instant() {
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
            assert_eq!(moment(cell, format).unwrap().to_string(), found, "{cell}");
        }
        assert_eq!(moment("yesterday", None), Err(Flaw::Date));
        for (cell, found) in [
            ("2024-02-29", Ok("2024-02-29")),
            ("2024-02-29T10:00:00Z", Ok("2024-02-29T10:00:00Z")),
            ("29.02.2024", Ok("2024-02-29")),
            ("29/02/2024", Err(Flaw::AmbiguousDate)),
        ] {
            assert_eq!(date(cell, None).as_deref(), found.as_ref().copied(), "{cell}");
        }
    }

    #[test]
    fn a_format_is_directives_or_letters() {
        for (text, format) in [
            ("%d.%m.%Y", "%d.%m.%Y"),
            ("DD.MM.YYYY", "%d.%m.%Y"),
            ("MM/DD/YYYY HH:mm:ss", "%m/%d/%Y %H:%M:%S"),
            ("D. M. YYYY", "%d. %m. %Y"),
            ("DD-MMM-YY", "%d-%b-%y"),
            ("YYYY年MM月DD日", "%Y年%m月%d日"),
        ] {
            assert_eq!(check_format(text).as_deref(), Ok(format));
        }
        for text in ["", "DD.MM", "%Q", "YYYY", "day"] {
            assert!(check_format(text).is_err(), "{text}");
        }
    }
}

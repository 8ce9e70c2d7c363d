//! Date formats that an export declares.

use jiff::{civil, fmt::strtime};

/// Why a text is not a date format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDateFormat {
    #[error(
        "not a date format; write it like %d.%m.%Y or DD.MM.YYYY, with %H:%M:%S or hh:mm:ss for a time of day"
    )]
    Unreadable,
    #[error("a date format needs a year, a month and a day, each once; write it like %d.%m.%Y or DD.MM.YYYY")]
    Incomplete,
}

/// Returns the format for `strptime`, from one written either way: `%d.%m.%Y` or `DD.MM.YYYY`.
pub fn check_date_format(text: &str) -> Result<String, InvalidDateFormat> {
    let format = if text.contains('%') { text.to_owned() } else { from_letters(text) };
    let sample = civil::date(2001, 2, 3);
    let written =
        strtime::format(&format, sample.at(4, 5, 6, 0)).map_err(|_| InvalidDateFormat::Unreadable)?;
    let read = strtime::parse(&format, &written).and_then(|parsed| parsed.to_date());
    if read.is_ok_and(|read| read == sample) { Ok(format) } else { Err(InvalidDateFormat::Incomplete) }
}

/// Converts `DD.MM.YYYY` to `%d.%m.%Y`.
fn from_letters(text: &str) -> String {
    // Longer runs of a letter come before shorter ones.
    #[rustfmt::skip]
    const LETTERS: [(&str, &str); 16] = [
        ("YYYY", "%Y"), ("yyyy", "%Y"), ("YY", "%y"), ("yy", "%y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"),
        ("DD", "%d"), ("dd", "%d"), ("HH", "%H"), ("hh", "%H"), ("mm", "%M"), ("ss", "%S"), ("M", "%m"), ("D", "%d"),
        ("d", "%d"),
    ];
    let (mut format, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        let found = LETTERS
            .iter()
            .find_map(|(letters, directive)| rest.strip_prefix(letters).map(|after| (*directive, after)));
        if let Some((directive, after)) = found {
            format.push_str(directive);
            rest = after;
        } else {
            format.push(next);
            rest = rest.strip_prefix(next).unwrap_or_default();
        }
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_directives_and_letters() {
        for (text, format) in [
            ("%d.%m.%Y", "%d.%m.%Y"),
            ("DD.MM.YYYY", "%d.%m.%Y"),
            ("MM/DD/YYYY HH:mm:ss", "%m/%d/%Y %H:%M:%S"),
            ("D. M. YYYY", "%d. %m. %Y"),
            ("DD-MMM-YY", "%d-%b-%y"),
            ("YYYY年MM月DD日", "%Y年%m月%d日"),
        ] {
            assert_eq!(check_date_format(text).as_deref(), Ok(format));
        }
        for text in ["", "DD.MM", "%Q", "YYYY", "day"] {
            assert!(check_date_format(text).is_err(), "{text}");
        }
    }
}

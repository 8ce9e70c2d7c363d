//! The orders of day, month and year in a date.

use jiff::{Timestamp, civil};

/// Orders that the digits of a date distinguish, in `strptime` format. The first that fits is taken.
#[rustfmt::skip]
pub(super) const ORDERS: [&str; 14] = [
    "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y",
];

/// Pairs of orders, the day first and the month first, that look alike unless a day is above 12.
pub(super) const AMBIGUOUS: [(&str, &str); 2] = [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y")];

/// The years of a customer's dates. Digits with other years are not dates.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

/// Whether a cell is a date in any order.
pub(super) fn is_date(cell: &str) -> bool {
    is_iso(cell) || ORDERS.into_iter().any(|order| is_in(cell, order))
}

/// Whether a cell begins with `YYYY-MM-DD`.
pub(super) fn is_iso(cell: &str) -> bool {
    // A shorter cell may be a number, and one that does not begin with a year has another order.
    cell.len() >= 10
        && (cell.parse::<Timestamp>().is_ok()
            || (cell.as_bytes().get(4) == Some(&b'-')
                && cell.parse::<civil::Date>().is_ok_and(|date| YEARS.contains(&date.year()))))
}

/// Whether a cell is a date in this order, with or without a time of day.
pub(super) fn is_in(cell: &str, order: &str) -> bool {
    let is = |text: &str| civil::Date::strptime(order, text).is_ok_and(|date| YEARS.contains(&date.year()));
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    if order == "%Y%m%d" {
        return cell.len() == 8 && digits == 8 && is(cell);
    }
    digits >= 5
        && (is(cell) || cell.split_once([' ', 'T']).is_some_and(|(date, time)| is(date) && is_time(time)))
}

fn is_time(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_digit()) && text.contains(':')
}

/// Returns an order as people write it: `DD/MM/YYYY`.
pub(super) fn spelled(order: &str) -> String {
    let parts = [("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%b", "Mon"), ("%B", "Month")];
    parts.iter().fold(order.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_text_is_not_a_date() {
        for cell in ["", "12", "99999999", "10023456", "02/28", "1990", "12.50", "03-1234-5678", "1/2/3"] {
            assert!(!is_date(cell), "{cell}");
        }
    }
}

//! In which order a column writes its dates, found out from the whole column.

use jiff::{Timestamp, civil};

use super::column::Column;

/// The way a column writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// `YYYY-MM-DD`, or a date and time in RFC 3339: understood without a format.
    Plain,
    /// In this order, in `strptime`'s words.
    As(&'static str),
    /// All of them could be the one or the other.
    Either(&'static str, &'static str),
}

/// Orders that are told apart by their digits alone. The first that fits nearly all of a column is taken.
const ORDERS: [&str; 14] = [
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
];

/// Orders that look alike while no day is above the twelfth.
const TWINS: [(&str, &str); 2] = [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y")];

/// How many of a column's filled cells have to be dates, in percent.
const ENOUGH: usize = 90;

/// Years that a customer's date can be of: other digits are not dates.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

/// How a column writes its dates; `None` where it holds none, or writes them in several ways.
pub(super) fn written(column: &Column) -> Option<Written> {
    if column.cells.is_empty() {
        return None;
    }
    if column.percent(is_plain) >= ENOUGH {
        return Some(Written::Plain);
    }
    let fits = |order: &str| column.percent(|cell| is_in(cell, order));
    for (first, second) in TWINS {
        let (one, other) = (fits(first), fits(second));
        if one.max(other) >= ENOUGH {
            return Some(match one.cmp(&other) {
                std::cmp::Ordering::Greater => Written::As(first),
                std::cmp::Ordering::Less => Written::As(second),
                std::cmp::Ordering::Equal => match column.day_first {
                    Some(true) => Written::As(first),
                    Some(false) => Written::As(second),
                    None => Written::Either(first, second),
                },
            });
        }
    }
    ORDERS.into_iter().find(|order| fits(order) >= ENOUGH).map(Written::As)
}

/// Whether the day stands before the month in a file's columns, where some leave no doubt and all of those agree.
pub(super) fn day_first(columns: &[Column]) -> Option<bool> {
    let order = |column| match written(column)? {
        Written::As(order) if TWINS.iter().any(|(first, _)| *first == order) => Some(true),
        Written::As(order) if TWINS.iter().any(|(_, second)| *second == order) => Some(false),
        Written::As(_) | Written::Plain | Written::Either(..) => None,
    };
    let mut orders = columns.iter().filter_map(order);
    let first = orders.next()?;
    orders.all(|other| other == first).then_some(first)
}

/// An order in which a cell is a date, if it is one.
pub(super) fn any(cell: &str) -> Option<&'static str> {
    if is_plain(cell) {
        return Some("%Y-%m-%d");
    }
    ORDERS.into_iter().find(|order| is_in(cell, order))
}

fn is_plain(cell: &str) -> bool {
    // What is shorter may be a number, and what begins with no year is in another order.
    cell.len() >= 10
        && (cell.parse::<Timestamp>().is_ok()
            || (cell.as_bytes().get(4) == Some(&b'-')
                && cell.parse::<civil::Date>().is_ok_and(|date| YEARS.contains(&date.year()))))
}

/// Whether a cell is a date in this order; a time after it does not matter.
fn is_in(cell: &str, order: &str) -> bool {
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

/// A strptime order as people write it: `DD/MM/YYYY`.
pub(super) fn spelt(order: &str) -> String {
    let parts = [("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%b", "Mon"), ("%B", "Month")];
    parts.iter().fold(order.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[&str]) -> Option<Written> {
        written(&Column::of("x", cells))
    }

    #[test]
    fn the_whole_column_tells_days_from_months() {
        assert_eq!(of(&["01/02/1990", "31/03/1991", "05/06/1992"]), Some(Written::As("%d/%m/%Y")));
        assert_eq!(of(&["01/02/1990", "03/31/1991"]), Some(Written::As("%m/%d/%Y")));
        assert_eq!(of(&["01/02/1990", "3/4/1991"]), Some(Written::Either("%d/%m/%Y", "%m/%d/%Y")));
        assert_eq!(of(&["13/02/1990", "03/31/1991"]), None, "written in two ways");
        assert_eq!(of(&["13-02-1990 10:00", "01-02-1990 11:00"]), Some(Written::As("%d-%m-%Y")));
    }

    #[test]
    fn other_columns_of_the_file_tell_days_from_months() {
        let columns = |cells: &[&str]| cells.iter().map(|cell| Column::of("x", &[cell])).collect::<Vec<_>>();
        for (cells, expected) in [
            (&["01/02/1990", "31/03/1991", "2024-01-02"][..], Some(true)),
            (&["01/02/1990", "03-31-1991"], Some(false)),
            (&["01/02/1990"], None),
            (&["31/03/1991", "03/31/1991"], None),
        ] {
            assert_eq!(day_first(&columns(cells)), expected, "{cells:?}");
        }
        let told = Column { day_first: Some(false), ..Column::of("x", &["01/02/1990"]) };
        assert_eq!(written(&told), Some(Written::As("%m/%d/%Y")));
        let clear = Column { day_first: Some(false), ..Column::of("x", &["31/03/1990"]) };
        assert_eq!(written(&clear), Some(Written::As("%d/%m/%Y")));
    }

    #[test]
    fn other_orders_are_told_by_their_shape() {
        for (cell, written) in [
            ("1990-02-28", Written::Plain),
            ("2024-05-06T07:08:09Z", Written::Plain),
            ("2024-05-06T07:08:09+09:00", Written::Plain),
            ("2024-05-06 07:08:09", Written::Plain),
            ("1990/2/8", Written::As("%Y/%m/%d")),
            ("28.02.1990", Written::As("%d.%m.%Y")),
            ("1990年2月8日", Written::As("%Y年%m月%d日")),
            ("19900228", Written::As("%Y%m%d")),
            ("28 Feb 1990", Written::As("%d %b %Y")),
            ("February 28, 1990", Written::As("%B %d, %Y")),
        ] {
            assert_eq!(of(&[cell]), Some(written), "{cell}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for cell in ["", "12", "99999999", "10023456", "02/28", "1990", "12.50", "03-1234-5678", "1/2/3"] {
            assert_eq!(any(cell), None, "{cell}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["1990-02-28", "x", "y"]), None);
    }
}

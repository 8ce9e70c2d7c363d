//! Finds the order of a column's dates, from all of its cells.

use super::{
    column::Column,
    date_order::{AMBIGUOUS, ORDERS, is_in, is_iso},
};

/// How a column writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// `YYYY-MM-DD`, or a date and time in RFC 3339: read without a format.
    Iso,
    /// In this order, in `strptime` format.
    Order(&'static str),
    /// In either of two orders: every date is valid in both.
    Ambiguous(&'static str, &'static str),
}

/// The share of the filled cells that must be dates, in percent.
const MIN_DATES: usize = 90;

/// Returns how a column writes its dates, or `None` if it contains none, or dates in several orders.
pub(super) fn style(column: &Column) -> Option<DateStyle> {
    if column.cells.is_empty() {
        return None;
    }
    if column.percent(is_iso) >= MIN_DATES {
        return Some(DateStyle::Iso);
    }
    let fits = |order: &str| column.percent(|cell| is_in(cell, order));
    for (day_first, month_first) in AMBIGUOUS {
        let (one, other) = (fits(day_first), fits(month_first));
        if one.max(other) >= MIN_DATES {
            return Some(match one.cmp(&other) {
                std::cmp::Ordering::Greater => DateStyle::Order(day_first),
                std::cmp::Ordering::Less => DateStyle::Order(month_first),
                std::cmp::Ordering::Equal => match column.day_first {
                    Some(true) => DateStyle::Order(day_first),
                    Some(false) => DateStyle::Order(month_first),
                    None => DateStyle::Ambiguous(day_first, month_first),
                },
            });
        }
    }
    ORDERS.into_iter().find(|order| fits(order) >= MIN_DATES).map(DateStyle::Order)
}

/// Whether the day precedes the month in a file, if some of its columns are unambiguous and they all agree.
pub(super) fn day_first(columns: &[Column]) -> Option<bool> {
    let order = |column| match style(column)? {
        DateStyle::Order(order) if AMBIGUOUS.iter().any(|(day_first, _)| *day_first == order) => Some(true),
        DateStyle::Order(order) if AMBIGUOUS.iter().any(|(_, month_first)| *month_first == order) => {
            Some(false)
        }
        DateStyle::Order(_) | DateStyle::Iso | DateStyle::Ambiguous(..) => None,
    };
    let mut orders = columns.iter().filter_map(order);
    let first = orders.next()?;
    orders.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[&str]) -> Option<DateStyle> {
        style(&Column::of("x", cells))
    }

    #[test]
    fn the_whole_column_shows_the_order() {
        assert_eq!(of(&["01/02/1990", "31/03/1991", "05/06/1992"]), Some(DateStyle::Order("%d/%m/%Y")));
        assert_eq!(of(&["01/02/1990", "03/31/1991"]), Some(DateStyle::Order("%m/%d/%Y")));
        assert_eq!(of(&["01/02/1990", "3/4/1991"]), Some(DateStyle::Ambiguous("%d/%m/%Y", "%m/%d/%Y")));
        assert_eq!(of(&["13/02/1990", "03/31/1991"]), None, "in two orders");
        assert_eq!(of(&["13-02-1990 10:00", "01-02-1990 11:00"]), Some(DateStyle::Order("%d-%m-%Y")));
    }

    #[test]
    fn other_columns_of_the_file_show_the_order() {
        let columns = |cells: &[&str]| cells.iter().map(|cell| Column::of("x", &[cell])).collect::<Vec<_>>();
        for (cells, expected) in [
            (&["01/02/1990", "31/03/1991", "2024-01-02"][..], Some(true)),
            (&["01/02/1990", "03-31-1991"], Some(false)),
            (&["01/02/1990"], None),
            (&["31/03/1991", "03/31/1991"], None),
        ] {
            assert_eq!(day_first(&columns(cells)), expected, "{cells:?}");
        }
        let hinted = Column { day_first: Some(false), ..Column::of("x", &["01/02/1990"]) };
        assert_eq!(style(&hinted), Some(DateStyle::Order("%m/%d/%Y")));
        let clear = Column { day_first: Some(false), ..Column::of("x", &["31/03/1990"]) };
        assert_eq!(style(&clear), Some(DateStyle::Order("%d/%m/%Y")));
    }

    #[test]
    fn recognises_other_orders_by_their_shape() {
        for (cell, style) in [
            ("1990-02-28", DateStyle::Iso),
            ("2024-05-06T07:08:09Z", DateStyle::Iso),
            ("2024-05-06T07:08:09+09:00", DateStyle::Iso),
            ("2024-05-06 07:08:09", DateStyle::Iso),
            ("1990/2/8", DateStyle::Order("%Y/%m/%d")),
            ("28.02.1990", DateStyle::Order("%d.%m.%Y")),
            ("1990年2月8日", DateStyle::Order("%Y年%m月%d日")),
            ("19900228", DateStyle::Order("%Y%m%d")),
            ("28 Feb 1990", DateStyle::Order("%d %b %Y")),
            ("February 28, 1990", DateStyle::Order("%B %d, %Y")),
        ] {
            assert_eq!(of(&[cell]), Some(style), "{cell}");
        }
    }

    #[test]
    fn a_column_of_other_text_has_no_dates() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["1990-02-28", "x", "y"]), None);
    }
}

//! Tells what a cell looks like.

use super::date_order::is_date;
use crate::contact::{Field, Kind};

/// Signs that people write in phone numbers.
const PHONE_SIGNS: &str = "+-–.()/ \u{a0}";

/// Whether a trimmed cell that is not empty is valid for a field without further settings.
pub(super) fn fits(field: Field, cell: &str) -> bool {
    Kind::of(field).check(cell).is_ok()
}

pub(super) fn is_email(cell: &str) -> bool {
    fits(Field::Email, cell)
}

/// Whether a cell could be dialled: 7 to 15 digits with the signs that people write between them.
pub(super) fn is_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && cell.chars().all(|c| c.is_ascii_digit() || PHONE_SIGNS.contains(c))
        && !is_date(cell)
}

/// Whether a cell is a number with a decimal point or a decimal comma.
pub(super) fn is_number(cell: &str) -> bool {
    is_plain_number(cell) || is_comma_number(cell)
}

/// `12`, `-3.5`.
pub(super) fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    is_digits(whole) && is_digits(part)
}

/// `3,5`, `1.234,50`.
pub(super) fn is_comma_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let Some((whole, part)) = digits.split_once(',') else { return false };
    is_digits(part) && (is_digits(whole) || is_grouped(whole, '.'))
}

/// `1.234.567`.
fn is_grouped(text: &str, separator: char) -> bool {
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
}

/// Whether every point of a number could separate thousands: `1.200`, `12.345.678`.
pub(super) fn has_unclear_points(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    digits.contains('.') && !digits.starts_with('0') && is_grouped(digits, '.')
}

/// `1,234`, `12,345.60`: commas separate thousands.
pub(super) fn is_grouped_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    whole.contains(',') && is_digits(part) && is_grouped(whole, ',')
}

/// Currency signs.
const CURRENCIES: &str = "$€£¥￥₩₹₽₺₴฿₫₱₪₦";

/// `$1,234.50`, `12,50 €`: a number with a currency sign, which is not read as a number.
pub(super) fn is_amount(cell: &str) -> bool {
    let text = cell.trim_start_matches(['-', '+']);
    let is_sign = |c: char| CURRENCIES.contains(c);
    let amount = text.strip_prefix(is_sign).or_else(|| text.strip_suffix(is_sign)).map(str::trim);
    amount.is_some_and(|amount| is_number(amount) || is_grouped_number(amount))
}

/// Digits that are a code and not a quantity: `00123`.
pub(super) fn is_code(cell: &str) -> bool {
    cell.len() > 1 && cell.starts_with('0') && is_digits(cell)
}

/// More digits than a floating-point number keeps.
pub(super) fn is_long(cell: &str) -> bool {
    cell.len() > 15 && is_digits(cell)
}

/// `yes`, `false` and so on, but not `1` and `0`.
pub(super) fn is_yes_or_no(cell: &str) -> bool {
    ["true", "false", "yes", "no", "y", "n", "t", "f"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// Whether a cell is data that no column is named after.
pub(super) fn is_value(cell: &str) -> bool {
    is_email(cell) || is_number(cell) || is_date(cell)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_cells_by_their_look() {
        for (is, yes, no) in [
            (
                is_email as fn(&str) -> bool,
                &["a@b.co", "Ada.L@Example.com"][..],
                &["a", "a@b", "a b@c.co"][..],
            ),
            (
                is_phone,
                &["+44 20 7946-0958", "03-1234-5678", "(030) 123/4567"],
                &["12", "2024-05-06", "x1234567"],
            ),
            (is_plain_number, &["1", "-2.50", "+3"], &["", "-", "1,5", "1.", ".5", "1e5", "inf"]),
            (is_comma_number, &["1,5", "-1.234,50", "12.345.678,9"], &["1.5", "1,", "1.23,4", "1.2345,6"]),
            (
                is_grouped_number,
                &["1,234", "-12,345,678.90"],
                &["1234", "1,23", "12345,678", "1,234,5", "1.5"],
            ),
            (
                is_amount,
                &["$1,234.50", "-$5", "¥1,200", "12,50 €", "€ 5", "￥100"],
                &["5", "$", "$x", "1,234.50", "$5 off", "USD 5", "ATU12345678"],
            ),
            (is_code, &["007"], &["0", "70", "0.5", "x"]),
            (is_long, &["1234567890123456"], &["123456789012345", "1234567890.123456"]),
            (is_yes_or_no, &["Yes", "FALSE", "n"], &["1", "0", "maybe"]),
        ] {
            for cell in yes {
                assert!(is(cell), "{cell}");
            }
            for cell in no {
                assert!(!is(cell), "{cell}");
            }
        }
    }
}

//! Reads numbers as people write them.

use serde_json::Number;

use super::plain::plain;
use crate::contact::{invalid_cell::InvalidCell, mapping::Decimal};

/// Returns a finite number. Whole numbers are exact to 64 bits.
pub(super) fn number(cell: &str, decimal: Option<Decimal>) -> Result<Number, InvalidCell> {
    let has_groups = cell.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'.' | b'-'));
    let plain_point = decimal != Some(Decimal::Comma) && !has_groups;
    if plain_point {
        return match decimal {
            None if may_be_grouped(cell) => Err(InvalidCell::AmbiguousNumber),
            _ => exact(cell),
        };
    }
    let mut text = plain(cell).replace('−', "-");
    // Spaces and apostrophes separate thousands, never a fraction.
    text = ungroup(&text, |c| c == ' ' || c == '\'' || c == '’').ok_or(InvalidCell::Number)?;
    match decimal.map_or_else(|| guess(&text), Ok)? {
        Decimal::Point => exact(&ungroup(&text, |c| c == ',').ok_or(InvalidCell::Number)?),
        Decimal::Comma => {
            exact(&ungroup(&text, |c| c == '.').ok_or(InvalidCell::Number)?.replacen(',', ".", 1))
        }
    }
}

/// Returns the decimal sign of an unambiguous number.
fn guess(text: &str) -> Result<Decimal, InvalidCell> {
    match (text.rfind(','), text.rfind('.')) {
        (None, _) if may_be_grouped(text) => Err(InvalidCell::AmbiguousNumber),
        (None, _) => Ok(Decimal::Point),
        (Some(comma), Some(point)) if comma < point => Ok(Decimal::Point),
        // `1,234,567`
        (Some(_), None) if text.matches(',').count() > 1 => Ok(Decimal::Point),
        _ => Err(InvalidCell::AmbiguousNumber),
    }
}

/// Whether every point in a number could separate thousands: `1.200`, `-12.345.678`, but not `0.125` or `1234.567`.
fn may_be_grouped(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    let mut groups = digits.split(|b| *b == b'.');
    let is_first = |first: &[u8]| (1..=3).contains(&first.len()) && !first.starts_with(b"0");
    let is_group = |group: &[u8]| group.len() == 3 && group.iter().all(u8::is_ascii_digit);
    groups.next().is_some_and(is_first) && digits.contains(&b'.') && groups.all(is_group)
}

/// Removes thousands separators. Returns `None` if one is misplaced.
fn ungroup(text: &str, is_separator: fn(char) -> bool) -> Option<String> {
    if !text.contains(is_separator) {
        return Some(text.to_owned());
    }
    let (sign, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.get(..1)?, rest),
        None => ("", text),
    };
    let whole_ends = rest.find(|c: char| !c.is_ascii_digit() && !is_separator(c)).unwrap_or(rest.len());
    let (whole, fraction) = rest.split_at(whole_ends);
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let (first, others) = groups.split_first()?;
    let fits = (1..=3).contains(&first.len()) && others.iter().all(|group| group.len() == 3);
    (fits && !fraction.contains(is_separator)).then(|| format!("{sign}{}{fraction}", groups.concat()))
}

fn exact(text: &str) -> Result<Number, InvalidCell> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    // `f64` also parses `inf` and `NaN`.
    let is_number = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let number = text.parse::<f64>().ok().filter(|_| is_number).and_then(Number::from_f64);
    number.ok_or(InvalidCell::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes thousandths with their thousands grouped.
    fn grouped(thousandths: u64, group: &str, decimal: &str, decimals: usize) -> String {
        let mut whole = (thousandths / 1000).to_string();
        for at in (1..whole.len()).rev().filter(|at| (whole.len() - at).is_multiple_of(3)).collect::<Vec<_>>()
        {
            whole.insert_str(at, group);
        }
        let fraction = format!("{:03}", thousandths % 1000);
        if decimals == 0 { whole } else { format!("{whole}{decimal}{}", &fraction[..decimals]) }
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_its_source_or_not_at_all(
            thousandths in prop_oneof![0_u64..10_000_000, 0_u64..10_000_000_000_000],
            decimals in 0_usize..=3,
            (group, sign, decimal) in prop::sample::select(vec![
                ("", ".", Decimal::Point), (",", ".", Decimal::Point), ("'", ".", Decimal::Point), (" ", ".", Decimal::Point),
                ("", ",", Decimal::Comma), (".", ",", Decimal::Comma), ("'", ",", Decimal::Comma), (" ", ",", Decimal::Comma),
            ]),
        ) {
            let cell = grouped(thousandths, group, sign, decimals);
            let kept = 10_u64.pow(3 - u32::try_from(decimals).unwrap());
            let source: f64 = format!("{}e-3", thousandths / kept * kept).parse().unwrap();
            let value = |decimal| number(&cell, decimal).ok().and_then(|number| number.as_f64());
            prop_assert_eq!(value(Some(decimal)), Some(source), "{}", &cell);
            if let Some(read) = value(None) {
                prop_assert_eq!(Some(read), Some(source), "{}", &cell);
            }
        }
    }

    fn read(cell: &str, decimal: Option<Decimal>) -> Result<String, InvalidCell> {
        number(cell, decimal).map(|number| number.to_string())
    }

    #[test]
    fn reads_numbers_in_many_notations() {
        for (cell, decimal, found) in [
            ("007", None, "7"),
            ("9007199254740993", None, "9007199254740993"),
            ("-12.50", None, "-12.5"),
            ("1e3", None, "1000.0"),
            ("1,234.56", None, "1234.56"),
            ("1,234,567", None, "1234567"),
            ("1 234.5", None, "1234.5"),
            ("1\u{202f}234\u{a0}567", None, "1234567"),
            ("1'234.50", None, "1234.5"),
            ("１２３", None, "123"),
            ("−5", None, "-5"),
            ("1,234", Some(Decimal::Point), "1234"),
            ("1234,5", Some(Decimal::Comma), "1234.5"),
            ("1.200", Some(Decimal::Point), "1.2"),
            ("1.200", Some(Decimal::Comma), "1200"),
            ("1.234.567", Some(Decimal::Comma), "1234567"),
            ("0.125", None, "0.125"),
            ("-0.125", None, "-0.125"),
            ("1234.567", None, "1234.567"),
            ("1.25", None, "1.25"),
            ("1.2345", None, "1.2345"),
            ("12.000,5", Some(Decimal::Comma), "12000.5"),
            ("850", None, "850"),
            ("1 234.567", None, "1234.567"),
            ("1.200e3", None, "1200.0"),
            ("1.234,56", Some(Decimal::Comma), "1234.56"),
            ("1.234", Some(Decimal::Comma), "1234"),
            ("-1 234,5", Some(Decimal::Comma), "-1234.5"),
            ("12", Some(Decimal::Comma), "12"),
        ] {
            assert_eq!(read(cell, decimal).as_deref(), Ok(found), "{cell} {decimal:?}");
        }
    }

    #[test]
    fn rejects_ambiguous_numbers_and_other_text() {
        for (cell, decimal, invalid) in [
            ("1,5", None, InvalidCell::AmbiguousNumber),
            ("1,234", None, InvalidCell::AmbiguousNumber),
            ("1.234,56", None, InvalidCell::AmbiguousNumber),
            ("1.200", None, InvalidCell::AmbiguousNumber),
            ("-12.000", None, InvalidCell::AmbiguousNumber),
            ("+1.200", None, InvalidCell::AmbiguousNumber),
            ("−1.200", None, InvalidCell::AmbiguousNumber),
            ("１．２００", None, InvalidCell::AmbiguousNumber),
            ("1.234.567", None, InvalidCell::AmbiguousNumber),
            ("1.234.56", None, InvalidCell::Number),
            ("1,5", Some(Decimal::Point), InvalidCell::Number),
            ("1.5", Some(Decimal::Comma), InvalidCell::Number),
            ("1,2,3", Some(Decimal::Comma), InvalidCell::Number),
            ("inf", None, InvalidCell::Number),
            ("NaN", None, InvalidCell::Number),
            ("€ 5", None, InvalidCell::Number),
            ("lots", None, InvalidCell::Number),
            ("1 2", None, InvalidCell::Number),
            (".", None, InvalidCell::Number),
            ("-", None, InvalidCell::Number),
        ] {
            assert_eq!(read(cell, decimal), Err(invalid), "{cell} {decimal:?}");
        }
    }
}

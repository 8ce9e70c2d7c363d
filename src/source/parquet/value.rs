//! Values of Parquet as text: exactly what is stored.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::Offset};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};

use super::schema::{Kind, Unit};
use crate::source::BadRow;

/// A stored value.
pub(super) trait Value {
    /// Its text, in `scratch` where it is not a text already.
    fn text<'v>(&'v self, kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow>;
}

fn written(scratch: &mut String, value: impl std::fmt::Display) -> &str {
    scratch.clear();
    let _ = write!(scratch, "{value}");
    scratch
}

impl Value for bool {
    fn text<'v>(&'v self, _: Kind, _: &'v mut String) -> Result<&'v str, BadRow> {
        Ok(if *self { "true" } else { "false" })
    }
}

impl Value for f32 {
    fn text<'v>(&'v self, _: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        Ok(written(scratch, self))
    }
}

impl Value for f64 {
    fn text<'v>(&'v self, _: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        Ok(written(scratch, self))
    }
}

impl Value for i32 {
    fn text<'v>(&'v self, kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        Ok(match kind {
            Kind::Unsigned => written(scratch, self.cast_unsigned()),
            kind => number(i64::from(*self), kind, scratch),
        })
    }
}

impl Value for i64 {
    fn text<'v>(&'v self, kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        Ok(match kind {
            Kind::Unsigned => written(scratch, self.cast_unsigned()),
            kind => number(*self, kind, scratch),
        })
    }
}

impl Value for Int96 {
    fn text<'v>(&'v self, _: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        // A day of the Julian calendar, and nanoseconds of it.
        let [low, high, day] = self.data() else { return Ok("") };
        let nanos = (u64::from(*high) << 32) | u64::from(*low);
        let nanos = (i128::from(*day) - 2_440_588) * 86_400_000_000_000 + i128::from(nanos);
        Ok(match Timestamp::from_nanosecond(nanos) {
            Ok(instant) => written(scratch, instant),
            Err(_) => written(scratch, nanos),
        })
    }
}

impl Value for ByteArray {
    fn text<'v>(&'v self, kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        bytes(self.data(), kind, scratch)
    }
}

impl Value for FixedLenByteArray {
    fn text<'v>(&'v self, kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
        bytes(self.data(), kind, scratch)
    }
}

fn bytes<'v>(bytes: &'v [u8], kind: Kind, scratch: &'v mut String) -> Result<&'v str, BadRow> {
    match kind {
        Kind::Decimal(scale) => {
            let (negative, digits) = digits(bytes);
            Ok(decimal(negative, &digits, scale, scratch))
        }
        Kind::Uuid => match uuid::Uuid::from_slice(bytes) {
            Ok(uuid) => Ok(written(scratch, uuid)),
            Err(_) => Err(BadRow::Encoding),
        },
        _ => std::str::from_utf8(bytes).map_err(|_| BadRow::Encoding),
    }
}

fn number(value: i64, kind: Kind, scratch: &mut String) -> &str {
    match kind {
        Kind::Decimal(scale) => decimal(value < 0, &value.unsigned_abs().to_string(), scale, scratch),
        Kind::Date => match value.checked_mul(86_400).map(Timestamp::from_second) {
            Some(Ok(midnight)) => written(scratch, Offset::UTC.to_datetime(midnight).date()),
            _ => written(scratch, value),
        },
        Kind::Time(unit) | Kind::Instant(unit) | Kind::Civil(unit) => match (instant(value, unit), kind) {
            (None, _) => written(scratch, value),
            (Some(instant), Kind::Instant(_)) => written(scratch, instant),
            (Some(instant), Kind::Civil(_)) => written(scratch, Offset::UTC.to_datetime(instant)),
            (Some(instant), _) => written(scratch, Offset::UTC.to_datetime(instant).time()),
        },
        _ => written(scratch, value),
    }
}

fn instant(value: i64, unit: Unit) -> Option<Timestamp> {
    match unit {
        Unit::Millis => Timestamp::from_millisecond(value),
        Unit::Micros => Timestamp::from_microsecond(value),
        Unit::Nanos => Timestamp::from_nanosecond(i128::from(value)),
    }
    .ok()
}

/// A decimal of so many digits after its point.
fn decimal<'s>(negative: bool, digits: &str, scale: u32, scratch: &'s mut String) -> &'s str {
    let scale = scale as usize;
    let zeros = (scale + 1).saturating_sub(digits.len());
    scratch.clear();
    if negative {
        scratch.push('-');
    }
    scratch.extend(std::iter::repeat_n('0', zeros));
    scratch.push_str(digits);
    if scale > 0 {
        scratch.insert(scratch.len() - scale, '.');
    }
    scratch
}

/// The sign and the digits of a number in two's complement, the highest byte first, of any length.
fn digits(bytes: &[u8]) -> (bool, String) {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u16;
        for byte in &mut magnitude {
            let value = (rest << 8) | u16::from(*byte);
            *byte = u8::try_from(value / 10).unwrap_or_default();
            rest = value % 10;
        }
        digits.push(b'0' + u8::try_from(rest).unwrap_or_default());
    }
    if digits.is_empty() {
        digits.push(b'0');
    }
    (negative, digits.iter().rev().map(|digit| char::from(*digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let of = |bytes: &[u8], scale| {
            let mut scratch = String::new();
            super::bytes(bytes, Kind::Decimal(scale), &mut scratch).map(str::to_owned)
        };
        assert_eq!(of(&[0x04, 0xe2], 2).unwrap(), "12.50");
        assert_eq!(of(&[0xff], 2).unwrap(), "-0.01");
        assert_eq!(of(&[0x80], 0).unwrap(), "-128");
        assert_eq!(of(&[0], 3).unwrap(), "0.000");
        assert_eq!(
            of(&[0x7f; 32], 0).unwrap(),
            "57669001306428065956053000376875938421040345304064124051023973211784186134399"
        );
        let mut scratch = String::new();
        assert_eq!(number(-5, Kind::Decimal(2), &mut scratch), "-0.05");
        assert_eq!(number(i64::MIN, Kind::Decimal(0), &mut scratch), i64::MIN.to_string());
    }

    #[test]
    fn dates_and_times_are_written_as_iso_8601() {
        let mut scratch = String::new();
        for (value, kind, text) in [
            (-1, Kind::Date, "1969-12-31"),
            (20_000, Kind::Date, "2024-10-04"),
            (i64::MAX, Kind::Date, "9223372036854775807"),
            (1_700_000_000_000, Kind::Instant(Unit::Millis), "2023-11-14T22:13:20Z"),
            (1_700_000_000_000_001, Kind::Instant(Unit::Micros), "2023-11-14T22:13:20.000001Z"),
            (1_700_000_000_000_000_000, Kind::Civil(Unit::Nanos), "2023-11-14T22:13:20"),
            (3_600_000, Kind::Time(Unit::Millis), "01:00:00"),
        ] {
            assert_eq!(number(value, kind, &mut scratch), text);
        }
    }
}

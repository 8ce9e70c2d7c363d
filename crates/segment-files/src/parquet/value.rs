//! Parquet values as text, without loss.

use std::io::Write as _;

use jiff::{Timestamp, tz::Offset};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};

use super::schema::{Kind, Unit};
use crate::row::UnreadableRow;

/// A stored value.
pub(super) trait Value {
    /// Appends the text of the value. The bytes of a text are not checked here: checking many cells at once is faster.
    fn write(&self, kind: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow>;
}

/// Writing to memory does not fail.
fn put(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

impl Value for bool {
    fn write(&self, _: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
        Ok(())
    }
}

macro_rules! float {
    ($type:ty) => {
        impl Value for $type {
            fn write(&self, _: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
                put(out, self);
                Ok(())
            }
        }
    };
}

macro_rules! integer {
    ($type:ty) => {
        impl Value for $type {
            fn write(&self, kind: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
                match kind {
                    Kind::Unsigned => put(out, self.cast_unsigned()),
                    kind => number(i64::from(*self), kind, out),
                }
                Ok(())
            }
        }
    };
}

float!(f32);
float!(f64);
integer!(i32);
integer!(i64);

impl Value for Int96 {
    fn write(&self, _: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
        // The nanoseconds of a day, and its Julian day number.
        let [low, high, day] = self.data() else { return Ok(()) };
        let nanos = (u64::from(*high) << 32) | u64::from(*low);
        let nanos = (i128::from(*day) - 2_440_588) * 86_400_000_000_000 + i128::from(nanos);
        match Timestamp::from_nanosecond(nanos) {
            Ok(instant) => put(out, instant),
            Err(_) => put(out, nanos),
        }
        Ok(())
    }
}

impl Value for ByteArray {
    #[inline]
    fn write(&self, kind: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
        bytes(self.data(), kind, out)
    }
}

impl Value for FixedLenByteArray {
    fn write(&self, kind: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
        bytes(self.data(), kind, out)
    }
}

#[inline]
fn bytes(bytes: &[u8], kind: Kind, out: &mut Vec<u8>) -> Result<(), UnreadableRow> {
    match kind {
        Kind::Decimal(scale) => {
            let (negative, digits) = digits(bytes);
            decimal(negative, &digits, scale, out);
        }
        Kind::Uuid => put(out, uuid::Uuid::from_slice(bytes).map_err(|_| UnreadableRow::Encoding)?),
        _ => out.extend_from_slice(bytes),
    }
    Ok(())
}

fn number(value: i64, kind: Kind, out: &mut Vec<u8>) {
    match kind {
        Kind::Decimal(scale) => decimal(value < 0, &value.unsigned_abs().to_string(), scale, out),
        Kind::Date => match value.checked_mul(86_400).map(Timestamp::from_second) {
            Some(Ok(midnight)) => put(out, Offset::UTC.to_datetime(midnight).date()),
            _ => put(out, value),
        },
        Kind::Time(unit) | Kind::Instant(unit) | Kind::Civil(unit) => match (instant(value, unit), kind) {
            (None, _) => put(out, value),
            (Some(instant), Kind::Instant(_)) => put(out, instant),
            (Some(instant), Kind::Civil(_)) => put(out, Offset::UTC.to_datetime(instant)),
            (Some(instant), _) => put(out, Offset::UTC.to_datetime(instant).time()),
        },
        _ => put(out, value),
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

/// Writes a decimal number with `scale` digits after the point.
fn decimal(negative: bool, digits: &str, scale: u32, out: &mut Vec<u8>) {
    let scale = scale as usize;
    let zeros = (scale + 1).saturating_sub(digits.len());
    if negative {
        out.push(b'-');
    }
    out.extend(std::iter::repeat_n(b'0', zeros));
    out.extend_from_slice(digits.as_bytes());
    if scale > 0 {
        out.insert(out.len() - scale, b'.');
    }
}

/// Returns whether a big-endian two's complement number of any length is negative, and its decimal digits.
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
    fn writes_decimals_exactly() {
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        let of = |bytes: &[u8], scale| text(&|out| super::bytes(bytes, Kind::Decimal(scale), out).unwrap());
        assert_eq!(of(&[0x04, 0xe2], 2), "12.50");
        assert_eq!(of(&[0xff], 2), "-0.01");
        assert_eq!(of(&[0x80], 0), "-128");
        assert_eq!(of(&[0], 3), "0.000");
        assert_eq!(
            of(&[0x7f; 32], 0),
            "57669001306428065956053000376875938421040345304064124051023973211784186134399"
        );
        assert_eq!(text(&|out| number(-5, Kind::Decimal(2), out)), "-0.05");
        assert_eq!(text(&|out| number(i64::MIN, Kind::Decimal(0), out)), i64::MIN.to_string());
    }

    #[test]
    fn writes_dates_and_times_as_iso_8601() {
        for (value, kind, text) in [
            (-1, Kind::Date, "1969-12-31"),
            (20_000, Kind::Date, "2024-10-04"),
            (i64::MAX, Kind::Date, "9223372036854775807"),
            (1_700_000_000_000, Kind::Instant(Unit::Millis), "2023-11-14T22:13:20Z"),
            (1_700_000_000_000_001, Kind::Instant(Unit::Micros), "2023-11-14T22:13:20.000001Z"),
            (1_700_000_000_000_000_000, Kind::Civil(Unit::Nanos), "2023-11-14T22:13:20"),
            (3_600_000, Kind::Time(Unit::Millis), "01:00:00"),
        ] {
            let mut out = Vec::new();
            number(value, kind, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}

//! Pages that say no more of themselves than they can hold, and become no more than fits in memory: the library makes room
//! for what a header promises, and reads whole rows, however many values they have.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parquet::{
    basic::Encoding,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    schema::types::ColumnDescriptor,
};

use super::{blocks::MAX_PAGE_BYTES, compressed::Packed};

/// Values whose lengths stand in one page, at most: the library keeps the lengths of a whole page in memory.
const MAX_LENGTHS: u64 = 1 << 24;

/// Values of a column of lists that one page has at most, and that rows which are read at once begin: a row could have any
/// number, each of no bytes. The longest pages that writers make have a tenth.
const MAX_LISTED: u64 = 1 << 22;

/// What the values of a page take at most that repeat the beginnings of those before them, in bytes.
const MAX_REPEATED_BYTES: u64 = MAX_PAGE_BYTES;

/// How many values of a column of lists its pages had since its reader began to read some rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed(Arc<AtomicU64>);

impl Listed {
    /// The reader begins to read some rows.
    pub(super) fn begin(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn are_too_many(&self, values: u64) -> bool {
        values > MAX_LISTED || self.0.fetch_add(values, Ordering::Relaxed) > MAX_LISTED
    }
}

/// The pages of a column's part of a row group, each looked at before the library decodes it.
pub(super) struct Checked<P> {
    pages: P,
    /// Rows of the row group.
    rows: u64,
    listed: Listed,
    /// How the pages are packed that come so.
    packed: Option<Packed>,
    max_definition: i16,
    max_repetition: i16,
}

impl<P: PageReader> Checked<P> {
    pub(super) fn new(
        pages: P,
        of: &ColumnDescriptor,
        rows: u64,
        listed: Listed,
        packed: Option<Packed>,
    ) -> Self {
        Self {
            pages,
            rows,
            listed,
            packed,
            max_definition: of.max_def_level(),
            max_repetition: of.max_rep_level(),
        }
    }

    fn check(&self, page: Page) -> Result<Page> {
        let page = match self.packed {
            Some(packed) => packed.unpack(page)?,
            None => page,
        };
        let values = u64::from(page.num_values());
        if page.is_dictionary_page() {
            // No value of a dictionary takes less than a byte.
            return if values > page.buffer().len() as u64 {
                Err(refused("a dictionary has fewer bytes than it says it has values"))
            } else {
                Ok(page)
            };
        }
        if self.max_repetition == 0 && values > self.rows {
            return Err(refused("a page has more values than its row group has rows"));
        }
        if self.max_repetition > 0 && self.listed.are_too_many(values) {
            return Err(refused("a row, or a page, has more values in its lists than any contact"));
        }
        let encoding = page.encoding();
        if !matches!(
            encoding,
            Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
        ) {
            return Ok(page);
        }
        let bytes = self.values(&page).ok_or_else(|| refused("a page ends within its levels"))?;
        let at_most = values.min(MAX_LENGTHS);
        let impossible = || refused("the lengths of a page's values are impossible, or more than its values");
        if encoding == Encoding::DELTA_BYTE_ARRAY {
            let mut beginnings = Sum::default();
            let rest = walk(bytes, at_most, Some(&mut beginnings)).ok_or_else(impossible)?;
            if beginnings.total > MAX_REPEATED_BYTES {
                return Err(refused("the values of a page are larger than any page that is read"));
            }
            walk(rest, at_most, None).ok_or_else(impossible)?;
        } else {
            walk(bytes, at_most, None).ok_or_else(impossible)?;
        }
        Ok(page)
    }

    /// The bytes of a page after its levels.
    fn values<'a>(&self, page: &'a Page) -> Option<&'a [u8]> {
        match page {
            Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
                let mut rest = &**buf;
                let levels =
                    [(self.max_repetition, rep_level_encoding), (self.max_definition, def_level_encoding)];
                for (max, encoding) in levels {
                    rest = after_levels(rest, max, *encoding, *num_values)?;
                }
                Some(rest)
            }
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = def_levels_byte_len.checked_add(*rep_levels_byte_len)?;
                buf.get(usize::try_from(levels).ok()?..)
            }
            Page::DictionaryPage { .. } => None,
        }
    }
}

/// What follows the levels of a page of the first version.
fn after_levels(bytes: &[u8], max: i16, encoding: Encoding, values: u32) -> Option<&[u8]> {
    if max <= 0 {
        return Some(bytes);
    }
    if encoding == Encoding::RLE {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        return rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..);
    }
    // Packed without runs, as the first writers did.
    let bits = u64::from(i16::BITS - max.leading_zeros()) * u64::from(values);
    bytes.get(usize::try_from(bits.div_ceil(8)).ok()?..)
}

/// The sum of a list of lengths.
#[derive(Debug, Default)]
struct Sum {
    last: i32,
    total: u64,
}

impl Sum {
    /// Adds the length that differs so much from the last one.
    fn add(&mut self, difference: i32) {
        self.last = self.last.wrapping_add(difference);
        // The library refuses a length below zero when it comes to it.
        self.total = self.total.saturating_add(u64::try_from(self.last).unwrap_or_default());
    }
}

/// As the library walks: the blocks of a list of at most so many differences. Answers with what follows it.
fn walk<'b>(mut bytes: &'b [u8], at_most: u64, mut sum: Option<&mut Sum>) -> Option<&'b [u8]> {
    let block = number(&mut bytes)?;
    let minis = usize::try_from(number(&mut bytes)?).ok()?;
    let count = number(&mut bytes)?;
    let first = zigzag(number(&mut bytes)?);
    if let Some(sum) = sum.as_mut().filter(|_| count > 0) {
        sum.add(i32::try_from(first).ok()?);
    }
    let each = block.checked_div(minis as u64)?;
    if count > at_most || (count > 1 && (each == 0 || each % 32 != 0)) {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let least = zigzag(number(&mut bytes)?);
        let (widths, mut rest) = bytes.split_at_checked(minis)?;
        for width in widths {
            if left == 0 {
                break;
            }
            let packed = usize::try_from((each / 8).checked_mul(u64::from(*width))?).ok()?;
            // A writer may leave out the end of the last block.
            let packed = if left <= each { packed.min(rest.len()) } else { packed };
            let (differences, after) = rest.split_at_checked(packed)?;
            if let Some(sum) = &mut sum {
                let least = i32::try_from(least).ok()?;
                for difference in unpacked(differences, *width, left.min(each))? {
                    sum.add(least.wrapping_add(difference));
                }
            }
            rest = after;
            left = left.saturating_sub(each);
        }
        bytes = rest;
    }
    Some(bytes)
}

/// Differences of so many bits each, the lowest bit first; of what is left out they are 0.
fn unpacked(bytes: &[u8], width: u8, count: u64) -> Option<impl Iterator<Item = i32>> {
    let (width, mask) = (u64::from(width), u32::MAX.checked_shr(32_u32.checked_sub(u32::from(width))?));
    Some((0..count).map(move |n| {
        let (byte, bit) = (n * width / 8, n * width % 8);
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        // 32 bits that begin within a byte end within the fifth.
        let five = bytes.get(from..).unwrap_or_default().iter().take(5);
        let bits = five.rev().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> bit;
        (u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default() & mask.unwrap_or_default())
            .cast_signed()
    }))
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// A number of seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn refused(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

impl<P: PageReader> Iterator for Checked<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for Checked<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.pages.get_next_page()?.map(|page| self.check(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        self.pages.take_deferred_dictionary()?.map(|page| self.check(page)).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A list of differences as the format has it, in blocks of 128 in 4 parts.
    fn written(lengths: &[i32]) -> Vec<u8> {
        let number = |mut number: u64, out: &mut Vec<u8>| {
            while number >= 0x80 {
                out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
                number >>= 7;
            }
            out.push(u8::try_from(number).unwrap());
        };
        let zigzag = |n: i64| ((n << 1) ^ (n >> 63)).cast_unsigned();
        let mut out = Vec::new();
        for n in [128, 4, lengths.len() as u64, zigzag(i64::from(lengths.first().copied().unwrap_or(0)))] {
            number(n, &mut out);
        }
        let differences: Vec<i32> = lengths.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        for block in differences.chunks(128) {
            let least = *block.iter().min().unwrap();
            number(zigzag(i64::from(least)), &mut out);
            let parts: Vec<Vec<u32>> = block
                .chunks(32)
                .map(|part| part.iter().map(|n| n.wrapping_sub(least).cast_unsigned()).collect())
                .collect();
            let width = |part: &Vec<u32>| part.iter().map(|n| 32 - n.leading_zeros()).max().unwrap_or(0);
            out.extend((0..4).map(|n| parts.get(n).map_or(0, |part| u8::try_from(width(part)).unwrap())));
            for part in &parts {
                let mut bits = vec![0_u8; usize::try_from(width(part)).unwrap() * 4];
                for (n, value) in part.iter().enumerate() {
                    for bit in 0..width(part) {
                        let at = n * usize::try_from(width(part)).unwrap() + usize::try_from(bit).unwrap();
                        bits[at / 8] |= u8::try_from(value >> bit & 1).unwrap() << (at % 8);
                    }
                }
                out.extend(bits);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn the_sum_of_lengths_is_that_of_the_lengths_that_were_written(
            lengths in prop_oneof![
                prop::collection::vec(0..i32::MAX, 0..400),
                prop::collection::vec(0..70_i32, 0..400),
                prop::collection::vec(prop::sample::select(vec![0, 8192]), 0..400),
            ],
        ) {
            let mut bytes = written(&lengths);
            bytes.extend(b"rest");
            let mut sum = Sum::default();
            let rest = walk(&bytes, lengths.len() as u64, Some(&mut sum));
            prop_assert_eq!(rest, Some(&b"rest"[..]));
            prop_assert_eq!(sum.total, lengths.iter().map(|n| u64::try_from(*n).unwrap()).sum::<u64>());
            prop_assert_eq!(walk(&bytes, lengths.len() as u64, None), Some(&b"rest"[..]));
            prop_assert!(lengths.is_empty() || walk(&bytes, lengths.len() as u64 - 1, None).is_none());
        }

        #[test]
        fn no_bytes_make_a_walk_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = walk(&bytes, 1 << 20, Some(&mut Sum::default()));
        }
    }
}

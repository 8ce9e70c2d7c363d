//! Checks pages before the library decodes them. The library would allocate whatever a page header declares, and would
//! read whole rows, however many values they have.

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

use super::{blocks::MAX_PAGE_BYTES, compressed::PageCompression};

/// The most lengths in one page: the library keeps all of them in memory.
const MAX_LENGTHS: u64 = 1 << 24;

/// The most list values in one page, and in the rows that are read at once. A row could have any number of values of
/// zero bytes. The longest pages that writers make have a tenth of this limit.
const MAX_LIST_VALUES: u64 = 1 << 22;

/// The most bytes that the values of one page may repeat from the values before them.
const MAX_REPEATED_BYTES: u64 = MAX_PAGE_BYTES;

/// Counts the list values in the pages of the rows that are read at once.
#[derive(Debug, Clone, Default)]
pub(super) struct ListValues(Arc<AtomicU64>);

impl ListValues {
    /// Starts counting again for the next rows.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn add_exceeds_limit(&self, values: u64) -> bool {
        values > MAX_LIST_VALUES || self.0.fetch_add(values, Ordering::Relaxed) > MAX_LIST_VALUES
    }
}

/// The pages of a column in a row group, each checked before the library decodes it.
pub(super) struct CheckedPages<P> {
    pages: P,
    /// The number of rows in the row group.
    rows: u64,
    list_values: ListValues,
    /// How the pages are compressed, if they are to be decompressed here.
    compression: Option<PageCompression>,
    max_definition: i16,
    max_repetition: i16,
}

impl<P: PageReader> CheckedPages<P> {
    pub(super) fn new(
        pages: P,
        of: &ColumnDescriptor,
        rows: u64,
        list_values: ListValues,
        compression: Option<PageCompression>,
    ) -> Self {
        Self {
            pages,
            rows,
            list_values,
            compression,
            max_definition: of.max_def_level(),
            max_repetition: of.max_rep_level(),
        }
    }

    fn check(&self, page: Page) -> Result<Page> {
        let page = match self.compression {
            Some(compression) => compression.decompress(page)?,
            None => page,
        };
        let values = u64::from(page.num_values());
        if page.is_dictionary_page() {
            // Each value of a dictionary takes at least one byte.
            return if values > page.buffer().len() as u64 {
                Err(refused("a dictionary has more values than bytes"))
            } else {
                Ok(page)
            };
        }
        if self.max_repetition == 0 && values > self.rows {
            return Err(refused("a page has more values than its row group has rows"));
        }
        if self.max_repetition > 0 && self.list_values.add_exceeds_limit(values) {
            return Err(refused("a row or a page has more list values than any contact"));
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
        let impossible =
            || refused("the lengths of the values of a page are impossible, or outnumber its values");
        if encoding == Encoding::DELTA_BYTE_ARRAY {
            let mut beginnings = Sum::default();
            let rest = walk(bytes, at_most, Some(&mut beginnings)).ok_or_else(impossible)?;
            if beginnings.total > MAX_REPEATED_BYTES {
                return Err(refused("the values of a page are larger than 64 MiB"));
            }
            walk(rest, at_most, None).ok_or_else(impossible)?;
        } else {
            walk(bytes, at_most, None).ok_or_else(impossible)?;
        }
        Ok(page)
    }

    /// Returns the bytes of a page after its levels.
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

/// Skips the levels of a version 1 page.
fn after_levels(bytes: &[u8], max: i16, encoding: Encoding, values: u32) -> Option<&[u8]> {
    if max <= 0 {
        return Some(bytes);
    }
    if encoding == Encoding::RLE {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        return rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..);
    }
    // Bit-packed without runs, as the first writers did.
    let bits = u64::from(i16::BITS - max.leading_zeros()) * u64::from(values);
    bytes.get(usize::try_from(bits.div_ceil(8)).ok()?..)
}

/// The sum of a list of lengths, given as differences.
#[derive(Debug, Default)]
struct Sum {
    last: i32,
    total: u64,
}

impl Sum {
    /// Adds the length that differs from the last one by `difference`.
    fn add(&mut self, difference: i32) {
        self.last = self.last.wrapping_add(difference);
        // The library rejects a negative length itself.
        self.total = self.total.saturating_add(u64::try_from(self.last).unwrap_or_default());
    }
}

/// Reads the blocks of a list of at most `at_most` differences as the library does. Returns the bytes after the list,
/// or `None` if the list is invalid.
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
            // A writer may omit the end of the last block.
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

/// Returns differences of `width` bits each, the lowest bit first. Omitted ones are 0.
fn unpacked(bytes: &[u8], width: u8, count: u64) -> Option<impl Iterator<Item = i32>> {
    let (width, mask) = (u64::from(width), u32::MAX.checked_shr(32_u32.checked_sub(u32::from(width))?));
    Some((0..count).map(move |n| {
        let (byte, bit) = (n * width / 8, n * width % 8);
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        // 32 bits can touch 5 bytes.
        let five = bytes.get(from..).unwrap_or_default().iter().take(5);
        let bits = five.rev().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> bit;
        (u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default() & mask.unwrap_or_default())
            .cast_signed()
    }))
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Reads a number with 7 bits in each byte, the lowest first.
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

impl<P: PageReader> Iterator for CheckedPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for CheckedPages<P> {
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

    /// Writes a list of differences in blocks of 128, each in 4 parts.
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
        fn sums_up_the_lengths(
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
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = walk(&bytes, 1 << 20, Some(&mut Sum::default()));
        }
    }
}

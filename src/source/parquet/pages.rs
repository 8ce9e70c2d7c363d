//! Pages that say no more of themselves than they can hold: the library makes room for what a header promises.

use parquet::{
    basic::Encoding,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    schema::types::ColumnDescriptor,
};

/// Values whose lengths stand in one page, at most: the library keeps the lengths of a whole page in memory.
const MAX_LENGTHS: u64 = 1 << 24;

/// The pages of a column's part of a row group, each looked at before the library decodes it.
pub(super) struct Checked<P> {
    pages: P,
    /// Rows of the row group.
    rows: u64,
    max_definition: i16,
    max_repetition: i16,
}

impl<P: PageReader> Checked<P> {
    pub(super) fn new(pages: P, of: &ColumnDescriptor, rows: u64) -> Self {
        Self { pages, rows, max_definition: of.max_def_level(), max_repetition: of.max_rep_level() }
    }

    fn check(&self, page: Page) -> Result<Page> {
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
        let lists = match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Ok(page),
        };
        let mut bytes = self.values(&page).ok_or_else(|| refused("a page ends within its levels"))?;
        for _ in 0..lists {
            bytes = skip_lengths(bytes, values)?;
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

/// Checks a list of lengths, which is stored as differences, and answers what follows it.
fn skip_lengths(bytes: &[u8], values: u64) -> Result<&[u8]> {
    walk(bytes, values.min(MAX_LENGTHS))
        .ok_or_else(|| refused("the lengths of a page's values are impossible, or more than its values"))
}

/// As the library walks: the blocks of a list of at most so many differences.
fn walk(mut bytes: &[u8], at_most: u64) -> Option<&[u8]> {
    let block = number(&mut bytes)?;
    let minis = usize::try_from(number(&mut bytes)?).ok()?;
    let count = number(&mut bytes)?;
    number(&mut bytes)?;
    let each = block.checked_div(minis as u64)?;
    if count > at_most || (count > 1 && (each == 0 || each % 32 != 0)) {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        number(&mut bytes)?;
        let (widths, rest) = bytes.split_at_checked(minis)?;
        let mut packed = 0_u64;
        for width in widths {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(each);
            packed = packed.checked_add((each / 8).checked_mul(u64::from(*width))?)?;
        }
        // A writer may leave out the end of the last block.
        let packed = usize::try_from(packed).ok()?;
        bytes = if left == 0 { rest.get(packed.min(rest.len())..)? } else { rest.get(packed..)? };
    }
    Some(bytes)
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

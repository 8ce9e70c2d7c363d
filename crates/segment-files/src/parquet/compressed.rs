//! Pages that the library would unpack without a bound, whatever they say of their size: those packed with gzip and Brotli.

use std::io::Read;

use brotli_decompressor::Decompressor as Unbrotli;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use parquet::{
    basic::Compression,
    column::page::Page,
    errors::{ParquetError, Result},
};

use super::blocks::MAX_PAGE_BYTES;

/// What Brotli reads at once, in bytes.
const PIECE_BYTES: usize = 4 << 10;

/// How pages are packed that are unpacked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Gzip,
    Brotli,
}

impl Packed {
    /// Of a column's codec; `None` where the library unpacks what a page says, and no more.
    pub(super) fn of(codec: Compression) -> Option<Self> {
        match codec {
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::BROTLI(_) => Some(Self::Brotli),
            _ => None,
        }
    }

    /// A page whose values were packed, as it was before.
    pub(super) fn unpack(self, mut page: Page) -> Result<Page> {
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => *buf = self.values(buf, 0)?,
            Page::DataPageV2 { buf, is_compressed, def_levels_byte_len, rep_levels_byte_len, .. } => {
                if *is_compressed {
                    let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                    *buf = self.values(buf, usize::try_from(levels).unwrap_or(usize::MAX))?;
                    *is_compressed = false;
                }
            }
        }
        Ok(page)
    }

    /// Unpacks what follows the levels, which are never packed.
    fn values(self, page: &[u8], levels: usize) -> Result<Bytes> {
        let refused = |reason: &str| ParquetError::General(reason.to_owned());
        let (levels, packed) =
            page.split_at_checked(levels).ok_or_else(|| refused("a page ends within its levels"))?;
        let mut out = levels.to_vec();
        // Nothing at all is how some writers pack no values.
        if !packed.is_empty() {
            out.reserve(packed.len().saturating_mul(4));
            let read = match self {
                Self::Gzip => MultiGzDecoder::new(packed).take(MAX_PAGE_BYTES + 1).read_to_end(&mut out),
                Self::Brotli => {
                    Unbrotli::new(packed, PIECE_BYTES).take(MAX_PAGE_BYTES + 1).read_to_end(&mut out)
                }
            };
            read.map_err(|_| refused("a page is packed, and is damaged"))?;
        }
        if out.len() as u64 > MAX_PAGE_BYTES {
            return Err(refused("a page unpacks to more than any page that is read"));
        }
        Ok(out.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use parquet::basic::Encoding;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn dictionary(buf: Vec<u8>) -> Page {
        Page::DictionaryPage { buf: buf.into(), num_values: 1, encoding: Encoding::PLAIN, is_sorted: false }
    }

    #[test]
    fn a_page_that_unpacks_to_more_than_is_read_is_refused() {
        // Of many members, each small, as of one.
        let member = packed(&vec![0; 1 << 20]);
        let members = usize::try_from(MAX_PAGE_BYTES >> 20).unwrap();
        assert_eq!(
            Packed::Gzip.unpack(dictionary(member.repeat(members))).unwrap().buffer().len(),
            members << 20
        );
        let error = Packed::Gzip.unpack(dictionary(member.repeat(members + 1))).unwrap_err().to_string();
        assert!(error.contains("unpacks to more than any page that is read"), "{error}");
    }

    #[test]
    fn a_damaged_page_is_refused_and_an_empty_one_is_not() {
        let whole = packed(b"some values");
        for end in 1..whole.len() {
            assert!(Packed::Gzip.unpack(dictionary(whole[..end].to_vec())).is_err(), "{end}");
        }
        assert_eq!(Packed::Gzip.unpack(dictionary(whole)).unwrap().buffer().as_ref(), b"some values");
        assert!(Packed::Gzip.unpack(dictionary(Vec::new())).unwrap().buffer().is_empty());
    }

    #[test]
    fn the_levels_of_a_page_of_the_second_version_are_not_packed() {
        let page = |buf: Vec<u8>, is_compressed, levels| Page::DataPageV2 {
            buf: buf.into(),
            num_values: 1,
            encoding: Encoding::PLAIN,
            num_nulls: 0,
            num_rows: 1,
            def_levels_byte_len: levels,
            rep_levels_byte_len: 1,
            is_compressed,
            statistics: None,
        };
        let whole = [&b"rdd"[..], &packed(b"values")].concat();
        assert_eq!(
            Packed::Gzip.unpack(page(whole.clone(), true, 2)).unwrap().buffer().as_ref(),
            b"rddvalues"
        );
        assert_eq!(Packed::Gzip.unpack(page(whole.clone(), false, 2)).unwrap().buffer().as_ref(), whole);
        assert!(Packed::Gzip.unpack(page(whole, true, u32::MAX)).is_err());
    }
}

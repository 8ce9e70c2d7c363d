//! Decompresses pages in gzip and Brotli. The library would decompress them without a limit, whatever size the page
//! declares.

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

/// The size of the Brotli decoder's input buffer.
const PIECE_BYTES: usize = 4 << 10;

/// The compression of pages that are decompressed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageCompression {
    Gzip,
    Brotli,
}

impl PageCompression {
    /// Returns the compression of a codec, or `None` if the library itself stops at the size that the page declares.
    pub(super) fn of(codec: Compression) -> Option<Self> {
        match codec {
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::BROTLI(_) => Some(Self::Brotli),
            _ => None,
        }
    }

    /// Decompresses a page.
    pub(super) fn decompress(self, mut page: Page) -> Result<Page> {
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

    /// Decompresses what follows the levels, which are not compressed.
    fn values(self, page: &[u8], levels: usize) -> Result<Bytes> {
        let refused = |reason: &str| ParquetError::General(reason.to_owned());
        let (levels, values) =
            page.split_at_checked(levels).ok_or_else(|| refused("a page ends within its levels"))?;
        let mut out = levels.to_vec();
        // Some writers store zero values as zero bytes.
        if !values.is_empty() {
            out.reserve(values.len().saturating_mul(4));
            let read = match self {
                Self::Gzip => MultiGzDecoder::new(values).take(MAX_PAGE_BYTES + 1).read_to_end(&mut out),
                Self::Brotli => {
                    Unbrotli::new(values, PIECE_BYTES).take(MAX_PAGE_BYTES + 1).read_to_end(&mut out)
                }
            };
            read.map_err(|_| refused("a compressed page is damaged"))?;
        }
        if out.len() as u64 > MAX_PAGE_BYTES {
            return Err(refused("a decompressed page is larger than 64 MiB"));
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

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn dictionary(buf: Vec<u8>) -> Page {
        Page::DictionaryPage { buf: buf.into(), num_values: 1, encoding: Encoding::PLAIN, is_sorted: false }
    }

    #[test]
    fn rejects_a_page_that_is_too_large_when_decompressed() {
        // Many small members count like a large one.
        let member = gzip(&vec![0; 1 << 20]);
        let members = usize::try_from(MAX_PAGE_BYTES >> 20).unwrap();
        assert_eq!(
            PageCompression::Gzip.decompress(dictionary(member.repeat(members))).unwrap().buffer().len(),
            members << 20
        );
        let error =
            PageCompression::Gzip.decompress(dictionary(member.repeat(members + 1))).unwrap_err().to_string();
        assert!(error.contains("a decompressed page is larger than 64 MiB"), "{error}");
    }

    #[test]
    fn rejects_a_damaged_page_but_not_an_empty_one() {
        let whole = gzip(b"some values");
        for end in 1..whole.len() {
            assert!(PageCompression::Gzip.decompress(dictionary(whole[..end].to_vec())).is_err(), "{end}");
        }
        assert_eq!(
            PageCompression::Gzip.decompress(dictionary(whole)).unwrap().buffer().as_ref(),
            b"some values"
        );
        assert!(PageCompression::Gzip.decompress(dictionary(Vec::new())).unwrap().buffer().is_empty());
    }

    #[test]
    fn does_not_decompress_the_levels_of_version_2_pages() {
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
        let whole = [&b"rdd"[..], &gzip(b"values")].concat();
        assert_eq!(
            PageCompression::Gzip.decompress(page(whole.clone(), true, 2)).unwrap().buffer().as_ref(),
            b"rddvalues"
        );
        assert_eq!(
            PageCompression::Gzip.decompress(page(whole.clone(), false, 2)).unwrap().buffer().as_ref(),
            whole
        );
        assert!(PageCompression::Gzip.decompress(page(whole, true, u32::MAX)).is_err());
    }
}

//! Packed files: their bytes as they were before. What is cut off or damaged is never taken for the end.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::{
    error::{Flaw, SourceError},
    magic::{self, Kind},
    peeked::Peeked,
    reading::Compression,
    stream_error::Fault,
};

/// The most that unpacking zstd may look back, as a power of two: 128 MiB, as Zstandard's own
/// tools take it without being asked.
const WINDOW_LOG: u32 = 27;

/// The buffer for packed bytes.
const BUFFER_BYTES: usize = 128 << 10;

/// A file's bytes, unpacked.
pub(super) type Unpacked<'f> = Box<dyn Read + Send + 'f>;

/// Unpacks a stream as it is declared to be packed, or as its first bytes say.
pub(super) fn decompress<'f, R: Read + Send + 'f>(
    packed: Peeked<R>,
    declared: Option<Compression>,
) -> Result<Unpacked<'f>, SourceError> {
    let found = match magic::kind(packed.first()) {
        Some(Kind::Packed(compression)) => compression,
        _ => Compression::None,
    };
    let compression = match declared {
        // Nothing is in an empty file, however it was to be packed.
        Some(declared) if declared != found && !packed.first().is_empty() => {
            return Err(SourceError::OtherCompression { declared, found });
        }
        _ => found,
    };
    let consumed = Consumed::default();
    let input = Input { from: BufReader::with_capacity(BUFFER_BYTES, packed), consumed: consumed.clone() };
    let decoder: Unpacked<'f> = match compression {
        Compression::None => return Ok(Box::new(input.from)),
        Compression::Gzip => Box::new(Gunzip(Some(GzDecoder::new(input)))),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(input)),
        Compression::Zstd => {
            let mut decoder =
                ZstdDecoder::with_buffer(input).map_err(|source| SourceError::Read { line: 1, source })?;
            decoder.window_log_max(WINDOW_LOG).map_err(|source| SourceError::Read { line: 1, source })?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Checked { decoder, compression, consumed }))
}

/// How far the packed bytes were read.
#[derive(Debug, Clone, Default)]
struct Consumed {
    bytes: Arc<AtomicU64>,
    /// Whether they stopped coming: the error is the store's then, not the decoder's.
    failed: Arc<AtomicBool>,
}

/// Packed bytes, counted as the decoder takes them.
#[derive(Debug)]
struct Input<R> {
    from: R,
    consumed: Consumed,
}

impl<R: BufRead> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf().inspect_err(|_| self.consumed.failed.store(true, Relaxed))
    }

    fn consume(&mut self, n: usize) {
        self.consumed.bytes.fetch_add(n as u64, Relaxed);
        self.from.consume(n);
    }
}

impl<R: BufRead> Read for Input<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// The members of a gzip file, one after the other. Zeros may follow the last one: tapes and block devices pad so.
#[derive(Debug)]
struct Gunzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.0 else { return Ok(0) };
            let n = member.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let Some(member) = self.0.take() else { return Ok(0) };
            let mut input = member.into_inner();
            let mut padded = false;
            loop {
                let ahead = input.fill_buf()?;
                match (ahead.iter().position(|byte| *byte != 0), ahead.len()) {
                    (None, 0) => return Ok(0),
                    (None, zeros) => {
                        padded = true;
                        input.consume(zeros);
                    }
                    (Some(0), _) if !padded && ahead.first() == Some(&0x1f) => break,
                    (Some(_), _) => return Err(io::Error::from(io::ErrorKind::InvalidData)),
                }
            }
            self.0 = Some(GzDecoder::new(input));
        }
    }
}

/// A decoder whose errors say where, and that gives nothing after one.
struct Checked<'f> {
    decoder: Unpacked<'f>,
    compression: Compression,
    consumed: Consumed,
}

impl Read for Checked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(out).map_err(|error| {
            if self.consumed.failed.load(Relaxed) {
                return error;
            }
            let flaw = match error.kind() {
                io::ErrorKind::UnexpectedEof => Flaw::CutOff,
                // Zstandard's own words; it has no other way to tell.
                _ if error.to_string().contains("too much memory") => Flaw::Window,
                _ => Flaw::Damaged,
            };
            Fault::Packed(self.compression, flaw, self.consumed.bytes.load(Relaxed)).into()
        })
    }
}

#[cfg(test)]
mod tests;

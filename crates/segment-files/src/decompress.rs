//! Decompresses files. A truncated or damaged file is always an error, never the end of the file.

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
    error::{DecompressionFailure, Defect, ReadError},
    file::ByteStream,
    magic::{self, Magic},
    options::Compression,
    peeked::Peeked,
    stream_error::StreamError,
};

/// The largest zstd window, as a power of two: 128 MiB, which the `zstd` tool accepts by default.
const WINDOW_LOG: u32 = 27;

const BUFFER_BYTES: usize = 128 << 10;

/// Detects a stream's compression by its first bytes and decompresses it. Fails if another compression is declared.
pub(crate) fn decompress(bytes: Peeked, declared: Option<Compression>) -> Result<ByteStream, ReadError> {
    let found = match magic::detect(bytes.first()) {
        Some(Magic::Compressed(compression)) => compression,
        _ => Compression::None,
    };
    // An empty file has no first bytes that could show its compression.
    if let Some(declared) = declared.filter(|declared| *declared != found && !bytes.first().is_empty()) {
        return Err(ReadError::OtherCompression { declared, found });
    }
    let consumed = Consumed::default();
    let input = Input { from: BufReader::with_capacity(BUFFER_BYTES, bytes), consumed: consumed.clone() };
    let decoder: ByteStream = match found {
        Compression::None => return Ok(Box::new(input.from)),
        Compression::Gzip => Box::new(Gunzip(Some(GzDecoder::new(input)))),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(input)),
        Compression::Zstd => Box::new(unzstd(input).map_err(|source| ReadError::stopped(source, 1))?),
    };
    Ok(Box::new(Checked { decoder, compression: found, consumed }))
}

fn unzstd(input: Input) -> io::Result<ZstdDecoder<'static, Input>> {
    let mut decoder = ZstdDecoder::with_buffer(input)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// How many compressed bytes the decoder has taken.
#[derive(Debug, Clone, Default)]
struct Consumed {
    bytes: Arc<AtomicU64>,
    /// Whether reading the file failed: then the error is the file's, not the decoder's.
    failed: Arc<AtomicBool>,
}

/// Compressed bytes, counted as the decoder takes them.
struct Input {
    from: BufReader<Peeked>,
    consumed: Consumed,
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf().inspect_err(|_| self.consumed.failed.store(true, Relaxed))
    }

    fn consume(&mut self, n: usize) {
        self.consumed.bytes.fetch_add(n as u64, Relaxed);
        self.from.consume(n);
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// The members of a gzip file, one after the other. Zeros may follow the last one, as padding from tapes and block
/// devices.
struct Gunzip(Option<GzDecoder<Input>>);

impl Read for Gunzip {
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

/// A decoder whose errors have a reason and a position.
struct Checked {
    decoder: ByteStream,
    compression: Compression,
    consumed: Consumed,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(out).map_err(|error| {
            if self.consumed.failed.load(Relaxed) {
                return error;
            }
            let failure = match error.kind() {
                io::ErrorKind::UnexpectedEof => DecompressionFailure::Truncated,
                // The zstd library returns no code for this, only this message.
                _ if error.to_string().contains("too much memory") => DecompressionFailure::WindowTooLarge,
                _ => DecompressionFailure::Damaged,
            };
            let (compression, bytes) = (self.compression, self.consumed.bytes.load(Relaxed));
            let defect = Defect::Decompress { compression, failure, bytes };
            StreamError { line: None, defect }.into()
        })
    }
}

#[cfg(test)]
mod tests;

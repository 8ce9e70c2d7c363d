use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::*;

const TEXT: &str = "EMail,Name\na@b.co,Ada\nb@b.co,Bo\n";

fn compressed(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn peeked(bytes: &[u8]) -> Peeked {
    Peeked::new(Box::new(Cursor::new(bytes.to_vec())), 16)
}

fn decompressed(file: &[u8], declared: Option<Compression>) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let mut stream = decompress(peeked(file), declared)?;
    stream.read_to_end(&mut bytes).map_err(|error| ReadError::stopped(error, 1))?;
    Ok(bytes)
}

#[test]
fn decompresses_whether_declared_or_not() {
    for compression in Compression::ALL {
        let file = compressed(compression, TEXT.as_bytes());
        assert_eq!(decompressed(&file, None).unwrap(), TEXT.as_bytes(), "{compression:?}");
        assert_eq!(decompressed(&file, Some(compression)).unwrap(), TEXT.as_bytes(), "{compression:?}");
        let twice = [file, compressed(compression, b"c@b.co,Cy\n")].concat();
        assert_eq!(
            decompressed(&twice, None).unwrap(),
            [TEXT.as_bytes(), b"c@b.co,Cy\n"].concat(),
            "{compression:?}"
        );
        assert_eq!(decompressed(b"", Some(compression)).unwrap(), b"", "{compression:?}");
    }
}

#[test]
fn rejects_a_compression_that_was_not_declared() {
    let error = |bytes: &[u8], declared| decompressed(bytes, Some(declared)).unwrap_err().to_string();
    assert_eq!(
        error(TEXT.as_bytes(), Compression::Gzip),
        "`compression` is set to \"gzip\", but the file does not begin like gzip; correct it, or leave it out to detect it"
    );
    let file = compressed(Compression::Zstd, TEXT.as_bytes());
    assert!(error(&file, Compression::Gzip).contains("the file begins like zstd"));
    assert!(error(&file, Compression::None).contains("the file begins like zstd"));
}

#[test]
fn only_zeros_may_follow_gzip() {
    let file = compressed(Compression::Gzip, TEXT.as_bytes());
    let padded = [file.as_slice(), &[0; 700]].concat();
    assert_eq!(decompressed(&padded, None).unwrap(), TEXT.as_bytes());
    for rest in [&b"EMail"[..], b"\0\0x", b"\x1f\x8b"] {
        let error = decompressed(&[file.as_slice(), rest].concat(), None).unwrap_err();
        assert!(matches!(error, ReadError::Line { defect: Defect::Decompress { .. }, .. }), "{error}");
    }
}

/// Text that compresses poorly, so that the compressed file is long.
fn random_text(bytes: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + u8::try_from((state >> 24) % 26).unwrap()
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[test]
fn rejects_truncated_files_and_tells_where_they_end() {
    let text = random_text(20_000);
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let file = compressed(compression, &text);
        for end in (64..file.len()).step_by(64).chain([10, file.len() - 1]) {
            match decompressed(&file[..end], None) {
                Err(ReadError::Line {
                    defect: Defect::Decompress { failure: DecompressionFailure::Truncated, bytes, .. },
                    ..
                }) => {
                    assert!(bytes <= end as u64, "{compression:?} {end} {bytes}");
                }
                other => panic!("{compression:?} cut at {end}: {other:?}"),
            }
        }
    }
    let file = compressed(Compression::Gzip, &text);
    assert_eq!(
        decompressed(&file[..6400], None).unwrap_err().to_string(),
        "line 1: the gzip file is cut off after 6400 bytes; wait until it is complete and drop it again"
    );
}

#[test]
fn detects_a_changed_byte() {
    let text = random_text(5_000);
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let file = compressed(compression, &text);
        for at in (30..file.len() - 8).step_by(97) {
            let mut file = file.clone();
            file[at] ^= 0x10;
            match decompressed(&file, None) {
                Err(ReadError::Line { defect: Defect::Decompress { .. }, .. }) => {}
                other => {
                    panic!("{compression:?} changed at {at}: {} bytes", other.map_or(0, |bytes| bytes.len()))
                }
            }
        }
    }
}

#[test]
fn decompresses_a_zip_bomb_piece_by_piece() {
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let file = compressed(compression, &vec![b'y'; 8 << 20]);
        assert!(file.len() < 128 << 10, "{compression:?} {}", file.len());
        let mut stream = decompress(peeked(&file), None).unwrap();
        let (mut piece, mut total) = (vec![0; 4096], 0);
        loop {
            match stream.read(&mut piece).unwrap() {
                0 => break,
                n => total += n,
            }
        }
        assert_eq!(total, 8 << 20);
    }
}

#[test]
fn rejects_a_zstd_window_that_is_too_large() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(TEXT.as_bytes()).unwrap();
    let error = decompressed(&encoder.finish().unwrap(), None).unwrap_err().to_string();
    assert!(error.contains("without --long, or with --long=27 at most"), "{error}");
}

#[test]
fn passes_on_the_error_of_the_file() {
    struct Gone;
    impl Read for Gone {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("it is gone"))
        }
    }
    let file = compressed(Compression::Gzip, TEXT.as_bytes());
    let mut stream =
        decompress(Peeked::new(Box::new(Cursor::new(file[..20].to_vec()).chain(Gone)), 16), None).unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(ReadError::stopped(error, 4).to_string(), "line 4: it is gone");
}

proptest! {
    #[test]
    fn never_panics(
        which in 1_usize..4,
        text in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut file = compressed(Compression::ALL[which], &text);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = decompressed(&file, None);
    }
}

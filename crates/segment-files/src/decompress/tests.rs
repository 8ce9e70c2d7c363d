use std::io::Write;

use proptest::prelude::*;

use super::*;

const TEXT: &str = "EMail,Name\na@b.co,Ada\nb@b.co,Bo\n";

fn pack(compression: Compression, bytes: &[u8]) -> Vec<u8> {
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

fn unpacked(packed: &[u8], declared: Option<Compression>) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    let mut stream = decompress(Peeked::new(packed, 16), declared)?;
    stream.read_to_end(&mut bytes).map_err(|error| SourceError::stopped(error, 1))?;
    Ok(bytes)
}

#[test]
fn what_was_packed_comes_out_whether_declared_or_not() {
    for compression in Compression::ALL {
        let packed = pack(compression, TEXT.as_bytes());
        assert_eq!(unpacked(&packed, None).unwrap(), TEXT.as_bytes(), "{compression:?}");
        assert_eq!(unpacked(&packed, Some(compression)).unwrap(), TEXT.as_bytes(), "{compression:?}");
        let twice = [packed, pack(compression, b"c@b.co,Cy\n")].concat();
        assert_eq!(
            unpacked(&twice, None).unwrap(),
            [TEXT.as_bytes(), b"c@b.co,Cy\n"].concat(),
            "{compression:?}"
        );
        assert_eq!(unpacked(b"", Some(compression)).unwrap(), b"", "{compression:?}");
    }
}

#[test]
fn what_is_declared_has_to_be_so() {
    let said = |bytes: &[u8], declared| unpacked(bytes, Some(declared)).unwrap_err().to_string();
    assert_eq!(
        said(TEXT.as_bytes(), Compression::Gzip),
        "the export says `compression = \"gzip\"`, but the file does not begin so; correct it, or leave it out: it \
         is found out then"
    );
    let packed = pack(Compression::Zstd, TEXT.as_bytes());
    assert!(said(&packed, Compression::Gzip).contains("the file begins like zstd"));
    assert!(said(&packed, Compression::None).contains("the file begins like zstd"));
}

#[test]
fn zeros_may_pad_gzip_and_nothing_else_may() {
    let packed = pack(Compression::Gzip, TEXT.as_bytes());
    let padded = [packed.as_slice(), &[0; 700]].concat();
    assert_eq!(unpacked(&padded, None).unwrap(), TEXT.as_bytes());
    for rest in [&b"EMail"[..], b"\0\0x", b"\x1f\x8b"] {
        let error = unpacked(&[packed.as_slice(), rest].concat(), None).unwrap_err();
        assert!(matches!(error, SourceError::Packed { .. }), "{error}");
    }
}

/// Text that packs badly, so that it has many packed bytes.
fn scattered(bytes: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + u8::try_from((state >> 24) % 26).unwrap()
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[test]
fn whatever_is_cut_off_is_refused_with_the_place() {
    let text = scattered(20_000);
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let packed = pack(compression, &text);
        for end in (64..packed.len()).step_by(64).chain([10, packed.len() - 1]) {
            match unpacked(&packed[..end], None) {
                Err(SourceError::Packed { flaw: Flaw::CutOff, bytes, .. }) => {
                    assert!(bytes <= end as u64, "{compression:?} {end} {bytes}");
                }
                other => panic!("{compression:?} cut at {end}: {other:?}"),
            }
        }
    }
    let packed = pack(Compression::Gzip, &text);
    assert_eq!(
        unpacked(&packed[..6400], None).unwrap_err().to_string(),
        "line 1: the gzip file is cut off after 6400 bytes, before its end; wait until it is written whole, and drop \
         it again"
    );
}

#[test]
fn a_changed_byte_is_noticed() {
    let text = scattered(5_000);
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let packed = pack(compression, &text);
        for at in (30..packed.len() - 8).step_by(97) {
            let mut packed = packed.clone();
            packed[at] ^= 0x10;
            match unpacked(&packed, None) {
                Err(SourceError::Packed { .. }) => {}
                other => {
                    panic!("{compression:?} changed at {at}: {} bytes", other.map_or(0, |bytes| bytes.len()))
                }
            }
        }
    }
}

#[test]
fn a_bomb_is_read_in_pieces() {
    for compression in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
        let packed = pack(compression, &vec![b'y'; 8 << 20]);
        assert!(packed.len() < 128 << 10, "{compression:?} {}", packed.len());
        let mut stream = decompress(Peeked::new(packed.as_slice(), 16), None).unwrap();
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
fn a_window_beyond_bounds_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(TEXT.as_bytes()).unwrap();
    let error = unpacked(&encoder.finish().unwrap(), None).unwrap_err().to_string();
    assert!(error.contains("without --long or with --long=27 at most"), "{error}");
}

#[test]
fn an_error_of_the_store_stays_its_own() {
    struct Gone;
    impl Read for Gone {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("it is gone"))
        }
    }
    let packed = pack(Compression::Gzip, TEXT.as_bytes());
    let mut stream = decompress(Peeked::new(packed[..20].chain(Gone), 16), None).unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(SourceError::stopped(error, 4).to_string(), "line 4: it is gone");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        which in 1_usize..4,
        text in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut packed = pack(Compression::ALL[which], &text);
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        let _ = unpacked(&packed, None);
    }
}

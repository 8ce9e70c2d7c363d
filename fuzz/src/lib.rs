//! What each target does with its bytes. The ordinary tests do the same with the stored corpora: see
//! `tests/stored_corpora.rs`. A new target is a function here, its name in `TARGETS`, a file in `fuzz_targets/` and a
//! `[[bin]]` in `Cargo.toml`.

use bytes::Bytes;
use omnisend_export::source::{self, Charset, Compression, Format, Reading, Row};

/// A target: a function of any bytes.
pub type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 5] =
    [("csv", csv), ("json", json), ("parquet", parquet), ("packed", packed), ("text", text)];

/// A row that came out may be as large as its bound, and the file that gave it as small as it likes.
fn read(bytes: &[u8], reading: &Reading, wanted: &[&str]) {
    let file = Bytes::copy_from_slice(bytes);
    let Ok(mut rows) = source::open(&file, reading, wanted) else { return };
    let columns = rows.header().len();
    let mut row = Row::default();
    let mut last = 0;
    while let Ok(Some(read)) = rows.next(&mut row) {
        assert!(row.line() > 0 && row.line() >= last, "rows go back from {last} to {}", row.line());
        last = row.line();
        if read.is_ok() {
            assert_eq!(row.cells().count(), columns, "a row that is not bad has every cell");
        }
    }
    let _ = rows.absent();
}

/// CSV, with and without a mapping and a header.
pub fn csv(bytes: &[u8]) {
    let reading = Reading { format: Some(Format::Csv), ..Reading::default() };
    read(bytes, &reading, &["EMail", "FirstName"]);
    let columns = Some(vec!["EMail".to_owned(), "FirstName".to_owned()]);
    read(bytes, &Reading { encoding: Some(Charset::UTF_8), columns, ..reading }, &[]);
}

/// JSON Lines, by paths and whole.
pub fn json(bytes: &[u8]) {
    let reading = Reading { format: Some(Format::Ndjson), ..Reading::default() };
    read(bytes, &reading, &["EMail", "address.city", "likes[0]", "orders.0.id", ""]);
    read(bytes, &reading, &[]);
}

/// Parquet, all columns.
pub fn parquet(bytes: &[u8]) {
    read(bytes, &Reading { format: Some(Format::Parquet), ..Reading::default() }, &[]);
}

/// Packed bytes of every kind: the first byte chooses whether the kind is declared.
pub fn packed(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let compression = Compression::ALL.get(usize::from(*choice)).copied();
    read(bytes, &Reading { compression, ..Reading::default() }, &["EMail"]);
}

/// Text of every encoding: the first byte chooses the one that is declared.
pub fn text(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let name = Charset::USUAL.get(usize::from(*choice));
    let encoding = name.and_then(|name| Charset::named(name).ok());
    read(bytes, &Reading { encoding, ..Reading::default() }, &["EMail"]);
}

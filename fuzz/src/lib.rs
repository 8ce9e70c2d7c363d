//! The fuzz targets. `tests/stored_corpora.rs` runs them on the stored corpora.
//!
//! A new target needs a function here, its name in `TARGETS`, a file in `fuzz_targets/` and a `[[bin]]` in `Cargo.toml`.

use bytes::Bytes;
use omnisend_export::{
    config,
    contact::{Mapper, Programs, Warnings, check_expression, check_template},
};
use segment_files::{Charset, Compression, Escape, Format, ReadOptions, Row};

/// A function that must accept any bytes.
pub type Target = fn(&[u8]);

/// Every target with its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("csv", csv),
    ("json", json),
    ("mapping", mapping),
    ("parquet", parquet),
    ("packed", packed),
    ("text", text),
];

/// Reads every row of a file. The lines must not decrease, and a valid row must have every cell.
fn read(bytes: &[u8], options: &ReadOptions, wanted: &[&str]) {
    let file = Bytes::copy_from_slice(bytes);
    let Ok(mut rows) = segment_files::open(&file, options, wanted) else { return };
    let columns = rows.header().len();
    let mut row = Row::default();
    let mut last = 0;
    while let Ok(Some(read)) = rows.next(&mut row) {
        assert!(row.line() > 0 && row.line() >= last, "the line decreases from {last} to {}", row.line());
        last = row.line();
        if read.is_ok() {
            assert_eq!(row.cells().count(), columns, "a valid row has every cell");
        }
    }
    let _ = rows.absent();
}

/// CSV with and without wanted columns, a header and backslash escapes.
pub fn csv(bytes: &[u8]) {
    let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
    read(bytes, &options, &["EMail", "FirstName"]);
    let columns = Some(vec!["EMail".to_owned(), "FirstName".to_owned()]);
    read(bytes, &ReadOptions { encoding: Some(Charset::UTF_8), columns, ..options.clone() }, &[]);
    read(bytes, &ReadOptions { escape: Some(Escape::Backslash), ..options }, &["EMail"]);
}

/// JSON Lines with paths, and with all columns.
pub fn json(bytes: &[u8]) {
    let options = ReadOptions { format: Some(Format::Ndjson), ..ReadOptions::default() };
    read(bytes, &options, &["EMail", "address.city", "likes[0]", "orders.0.id", ""]);
    read(bytes, &options, &[]);
}

/// Parquet with all columns.
pub fn parquet(bytes: &[u8]) {
    read(bytes, &ReadOptions { format: Some(Format::Parquet), ..ReadOptions::default() }, &[]);
}

/// Compressed files. The first byte chooses which compression is declared, if any.
pub fn packed(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let compression = Compression::ALL.get(usize::from(*choice)).copied();
    read(bytes, &ReadOptions { compression, ..ReadOptions::default() }, &["EMail"]);
}

/// Text. The first byte chooses which encoding is declared, if any.
pub fn text(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let name = Charset::USUAL.get(usize::from(*choice));
    let encoding = name.and_then(|name| Charset::named(name).ok());
    read(bytes, &ReadOptions { encoding, ..ReadOptions::default() }, &["EMail"]);
}

/// The expressions and normalisers of a mapping. The first line is a filter, the second a template, the third the format of
/// a date. The rest is the `a` and `b` columns of a file that also has `EMail`.
pub fn mapping(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (filter, template, format, rows) = (line(), line(), line(), line());
    let quoted = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_control() && *c != '\'').collect();
        format!("'{text}'")
    };
    let filter = check_expression(filter).map_or_else(|_| "true or a".to_owned(), |_| filter.to_owned());
    let template = check_template(template).map_or_else(|_| "{{ a }}".to_owned(), |_| template.to_owned());
    let toml = format!(
        "display_name = 'x'\ndefault_region = 'JP'\nwhere = {}\n[[segments]]\nname = 'x'\npath = 'segments/x/'\n[fields]\n\
         email = 'EMail'\nfirst_name = {{ template = {} }}\nphone = 'a'\ncountry_code = 'b'\ncountry = 'a'\n\
         birthdate = 'a'\ngender = 'b'\ncreated_at = {{ column = 'b'{} }}\n[custom_properties]\n\
         n = {{ column = 'a', type = 'number' }}\nm = {{ column = 'a', type = 'number', decimal = ',' }}\n\
         y = {{ column = 'b', type = 'boolean' }}\nl = {{ first_of = ['a', 'b'], type = 'list' }}\n",
        quoted(&filter),
        quoted(&template),
        if format.is_empty() { String::new() } else { format!(", format = {}", quoted(format)) },
    );
    let named = ("x".parse(), "y".parse());
    let (Ok(export), Ok(connection)) = named else { return };
    let Ok(export) = config::export(export, connection, "x.toml", toml.as_bytes()) else { return };
    let mapping = export.mapping();
    let Ok(programs) = Programs::compile(mapping) else { return };
    let file = Bytes::from(format!("EMail,a,b\nada@b.co,{rows}\n"));
    let columns = mapping.columns();
    let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
    let options =
        ReadOptions { format: Some(Format::Csv), encoding: Some(Charset::UTF_8), ..ReadOptions::default() };
    let Ok(mut rows) = segment_files::open(&file, &options, &wanted) else { return };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let Ok(mapper) = Mapper::bind(mapping, &programs, rows.header(), now) else { return };
    let (mut row, mut warnings) = (Row::default(), Warnings::default());
    while let Ok(Some(read)) = rows.next(&mut row) {
        if read.is_ok()
            && let Ok(Some(contact)) = mapper.contact(&row, &mut warnings)
        {
            assert!(contact.email.contains('@'), "a contact has an e-mail address");
        }
    }
    let _ = mapper.named(&warnings);
}

//! What each target does with its bytes. The ordinary tests do the same with the stored corpora: see
//! `tests/stored_corpora.rs`. A new target is a function here, its name in `TARGETS`, a file in `fuzz_targets/` and a
//! `[[bin]]` in `Cargo.toml`.

use bytes::Bytes;
use omnisend_export::{
    config,
    contact::{Mapper, Programs, Warnings, check_expression, check_template},
};
use segment_files::{self as source, Charset, Compression, Escape, Format, Reading, Row};

/// A target: a function of any bytes.
pub type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("csv", csv),
    ("json", json),
    ("mapping", mapping),
    ("parquet", parquet),
    ("packed", packed),
    ("text", text),
];

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

/// CSV, with and without a mapping, a header and backslashes that keep what follows them.
pub fn csv(bytes: &[u8]) {
    let reading = Reading { format: Some(Format::Csv), ..Reading::default() };
    read(bytes, &reading, &["EMail", "FirstName"]);
    let columns = Some(vec!["EMail".to_owned(), "FirstName".to_owned()]);
    read(bytes, &Reading { encoding: Some(Charset::UTF_8), columns, ..reading.clone() }, &[]);
    read(bytes, &Reading { escape: Some(Escape::Backslash), ..reading }, &["EMail"]);
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

/// A mapping's expressions and normalisers. The first line is a filter, the second a template, the third the format of
/// a date; the rest is a file whose columns are `a`, `b` and `EMail`.
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
    let reading = Reading { format: Some(Format::Csv), encoding: Some(Charset::UTF_8), ..Reading::default() };
    let Ok(mut rows) = source::open(&file, &reading, &wanted) else { return };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let Ok(mapper) = Mapper::bind(mapping, &programs, rows.header(), now) else { return };
    let (mut row, mut warnings) = (Row::default(), Warnings::default());
    while let Ok(Some(read)) = rows.next(&mut row) {
        if read.is_ok()
            && let Ok(Some(contact)) = mapper.contact(&row, &mut warnings)
        {
            assert!(contact.email.contains('@'), "a contact has an address");
        }
    }
    let _ = mapper.named(&warnings);
}

//! Reads the same ten people in every format, compression and encoding.

use std::{io::Write as _, sync::Arc};

use ::parquet::{
    data_type::{ByteArray, ByteArrayType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use bytes::Bytes;

use super::*;

type People = [[&'static str; 3]; 10];

const COLUMNS: [&str; 3] = ["EMail", "Name", "Note"];

const JAPANESE: People = [
    ["a@example.jp", "田中 太郎", "東京都"],
    ["b@example.jp", "ひらがな", ""],
    ["c@example.jp", "カタカナ", "comma, here"],
    ["d@example.jp", "ソ表能", "quote \" here"],
    ["e@example.jp", "佐藤", "two\nlines"],
    ["f@example.jp", "Ada", "plain"],
    ["g@example.jp", "鈴木 花子", "タブ"],
    ["h@example.jp", "高橋", "semicolon; here"],
    ["i@example.jp", "", "たなか"],
    ["j@example.jp", "渡辺", "pipe | here"],
];

const WESTERN: People = [
    ["a@example.com", "José García", "São Paulo"],
    ["b@example.com", "Zoë Brontë", ""],
    ["c@example.com", "Björn", "comma, here"],
    ["d@example.com", "Müller", "quote \" here"],
    ["e@example.com", "Renée", "two\nlines"],
    ["f@example.com", "Ada", "plain"],
    ["g@example.com", "Søren", "12 €"],
    ["h@example.com", "Chloé", "semicolon; here"],
    ["i@example.com", "", "à bientôt"],
    ["j@example.com", "Peña", "pipe | here"],
];

fn csv_text(people: &People) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).unwrap();
    for person in people {
        writer.write_record(person).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn ndjson_text(people: &People) -> String {
    let object =
        |[email, name, note]: &[&str; 3]| serde_json::json!({"EMail": email, "Name": name, "Note": note});
    people.iter().map(|person| object(person).to_string() + "\n").collect()
}

fn parquet_file(people: &People) -> Bytes {
    let columns = COLUMNS.map(|name| format!("optional binary {name} (UTF8);")).concat();
    let schema = Arc::new(parse_message_type(&format!("message people {{ {columns} }}")).unwrap());
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::new())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for at in 0..COLUMNS.len() {
        let texts: Vec<ByteArray> = people.iter().map(|person| ByteArray::from(person[at])).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&texts, Some(&[1; 10]), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap().into()
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-8 with a mark" => format!("\u{feff}{text}").into_bytes(),
        "utf-16le" => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        name => {
            let (bytes, _, lossy) = Charset::named(name).unwrap().encoding().encode(text);
            assert!(!lossy, "{name}");
            bytes.into_owned()
        }
    }
}

fn compressed(bytes: &[u8], compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(bytes, 0).unwrap(),
    }
}

fn rows(file: &Bytes, options: &ReadOptions) -> Result<Vec<[String; 3]>, ReadError> {
    let mut rows = open(file, options, &COLUMNS)?;
    let at = COLUMNS.map(|name| rows.header().find(name).unwrap());
    let (mut seen, mut row) = (Vec::new(), Row::default());
    while let Some(read) = rows.next(&mut row)? {
        assert_eq!(read, Ok(()));
        seen.push(at.map(|column| row.cell(column).to_owned()));
    }
    Ok(seen)
}

#[test]
fn reads_the_same_rows_from_every_format_compression_and_encoding() {
    for (people, encodings) in [
        (JAPANESE, &["utf-8", "utf-8 with a mark", "utf-16le", "utf-16be", "shift_jis", "euc-jp"][..]),
        (WESTERN, &["utf-8", "utf-8 with a mark", "utf-16le", "utf-16be", "windows-1252"]),
    ] {
        let expected: Vec<[String; 3]> = people.iter().map(|person| person.map(str::to_owned)).collect();
        for encoding in encodings {
            for (format, text) in [("csv", csv_text(&people)), ("ndjson", ndjson_text(&people))] {
                for compression in Compression::ALL {
                    let file = Bytes::from(compressed(&encoded(&text, encoding), compression));
                    let read = rows(&file, &ReadOptions::default());
                    assert_eq!(read.unwrap(), expected, "{format} {compression:?} {encoding}");
                    let declared = ReadOptions {
                        compression: Some(compression),
                        encoding: Charset::named(encoding.trim_end_matches(" with a mark")).ok(),
                        ..ReadOptions::default()
                    };
                    let read = rows(&file, &declared);
                    assert_eq!(read.unwrap(), expected, "{format} {compression:?} {encoding}, declared");
                }
            }
        }
        assert_eq!(rows(&parquet_file(&people), &ReadOptions::default()).unwrap(), expected, "parquet");
    }
}

#[test]
fn rejects_a_format_inside_another_and_tells_what_to_do() {
    let error = |bytes: Vec<u8>| rows(&bytes.into(), &ReadOptions::default()).unwrap_err().to_string();
    let once = compressed(csv_text(&WESTERN).as_bytes(), Compression::Gzip);
    assert_eq!(
        error(compressed(&once, Compression::Zstd)),
        "the file is compressed twice; compress it once, or not at all"
    );
    assert_eq!(
        error(compressed(&parquet_file(&WESTERN), Compression::Gzip)),
        "this is a Parquet file that was compressed as a whole; decompress it: Parquet compresses its own columns"
    );
    assert!(error(compressed(b"PK\x03\x04", Compression::Gzip)).starts_with("this is a ZIP archive"));
}

use std::{ops::Range, sync::Mutex};

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type},
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use proptest::prelude::*;

use super::*;

const SCHEMA: &str = "message people {
    required binary EMail (UTF8);
    optional int32 Born (DATE);
    required group address { optional binary city (UTF8); }
    optional group likes (LIST) { repeated group list { optional binary element (UTF8); } }
    required int64 LTV (DECIMAL(10, 2));
}";

/// Writes people in row groups of `group` rows.
fn file(people: usize, group: usize, codec: Compression) -> Bytes {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_data_page_size_limit(4 << 10)
        .set_write_batch_size(64)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for from in (0..people).step_by(group) {
        let rows: Vec<usize> = (from..people.min(from + group)).collect();
        let text = |texts: Vec<String>| {
            texts.into_iter().map(|t| ByteArray::from(t.into_bytes())).collect::<Vec<_>>()
        };
        let mut next = writer.next_row_group().unwrap();
        let mut column = next.next_column().unwrap().unwrap();
        let emails = text(rows.iter().map(|n| format!("person{n}@example.com")).collect());
        column.typed::<ByteArrayType>().write_batch(&emails, None, None).unwrap();
        column.close().unwrap();
        let mut column = next.next_column().unwrap().unwrap();
        let defined: Vec<i16> = rows.iter().map(|n| i16::from(n % 2 == 0)).collect();
        let born: Vec<i32> =
            rows.iter().filter(|n| *n % 2 == 0).map(|n| i32::try_from(*n).unwrap()).collect();
        column.typed::<Int32Type>().write_batch(&born, Some(&defined), None).unwrap();
        column.close().unwrap();
        let mut column = next.next_column().unwrap().unwrap();
        let cities = text(rows.iter().map(|n| format!("city {}", n % 7)).collect());
        column.typed::<ByteArrayType>().write_batch(&cities, Some(&vec![1; rows.len()]), None).unwrap();
        column.close().unwrap();
        // No list, an empty list, a list with a null, a list of two.
        let mut column = next.next_column().unwrap().unwrap();
        let (mut definitions, mut repetitions, mut likes) = (Vec::new(), Vec::new(), Vec::new());
        for n in &rows {
            let levels: &[(i16, i16)] = match n % 4 {
                0 => &[(0, 0)],
                1 => &[(1, 0)],
                2 => &[(2, 0), (3, 1)],
                _ => &[(3, 0), (3, 1)],
            };
            for (definition, repetition) in levels {
                definitions.push(*definition);
                repetitions.push(*repetition);
                if *definition == 3 {
                    likes.push(ByteArray::from(format!("like {repetition}").into_bytes()));
                }
            }
        }
        column.typed::<ByteArrayType>().write_batch(&likes, Some(&definitions), Some(&repetitions)).unwrap();
        column.close().unwrap();
        let mut column = next.next_column().unwrap().unwrap();
        let values: Vec<i64> = rows.iter().map(|n| i64::try_from(*n).unwrap() * 25).collect();
        column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        next.close().unwrap();
    }
    writer.into_inner().unwrap().into()
}

const WANTED: [&str; 5] = ["EMail", "Born", "address.city", "likes", "LTV"];

/// Returns every row as `line: cell|cell` or `line: error`.
fn read(file: Bytes, wanted: &[&str]) -> Result<Vec<String>, ReadError> {
    rows_of(ParquetRows::open(Arc::new(file), wanted)?)
}

fn rows_of(mut rows: ParquetRows) -> Result<Vec<String>, ReadError> {
    let (mut seen, mut row) = (Vec::new(), Row::default());
    while let Some(read) = rows.next(&mut row)? {
        let cell = |(at, cell): (usize, &str)| match row.list(at) {
            Some(list) => format!("{list:?}"),
            None => cell.to_owned(),
        };
        let cells: Vec<_> = row.cells().enumerate().map(cell).collect();
        seen.push(match read {
            Ok(()) => format!("{}: {}", row.line(), cells.join("|")),
            Err(bad) => format!("{}: {bad}", row.line()),
        });
    }
    Ok(seen)
}

#[test]
fn reads_every_codec() {
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::BROTLI(parquet::basic::BrotliLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let read = read(file(5, 3, codec), &WANTED).unwrap();
        assert_eq!(
            read,
            [
                r"1: person0@example.com|1970-01-01|city 0||0.00",
                r"2: person1@example.com||city 1||0.25",
                r#"3: person2@example.com|1970-01-03|city 2|["like 1"]|0.50"#,
                r#"4: person3@example.com||city 3|["like 0", "like 1"]|0.75"#,
                r"5: person4@example.com|1970-01-05|city 4||1.00",
            ],
            "{codec:?}"
        );
    }
}

#[test]
fn reads_only_the_wanted_columns_in_their_order() {
    let read = read(file(2, 2, Compression::SNAPPY), &["LTV", "EMail", "LTV"]).unwrap();
    assert_eq!(read, ["1: 0.00|person0@example.com", "2: 0.25|person1@example.com"]);
    let rows = ParquetRows::open(Arc::new(file(1, 1, Compression::SNAPPY)), &[]).unwrap();
    assert_eq!(rows.header().names(), WANTED);
}

#[test]
fn suggests_similar_names_for_missing_columns() {
    let error = read(file(1, 1, Compression::SNAPPY), &["Email", "address.City"]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the columns do not fit the mapping:\n  column `Email` is not in the header; nearest: `EMail`\n  \
         column `address.City` is not in the header; nearest: `address.city`"
    );
}

#[test]
fn reads_a_file_without_rows() {
    assert_eq!(read(file(0, 1, Compression::SNAPPY), &WANTED).unwrap(), [] as [&str; 0]);
}

#[test]
fn rejects_truncated_files() {
    let whole = file(300, 100, Compression::SNAPPY);
    for end in (4..whole.len()).step_by(61) {
        let error = read(whole.slice(..end), &WANTED).unwrap_err();
        assert!(matches!(error, ReadError::Parquet { .. }), "{error}");
    }
}

#[test]
fn reports_the_row_of_a_changed_page() {
    // Some of these positions are in a page header.
    let whole = file(3_000, 1_000, Compression::SNAPPY);
    let mut refused = 0;
    for at in (4..whole.len() - 4_000).step_by(997) {
        let mut changed = whole.to_vec();
        changed[at..at + 24].fill(0xff);
        if let Err(error) = read(changed.into(), &WANTED) {
            let error = error.to_string();
            assert!(error.starts_with("row ") && error.contains(", column `"), "{error}");
            assert!(error.ends_with("; write the file again and drop it again"), "{error}");
            refused += 1;
        }
    }
    assert!(refused > 3, "{refused}");
}

#[test]
fn a_changed_byte_in_the_footer_loses_no_row() {
    let whole = file(12, 5, Compression::UNCOMPRESSED);
    let length = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap());
    let mut refused = 0;
    for at in whole.len() - 8 - length as usize..whole.len() - 8 {
        for byte in [0, whole[at] ^ 1, whole[at] ^ 2, whole[at] ^ 0x10] {
            let mut changed = whole.to_vec();
            changed[at] = byte;
            match read(changed.into(), &["EMail"]) {
                Ok(rows) => assert_eq!(rows.len(), 12, "byte {at} as {byte}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

/// A file that records the size of each range that is read.
#[derive(Debug, Clone)]
struct Recorded(Bytes, Arc<Mutex<Vec<u64>>>);

impl File for Recorded {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn stream(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        self.0.stream()
    }

    fn range(&self, range: Range<u64>) -> std::io::Result<Bytes> {
        self.1.lock().unwrap().push(range.end - range.start);
        self.0.range(range)
    }

    fn handle(&self) -> Arc<dyn File> {
        Arc::new(self.clone())
    }
}

#[test]
fn reads_each_block_once() {
    let whole = file(200_000, 200_000, Compression::UNCOMPRESSED);
    let recorded = Recorded(whole.clone(), Arc::default());
    let rows = ParquetRows::open(recorded.handle(), &["EMail", "LTV"]).unwrap();
    assert_eq!(rows_of(rows).unwrap().len(), 200_000);
    let ranges = recorded.1.lock().unwrap();
    assert!(ranges.iter().all(|bytes| *bytes <= 2 << 20), "{ranges:?}");
    assert!(ranges.iter().sum::<u64>() <= whole.size() + (4 << 20), "{} {ranges:?}", whole.size());
}

proptest! {
    #[test]
    fn never_panics_outside_the_guard(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let mut changed = file(20, 10, Compression::SNAPPY).to_vec();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        if cut {
            changed.truncate(end.index(changed.len()));
        }
        let _ = read(changed.into(), &WANTED);
    }
}

#[test]
fn rejects_a_page_with_more_lengths_than_values_before_allocating() {
    let bytes = Bytes::from_static(include_bytes!("../../../../fuzz/corpus/parquet/impossible-delta"));
    let mut rows = ParquetRows::open(Arc::new(bytes), &[]).unwrap();
    let mut row = Row::default();
    let error = loop {
        match rows.next(&mut row) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it was not rejected"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("the lengths of the values of a page are impossible"), "{error}");
}

#[test]
fn rejects_a_page_header_that_is_longer_than_the_file() {
    let bytes = Bytes::from_static(include_bytes!("../../../../fuzz/corpus/parquet/endless-header"));
    let error = read(bytes, &[]).unwrap_err().to_string();
    assert!(error.contains("column `Kana`") && error.contains("it ends too early"), "{error}");
}

#[test]
fn reads_delta_encoded_text_of_any_number_of_values() {
    let schema = "message people { required binary a (UTF8); optional binary b (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    for (encoding, version) in [
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_1_0),
        (Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_1_0),
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_2_0),
        (Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_2_0),
    ] {
        for count in [1_usize, 2, 3, 32, 33, 64, 65, 128, 129, 130, 257, 700] {
            let properties = WriterProperties::builder()
                .set_dictionary_enabled(false)
                .set_writer_version(version)
                .set_encoding(encoding)
                .build();
            let mut writer =
                SerializedFileWriter::new(Vec::new(), schema.clone(), Arc::new(properties)).unwrap();
            let mut group = writer.next_row_group().unwrap();
            let texts: Vec<String> = (0..count).map(|n| format!("{}{n}", "x".repeat(n % 97))).collect();
            let all: Vec<ByteArray> = texts.iter().map(|text| text.as_str().into()).collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&all, None, None).unwrap();
            column.close().unwrap();
            let defined: Vec<i16> = (0..count).map(|n| i16::from(n % 3 == 0)).collect();
            let some: Vec<ByteArray> = all.iter().step_by(3).cloned().collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&some, Some(&defined), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
            let expected: Vec<String> = (0..count)
                .map(|n| {
                    let text = &texts[n];
                    format!("{}: {text}|{}", n + 1, if n % 3 == 0 { text } else { "" })
                })
                .collect();
            let file = writer.into_inner().unwrap().into();
            assert_eq!(read(file, &["a", "b"]).unwrap(), expected, "{encoding:?} {version:?} {count}");
        }
    }
}

/// Writes a file with one column in one row group.
fn one_column(
    schema: &str,
    encoding: Option<Encoding>,
    values: &[ByteArray],
    levels: Option<(&[i16], &[i16])>,
) -> Bytes {
    let mut properties = WriterProperties::builder().set_data_page_row_count_limit(usize::MAX);
    if let Some(encoding) = encoding {
        properties = properties.set_dictionary_enabled(false).set_encoding(encoding);
    }
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let (definitions, repetitions) = levels.unzip();
    column.typed::<ByteArrayType>().write_batch(values, definitions, repetitions).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap().into()
}

#[test]
fn rejects_a_page_whose_repeated_values_are_too_large_before_allocating() {
    // 160 MB, stored in little more than 8 KB.
    let schema = "message people { required binary a (UTF8); }";
    let value = ByteArray::from("x".repeat(8 << 10).as_str());
    let delta = Some(Encoding::DELTA_BYTE_ARRAY);
    let file = one_column(schema, delta, &vec![value.clone(); 20_000], None);
    assert!(file.len() < 64 << 10, "{} bytes", file.len());
    let error = read(file, &["a"]).unwrap_err().to_string();
    assert!(error.contains("column `a`"), "{error}");
    assert!(error.contains("the values of a page are larger than 64 MiB"), "{error}");
    // 16 MB.
    assert_eq!(read(one_column(schema, delta, &vec![value; 2_000], None), &["a"]).unwrap().len(), 2_000);
}

#[test]
fn rejects_a_row_with_millions_of_list_values_before_reading_them() {
    let schema = "message people { optional group a (LIST) { repeated group list { required binary element (UTF8); } } }";
    let rows = |lists: usize, values: usize| {
        let repetitions: Vec<i16> =
            (0..lists * values).map(|n| i16::from(!n.is_multiple_of(values))).collect();
        let definitions = vec![2; lists * values];
        let file = one_column(
            schema,
            None,
            &vec![ByteArray::from(""); lists * values],
            Some((&definitions, &repetitions)),
        );
        read(file, &["a"]).map(|rows| rows.len()).map_err(|error| error.to_string())
    };
    assert_eq!(rows(2_000, 100), Ok(2_000));
    let error = rows(1, (4 << 20) + 1).unwrap_err();
    assert!(error.contains("more list values than any contact"), "{error}");
}

#[test]
fn rejects_a_list_that_is_larger_than_a_row_before_copying_it() {
    // 1,000 times the same 1 MiB, which the dictionary has once.
    let schema = "message people { optional group a (LIST) { repeated group list { required binary element (UTF8); } } }";
    let value = ByteArray::from("x".repeat(1 << 20).as_str());
    let repetitions: Vec<i16> = (0..1_000).map(|n| i16::from(n > 0)).collect();
    let file = one_column(schema, None, &vec![value; 1_000], Some((&[2; 1_000], &repetitions)));
    assert!(file.len() < 4 << 20, "{} bytes", file.len());
    let error = read(file, &["a"]).unwrap_err();
    assert!(matches!(error, ReadError::Line { line: 1, defect: Defect::RowTooLong }), "{error}");
}

/// The definition or repetition levels of a column.
type Levels = Option<&'static [i16]>;

#[test]
fn a_wanted_cell_that_is_not_utf8_makes_its_row_invalid() {
    let schema = "message people { required binary EMail (UTF8); optional binary Name (UTF8); \
                  optional group likes (LIST) { repeated group list { optional binary element (UTF8); } } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let bytes =
        |texts: &[&'static [u8]]| texts.iter().map(|text| ByteArray::from(text.to_vec())).collect::<Vec<_>>();
    let columns: [(&[&[u8]], Levels, Levels); 3] = [
        (&[b"a@b.co", b"b@b.co", b"c@b.co", b"d@b.co"], None, None),
        (&[b"Ada", b"B\xf6", b"Cy"], Some(&[1, 1, 0, 1]), None),
        (&[b"x", b"y", b"z", b"\xff"], Some(&[3, 3, 0, 3, 3]), Some(&[0, 0, 0, 0, 1])),
    ];
    for (texts, definitions, repetitions) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&bytes(texts), definitions, repetitions).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    let file = Bytes::from(writer.into_inner().unwrap());
    assert_eq!(
        read(file.clone(), &["EMail", "Name", "likes"]).unwrap(),
        [
            r#"1: a@b.co|Ada|["x"]"#,
            "2: the row is not UTF-8 text",
            "3: c@b.co||",
            "4: the row is not UTF-8 text",
        ]
    );
    assert_eq!(read(file.clone(), &["EMail"]).unwrap()[1], "2: b@b.co", "the name is not wanted");
    // If all columns are read, the cell is the replacement character.
    let mut rows = ParquetRows::open(Arc::new(file), &[]).unwrap();
    let mut row = Row::default();
    let mut seen = Vec::new();
    while let Some(read) = rows.next(&mut row).unwrap() {
        read.unwrap();
        seen.push(row.cells().skip(1).collect::<Vec<_>>().join("|"));
    }
    assert_eq!(seen, ["Ada|", "\u{fffd}|", "|", "Cy|\u{fffd}"]);
}

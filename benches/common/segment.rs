//! Generates a segment of the same people in every format.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use parquet::{
    data_type::{ByteArray, ByteArrayType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

const COLUMNS: [&str; 9] = [
    "CustomerId",
    "EMail",
    "FirstName",
    "LastName",
    "Telephone",
    "City",
    "Country",
    "BirthDate",
    "LoyaltyTier",
];

/// Rows in a row group. Spark and Arrow write about 100,000.
const GROUP: usize = 250_000;

fn person(n: u64, one_moved_in: u64) -> [String; 9] {
    let first = ["Ada", "José", "Zoë", "太郎", "Anne-Marie", "Björn"];
    let last = ["Lovelace", "García", "Brontë", "田中", "van der Berg", "Smith"];
    let city = ["London", "Köln", "São Paulo", "東京", "Washington, D.C.", "Oslo"];
    let country = ["GB", "DE", "BR", "JP", "US", "NO"];
    let tier = ["gold", "silver", "bronze", ""];
    let scattered = usize::try_from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap();
    [
        format!("C-{n:08}"),
        format!("Customer.{n}@Example{}.com", scattered % 97),
        first[scattered % 6].to_owned(),
        last[scattered / 6 % 6].to_owned(),
        format!("+4420{:08}", n % 100_000_000),
        if n.checked_rem(one_moved_in) == Some(0) { "Elsewhere" } else { city[scattered / 36 % 6] }
            .to_owned(),
        country[scattered / 36 % 6].to_owned(),
        format!("{}-{:02}-{:02}", 1940 + scattered % 65, 1 + scattered % 12, 1 + scattered % 28),
        tier[scattered % 4].to_owned(),
    ]
}

/// Writes a segment of `people` people in a format. 1 person in `one_moved_in` has another city; with 0, nobody has.
pub(crate) fn write(path: &Path, format: &str, people: u64, one_moved_in: u64) {
    let file = BufWriter::new(File::create(path).unwrap());
    match format {
        "csv" => csv(file, people, one_moved_in),
        "csv.gz" => csv(GzEncoder::new(file, Compression::default()), people, one_moved_in),
        "ndjson" => ndjson(file, people, one_moved_in),
        _ => columnar(file, people, one_moved_in),
    }
}

fn csv(file: impl Write, people: u64, one_moved_in: u64) {
    let mut file = csv::Writer::from_writer(file);
    file.write_record(COLUMNS).unwrap();
    for n in 0..people {
        file.write_record(person(n, one_moved_in)).unwrap();
    }
    file.flush().unwrap();
}

fn ndjson(mut file: impl Write, people: u64, one_moved_in: u64) {
    for n in 0..people {
        let members = COLUMNS.iter().zip(person(n, one_moved_in));
        let object: Vec<String> = members
            .map(|(name, value)| format!("\"{name}\":{}", serde_json::to_string(&value).unwrap()))
            .collect();
        writeln!(file, "{{{}}}", object.join(",")).unwrap();
    }
    file.flush().unwrap();
}

fn columnar(file: impl Write + Send, people: u64, one_moved_in: u64) {
    let columns: Vec<String> = COLUMNS.iter().map(|name| format!("optional binary {name} (UTF8);")).collect();
    let schema = parse_message_type(&format!("message people {{ {} }}", columns.join(" "))).unwrap();
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).unwrap();
    let everyone: Vec<u64> = (0..people).collect();
    for group in everyone.chunks(GROUP) {
        let rows: Vec<_> = group.iter().map(|n| person(*n, one_moved_in)).collect();
        let mut next = writer.next_row_group().unwrap();
        for at in 0..COLUMNS.len() {
            let present: Vec<i16> = rows.iter().map(|row| i16::from(!row[at].is_empty())).collect();
            let texts = rows.iter().map(|row| row[at].as_bytes()).filter(|text| !text.is_empty());
            let values: Vec<ByteArray> = texts.map(|text| ByteArray::from(text.to_vec())).collect();
            let mut column = next.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&present), None).unwrap();
            column.close().unwrap();
        }
        next.close().unwrap();
    }
    writer.close().unwrap();
}

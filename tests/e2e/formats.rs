//! Segment files of every format, through the real binary: each gives the same contacts, and damaged files are rejected
//! before anything is sent.

use std::io::Write as _;

use encoding_rs::{SHIFT_JIS, WINDOWS_1250, WINDOWS_1252};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::harness::{EXPORT, Segment, World, address, options};

const NAMES: [&str; 3] = ["太郎", "José", "Ada"];

/// Returns a segment with one person for each name.
fn text(names: &[&str]) -> String {
    let rows = (0..).zip(names).map(|(n, name)| format!("{},{name}\n", address(n)));
    rows.fold("EMail,FirstName\n".to_owned(), |text, row| text + &row)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Runs the export on a file, and checks that these people arrive.
async fn arrives(bytes: Vec<u8>, names: &[&str]) {
    let count = names.len() as u64;
    let world = World::with(options(), Segment::clean(bytes, count)).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [count, 0, 0]);
    let contacts = world.contacts().await;
    for (n, name) in (0..).zip(names) {
        assert_eq!(contacts[&address(n)]["firstName"], **name);
    }
}

async fn is_refused(bytes: Vec<u8>, messages: &[&str]) {
    let world = World::with(options(), Segment::clean(bytes, 0)).await;
    refuses(&world, 1, messages).await;
}

/// Runs the export, which sends nothing.
async fn refuses(world: &World, code: i32, messages: &[&str]) {
    world.call("run vip").end().await.exits(code).says(messages);
    assert_eq!(world.requests().await, Vec::<Value>::new(), "part of a refused file was sent");
    assert_eq!(world.run_files(), Vec::<String>::new(), "a refused file left objects behind");
}

#[tokio::test]
async fn reads_compressed_csv() {
    arrives(gzip(text(&NAMES).as_bytes()), &NAMES).await;
    let parts = [gzip(text(&NAMES[..2]).as_bytes()), gzip(format!("{},Ada\n", address(2)).as_bytes())];
    arrives(parts.concat(), &NAMES).await;
    arrives(zstd::encode_all(text(&NAMES).as_bytes(), 3).unwrap(), &NAMES).await;
}

#[tokio::test]
async fn reads_quotes_after_a_space() {
    let row = |n: u64, name: &str| format!("\"{}\", \"{name}\"\n", address(n));
    let text = format!("EMail, FirstName\n{}{}", row(0, "Ann"), row(1, "Bell, Ann"));
    arrives(text.into_bytes(), &["Ann", "Bell, Ann"]).await;
}

#[tokio::test]
async fn reads_csv_as_excel_saves_it() {
    let japanese = ["太郎", "花子", "髙橋"];
    arrives(SHIFT_JIS.encode(&text(&japanese)).0.into_owned(), &japanese).await;
    let western = ["José", "Zoë", "Ada"];
    arrives(WINDOWS_1252.encode(&text(&western)).0.into_owned(), &western).await;
    let utf16 = format!("\u{feff}{}", text(&NAMES).replace(',', "\t"));
    arrives(utf16.encode_utf16().flat_map(u16::to_le_bytes).collect(), &NAMES).await;
}

#[tokio::test]
async fn an_ambiguous_encoding_must_be_declared() {
    let polish = ["Łukasz", "Wałęsa", "Ada"];
    let text = text(&polish);
    let (bytes, ..) = WINDOWS_1250.encode(&text);
    is_refused(bytes.to_vec(), &["line 2: these bytes are not UTF-8 and may be", "under [source]"]).await;
    let world = World::with(options(), Segment::clean(bytes, 3)).await;
    world.write("exports/acme/vip.toml", format!("{EXPORT}[source]\nencoding = \"windows-1250\"\n"));
    world.call("run vip").end().await.exits(0).reports("succeeded", [3, 0, 0]);
    assert_eq!(world.contacts().await[&address(1)]["firstName"], "Wałęsa");
}

#[tokio::test]
async fn refuses_damaged_files_before_sending_anything() {
    let compressed = gzip(&Segment::people(5_000).bytes);
    let half = compressed[..compressed.len() / 2].to_vec();
    let cut = format!("the gzip file is cut off after {} bytes", half.len());
    is_refused(half, &["segments/vip/segment.csv", &cut, "drop it again"]).await;
    let mut changed = compressed;
    let middle = changed.len() / 2;
    changed[middle] ^= 0x55;
    is_refused(changed, &["segments/vip/segment.csv: line ", "the gzip file is damaged"]).await;
    let mixed = [text(&NAMES).as_bytes(), &WINDOWS_1252.encode("x@canary.example,Zoë\n").0].concat();
    is_refused(mixed, &["line 5: not UTF-8, unlike the lines before it"]).await;
}

#[tokio::test]
async fn refuses_a_contradictory_parquet_file_without_showing_a_panic() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/parquet/impossible-footer");
    let world = World::of_people(1).await;
    let ran = world.call(&format!("export init --file {path} --print")).end().await;
    ran.says(&["impossible-footer", "the Parquet file cannot be read: its metadata contradicts itself"]);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_file_without_the_right_header_is_named_for_what_it_is() {
    let row = format!("{},Ann\n", address(0));
    let below = |above: &str| format!("{above}EMail,FirstName\n{row}").into_bytes();
    let remove = "line 3 looks like the header; remove the lines above it";
    is_refused(below("Report: VIP customers\n\n"), &[remove]).await;
    is_refused(below("# a comment\n# another, longer one\n"), &[remove]).await;
    let no_header = "the first line seems to be a row of data, not column names; write the file with a header, or name \
                     its columns in order: `columns = [\"…\", \"…\"]` (`columns` belongs under [csv] in the export)";
    let world = World::with(options(), Segment::clean(row.clone().into_bytes(), 0)).await;
    refuses(&world, 2, &[no_header]).await;
    let hidden = "column `FirstName` is not in the header; nearest: `First\\u{a0}Name`";
    let text = format!("EMail,First\u{a0}Name\n{row}");
    let world = World::with(options(), Segment::clean(text.into_bytes(), 0)).await;
    refuses(&world, 2, &[hidden]).await;
    arrives(below("\"sep=,\"\r\n"), &["Ann"]).await;
}

#[tokio::test]
async fn json_without_lines_is_refused_with_the_command_that_converts_it() {
    let object = |n: u64| format!("{{\"EMail\": \"{}\", \"FirstName\": \"Ann\"}}", address(n));
    let (one, two) = (object(0), object(1));
    is_refused(format!("{one}{two}").into_bytes(), &["line 1: several objects", "`jq -c .` converts"]).await;
    is_refused(format!("{one}\n{one}{two}\n").into_bytes(), &["line 2: several objects"]).await;
    is_refused(format!("[{one},{two}]").into_bytes(), &["a JSON array", "`jq -c '.[]'` converts"]).await;
    is_refused(format!("{{\"data\":[{one},{two}]}}").into_bytes(), &["list `data`", "`jq -c '.data[]'`"])
        .await;
    is_refused(format!("{{\"data\":[\n{one},\n{two}]}}").into_bytes(), &["list `data`"]).await;
    arrives(format!("{one}\n{two}\n").into_bytes(), &["Ann", "Ann"]).await;
}

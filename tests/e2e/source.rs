//! Segment files that cannot be trusted, or only in part: nothing of the one is sent, all that is good of the other.

use std::{
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use omnisend_export::{
    config,
    keys::{Location, Pinned, Prefix, RunRef},
    ports::{
        Ports,
        clock::{Clock as _, SystemClock},
        objects::{ByteStream, Directory, Listed, ObjectError, Objects, Put},
        queue::{MemoryQueue, Settings},
        secrets::LocalSecrets,
    },
    run::{Allowed, Mode, Trigger},
    stage::{Quiet, plan},
};
use serde_json::{Value, json};

use crate::harness::{CANARY, EXPORT, Segment, World, address, holds, options};

/// A file of which nothing may be sent.
async fn is_refused_whole(bytes: impl Into<Vec<u8>>, code: i32, said: &[&str]) {
    let world = World::with(options(), Segment::clean(bytes, 0)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(code).says(said);
    assert_eq!(world.requests().await, Vec::<Value>::new(), "something of a refused file was sent");
    assert_eq!(world.run_files(), Vec::<String>::new(), "a refused file left something behind");
}

#[tokio::test]
async fn a_file_that_is_no_csv_text_is_refused_whole() {
    is_refused_whole("", 1, &["export `vip`", "segments/vip/segment.csv", "the file is empty"]).await;
    is_refused_whole("\u{feff}", 1, &["the file is empty"]).await;
    is_refused_whole(*b"PK\x03\x04....", 1, &["an Excel workbook", "save it as CSV UTF-8"]).await;
    is_refused_whole("<!doctype html>", 1, &["an HTML page"]).await;
}

#[tokio::test]
async fn a_file_whose_rows_cannot_be_told_apart_is_refused_whole() {
    let people = String::from_utf8(Segment::people(3_000).bytes).unwrap();
    let open = format!("{people}{},\"open\n{}", address(3_000), people.replace("EMail", "Mail"));
    is_refused_whole(open, 1, &["line 3002: a quote opened in this row is never closed"]).await;
    let endless = format!("{people}{},{}\n", address(3_000), "x".repeat(3_000_000));
    is_refused_whole(endless, 1, &["line 3002: this row is larger than 2 MiB"]).await;
}

#[tokio::test]
async fn only_a_header_stops_at_a_guard() {
    let world = World::with(options(), Segment::clean("EMail,FirstName\n", 0)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 0]);
    assert!(ran.stdout.contains("the source has no rows"), "{}", ran.stdout);
    assert_eq!(world.requests().await.len(), 0);
}

#[tokio::test]
async fn more_people_than_the_export_allows_stop_at_a_guard() {
    let world = World::of_people(30).await;
    let export = world.read("exports/acme/vip.toml").replace("[[seg", "max_profiles = 29\n[[seg");
    world.write("exports/acme/vip.toml", export);
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 30]);
    assert!(ran.stdout.contains("more than the 29 contacts"), "{}", ran.stdout);
    assert_eq!(world.requests().await.len(), 0, "a guard stops a run before its first request");
    world.write("exports/acme/vip.toml", crate::harness::EXPORT);
    world.call("run vip").end().await.exits(0).reports("succeeded", [30, 0, 0]);
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_rejected_with_their_line() {
    let mut bytes = Vec::new();
    for line in [
        b"EMail,FirstName".to_vec(),
        format!("{},Ada", address(0)).into_bytes(),
        format!("{},two,many", address(1)).into_bytes(),
        address(2).into_bytes(),
        format!("{},\"two\nlines\"", address(3)).into_bytes(),
        [address(4).as_bytes(), b",N\0L"].concat(),
        [address(5).as_bytes(), b",Jos\xe9"].concat(),
        b",nobody".to_vec(),
        format!("=HYPERLINK(\"http://{CANARY}\"),formula").into_bytes(),
        format!("\u{1b}[31m{},control", address(6)).into_bytes(),
        format!("{},again", address(0).to_uppercase()).into_bytes(),
        format!("{},\"quo\"\"te\"", address(7)).into_bytes(),
    ] {
        bytes.extend(line);
        bytes.push(b'\n');
    }
    let world = World::with(options(), Segment::clean(bytes, 11).with(7, 1)).await;
    world.write("exports/acme/vip.toml", format!("{EXPORT}[source]\nencoding = \"utf-8\"\n"));
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [3, 0, 0]);
    holds(&world.contacts().await, [0, 3, 7].map(address));

    let run = world.reports().into_keys().next().unwrap();
    let rejects: Vec<Value> = world
        .read(&format!("{run}/rejects.ndjson"))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of: Vec<Value> = rejects
        .iter()
        .map(|reject| json!([reject["line"], reject["outcome"], reject["code"], reject["email"]]))
        .collect();
    assert_eq!(
        of,
        [
            json!([3, "invalid", "ragged_row", ""]),
            json!([4, "invalid", "ragged_row", ""]),
            json!([7, "invalid", "nul_byte", ""]),
            json!([8, "invalid", "encoding", ""]),
            json!([9, "invalid", "no_email", ""]),
            json!([10, "invalid", "invalid_email", format!("=HYPERLINK(\"http://{CANARY}\")")]),
            json!([11, "invalid", "invalid_email", format!("\u{1b}[31m{}", address(6))]),
            json!([12, "duplicate", "duplicate", address(0).to_uppercase()]),
        ]
    );
    let csv = world.read(&format!("{run}/rejects.csv"));
    let columns = "reject_run,reject_line,reject_object,reject_outcome,reject_field,reject_code,reject_reason,reject_tags,\
                   EMail,FirstName";
    assert!(csv.starts_with(&format!("\u{feff}{columns}\r\n")), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 7, "no duplicate is in it: it would replace the row that was taken");
}

#[tokio::test]
async fn formulas_are_neutral_in_the_csv_and_exact_for_programs() {
    let cells = ["=1+1", "+49", "-5", "@SUM(A1)", "\t=1"];
    let rows = cells.map(|cell| format!("\"{cell}\",x\n")).concat();
    let world =
        World::with(options(), Segment::clean(format!("EMail,FirstName\n{rows}"), 5).with(5, 0)).await;
    world.call("run vip").end().await.exits(3).reports("partial", [0, 0, 0]);
    let run = world.reports().into_keys().next().unwrap();
    let csv = world.read(&format!("{run}/rejects.csv"));
    let neutral: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').nth(8).unwrap()).collect();
    assert_eq!(neutral, ["'=1+1", "'+49", "'-5", "'@SUM(A1)", "'\t=1"]);
    let exact: Vec<String> = world
        .read(&format!("{run}/rejects.ndjson"))
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["email"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(exact, ["=1+1", "+49", "-5", "@SUM(A1)", "=1"]);
}

#[tokio::test]
async fn a_state_that_cannot_be_written_to() {
    let world = World::of_people(3).await;
    world.write("runs", "in the way");
    world.call("run vip").end().await.exits(1).says(&["runs"]);
    assert_eq!(world.requests().await.len(), 0, "something was sent though nothing can be written down");
}

/// What happens to a directory.
type Act = fn(&Path);

/// A directory in which something happens while the first file is read.
#[derive(Debug)]
struct Meanwhile {
    inner: Directory,
    happened: Arc<AtomicBool>,
    act: Act,
}

#[async_trait]
impl Objects for Meanwhile {
    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        let stream = self.inner.open(object).await?;
        let (root, happened, act) = (self.inner.root().to_owned(), self.happened.clone(), self.act);
        // After its first piece.
        Ok(stream
            .inspect(move |_| {
                if !happened.swap(true, Ordering::SeqCst) {
                    act(&root);
                }
            })
            .boxed())
    }

    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        self.inner.head(at).await
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        self.inner.range(object, range).await
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        self.inner.get(at).await
    }

    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError> {
        self.inner.put(at, body, mode).await
    }

    async fn put_stream(
        &self,
        at: &Location,
        body: BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError> {
        self.inner.put_stream(at, body).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        self.inner.list(prefix).await
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        self.inner.delete(at).await
    }
}

/// Plans a run while something happens, and answers with why it cannot be.
async fn refused_while(world: &World, act: Act) -> String {
    let inner = Directory::open(world.root()).unwrap();
    let happened = Arc::new(AtomicBool::new(false));
    let ports = Ports {
        objects: Arc::new(Meanwhile { inner, happened: happened.clone(), act }),
        queue: Arc::new(MemoryQueue::new(Settings::default())),
        secrets: Arc::new(LocalSecrets::new(world.root().join("secrets"), None)),
        clock: Arc::new(SystemClock),
    };
    let name = "vip".parse().unwrap();
    let (connection, export) = config::load_export(&*ports.objects, &name, SystemClock.now()).await.unwrap();
    let trigger = Trigger::Call { at: SystemClock.now(), request: "replaced".to_owned() };
    let request = plan::Request {
        connection: Arc::new(connection),
        export: Arc::new(export),
        run: RunRef { run: trigger.run_id(&name), export: name },
        trigger,
        mode: Mode::Full,
        dry_run: false,
        show_values: false,
        allowed: Allowed::new(),
        corrections: None,
    };
    let error = plan::plan(&ports, &request, &Quiet).await.unwrap_err().to_string();
    assert!(happened.load(Ordering::SeqCst));
    assert_eq!(world.run_files(), Vec::<String>::new(), "what was refused left something behind");
    error
}

fn replace(path: &Path) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, Segment::people(9).bytes).unwrap();
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_read_is_refused_whole() {
    // Large enough that some of it is still to be read when the first chunk is written.
    let world = World::of_people(120_000).await;
    let error = refused_while(&world, |root| replace(&root.join("segments/vip/segment.csv"))).await;
    assert!(error.contains("segments/vip/segment.csv: changed while it was read"), "{error}");
}

#[tokio::test]
async fn a_drop_of_which_anything_changes_while_it_is_read_is_refused_whole() {
    let acts: [(Act, &str); 4] = [
        // This one is read already: the read of it went well.
        (|root| replace(&root.join("segments/drop/a.csv")), "segments/drop/a.csv"),
        (|root| std::fs::write(root.join("segments/drop/_SUCCESS"), "1").unwrap(), "segments/drop/_SUCCESS"),
        (|root| std::fs::remove_file(root.join("segments/drop/_SUCCESS")).unwrap(), "segments/drop/_SUCCESS"),
        (|root| std::fs::remove_file(root.join("segments/drop/a.csv")).unwrap(), "segments/drop/a.csv"),
    ];
    for (act, changed) in acts {
        let world = World::of_people(0).await;
        let export = crate::harness::EXPORT
            .replace("\"segments/vip/\"", "\"segments/drop/\"\ncomplete_on = \"_SUCCESS\"");
        world.write("exports/acme/vip.toml", export);
        for name in ["a.csv", "b.csv", "_SUCCESS"] {
            world.write(&format!("segments/drop/{name}"), Segment::people(3).bytes);
        }
        let error = refused_while(&world, act).await;
        let said = [format!("{changed}: changed while it was read"), format!("{changed} was written after")];
        assert!(said.iter().any(|said| error.contains(said)), "{changed}: {error}");
    }
}

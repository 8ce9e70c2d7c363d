//! Segment files with defects: a file that cannot be trusted is rejected as a whole; otherwise every valid row is sent.

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

/// Runs an export whose file must be rejected: nothing is sent or written.
async fn is_refused(bytes: impl Into<Vec<u8>>, code: i32, messages: &[&str]) {
    let world = World::with(options(), Segment::clean(bytes, 0)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(code).says(messages);
    assert_eq!(world.requests().await, Vec::<Value>::new(), "part of a refused file was sent");
    assert_eq!(world.run_files(), Vec::<String>::new(), "a refused file left objects behind");
}

#[tokio::test]
async fn rejects_files_without_rows() {
    is_refused("", 1, &["export `vip`", "segments/vip/segment.csv", "the file is empty"]).await;
    is_refused("\u{feff}", 1, &["the file is empty"]).await;
    is_refused(*b"PK\x03\x04....", 1, &["an Excel workbook", "save it as CSV UTF-8"]).await;
    is_refused("<!doctype html>", 1, &["an HTML page"]).await;
}

#[tokio::test]
async fn rejects_a_file_whose_rows_cannot_be_separated() {
    let people = String::from_utf8(Segment::people(3_000).bytes).unwrap();
    let open = format!("{people}{},\"open\n{}", address(3_000), people.replace("EMail", "Mail"));
    is_refused(open, 1, &["line 3002: a quote opened in this row is never closed"]).await;
    let endless = format!("{people}{},{}\n", address(3_000), "x".repeat(3_000_000));
    is_refused(endless, 1, &["line 3002: this row is larger than 2 MiB"]).await;
}

#[tokio::test]
async fn a_guard_stops_a_file_with_only_a_header() {
    let world = World::with(options(), Segment::clean("EMail,FirstName\n", 0)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 0]);
    assert!(ran.stdout.contains("the source has no rows"), "{}", ran.stdout);
    assert_eq!(world.requests().await.len(), 0);
}

#[tokio::test]
async fn a_guard_stops_a_run_with_more_profiles_than_allowed() {
    let world = World::of_people(30).await;
    let export = world.read("exports/acme/vip.toml").replace("[[seg", "max_profiles = 29\n[[seg");
    world.write("exports/acme/vip.toml", export);
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 30]);
    assert!(ran.stdout.contains("more than the 29 contacts"), "{}", ran.stdout);
    assert_eq!(world.requests().await.len(), 0, "a guard must stop a run before its first request");
    world.write("exports/acme/vip.toml", crate::harness::EXPORT);
    world.call("run vip").end().await.exits(0).reports("succeeded", [30, 0, 0]);
}

#[tokio::test]
async fn reports_invalid_rows_with_their_lines() {
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
    let found: Vec<Value> = rejects
        .iter()
        .map(|reject| json!([reject["line"], reject["outcome"], reject["code"], reject["email"]]))
        .collect();
    assert_eq!(
        found,
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
    assert_eq!(
        csv.lines().count(),
        1 + 7,
        "a duplicate is not listed, because it would overwrite the row that was sent"
    );
}

#[tokio::test]
async fn escapes_formulas_in_the_csv_rejects_but_not_in_the_json_rejects() {
    let cells = ["=1+1", "+49", "-5", "@SUM(A1)", "\t=1"];
    let rows = cells.map(|cell| format!("\"{cell}\",x\n")).concat();
    let world =
        World::with(options(), Segment::clean(format!("EMail,FirstName\n{rows}"), 5).with(5, 0)).await;
    world.call("run vip").end().await.exits(3).reports("partial", [0, 0, 0]);
    let run = world.reports().into_keys().next().unwrap();
    let csv = world.read(&format!("{run}/rejects.csv"));
    let escaped: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').nth(8).unwrap()).collect();
    assert_eq!(escaped, ["'=1+1", "'+49", "'-5", "'@SUM(A1)", "'\t=1"]);
    let exact: Vec<String> = world
        .read(&format!("{run}/rejects.ndjson"))
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["email"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(exact, ["=1+1", "+49", "-5", "@SUM(A1)", "=1"]);
}

#[tokio::test]
async fn sends_nothing_if_the_state_cannot_be_written() {
    let world = World::of_people(3).await;
    world.write("runs", "in the way");
    world.call("run vip").end().await.exits(1).says(&["runs"]);
    assert_eq!(world.requests().await.len(), 0, "contacts were sent although nothing can be recorded");
}

/// A change of a directory.
type Change = fn(&Path);

/// A directory that changes while its first file is read.
#[derive(Debug)]
struct ChangedWhileRead {
    inner: Directory,
    has_changed: Arc<AtomicBool>,
    act: Change,
}

#[async_trait]
impl Objects for ChangedWhileRead {
    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        let stream = self.inner.open(object).await?;
        let (root, has_changed, act) = (self.inner.root().to_owned(), self.has_changed.clone(), self.act);
        // It changes after the first piece is read.
        Ok(stream
            .inspect(move |_| {
                if !has_changed.swap(true, Ordering::SeqCst) {
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

/// Plans a run on a directory that changes meanwhile. Returns the error.
async fn error_of_plan_while(world: &World, act: Change) -> String {
    let inner = Directory::open(world.root()).unwrap();
    let has_changed = Arc::new(AtomicBool::new(false));
    let ports = Ports {
        objects: Arc::new(ChangedWhileRead { inner, has_changed: has_changed.clone(), act }),
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
        sources: None,
    };
    let error = plan::plan(&ports, &request, &Quiet).await.unwrap_err().to_string();
    assert!(has_changed.load(Ordering::SeqCst));
    assert_eq!(world.run_files(), Vec::<String>::new(), "a refused plan left objects behind");
    error
}

fn replace(path: &Path) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, Segment::people(9).bytes).unwrap();
}

#[tokio::test]
async fn refuses_a_file_that_is_replaced_while_it_is_read() {
    // The file is so large that part of it is unread when the first chunk is written.
    let world = World::of_people(120_000).await;
    let error = error_of_plan_while(&world, |root| replace(&root.join("segments/vip/segment.csv"))).await;
    assert!(error.contains("segments/vip/segment.csv: changed while it was read"), "{error}");
}

#[tokio::test]
async fn refuses_a_drop_that_changes_while_it_is_read() {
    let acts: [(Change, &str); 4] = [
        // This file has already been read without an error.
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
        let error = error_of_plan_while(&world, act).await;
        let messages =
            [format!("{changed}: changed while it was read"), format!("{changed} was written after")];
        assert!(messages.iter().any(|message| error.contains(message)), "{changed}: {error}");
    }
}

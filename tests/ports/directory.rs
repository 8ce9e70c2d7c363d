//! The directory: its contract, and what crashes and other programs do to its files.

use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::symlink,
    path::Path,
    thread,
    time::SystemTime,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use omnisend_export::{
    keys::{Location, Prefix},
    ports::objects::{ByteStream, Directory, ObjectError, Objects, Put},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::objects::{Harness, noise};

struct Fresh {
    _root: TempDir,
    objects: Directory,
}

impl Fresh {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { objects: Directory::open(root.path()).unwrap(), _root: root }
    }
}

impl Harness for Fresh {
    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    fn at(&self, key: &str) -> Location {
        at(&format!("own/{key}"))
    }

    fn keeps_versions(&self) -> bool {
        false
    }
}

mod contract {
    crate::objects::contract!(super::Fresh::new());
}

fn at(key: &str) -> Location {
    Location::state(key.to_owned())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

async fn keys(objects: &Directory, prefix: &str) -> Vec<String> {
    let listed = objects.list(&Prefix::Source(at(prefix))).await.unwrap();
    listed.into_iter().map(|object| object.location.key).collect()
}

fn temporary(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join(".tmp")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_file_that_a_crash_left_incomplete_is_not_an_object() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".tmp")).unwrap();
    for name in ["fresh", "stale"] {
        fs::write(root.path().join(".tmp").join(name), "half").unwrap();
    }
    let stale = OpenOptions::new().write(true).open(root.path().join(".tmp/stale")).unwrap();
    stale.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let objects = Directory::open(root.path()).unwrap();
    // The fresh file may have a writer in another process.
    assert_eq!(temporary(root.path()), ["fresh"]);

    objects.put(&at("whole"), "whole".into(), Put::IfAbsent).await.unwrap();
    for prefix in ["", ".", ".tmp"] {
        assert_eq!(keys(&objects, prefix).await, if prefix.is_empty() { vec!["whole"] } else { vec![] });
    }
    let error = objects.get(&at(".tmp/fresh")).await.unwrap_err();
    let expected = ".tmp/fresh: not a key of this store: `.tmp` is for objects that are being written";
    assert_eq!(error.to_string(), expected);
    let error = objects.list(&Prefix::Source(at(".tmp/"))).await.unwrap_err();
    assert!(matches!(error, ObjectError::InvalidKey { .. }), "{error}");
    assert_eq!(temporary(root.path()), ["fresh"]);
}

#[test]
fn a_dropped_streamed_put_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        let endless = stream::iter([Ok(noise(1 << 20))]).chain(stream::pending()).boxed();
        assert!(objects.put_stream(&at("rejects.csv"), endless).now_or_never().is_none());
    });
    // This waits for the threads that still write.
    drop(runtime);
    assert_eq!(temporary(root.path()), [""; 0]);
    assert!(!root.path().join("rejects.csv").exists());
}

#[test]
fn one_of_two_processes_succeeds_for_each_key() {
    let root = tempfile::tempdir().unwrap();
    let write_all = |writer: &'static str| {
        let objects = Directory::open(root.path()).unwrap();
        runtime().block_on(async {
            let mut won = Vec::new();
            for n in 0..60 {
                let receipt = at(&format!("runs/{}/receipts/{n}.json", n % 7));
                match objects.put(&receipt, writer.into(), Put::IfAbsent).await {
                    Ok(()) => won.push(n),
                    Err(error) => assert!(matches!(error, ObjectError::AlreadyExists { .. }), "{error}"),
                }
            }
            won
        })
    };
    let (a, b) = thread::scope(|scope| {
        let a = scope.spawn(|| write_all("a"));
        let b = scope.spawn(|| write_all("b"));
        (a.join().unwrap(), b.join().unwrap())
    });
    let mut all = [a.clone(), b.clone()].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..60), "each key must be written once");
    for (writer, won) in [("a", a), ("b", b)] {
        for n in won {
            let path = root.path().join(format!("runs/{}/receipts/{n}.json", n % 7));
            assert_eq!(fs::read_to_string(path).unwrap(), writer);
        }
    }
    assert_eq!(temporary(root.path()), [""; 0]);
}

/// Streams an object of 20 MB, and calls `disturb` with its file after the first piece.
async fn disturbed(disturb: impl FnOnce(&Path)) -> (Vec<Bytes>, Option<ObjectError>) {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    let source = at("segments/vip.csv");
    objects.put(&source, noise(20_000_000), Put::Replace).await.unwrap();
    let pinned = objects.head(&source).await.unwrap();
    let mut stream: ByteStream = objects.open(&pinned).await.unwrap();
    let mut pieces = vec![stream.next().await.unwrap().unwrap()];
    disturb(&root.path().join("segments/vip.csv"));
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => pieces.push(piece),
            Err(error) => {
                assert!(stream.next().await.is_none(), "the stream continued after an error");
                return (pieces, Some(error));
            }
        }
    }
    (pieces, None)
}

type Disturb = fn(&Path);

fn writable(path: &Path) -> File {
    OpenOptions::new().append(true).open(path).unwrap()
}

#[tokio::test]
async fn detects_a_file_that_changes_while_it_is_read() {
    let disturbances: [(&str, Disturb); 6] = [
        ("truncated", |path| writable(path).set_len(10_000_000).unwrap()),
        ("emptied and refilled", |path| fs::write(path, noise(19_999_999)).unwrap()),
        ("grown", |path| writable(path).write_all(b"one more line\n").unwrap()),
        ("touched", |path| {
            writable(path).set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).unwrap();
        }),
        ("replaced", |path| {
            fs::write(path.with_extension("new"), noise(20_000_000)).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("deleted", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, disturb) in disturbances {
        let (_, error) = disturbed(disturb).await;
        let error = error.unwrap_or_else(|| panic!("{name}: the change was not detected"));
        assert!(matches!(error, ObjectError::Changed { .. }), "{name}: {error}");
    }
    let (pieces, error) = disturbed(|_| {}).await;
    assert!(error.is_none() && pieces.concat() == noise(20_000_000));
    assert!(
        pieces.len() >= 20 && pieces.iter().all(|piece| piece.len() <= 1 << 20),
        "the pieces are too large"
    );
}

#[tokio::test]
async fn a_stream_can_be_dropped_after_any_piece() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    objects.put(&at("a"), noise(20_000_000), Put::Replace).await.unwrap();
    let pinned = objects.head(&at("a")).await.unwrap();
    for taken in [0, 1, 7] {
        let stream = objects.open(&pinned).await.unwrap();
        assert_eq!(stream.take(taken).count().await, taken);
    }
    // The runtime waits for every thread that still reads, so this test ends only if none is stuck.
}

#[tokio::test]
async fn follows_links_and_lists_only_files() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("b.csv"), "linked").unwrap();
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    objects.put(&at("segments/a.csv"), "x".into(), Put::IfAbsent).await.unwrap();
    let segments = root.path().join("segments");
    symlink(outside.path().join("b.csv"), segments.join("b.csv")).unwrap();
    symlink(outside.path(), segments.join("c")).unwrap();
    symlink(root.path(), segments.join("loop")).unwrap();
    symlink("self", segments.join("self")).unwrap();
    symlink("no-such-file", segments.join("nowhere")).unwrap();
    fs::create_dir(segments.join("empty")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(segments.join("socket")).unwrap();
    assert_eq!(keys(&objects, "").await, ["segments/a.csv", "segments/b.csv", "segments/c/b.csv"]);
    assert_eq!(objects.get(&at("segments/c/b.csv")).await.unwrap(), "linked");
    for key in ["segments/empty", "segments/socket", "segments/nowhere"] {
        let error = objects.get(&at(key)).await.unwrap_err();
        assert!(matches!(error, ObjectError::NotFound { .. }), "{error}");
    }
}

#[tokio::test]
async fn reading_a_state_writes_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("state");
    let objects = Directory::open(&root).unwrap();
    assert_eq!(keys(&objects, "").await, [""; 0]);
    assert!(matches!(objects.get(&at("a")).await.unwrap_err(), ObjectError::NotFound { .. }));
    objects.delete(&at("a")).await.unwrap();
    assert!(!root.exists());
    objects.put(&at("a/b"), "x".into(), Put::IfAbsent).await.unwrap();
    assert_eq!(fs::read_to_string(root.join("a/b")).unwrap(), "x");
}

#[tokio::test]
async fn the_error_for_a_state_that_cannot_be_written_is_not_already_exists() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    let in_the_way = root.path().join(".tmp");
    fs::write(&in_the_way, "").unwrap();
    for mode in [Put::IfAbsent, Put::Replace] {
        let error = objects.put(&at("a"), "x".into(), mode).await.unwrap_err();
        let expected =
            format!("a: could not write it: {} is not a directory; remove it", in_the_way.display());
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_file_is_not_a_state() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Directory::open(file.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADirectory);
    assert_eq!(error.to_string(), format!("{} is not a directory", file.path().display()));
}

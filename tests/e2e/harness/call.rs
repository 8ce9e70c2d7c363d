//! A call of the binary and its result.

use std::{os::unix::process::ExitStatusExt as _, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
};

use super::{KEY, World};

pub(crate) struct Call<'w> {
    world: &'w World,
    command: Command,
}

/// A call in progress.
pub(crate) struct Running<'w> {
    world: &'w World,
    child: Child,
    stderr: BufReader<tokio::process::ChildStderr>,
    seen: String,
}

/// The result of a call.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// The `report.json` beside the report page whose path was printed.
    pub report: Option<Value>,
}

impl<'w> Call<'w> {
    /// Enables all logging, so that every test searches the log for canaries.
    pub(super) fn new(world: &'w World, arguments: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_omnisend-export"));
        command.args(arguments.split_whitespace()).arg("-vv");
        // Keeps out the machine's own environment, such as a proxy or an API key.
        command.env_clear().env("OMNISEND_API_URL", world.api_url()).env("OMNISEND_API_KEY", KEY);
        // Runs in the state directory, which is the default state.
        command.current_dir(world.root());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self { world, command }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_key(mut self) -> Self {
        self.command.env_remove("OMNISEND_API_KEY");
        self
    }

    /// Scales the run down, such as `chunk:500,wait:50`.
    #[cfg(feature = "test-scale")]
    pub(crate) fn scale(self, scale: &str) -> Self {
        self.env("OMNISEND_EXPORT_SCALE", scale)
    }

    pub(crate) fn start(mut self) -> Running<'w> {
        let mut child = self.command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { world: self.world, child, stderr, seen: String::new() }
    }

    /// Runs the call to its end and checks the invariants.
    pub(crate) async fn end(self) -> Ran {
        self.start().end().await
    }
}

impl Running<'_> {
    /// Waits for a line on standard error that contains this text.
    pub(crate) async fn says(&mut self, text: &str) {
        while !self.seen.lines().any(|line| line.contains(text)) {
            let read = self.stderr.read_line(&mut self.seen).await.unwrap();
            assert!(read > 0, "the call ended without printing {text:?}: {}", self.seen);
        }
    }

    /// Sends a signal by its name, such as `INT` or `KILL`.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id().unwrap());
        assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success(), "{kill}");
    }

    pub(crate) async fn end(mut self) -> Ran {
        let mut out = self.child.stdout.take().unwrap();
        let mut stdout = String::new();
        let (read, rest) =
            tokio::join!(out.read_to_string(&mut stdout), self.stderr.read_to_string(&mut self.seen));
        read.and(rest).unwrap();
        let status = self.child.wait().await.unwrap();
        let named = stdout.lines().find_map(|line| line.trim().strip_prefix("report:"));
        let report = named.map(|page| {
            let json = page.trim().strip_suffix(".html").unwrap().to_owned() + ".json";
            serde_json::from_slice(&std::fs::read(self.world.root().join(json)).unwrap()).unwrap()
        });
        let ran = Ran { code: status.code(), signal: status.signal(), stdout, stderr: self.seen, report };
        self.world.check(&ran).await;
        ran
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            (self.code, self.signal),
            (Some(code), None),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[cfg(feature = "test-scale")]
    #[track_caller]
    pub(crate) fn was_killed(&self) -> &Self {
        assert_eq!((self.code, self.signal), (None, Some(9)), "signal\n--- stderr\n{}", self.stderr);
        self
    }

    /// Fails unless standard error contains all of these texts.
    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stderr.contains(text), "standard error does not contain {text:?}:\n{}", self.stderr);
        }
        self
    }

    /// Returns the report, or fails.
    #[track_caller]
    pub(crate) fn report(&self) -> &Value {
        self.report.as_ref().unwrap_or_else(|| panic!("no report: {} {}", self.stdout, self.stderr))
    }

    /// Fails unless the report has this state and these counts: accepted, rejected, unknown.
    #[track_caller]
    pub(crate) fn reports(&self, state: &str, [accepted, rejected, unknown]: [u64; 3]) -> &Self {
        let report = self.report();
        let counts = &report["counts"];
        let found = ["accepted", "rejected", "unknown"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(
            (report["state"].as_str().unwrap(), found),
            (state, [accepted, rejected, unknown]),
            "state and counts (accepted, rejected, unknown) of\n{report:#}"
        );
        self
    }
}

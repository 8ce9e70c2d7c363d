//! An execution environment: a process of the function's binary that handles one event after another.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use omnisend_export::ports::clock::{Clock as _, SystemClock};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::runtime_api::{Call, Failure, RuntimeApi, Work};

/// The region in all ARNs.
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const ACCOUNT: &str = "123456789012";

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) name: &'static str,
    /// The memory, in MB.
    pub(crate) memory: u64,
    /// Variables in addition to those that Lambda sets.
    pub(crate) variables: Vec<(String, String)>,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Answer(Value),
    Error(Failure),
    Died(ExitStatus),
    /// The process was killed at its timeout.
    TimedOut,
}

/// A process and its runtime API.
#[derive(Debug)]
pub(crate) struct Environment {
    api: RuntimeApi,
    child: Child,
    arn: String,
    output: NamedTempFile,
    /// How much of the output was read, in bytes.
    read: usize,
}

impl Environment {
    /// Starts a process and waits until it asks for its first event.
    pub(crate) async fn start(setup: &Setup) -> Result<Self, Outcome> {
        let api = RuntimeApi::start().await;
        let output = NamedTempFile::new().unwrap();
        // A file, not a pipe: everything that is written before an answer can be read once the answer arrives.
        let written = || File::options().append(true).open(output.path()).unwrap();
        let mut command = Command::new(&setup.program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", setup.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", setup.memory.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", setup.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("_HANDLER", "bootstrap")
            .env("TZ", ":UTC")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_SESSION_TOKEN", "testing")
            .envs(setup.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(written())
            .stderr(written())
            .kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", setup.program.display()));
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", setup.name);
        let mut environment = Self { api, child, arn, output, read: 0 };
        tokio::select! {
            biased;
            call = environment.api.next_call() => match call {
                Call::NotStarted(failure) => Err(Outcome::Error(failure)),
                _ => Ok(environment),
            },
            status = environment.child.wait() => Err(Outcome::Died(status.unwrap())),
        }
    }

    /// Sends an event to the process, which is killed at the timeout. The environment can be used again only after an
    /// answer or an error.
    pub(crate) async fn invoke(&mut self, event: &Value, timeout: Duration) -> Outcome {
        let id = Uuid::new_v4().to_string();
        let timeout_ms = i64::try_from(timeout.as_millis()).unwrap();
        self.api.give(Work {
            request_id: id.clone(),
            deadline_ms: SystemClock.now().as_millisecond() + timeout_ms,
            arn: self.arn.clone(),
            event: event.clone(),
        });
        let mut end = std::pin::pin!(tokio::time::sleep(timeout));
        loop {
            tokio::select! {
                biased;
                call = self.api.next_call() => match call {
                    Call::Answered(request, answer) if request == id => return Outcome::Answer(answer),
                    Call::Failed(request, failure) if request == id => return Outcome::Error(failure),
                    Call::NotStarted(failure) => return Outcome::Error(failure),
                    Call::Ready | Call::Answered(..) | Call::Failed(..) => {}
                },
                status = self.child.wait() => return Outcome::Died(status.unwrap()),
                () = &mut end => {
                    self.child.kill().await.unwrap();
                    return Outcome::TimedOut;
                }
            }
        }
    }

    /// Returns the lines that the process has written since the last call.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let text = fs::read_to_string(self.output.path()).unwrap();
        let new = text.get(self.read..).unwrap_or_default();
        self.read = text.len();
        new.lines().map(str::to_owned).collect()
    }

    /// Returns the process ID while the process runs.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }
}

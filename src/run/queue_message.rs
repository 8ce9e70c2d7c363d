//! The body of a queue message: a step of a run. It names stored objects, but contains none of their content.

use serde::{Deserialize, Serialize};

use crate::keys::{ConnectionName, RunRef};
use crate::ports::queue::Message;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    #[serde(flatten)]
    pub run: RunRef,
    #[serde(flatten)]
    pub step: Step,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// Upload a chunk.
    Upload { chunk: u32 },
    /// Settle the run and write its report.
    Settle,
}

impl Work {
    /// Returns the message for this step. Its group is the connection, so that one invocation at a time sends to a
    /// brand. A message with another `attempt` does not count as a duplicate.
    pub fn message(&self, connection: &ConnectionName, attempt: &str) -> Message {
        let step = match self.step {
            Step::Upload { chunk } => format!("{chunk:05}"),
            Step::Settle => "settle".to_owned(),
        };
        Message {
            group: connection.to_string(),
            deduplication_id: deduplication_id(&self.run, &step, attempt),
            // It consists of names and a number, which can always be written as JSON.
            body: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

/// At most 128 characters, which is the limit of SQS. The export's name is hashed; the run id and the step stay readable.
fn deduplication_id(run: &RunRef, step: &str, attempt: &str) -> String {
    let export = xxhash_rust::xxh3::xxh3_64(run.export.as_str().as_bytes());
    format!("{export:016x}-{}-{step}{attempt}", run.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_run_and_step() {
        let run = RunRef { export: "vip".parse().unwrap(), run: "20261123t100000z-1a".parse().unwrap() };
        let message = Work { run, step: Step::Upload { chunk: 7 } }.message(&"acme".parse().unwrap(), "");
        assert_eq!(message.group, "acme");
        assert_eq!(message.body, r#"{"export":"vip","run":"20261123t100000z-1a","step":"upload","chunk":7}"#);
        assert!(message.deduplication_id.ends_with("-20261123t100000z-1a-00007"));
        assert!(message.deduplication_id.len() <= 128);
        assert_eq!(serde_json::from_str::<Work>(&message.body).unwrap().step, Step::Upload { chunk: 7 });
    }
}

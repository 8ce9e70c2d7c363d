//! Metrics in CloudWatch's embedded metric format. They are written to the log, so they need no request and no
//! permission.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::run::State;

/// The namespace that the template's alarms use.
const NAMESPACE: &str = "OmnisendExport";

/// Writes metrics, each a count, with the state bucket as their only dimension.
pub(super) fn put(state_bucket: &str, metrics: &[(&str, u64)]) {
    output(&line(state_bucket, metrics, now_ms()));
}

/// Returns the metric of a run that is over: 1 if a person must look at the run.
pub(super) fn failed_runs(state: State) -> (&'static str, u64) {
    ("FailedRuns", u64::from(matches!(state, State::Failed | State::Stopped)))
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn line(state_bucket: &str, metrics: &[(&str, u64)], at_ms: i64) -> Value {
    let names: Vec<Value> =
        metrics.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
    let mut line: Map<String, Value> =
        metrics.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    line.insert("StateBucket".to_owned(), json!(state_bucket));
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": at_ms,
            "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [["StateBucket"]], "Metrics": names }
            ],
        }),
    );
    Value::Object(line)
}

fn now_ms() -> i64 {
    use crate::ports::clock::{Clock as _, SystemClock};
    SystemClock.now().as_millisecond()
}

#[expect(clippy::print_stdout, reason = "CloudWatch takes metrics from standard output")]
fn output(line: &Value) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_embedded_metric_format() {
        assert_eq!(
            line("state", &[("LateDrops", 2), ("ParkedRuns", 0)], 1_795_428_920_113),
            json!({
                "LateDrops": 2,
                "ParkedRuns": 0,
                "StateBucket": "state",
                "_aws": {
                    "Timestamp": 1_795_428_920_113_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "OmnisendExport",
                        "Dimensions": [["StateBucket"]],
                        "Metrics": [
                            {"Name": "LateDrops", "Unit": "Count"},
                            {"Name": "ParkedRuns", "Unit": "Count"},
                        ],
                    }],
                },
            })
        );
    }
}

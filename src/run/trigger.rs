//! What starts a run, and the run's id, which is derived from it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::keys::Pinned;
use crate::keys::{ExportName, RunId};

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Trigger {
    /// A drop: the exact versions of the objects that completed it, one for each segment.
    Drop { objects: Vec<Pinned> },
    /// A schedule that was due at this time.
    Schedule { at: Timestamp },
    /// A request by a person or a program.
    Call {
        at: Timestamp,
        /// Identifies the request: the same request starts one run, even if it arrives twice.
        request: String,
    },
}

impl Trigger {
    /// Returns when it happened. Run ids sort by this time.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Drop { objects } => {
                objects.iter().map(|object| object.modified).max().unwrap_or(Timestamp::UNIX_EPOCH)
            }
            Self::Schedule { at } | Self::Call { at, .. } => *at,
        }
    }

    /// Returns the id of the run that this trigger starts. The same trigger gives the same id, so a duplicate event
    /// finds the first event's manifest and starts no second run.
    pub fn run_id(&self, export: &ExportName) -> RunId {
        let time = self.at().strftime("%Y%m%dt%H%M%Sz").to_string();
        // This is always a valid name: it has digits, `t`, `z`, `-` and hexadecimal digits.
        RunId::made(format!("{time}-{}", self.id_ending(export)))
    }

    /// Returns the end of the run's id: a hash of the export and the trigger. The hash leaves out a request's time,
    /// because the same request may arrive again later. The hash is part of the stored state: it must not change
    /// between versions.
    pub fn id_ending(&self, export: &ExportName) -> String {
        let text = match self {
            Self::Call { request, .. } => serde_json::to_string(&(export, "call", request)),
            other => serde_json::to_string(&(export, other)),
        };
        // Names, texts, numbers and times can always be written as JSON.
        format!("{:016x}", xxh3_64(text.unwrap_or_default().as_bytes()))
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop { objects } => {
                let names: Vec<String> = objects.iter().map(|object| object.location.to_string()).collect();
                write!(f, "a drop of {}", names.join(", "))
            }
            Self::Schedule { at } => write!(f, "the schedule of {at}"),
            Self::Call { at, .. } => write!(f, "a call at {at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Location;

    fn drop_of(version: &str) -> Trigger {
        Trigger::Drop {
            objects: vec![Pinned {
                location: Location::state("segments/vip/1.csv".to_owned()),
                version: version.to_owned(),
                size: 10,
                modified: "2026-11-23T10:00:00Z".parse().unwrap(),
            }],
        }
    }

    #[test]
    fn derives_the_run_id_from_the_export_and_the_trigger() {
        let (vip, all) = ("vip".parse().unwrap(), "all".parse().unwrap());
        let id = drop_of("v1").run_id(&vip);
        // This value is stored state: if it changes, every drop starts another run.
        assert_eq!(id.as_str(), "20261123t100000z-e00bae5756b877e3");
        assert_eq!(id, drop_of("v1").run_id(&vip));
        assert_ne!(id, drop_of("v2").run_id(&vip));
        assert_ne!(id, drop_of("v1").run_id(&all));
        assert!(id.as_str().parse::<RunId>().is_ok(), "{id} is not a valid name");
    }

    #[test]
    fn a_repeated_request_has_the_same_run_id() {
        let vip = "vip".parse().unwrap();
        let call =
            |at: &str, request: &str| Trigger::Call { at: at.parse().unwrap(), request: request.to_owned() };
        let first = call("2026-11-23T10:00:00Z", "1b2c").id_ending(&vip);
        assert_eq!(call("2026-11-23T10:05:00Z", "1b2c").id_ending(&vip), first);
        assert_ne!(call("2026-11-23T10:00:00Z", "other").id_ending(&vip), first);
    }

    #[test]
    fn run_ids_sort_by_time() {
        let vip = "vip".parse().unwrap();
        let at = |at: &str| Trigger::Schedule { at: at.parse().unwrap() }.run_id(&vip);
        assert!(at("2026-11-23T09:59:59Z") < at("2026-11-23T10:00:00Z"));
        assert!(at("2026-11-23T23:59:59Z") < at("2026-12-01T00:00:00Z"));
    }
}

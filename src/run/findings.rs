//! What was found out about a connection's brand that the API's documents do not say. One object a connection.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contact::Tag;
use crate::keys::{ExportName, RunRef};

/// How long a finding that is none keeps: then a later run tries again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What a connection says of how its contacts get their tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagSetting {
    /// It is to be found out.
    #[default]
    Auto,
    /// It is known.
    Forced(TagWay),
}

/// How contacts get their tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagWay {
    /// Inside the contact, in its batch: where a contact keeps the tags that it has.
    #[default]
    Inline,
    /// Through `/contacts/tags`, once the contact is there: documented to add, always.
    Endpoint,
}

impl TagWay {
    /// The word for it, as a connection writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Endpoint => "endpoint",
        }
    }
}

/// What was found out about a connection's brand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// How contacts get their tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagFinding>,
    /// The segments that were made for exports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentFinding>,
    /// What a canary is about to do, or was when it was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryIntent>,
}

/// How contacts get their tags, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFinding {
    /// The way.
    pub way: TagWay,
    /// Whether the canary showed it; otherwise it is the way that is safe either way.
    pub certain: bool,
    /// Why it is that.
    pub evidence: TagEvidence,
    /// When it was found.
    pub at: Timestamp,
    /// The run that found it.
    pub run: RunRef,
}

/// What the canary saw: of the contact's tags only those that are ours, of the others their number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEvidence {
    /// What follows from it, for people.
    pub says: String,
    /// The contact before it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SeenTags>,
    /// The tags that it was sent with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<String>,
    /// The contact after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SeenTags>,
}

/// The tags that a contact was seen with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTags {
    /// Those of ours.
    pub ours: Vec<String>,
    /// How many others.
    pub others: usize,
}

/// A segment that was made in Omnisend, or was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFinding {
    /// The export that asked for it.
    pub export: ExportName,
    /// Its name.
    pub name: String,
    /// The tag that its contacts have.
    pub tag: Tag,
    /// Omnisend's id of it.
    pub id: String,
    /// When it was made or found.
    pub at: Timestamp,
}

/// What a canary does to a contact, written down before it does it: whoever finds it puts things back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryIntent {
    /// The run whose contact it is.
    pub run: RunRef,
    /// The contact's address.
    pub email: String,
    /// The tags that it had.
    pub had: Vec<String>,
    /// When the canary began.
    pub at: Timestamp,
}

impl Findings {
    /// How contacts get their tags; `None` where that is to be found out first, by this run.
    pub fn way(&self, setting: TagSetting, run: &RunRef, now: Timestamp) -> Option<TagWay> {
        let found = match setting {
            TagSetting::Forced(way) => return Some(way),
            TagSetting::Auto => self.tags.as_ref()?,
        };
        let is_old = now.duration_since(found.at) >= TRY_AGAIN;
        let again = !found.certain && found.run != *run && is_old;
        (!again).then_some(found.way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(n: u32) -> RunRef {
        RunRef { export: "vip".parse().unwrap(), run: format!("r{n}").parse().unwrap() }
    }

    fn found(way: TagWay, certain: bool) -> Findings {
        let at = Timestamp::UNIX_EPOCH;
        let tags = TagFinding { way, certain, evidence: TagEvidence::default(), at, run: run(1) };
        Findings { tags: Some(tags), ..Findings::default() }
    }

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_finding_holds_and_what_is_uncertain_is_tried_again_by_a_later_run_after_a_day() {
        let auto = TagSetting::Auto;
        assert_eq!(Findings::default().way(auto, &run(1), hours(0)), None);
        for way in [TagWay::Inline, TagWay::Endpoint] {
            assert_eq!(found(way, true).way(auto, &run(2), hours(9_999)), Some(way));
        }
        let uncertain = found(TagWay::Endpoint, false);
        assert_eq!(uncertain.way(auto, &run(2), hours(23)), Some(TagWay::Endpoint));
        assert_eq!(uncertain.way(auto, &run(2), hours(24)), None);
        assert_eq!(uncertain.way(auto, &run(1), hours(24)), Some(TagWay::Endpoint), "one run, one way");
        let forced = TagSetting::Forced(TagWay::Inline);
        assert_eq!(uncertain.way(forced, &run(2), hours(24)), Some(TagWay::Inline));
        assert_eq!(Findings::default().way(forced, &run(2), hours(0)), Some(TagWay::Inline));
    }

    #[test]
    fn what_another_version_wrote_is_read() {
        // `batch` was written by versions that looked for the largest batch.
        let text =
            r#"{"new": 1, "tags": null, "batch": {"contacts": 1000, "says": "", "at": "", "run": "vip/r1"}}"#;
        assert_eq!(serde_json::from_str::<Findings>(text).unwrap(), Findings::default());
        assert_eq!(serde_json::to_string(&Findings::default()).unwrap(), "{}");
    }
}

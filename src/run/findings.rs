//! The findings about a connection's brand: facts that Omnisend's API documentation leaves open. One object per
//! connection.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contact::Tag;
use crate::keys::{ExportName, RunRef};

/// How long an uncertain finding is used before a later run sends another canary.
const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// A connection's `tags` setting: how its contacts get their tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagSetting {
    /// A canary finds out.
    #[default]
    Auto,
    /// The connection sets it.
    Forced(TagWay),
}

/// How contacts get their tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagWay {
    /// Inside the contact, in its batch. Right only if an upsert adds its tags to those of the contact.
    #[default]
    Inline,
    /// Through `/contacts/tags`, after the contact is settled. It is documented to add tags.
    Endpoint,
}

impl TagWay {
    /// Returns the value of `tags` in a connection's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Endpoint => "endpoint",
        }
    }
}

/// What was learned about a connection's brand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagFinding>,
    /// The segments in Omnisend that belong to exports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentFinding>,
    /// The canary that is running, or that was killed before it restored its contact's tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryIntent>,
}

/// How contacts get their tags, with the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFinding {
    pub way: TagWay,
    /// Whether the canary showed it. If not, `way` is `Endpoint`, which loses no tags in either case.
    pub certain: bool,
    pub evidence: TagEvidence,
    pub at: Timestamp,
    pub run: RunRef,
}

/// What the canary saw. Only our tags are named; the others are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEvidence {
    /// The conclusion in words.
    #[serde(rename = "says")]
    pub conclusion: String,
    /// The contact's tags before it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SeenTags>,
    /// The tags that were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<String>,
    /// The contact's tags after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SeenTags>,
}

/// The tags of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTags {
    /// The tags that are ours.
    pub ours: Vec<String>,
    /// How many other tags there are.
    pub others: usize,
}

/// A segment in Omnisend that belongs to an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFinding {
    pub export: ExportName,
    pub name: String,
    /// The tag that its members have.
    pub tag: Tag,
    /// Omnisend's id of the segment.
    pub id: String,
    /// When it was created or found.
    pub at: Timestamp,
}

/// A canary that is running. It is stored before the contact is changed, so that a later upload can restore the contact's
/// tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryIntent {
    /// The run that the contact is from.
    pub run: RunRef,
    pub email: String,
    /// The tags that the contact had.
    pub had: Vec<String>,
    /// When the canary started.
    pub at: Timestamp,
}

impl Findings {
    /// Returns how contacts get their tags, or `None` if this run must find out first.
    pub fn way(&self, setting: TagSetting, run: &RunRef, now: Timestamp) -> Option<TagWay> {
        let found = match setting {
            TagSetting::Forced(way) => return Some(way),
            TagSetting::Auto => self.tags.as_ref()?,
        };
        let is_old = now.duration_since(found.at) >= TRY_AGAIN;
        let try_again = !found.certain && found.run != *run && is_old;
        (!try_again).then_some(found.way)
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
    fn uses_a_certain_finding_and_retries_an_uncertain_one_in_a_later_run_after_a_day() {
        let auto = TagSetting::Auto;
        assert_eq!(Findings::default().way(auto, &run(1), hours(0)), None);
        for way in [TagWay::Inline, TagWay::Endpoint] {
            assert_eq!(found(way, true).way(auto, &run(2), hours(9_999)), Some(way));
        }
        let uncertain = found(TagWay::Endpoint, false);
        assert_eq!(uncertain.way(auto, &run(2), hours(23)), Some(TagWay::Endpoint));
        assert_eq!(uncertain.way(auto, &run(2), hours(24)), None);
        assert_eq!(
            uncertain.way(auto, &run(1), hours(24)),
            Some(TagWay::Endpoint),
            "a run does not change its way"
        );
        let forced = TagSetting::Forced(TagWay::Inline);
        assert_eq!(uncertain.way(forced, &run(2), hours(24)), Some(TagWay::Inline));
        assert_eq!(Findings::default().way(forced, &run(2), hours(0)), Some(TagWay::Inline));
    }

    #[test]
    fn reads_findings_of_other_versions() {
        // `batch` was written by versions that searched for the largest batch.
        let text =
            r#"{"new": 1, "tags": null, "batch": {"contacts": 1000, "says": "", "at": "", "run": "vip/r1"}}"#;
        assert_eq!(serde_json::from_str::<Findings>(text).unwrap(), Findings::default());
        assert_eq!(serde_json::to_string(&Findings::default()).unwrap(), "{}");
    }
}

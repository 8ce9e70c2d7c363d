//! What a canary sends, and what the contact's tags show afterwards. Pure.

use std::collections::BTreeSet;

use crate::{
    contact::Tag,
    run::{SeenTags, TagSet, TagWay},
};

/// The tag that a canary's contact has for a few seconds. It shows what an upsert does to the contact's other tags.
pub(super) const TEMPORARY_TAG: &str = "omnisend-export canary";

/// A tag that no contact has. Removing it shows whether the key may change tags, and changes nothing.
pub const UNUSED_TAG: &str = "omnisend-export check";

/// The most tags that a contact may have.
const MAX_TAGS: usize = 100;

/// What to send, in this order, and which tags to look for afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    /// The tags of a first upsert, if the contact needs tags for the second one to show anything.
    pub first: Option<Vec<String>>,
    /// The tags of the upsert whose effect is observed.
    pub sent: Vec<String>,
    /// Tags of the contact that this upsert does not send. They stay only if an upsert adds tags.
    pub watched: Vec<String>,
}

/// What the contact's tags show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The upsert has no visible effect yet.
    Nothing,
    /// The upsert added its tags: the others stayed.
    Added,
    /// The upsert replaced the other tags.
    Replaced,
}

impl Shown {
    /// Returns how contacts should get their tags.
    pub(super) fn way(self) -> TagWay {
        match self {
            Self::Added => TagWay::Inline,
            Self::Nothing | Self::Replaced => TagWay::Endpoint,
        }
    }

    /// Returns the finding in words.
    pub(super) fn conclusion(self) -> &'static str {
        match self {
            Self::Nothing => "Omnisend did not show what the upsert changed",
            Self::Added => "an upsert adds its tags to those of the contact",
            Self::Replaced => "an upsert replaces the contact's tags; the lost ones were added again at once",
        }
    }
}

/// Returns what to send to a contact with the tags `had` (`None` if it does not exist) that gets the tags `ours`. The
/// error is the reason why the contact cannot be the canary.
pub(super) fn probe(had: Option<&[String]>, ours: &[String]) -> Result<Probe, &'static str> {
    let ours = ours.get(..TagSet::MAX - 1).unwrap_or(ours);
    let had = had.unwrap_or_default();
    if had.iter().any(|tag| tag == TEMPORARY_TAG) {
        return Err("the contact still has the temporary tag of an earlier canary");
    }
    if had.iter().any(|tag| Tag::try_from(tag.clone()).is_err()) {
        return Err("the contact has a tag that could not be added again");
    }
    if had.len() + ours.len() + 1 > MAX_TAGS {
        return Err("the contact has too many tags to get another one");
    }
    let others: Vec<String> = had.iter().filter(|tag| !ours.contains(tag)).cloned().collect();
    let has_ours = ours.iter().all(|tag| had.contains(tag));
    let temporary = [TEMPORARY_TAG.to_owned()];
    Ok(if others.is_empty() {
        // Only our tags can be watched.
        Probe { first: (!has_ours).then(|| ours.to_vec()), sent: temporary.to_vec(), watched: ours.to_vec() }
    } else {
        // Tags that the contact already has do not show whether the upsert took effect.
        let mark: &[String] = if has_ours { &temporary } else { &[] };
        Probe { first: None, sent: [ours, mark].concat(), watched: others }
    })
}

impl Probe {
    pub(super) fn sends_temporary_tag(&self) -> bool {
        self.sent.iter().any(|tag| tag == TEMPORARY_TAG)
    }

    /// Returns what the contact's tags show after the upsert. `tags` is `None` if the contact does not exist.
    pub(super) fn shown(&self, tags: Option<&[String]>) -> Shown {
        let Some(tags) = tags else { return Shown::Nothing };
        match () {
            () if !contains_all(tags, &self.sent) => Shown::Nothing,
            () if contains_all(tags, &self.watched) => Shown::Added,
            () => Shown::Replaced,
        }
    }
}

pub(super) fn contains_all(tags: &[String], others: &[String]) -> bool {
    others.iter().all(|tag| tags.contains(tag))
}

/// Returns the contact's tags as evidence: ours by name, the others as a number.
pub(super) fn seen(tags: &[String], ours: &[String]) -> SeenTags {
    let known: BTreeSet<&str> = ours.iter().map(String::as_str).chain([TEMPORARY_TAG]).collect();
    let (ours, others): (Vec<&String>, Vec<&String>) =
        tags.iter().partition(|tag| known.contains(tag.as_str()));
    SeenTags { ours: ours.into_iter().cloned().collect(), others: others.len() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags(text: &str) -> Vec<String> {
        text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    }

    fn of(first: Option<&str>, sent: &str, watched: &str) -> Probe {
        Probe { first: first.map(tags), sent: tags(sent), watched: tags(watched) }
    }

    #[test]
    fn chooses_what_to_send_by_the_contacts_tags() {
        let probe = |had: Option<&str>| probe(had.map(tags).as_deref(), &tags("vip,gold")).unwrap();
        let t = TEMPORARY_TAG;
        assert_eq!(probe(None), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("")), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("vip")), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("vip,gold")), of(None, t, "vip,gold"));
        assert_eq!(probe(Some("a,b")), of(None, "vip,gold", "a,b"));
        assert_eq!(probe(Some("a,vip")), of(None, "vip,gold", "a"));
        assert_eq!(probe(Some("gold,a,vip")), of(None, &format!("vip,gold,{t}"), "a"));
    }

    #[test]
    fn refuses_contacts_whose_tags_could_be_lost() {
        let refused = |had: &[String]| probe(Some(had), &tags("vip")).unwrap_err();
        assert_eq!(refused(&tags("a/b")), "the contact has a tag that could not be added again");
        assert_eq!(
            refused(&tags(TEMPORARY_TAG)),
            "the contact still has the temporary tag of an earlier canary"
        );
        let many: Vec<String> = (0..99).map(|n| n.to_string()).collect();
        assert_eq!(refused(&many), "the contact has too many tags to get another one");
        assert!(probe(Some(&many[..98]), &tags("vip")).is_ok());
    }

    #[test]
    fn names_our_tags_in_the_evidence_and_counts_the_others() {
        let found = seen(&tags(&format!("source: shop,vip,{TEMPORARY_TAG},x")), &tags("vip,gold"));
        assert_eq!(found, SeenTags { ours: tags(&format!("vip,{TEMPORARY_TAG}")), others: 2 });
    }

    /// The effect of an upsert that adds or replaces tags.
    fn upsert(has: &mut Option<Vec<String>>, sent: &[String], adds: bool) {
        let before = has.take().filter(|_| adds).unwrap_or_default();
        let new = sent.iter().filter(|tag| !before.contains(tag)).cloned().collect();
        *has = Some([before.clone(), new].concat());
    }

    proptest! {
        #[test]
        fn distinguishes_adding_from_replacing_for_any_contact(
            had in prop::option::of(prop::collection::btree_set("[a-e]", 0..5)),
            ours in prop::collection::btree_set("[c-g]", 1..4),
            adds in any::<bool>(),
        ) {
            let had = had.map(|had| had.into_iter().collect::<Vec<String>>());
            let ours: Vec<String> = ours.into_iter().collect();
            let probe = probe(had.as_deref(), &ours).unwrap();
            let mut has = had.clone();
            if let Some(first) = &probe.first {
                prop_assert!(!contains_all(has.as_deref().unwrap_or_default(), &ours), "the first upsert would change nothing");
                // The contact has no other tags that could be lost.
                prop_assert!(contains_all(&ours, has.as_deref().unwrap_or_default()));
                upsert(&mut has, first, adds);
            }
            // Tags from before the upsert show nothing.
            prop_assert_eq!(probe.shown(has.as_deref()), Shown::Nothing);
            upsert(&mut has, &probe.sent, adds);
            let expected = if adds { Shown::Added } else { Shown::Replaced };
            prop_assert_eq!(probe.shown(has.as_deref()), expected);
            prop_assert_eq!(expected.way() == TagWay::Inline, adds);
        }
    }
}

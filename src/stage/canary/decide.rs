//! What a canary sends, and what follows from what is seen then. Pure.

use std::collections::BTreeSet;

use crate::{
    contact::Tag,
    run::{SeenTags, TagSet, TagWay},
};

/// The tag that a contact has for some seconds, so that what an upsert does to the others can be seen.
pub(super) const TEMPORARY: &str = "omnisend-export canary";

/// A tag that no contact ever has: taken from one, it shows whether the key may change tags, and changes nothing.
pub const NOBODY_HAS: &str = "omnisend-export check";

/// The most tags that a contact may have.
const MAX_TAGS: usize = 100;

/// What is to be sent, in order, and what is to be looked at after that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    /// The tags of a first upsert, where the contact has to have them before.
    pub first: Option<Vec<String>>,
    /// The tags of the upsert that shows it.
    pub sent: Vec<String>,
    /// The tags that it does not send, and that stay only where tags are added.
    pub watched: Vec<String>,
}

/// What an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The upsert is not seen yet.
    Nothing,
    /// The tags are added: the others stayed.
    Added,
    /// The tags took the place of others.
    Replaced,
}

impl Shown {
    /// The way of tags that it asks for.
    pub(super) fn way(self) -> TagWay {
        match self {
            Self::Added => TagWay::Inline,
            Self::Nothing | Self::Replaced => TagWay::Endpoint,
        }
    }

    /// What it says, for people.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Nothing => "Omnisend did not show what the upsert did",
            Self::Added => "an upsert's tags join those that the contact has",
            Self::Replaced => {
                "an upsert's tags take the place of those that the contact has; they were put back at once"
            }
        }
    }
}

/// What to send to a contact that has these tags (`None`: that does not exist), and is to get `ours`. An error says
/// why nothing may be sent to it.
pub(super) fn probe(had: Option<&[String]>, ours: &[String]) -> Result<Probe, &'static str> {
    let ours = ours.get(..TagSet::MAX - 1).unwrap_or(ours);
    let had = had.unwrap_or_default();
    if had.iter().any(|tag| tag == TEMPORARY) {
        return Err("the contact still has the temporary tag of an earlier canary");
    }
    if had.iter().any(|tag| Tag::try_from(tag.clone()).is_err()) {
        return Err("the contact has a tag that could not be put back");
    }
    if had.len() + ours.len() + 1 > MAX_TAGS {
        return Err("the contact has too many tags for one more");
    }
    let others: Vec<String> = had.iter().filter(|tag| !ours.contains(tag)).cloned().collect();
    let has_ours = ours.iter().all(|tag| had.contains(tag));
    let temporary = [TEMPORARY.to_owned()];
    Ok(if others.is_empty() {
        // The others are ours, then.
        Probe { first: (!has_ours).then(|| ours.to_vec()), sent: temporary.to_vec(), watched: ours.to_vec() }
    } else {
        // What the contact has already would not show that the upsert is seen.
        let mark: &[String] = if has_ours { &temporary } else { &[] };
        Probe { first: None, sent: [ours, mark].concat(), watched: others }
    })
}

impl Probe {
    /// Whether a contact gets the temporary tag.
    pub(super) fn marks(&self) -> bool {
        self.sent.iter().any(|tag| tag == TEMPORARY)
    }

    /// What the contact's tags show after the upsert.
    pub(super) fn shown(&self, tags: Option<&[String]>) -> Shown {
        let Some(tags) = tags else { return Shown::Nothing };
        match () {
            () if !holds(tags, &self.sent) => Shown::Nothing,
            () if holds(tags, &self.watched) => Shown::Added,
            () => Shown::Replaced,
        }
    }
}

/// Whether tags hold all of some others.
pub(super) fn holds(tags: &[String], others: &[String]) -> bool {
    others.iter().all(|tag| tags.contains(tag))
}

/// Those of a contact's tags that are ours, by name; of the others their number.
pub(super) fn seen(tags: &[String], ours: &[String]) -> SeenTags {
    let known: BTreeSet<&str> = ours.iter().map(String::as_str).chain([TEMPORARY]).collect();
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
    fn what_is_sent_follows_from_what_the_contact_has() {
        let probe = |had: Option<&str>| probe(had.map(tags).as_deref(), &tags("vip,gold")).unwrap();
        let t = TEMPORARY;
        assert_eq!(probe(None), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("")), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("vip")), of(Some("vip,gold"), t, "vip,gold"));
        assert_eq!(probe(Some("vip,gold")), of(None, t, "vip,gold"));
        assert_eq!(probe(Some("a,b")), of(None, "vip,gold", "a,b"));
        assert_eq!(probe(Some("a,vip")), of(None, "vip,gold", "a"));
        assert_eq!(probe(Some("gold,a,vip")), of(None, &format!("vip,gold,{t}"), "a"));
    }

    #[test]
    fn a_contact_whose_tags_could_be_lost_for_good_is_left_alone() {
        let refused = |had: &[String]| probe(Some(had), &tags("vip")).unwrap_err();
        assert_eq!(refused(&tags("a/b")), "the contact has a tag that could not be put back");
        assert_eq!(refused(&tags(TEMPORARY)), "the contact still has the temporary tag of an earlier canary");
        let many: Vec<String> = (0..99).map(|n| n.to_string()).collect();
        assert_eq!(refused(&many), "the contact has too many tags for one more");
        assert!(probe(Some(&many[..98]), &tags("vip")).is_ok());
    }

    #[test]
    fn evidence_names_our_tags_and_counts_the_others() {
        let found = seen(&tags(&format!("source: shop,vip,{TEMPORARY},x")), &tags("vip,gold"));
        assert_eq!(found, SeenTags { ours: tags(&format!("vip,{TEMPORARY}")), others: 2 });
    }

    /// What Omnisend makes of an upsert, either way.
    fn upsert(has: &mut Option<Vec<String>>, sent: &[String], adds: bool) {
        let before = has.take().filter(|_| adds).unwrap_or_default();
        let new = sent.iter().filter(|tag| !before.contains(tag)).cloned().collect();
        *has = Some([before.clone(), new].concat());
    }

    proptest! {
        #[test]
        fn whatever_a_contact_has_the_probe_tells_adding_from_replacing(
            had in prop::option::of(prop::collection::btree_set("[a-e]", 0..5)),
            ours in prop::collection::btree_set("[c-g]", 1..4),
            adds in any::<bool>(),
        ) {
            let had = had.map(|had| had.into_iter().collect::<Vec<String>>());
            let ours: Vec<String> = ours.into_iter().collect();
            let probe = probe(had.as_deref(), &ours).unwrap();
            let mut has = had.clone();
            if let Some(first) = &probe.first {
                prop_assert!(!holds(has.as_deref().unwrap_or_default(), &ours), "it has them already");
                // Nothing of somebody else's is there to be lost.
                prop_assert!(holds(&ours, has.as_deref().unwrap_or_default()));
                upsert(&mut has, first, adds);
            }
            // An answer from before the upsert shows nothing.
            prop_assert_eq!(probe.shown(has.as_deref()), Shown::Nothing);
            upsert(&mut has, &probe.sent, adds);
            let expected = if adds { Shown::Added } else { Shown::Replaced };
            prop_assert_eq!(probe.shown(has.as_deref()), expected);
            prop_assert_eq!(expected.way() == TagWay::Inline, adds);
        }
    }
}

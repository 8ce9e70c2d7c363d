//! Which of a run's tags a contact gets, in one word; and how they are written into its bytes.

use bytes::{BufMut, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contact::Tag;

/// Some of a list of tags, by their places in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagSet(pub u32);

impl TagSet {
    /// How many tags a list may have.
    pub const MAX: usize = 32;

    /// The tag at a place of the list.
    pub fn of(place: usize) -> Self {
        Self(u32::try_from(place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or_default())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that the other has not.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that both have.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it has all that the other has.
    pub fn holds(self, other: Self) -> bool {
        other.without(self).is_empty()
    }

    /// The places of those that are in it.
    pub fn places(self) -> impl Iterator<Item = usize> {
        // One turn for each that is in it: this is asked of every contact.
        std::iter::successors(Some(self.0), |left| Some(left & left.wrapping_sub(1)))
            .take_while(|left| *left != 0)
            .map(|left| left.trailing_zeros() as usize)
    }

    /// The tags themselves.
    pub fn among(self, list: &[Tag]) -> impl Iterator<Item = &Tag> {
        self.places().filter_map(|place| list.get(place))
    }
}

/// Tags as they are written into contacts. A chunk's contacts are stored without them, so that an upload can leave
/// them out.
#[derive(Debug, Clone, Default)]
pub struct InlineTags(Vec<String>);

impl InlineTags {
    /// No contact gets any.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of a run.
    pub fn of(list: &[Tag]) -> Self {
        // A tag is a text, which JSON takes.
        Self(list.iter().map(|tag| serde_json::to_string(tag).unwrap_or_default()).collect())
    }

    /// How many bytes a contact takes with its tags.
    pub fn contact_len(&self, contact: &RawValue, tags: TagSet) -> usize {
        let texts = self.texts(tags).map(|text| text.len() + 1).sum::<usize>();
        contact.get().len() + if texts > 0 { FIELD.len() + texts } else { 0 }
    }

    /// Writes a contact with its tags.
    pub fn write(&self, contact: &RawValue, tags: TagSet, into: &mut BytesMut) {
        let mut texts = self.texts(tags).peekable();
        let open = contact.get().strip_suffix('}').filter(|_| texts.peek().is_some());
        let Some(open) = open else { return into.put_slice(contact.get().as_bytes()) };
        into.put_slice(open.as_bytes());
        for (n, text) in texts.enumerate() {
            into.put_slice(if n == 0 { FIELD } else { b"," });
            into.put_slice(text.as_bytes());
        }
        into.put_slice(b"]}");
    }

    /// A contact with its tags, on its own.
    pub fn contact(&self, contact: &RawValue, tags: TagSet) -> Box<RawValue> {
        let mut bytes = BytesMut::new();
        self.write(contact, tags, &mut bytes);
        let text = String::from_utf8(bytes.into()).unwrap_or_default();
        RawValue::from_string(text).unwrap_or_else(|_| contact.to_owned())
    }

    fn texts(&self, tags: TagSet) -> impl Iterator<Item = &String> {
        tags.places().filter_map(|place| self.0.get(place))
    }
}

/// A contact has an identifier before it, always.
const FIELD: &[u8] = br#","tags":["#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_tags_is_written_into_a_contact() {
        let tags = ["a", "b \"c\"", "d"].map(|tag| serde_json::from_value(tag.into()).ok());
        let tags: Vec<Tag> = tags.into_iter().flatten().collect();
        assert_eq!(tags.len(), 2, "a quote is in no tag");
        let inline = InlineTags::of(&tags);
        let contact = RawValue::from_string(r#"{"identifiers":[{}]}"#.to_owned()).unwrap();
        let both = TagSet::of(0).with(TagSet::of(1));
        for (inline, set, expected) in [
            (&inline, both, r#"{"identifiers":[{}],"tags":["a","d"]}"#),
            (&inline, TagSet::of(1), r#"{"identifiers":[{}],"tags":["d"]}"#),
            (&inline, TagSet::default(), r#"{"identifiers":[{}]}"#),
            (&InlineTags::none(), both, r#"{"identifiers":[{}]}"#),
        ] {
            assert_eq!(inline.contact(&contact, set).get(), expected);
            assert_eq!(inline.contact_len(&contact, set), expected.len());
        }
    }

    #[test]
    fn sets_are_sets() {
        let (first, last) = (TagSet::of(0), TagSet::of(31));
        let both = first.with(last);
        assert_eq!(both.places().collect::<Vec<_>>(), [0, 31]);
        assert!(both.holds(last) && !first.holds(last) && first.holds(TagSet::default()));
        assert_eq!(both.without(first), last);
        assert!(TagSet::of(32).is_empty());
    }
}

//! Sets of a run's tags, and how a contact's tags are written into its JSON.

use bytes::{BufMut, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::TagWay;
use crate::contact::Tag;

/// A subset of a list of tags: bit `n` is the tag at place `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagSet(pub u32);

impl TagSet {
    /// The most tags in a list.
    pub const MAX: usize = 32;

    /// Returns the set of the tag at `place`. It is empty if `place` is not below [`MAX`](Self::MAX).
    pub fn of(place: usize) -> Self {
        Self(u32::try_from(place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or_default())
    }

    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Returns the union.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the tags of this set that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the intersection.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this set contains all tags of `other`.
    pub fn holds(self, other: Self) -> bool {
        other.without(self).is_empty()
    }

    /// Returns the places of the tags in this set, in ascending order.
    pub fn places(self) -> impl Iterator<Item = usize> {
        // One iteration per tag in the set, because this runs for each contact.
        std::iter::successors(Some(self.0), |left| Some(left & left.wrapping_sub(1)))
            .take_while(|left| *left != 0)
            .map(|left| left.trailing_zeros() as usize)
    }

    /// Returns the tags of this set. The set refers to `list`.
    pub fn among(self, list: &[Tag]) -> impl Iterator<Item = &Tag> {
        self.places().filter_map(|place| list.get(place))
    }
}

/// A run's tags as JSON, to be written into contacts. A chunk's contacts are stored without tags, so that an upload can
/// leave them out.
#[derive(Debug, Clone, Default)]
pub struct InlineTags(Vec<String>);

impl InlineTags {
    /// Returns the tags that are sent inside contacts: all of `list`, or none if they are added through
    /// `/contacts/tags`.
    pub fn sent_by(way: TagWay, list: &[Tag]) -> Self {
        match way {
            TagWay::Inline => Self::of(list),
            TagWay::Endpoint => Self::default(),
        }
    }

    pub fn of(list: &[Tag]) -> Self {
        // A string can always be written as JSON.
        Self(list.iter().map(|tag| serde_json::to_string(tag).unwrap_or_default()).collect())
    }

    /// Returns the length in bytes of a contact with its tags.
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

    /// Returns a contact with its tags.
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

/// It begins with a comma, because a contact always has an identifier before it.
const FIELD: &[u8] = br#","tags":["#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_tags_of_a_set_into_a_contact() {
        let tags = ["a", "b \"c\"", "d"].map(|tag| serde_json::from_value(tag.into()).ok());
        let tags: Vec<Tag> = tags.into_iter().flatten().collect();
        assert_eq!(tags.len(), 2, "a tag cannot contain a quote");
        let inline = InlineTags::of(&tags);
        let contact = RawValue::from_string(r#"{"identifiers":[{}]}"#.to_owned()).unwrap();
        let both = TagSet::of(0).with(TagSet::of(1));
        for (inline, set, expected) in [
            (&inline, both, r#"{"identifiers":[{}],"tags":["a","d"]}"#),
            (&inline, TagSet::of(1), r#"{"identifiers":[{}],"tags":["d"]}"#),
            (&inline, TagSet::default(), r#"{"identifiers":[{}]}"#),
            (&InlineTags::default(), both, r#"{"identifiers":[{}]}"#),
        ] {
            assert_eq!(inline.contact(&contact, set).get(), expected);
            assert_eq!(inline.contact_len(&contact, set), expected.len());
        }
    }

    #[test]
    fn combines_sets_of_tags() {
        let (first, last) = (TagSet::of(0), TagSet::of(31));
        let both = first.with(last);
        assert_eq!(both.places().collect::<Vec<_>>(), [0, 31]);
        assert!(both.holds(last) && !first.holds(last) && first.holds(TagSet::default()));
        assert_eq!(both.without(first), last);
        assert!(TagSet::of(32).is_empty());
    }
}

//! Translates tag sets between lists of tags.

use crate::{contact::Tag, run::TagSet};

/// Translates tag sets that refer to one list of tags into tag sets that refer to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation(Vec<TagSet>);

impl Translation {
    /// Returns the translation from `from` to `to`. Tags that `to` lacks are left out.
    pub fn new(from: &[Tag], to: &[Tag]) -> Self {
        let place = |tag: &Tag| to.iter().position(|there| there == tag).map(TagSet::of).unwrap_or_default();
        Self(from.iter().map(place).collect())
    }

    /// Returns the same tags by their places in the other list.
    pub fn of(&self, tags: TagSet) -> TagSet {
        let each = tags.places().filter_map(|place| self.0.get(place));
        each.fold(TagSet::default(), |all, tag| all.with(*tag))
    }
}

/// Returns the tags of `first`, then those of `second` that `first` lacks; at most [`TagSet::MAX`].
pub fn united(first: &[Tag], second: &[Tag]) -> Vec<Tag> {
    let others = second.iter().filter(|tag| !first.contains(tag));
    first.iter().chain(others).take(TagSet::MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translates_tag_sets_to_another_list() {
        let tags = |names: &[&str]| -> Vec<Tag> {
            names.iter().map(|name| Tag::try_from((*name).to_owned()).unwrap()).collect()
        };
        let (old, new) = (tags(&["a", "b", "c"]), tags(&["c", "x", "a"]));
        let all = united(&new, &old);
        assert_eq!(all, tags(&["c", "x", "a", "b"]));
        let translation = Translation::new(&old, &all);
        assert_eq!(translation.of(TagSet(0b111)), TagSet(0b1101));
        assert_eq!(translation.of(TagSet(0b010)), TagSet(0b1000));
        assert_eq!(
            Translation::new(&old, &new).of(TagSet(0b110)),
            TagSet(0b001),
            "tags that the list lacks are left out"
        );
    }
}

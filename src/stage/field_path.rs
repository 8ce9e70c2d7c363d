//! Parses the paths in Omnisend's field errors that name an item of a list: `items[3].country` or `items.3.country`.

/// An item of a list, and the field inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemPath<'p> {
    /// The item's place in the list, counted from 0.
    pub item: usize,
    /// Empty if the error is about the item itself.
    pub field: &'p str,
}

/// Returns the item of `list` that a path names, if it names one.
pub(super) fn item_path<'p>(path: &'p str, list: &str) -> Option<ItemPath<'p>> {
    let rest = path.strip_prefix(list)?.trim_start_matches(['[', '.']);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (item, field) = rest.split_at_checked(digits)?;
    Some(ItemPath { item: item.parse().ok()?, field: field.trim_start_matches([']', '.']) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_item_and_its_field() {
        for (path, expected) in [
            ("items[3].country", Some((3, "country"))),
            ("items.3.identifiers[0].id", Some((3, "identifiers[0].id"))),
            ("items[12]", Some((12, ""))),
            ("items", None),
            ("items[x]", None),
            ("endpoint", None),
        ] {
            let found = item_path(path, "items").map(|path| (path.item, path.field));
            assert_eq!(found, expected, "{path}");
        }
    }
}

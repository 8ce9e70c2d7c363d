//! What the name of a column can mean.

use crate::contact::Field;

/// What a column contains, according to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Field(Field),
    /// First and last name together.
    FullName,
    /// A further line of an address.
    AddressLine,
}

/// How clearly a name states its meaning, the least clear first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clarity {
    /// The name does not state it.
    Unnamed,
    /// The name of a secondary value, such as an office phone or a delivery address.
    Secondary,
    /// The known name with words that say whose value it is.
    Qualified,
    /// Only the known name.
    Plain,
}

//! How a column is read into a field.

/// How a column is read into a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Interpretation {
    /// Without further settings.
    Plain,
    /// Dates in this `strptime` format.
    DateFormat(&'static str),
    /// Phone numbers without a country code, in a file whose people nearly all live in this country.
    Region(&'static str),
    /// The same, if the file only makes the country likely.
    LikelyRegion(&'static str),
    /// The same, if the file does not show the country.
    UnknownRegion,
}

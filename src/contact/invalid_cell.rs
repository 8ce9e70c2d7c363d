//! Why a cell does not fit its field.

/// Why a cell does not fit its field. Its message never quotes the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum InvalidCell {
    #[error("the email address is not valid")]
    Email,
    #[error("not a valid phone number")]
    Phone,
    /// A national number, but the export sets no region.
    #[error("a phone number without a country code; set `region` or `default_region`")]
    PhoneWithoutRegion,
    /// `17012345678` in Germany, which is a number of Germany and of the US.
    #[error(
        "a phone number that could belong to two countries or have two readings; write it with `+` and its country code"
    )]
    AmbiguousPhone,
    #[error("not a country name or code")]
    Country,
    #[error("not a date in a known format; set `format`")]
    Date,
    /// `02/03/1990`.
    #[error("a date whose day and month could be swapped; set `format`")]
    AmbiguousDate,
    /// `28.02.90`.
    #[error("a date with a two-digit year; set `format`")]
    TwoDigitYear,
    /// Not in the export's `format`.
    #[error("not in the given `format`")]
    Format,
    #[error("a birthdate in the future or before 1880")]
    Birthdate,
    #[error("not a known word for male or female")]
    Gender,
    #[error("not a number")]
    Number,
    /// `1,234` or `1.234`.
    #[error("a number whose comma or point could be a decimal or a thousands separator; set `decimal`")]
    AmbiguousNumber,
    #[error("not a known word for yes or no")]
    Boolean,
    #[error("a list, but the field takes one value")]
    List,
    #[error("a text of more than 2,048 characters")]
    TooLong,
    /// `["a", "b`.
    #[error("a list whose brackets or quotes are not understood")]
    ListNotation,
    #[error("the template failed on this row")]
    Template,
}

//! Decides by a column's values whether it can be a field.

use super::{
    cell::{self, fits},
    column::Column,
    date_order::{is_date, spelled},
    dates::{self, DateStyle},
    interpretation::Interpretation,
};
use crate::contact::Field;

/// Whether a column can be a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can be this field: the values of a country column decide between the two country fields.
    Fits(Field, Interpretation),
    /// It cannot, for this reason.
    Rejected(String),
}

/// A field that a column's values suggest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// The values alone are enough to map it.
    Certain(Field),
    /// The values could also be something else.
    Possible(Field),
}

/// The share of the filled cells that must be valid for the field that the column is named after, in percent.
const MOST: usize = 50;
/// The share that must be valid if the name says nothing, in percent.
pub(super) const NEARLY_ALL: usize = 90;

/// Judges a column that is named after a field.
pub(super) fn judge(field: Field, column: &Column) -> Verdict {
    if column.lists > 0 {
        return Verdict::Rejected("contains lists".to_owned());
    }
    if column.is_empty() {
        return match field {
            Field::Email => Verdict::Rejected("empty in every sampled row".to_owned()),
            field => Verdict::Fits(field, Interpretation::Plain),
        };
    }
    let accept = |interpretation| Verdict::Fits(field, interpretation);
    let reject = |what: &str, percent: usize| {
        Verdict::Rejected(if percent == 0 {
            format!("contains no {what}")
        } else {
            format!("only {percent}% of its values are {what}")
        })
    };
    let valid = column.percent(|cell| fits(field, cell));
    match field {
        Field::Email | Field::Phone | Field::Gender if valid >= MOST => accept(Interpretation::Plain),
        Field::Email => reject("email addresses", valid),
        Field::Phone if column.percent(cell::is_phone) >= MOST => accept(Interpretation::UnknownRegion),
        Field::Phone => reject("phone numbers", valid),
        Field::Gender => reject("words for a gender", valid),
        Field::Birthdate | Field::CreatedAt => judge_dates(field, column, valid),
        Field::Country | Field::CountryCode => judge_country(column),
        Field::FirstName
        | Field::LastName
        | Field::Address
        | Field::City
        | Field::State
        | Field::PostalCode => judge_text(field, column),
    }
}

fn judge_dates(field: Field, column: &Column, valid: usize) -> Verdict {
    match dates::style(column) {
        _ if valid >= NEARLY_ALL => Verdict::Fits(field, Interpretation::Plain),
        Some(DateStyle::Order(order)) => Verdict::Fits(field, Interpretation::DateFormat(order)),
        Some(DateStyle::Iso) => Verdict::Rejected(format!("only {valid}% of its values are valid dates")),
        Some(DateStyle::Ambiguous(one, other)) => Verdict::Rejected(format!(
            "its dates could be {} or {}; set format = \"{one}\" or \"{other}\"",
            spelled(one),
            spelled(other)
        )),
        None => Verdict::Rejected("contains no dates, or dates in several formats".to_owned()),
    }
}

/// Country codes and names are different fields. A column that is neither is rejected.
fn judge_country(column: &Column) -> Verdict {
    if column.percent(|cell| fits(Field::CountryCode, cell)) >= NEARLY_ALL {
        return Verdict::Fits(Field::CountryCode, Interpretation::Plain);
    }
    if column.percent(|cell| cell.chars().filter(|c| c.is_alphabetic()).count() >= 2) >= NEARLY_ALL {
        return Verdict::Fits(Field::Country, Interpretation::Plain);
    }
    Verdict::Rejected("contains no countries".to_owned())
}

fn judge_text(field: Field, column: &Column) -> Verdict {
    if column.percent(cell::is_email) >= MOST {
        return Verdict::Rejected("contains email addresses".to_owned());
    }
    let may_be_digits = matches!(field, Field::PostalCode);
    if !may_be_digits && column.percent(|cell| !cell.chars().any(char::is_alphabetic)) > MOST {
        return Verdict::Rejected("contains numbers or symbols".to_owned());
    }
    if !may_be_digits && column.percent(is_date) > MOST {
        return Verdict::Rejected("contains dates".to_owned());
    }
    Verdict::Fits(field, Interpretation::Plain)
}

/// Returns the field that a column's values suggest without its name.
pub(super) fn guess(column: &Column) -> Option<Guess> {
    if column.is_empty() || column.lists > 0 {
        return None;
    }
    let nearly_all = |is: &dyn Fn(&str) -> bool| column.percent(is) >= NEARLY_ALL;
    if nearly_all(&cell::is_email) {
        return Some(Guess::Certain(Field::Email));
    }
    if nearly_all(&|cell| cell.starts_with('+') && fits(Field::Phone, cell)) {
        return Some(Guess::Certain(Field::Phone));
    }
    let is_word = |cell: &str| cell.chars().count() > 3 || !cell.is_ascii();
    let field = if nearly_all(&|cell| fits(Field::Gender, cell)) {
        Field::Gender
    } else if column.distinct() > 1
        // In lower case, a code may be a language, or the word `no`.
        && nearly_all(&|cell| fits(Field::CountryCode, cell) && cell != cell.to_lowercase())
    {
        Field::CountryCode
    } else {
        return None;
    };
    Some(if nearly_all(&is_word) { Guess::Certain(field) } else { Guess::Possible(field) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: Field, cells: &[&str]) -> Verdict {
        judge(field, &Column::of("x", cells))
    }

    fn rejected(why: &str) -> Verdict {
        Verdict::Rejected(why.to_owned())
    }

    #[test]
    fn values_can_contradict_the_name() {
        assert_eq!(of(Field::Email, &["yes", "no"]), rejected("contains no email addresses"));
        assert_eq!(
            of(Field::Email, &["a@b.co", "x", "y"]),
            rejected("only 33% of its values are email addresses")
        );
        assert_eq!(of(Field::Email, &[""]), rejected("empty in every sampled row"));
        assert_eq!(of(Field::FirstName, &["ada@b.co"]), rejected("contains email addresses"));
        assert_eq!(of(Field::City, &["12", "13"]), rejected("contains numbers or symbols"));
        assert_eq!(of(Field::Phone, &["iPhone", "Galaxy"]), rejected("contains no phone numbers"));
        assert_eq!(of(Field::Country, &["1", "2"]), rejected("contains no countries"));
        assert_eq!(
            of(Field::Birthdate, &["01/02", "03/04"]),
            rejected("contains no dates, or dates in several formats")
        );
    }

    #[test]
    fn values_decide_how_a_column_is_read() {
        assert_eq!(of(Field::Email, &["a@b.co", "x"]), Verdict::Fits(Field::Email, Interpretation::Plain));
        assert_eq!(
            of(Field::Country, &["JP", "DE"]),
            Verdict::Fits(Field::CountryCode, Interpretation::Plain)
        );
        assert_eq!(
            of(Field::Birthdate, &["28.02.1990"]),
            Verdict::Fits(Field::Birthdate, Interpretation::Plain),
            "dates with dots are unambiguous"
        );
        assert_eq!(
            of(Field::Birthdate, &["1990-02-28"]),
            Verdict::Fits(Field::Birthdate, Interpretation::Plain)
        );
        assert_eq!(
            of(Field::Birthdate, &["28/02/1990"]),
            Verdict::Fits(Field::Birthdate, Interpretation::DateFormat("%d/%m/%Y"))
        );
        assert_eq!(
            of(Field::Phone, &["03-1234-5678"]),
            Verdict::Fits(Field::Phone, Interpretation::UnknownRegion)
        );
        assert_eq!(
            of(Field::State, &[]),
            Verdict::Fits(Field::State, Interpretation::Plain),
            "an empty column is harmless"
        );
    }

    #[test]
    fn guesses_a_field_from_values_alone() {
        let guessed = |cells: &[&str]| guess(&Column::of("x", cells));
        assert_eq!(guessed(&["a@b.co", "c@d.co"]), Some(Guess::Certain(Field::Email)));
        assert_eq!(guessed(&["+442079460958"]), Some(Guess::Certain(Field::Phone)));
        assert_eq!(guessed(&["female", "male"]), Some(Guess::Certain(Field::Gender)));
        assert_eq!(guessed(&["m", "f"]), Some(Guess::Possible(Field::Gender)));
        assert_eq!(
            guessed(&["DE", "FR"]),
            Some(Guess::Possible(Field::CountryCode)),
            "these may be languages"
        );
        assert_eq!(guessed(&["no", "no"]), None);
        assert_eq!(guessed(&["gold", "silver"]), None);
        assert_eq!(guessed(&[]), None);
    }
}

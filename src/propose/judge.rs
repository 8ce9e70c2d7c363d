//! What a column's content says of the field that its name stands for.

use super::{
    column::Column,
    dates::{self, Written},
    look,
};
use crate::contact::Field;

/// How a column is read into a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// As it is.
    Plain,
    /// Its dates are in this order.
    Format(&'static str),
    /// Its numbers name no country; the one in which nearly all of these people live, where the file says it.
    Region(Option<&'static str>),
    /// The same, where the file only lets one suppose which country it is.
    SupposedRegion(&'static str),
}

/// Whether a column can be a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can; for a country, which of the two fields, as its content says.
    Fits(Field, How),
    /// It cannot, and why.
    Not(String),
}

/// Of how many filled cells a field must take what it is named for, in percent.
const MOST: usize = 50;
/// Where names say nothing, nearly all of them must be so.
pub(super) const NEARLY_ALL: usize = 90;

/// Judges a column that is named like a field.
pub(super) fn judge(field: Field, column: &Column) -> Verdict {
    if column.lists > 0 {
        return Verdict::Not("it holds lists".to_owned());
    }
    if column.is_empty() {
        return match field {
            Field::Email => Verdict::Not("it is empty in every row that was looked at".to_owned()),
            field => Verdict::Fits(field, How::Plain),
        };
    }
    let fits = |how| Verdict::Fits(field, how);
    let not = |what: &str, percent: usize| {
        Verdict::Not(if percent == 0 {
            format!("it holds no {what}")
        } else {
            format!("only {percent} % of it are {what}")
        })
    };
    let taken = column.percent(|cell| field.takes(cell));
    match field {
        Field::Email | Field::Phone | Field::Gender if taken >= MOST => fits(How::Plain),
        Field::Email => not("e-mail addresses", taken),
        Field::Phone if column.percent(look::is_phone) >= MOST => fits(How::Region(None)),
        Field::Phone => not("phone numbers", taken),
        Field::Gender => not("words for a gender", taken),
        Field::Birthdate | Field::CreatedAt => day(field, column, taken),
        Field::Country | Field::CountryCode => country(column),
        Field::FirstName
        | Field::LastName
        | Field::Address
        | Field::City
        | Field::State
        | Field::PostalCode => text(field, column),
    }
}

fn day(field: Field, column: &Column, taken: usize) -> Verdict {
    match dates::written(column) {
        _ if taken >= NEARLY_ALL => Verdict::Fits(field, How::Plain),
        Some(Written::As(order)) => Verdict::Fits(field, How::Format(order)),
        Some(Written::Plain) => Verdict::Not(format!("{taken} % of its dates can be read")),
        Some(Written::Either(one, other)) => Verdict::Not(format!(
            "its dates can be {} or {}; say which: format = \"{one}\" or \"{other}\"",
            dates::spelt(one),
            dates::spelt(other)
        )),
        None => Verdict::Not("it holds no dates, or writes them in several ways".to_owned()),
    }
}

/// A code where codes are what it holds, else a name.
fn country(column: &Column) -> Verdict {
    if column.percent(|cell| Field::CountryCode.takes(cell)) >= NEARLY_ALL {
        return Verdict::Fits(Field::CountryCode, How::Plain);
    }
    if column.percent(|cell| cell.chars().filter(|c| c.is_alphabetic()).count() >= 2) >= NEARLY_ALL {
        return Verdict::Fits(Field::Country, How::Plain);
    }
    Verdict::Not("it holds no countries".to_owned())
}

fn text(field: Field, column: &Column) -> Verdict {
    if column.percent(look::is_email) >= MOST {
        return Verdict::Not("it holds e-mail addresses".to_owned());
    }
    let may_be_digits = matches!(field, Field::PostalCode);
    if !may_be_digits && column.percent(|cell| !cell.chars().any(char::is_alphabetic)) > MOST {
        return Verdict::Not("it holds numbers or signs".to_owned());
    }
    if column.percent(|cell| dates::any(cell).is_some()) > MOST && !may_be_digits {
        return Verdict::Not("it holds dates".to_owned());
    }
    Verdict::Fits(field, How::Plain)
}

/// The field that a column's content alone stands for, and whether that is enough to map it.
pub(super) fn guess(column: &Column) -> Option<(Field, bool)> {
    if column.is_empty() || column.lists > 0 {
        return None;
    }
    let nearly_all = |is: &dyn Fn(&str) -> bool| column.percent(is) >= NEARLY_ALL;
    if nearly_all(&look::is_email) {
        return Some((Field::Email, true));
    }
    if nearly_all(&|cell| cell.starts_with('+') && Field::Phone.takes(cell)) {
        return Some((Field::Phone, true));
    }
    let is_word = |cell: &str| cell.chars().count() > 3 || !cell.is_ascii();
    if nearly_all(&|cell| Field::Gender.takes(cell)) {
        return Some((Field::Gender, nearly_all(&is_word)));
    }
    // In lower case they are languages, or `no`.
    let is_country = |cell: &str| Field::CountryCode.takes(cell) && cell != cell.to_lowercase();
    if nearly_all(&is_country) && column.distinct(2) > 1 {
        return Some((Field::CountryCode, nearly_all(&is_word)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: Field, cells: &[&str]) -> Verdict {
        judge(field, &Column::of("x", cells))
    }

    fn not(why: &str) -> Verdict {
        Verdict::Not(why.to_owned())
    }

    #[test]
    fn content_can_refuse_a_name() {
        assert_eq!(of(Field::Email, &["yes", "no"]), not("it holds no e-mail addresses"));
        assert_eq!(of(Field::Email, &["a@b.co", "x", "y"]), not("only 33 % of it are e-mail addresses"));
        assert_eq!(of(Field::Email, &[""]), not("it is empty in every row that was looked at"));
        assert_eq!(of(Field::FirstName, &["ada@b.co"]), not("it holds e-mail addresses"));
        assert_eq!(of(Field::City, &["12", "13"]), not("it holds numbers or signs"));
        assert_eq!(of(Field::Phone, &["iPhone", "Galaxy"]), not("it holds no phone numbers"));
        assert_eq!(of(Field::Country, &["1", "2"]), not("it holds no countries"));
        assert_eq!(
            of(Field::Birthdate, &["01/02", "03/04"]),
            not("it holds no dates, or writes them in several ways")
        );
    }

    #[test]
    fn content_says_how_it_is_read() {
        assert_eq!(of(Field::Email, &["a@b.co", "x"]), Verdict::Fits(Field::Email, How::Plain));
        assert_eq!(of(Field::Country, &["JP", "DE"]), Verdict::Fits(Field::CountryCode, How::Plain));
        assert_eq!(
            of(Field::Birthdate, &["28.02.1990"]),
            Verdict::Fits(Field::Birthdate, How::Plain),
            "dots leave no doubt"
        );
        assert_eq!(of(Field::Birthdate, &["1990-02-28"]), Verdict::Fits(Field::Birthdate, How::Plain));
        assert_eq!(
            of(Field::Birthdate, &["28/02/1990"]),
            Verdict::Fits(Field::Birthdate, How::Format("%d/%m/%Y"))
        );
        assert_eq!(of(Field::Phone, &["03-1234-5678"]), Verdict::Fits(Field::Phone, How::Region(None)));
        assert_eq!(
            of(Field::State, &[]),
            Verdict::Fits(Field::State, How::Plain),
            "an empty column does no harm"
        );
    }

    #[test]
    fn content_alone_is_enough_where_it_leaves_no_doubt() {
        let guessed = |cells: &[&str]| guess(&Column::of("x", cells));
        assert_eq!(guessed(&["a@b.co", "c@d.co"]), Some((Field::Email, true)));
        assert_eq!(guessed(&["+442079460958"]), Some((Field::Phone, true)));
        assert_eq!(guessed(&["female", "male"]), Some((Field::Gender, true)));
        assert_eq!(guessed(&["m", "f"]), Some((Field::Gender, false)));
        assert_eq!(guessed(&["DE", "FR"]), Some((Field::CountryCode, false)), "these may be languages");
        assert_eq!(guessed(&["no", "no"]), None);
        assert_eq!(guessed(&["gold", "silver"]), None);
        assert_eq!(guessed(&[]), None);
    }
}

//! Which column becomes which field.

use super::{
    column::Column,
    judge::{How, Verdict, guess, judge},
    names::{self, Meaning, words},
    region,
};
use crate::contact::Field;

/// By how many percent of the rows one of two columns must be fuller to be taken before a clearer name.
const FULLER: usize = 10;

/// A field and its column.
#[derive(Debug)]
pub(crate) struct Chosen<'s> {
    pub field: Field,
    pub column: &'s Column,
    pub how: How,
    /// Whether only the content spoke for it.
    pub by_content: bool,
    /// Other columns that could be it, the fullest first.
    pub others: Vec<&'s Column>,
}

impl Chosen<'_> {
    /// Whether it is mapped as it stands.
    pub(crate) fn is_in_force(&self) -> bool {
        !matches!(self.how, How::Region(None) | How::SupposedRegion(_))
    }
}

/// A column that is not mapped though something speaks for it.
#[derive(Debug)]
pub(crate) struct Unmapped<'s> {
    /// What it could have been; `None` for a name in one.
    pub field: Option<Field>,
    pub column: &'s Column,
    pub why: String,
}

/// The fields of a proposal.
#[derive(Debug, Default)]
pub(crate) struct Fields<'s> {
    /// What is mapped, in [`Field::ALL`]'s order.
    pub chosen: Vec<Chosen<'s>>,
    /// What is not, by column.
    pub unmapped: Vec<Unmapped<'s>>,
    /// What follows the first line of the address.
    pub address_lines: Vec<&'s Column>,
}

/// A column that could be a field.
#[derive(Debug)]
struct Candidate<'s> {
    field: Field,
    column: &'s Column,
    how: How,
    /// 0 where its name says nothing.
    clarity: u8,
}

impl<'s> Fields<'s> {
    pub(super) fn choose(columns: impl Iterator<Item = &'s Column>) -> Self {
        let mut fields = Self::default();
        let (mut candidates, mut full_names) = (Vec::new(), Vec::new());
        let mut is_japanese = false;
        for column in columns.filter(|column| column.is_mappable()) {
            is_japanese |= region::is_japanese(&column.name);
            let name = names::meaning(&column.name);
            match name.map(|name| name.meaning) {
                Some(Meaning::Field(field)) => match judge(field, column) {
                    Verdict::Fits(field, how) => {
                        let clarity = name.map_or(0, |name| name.clarity);
                        candidates.push(Candidate { field, column, how, clarity });
                    }
                    Verdict::Not(why) => {
                        fields.unmapped.push(Unmapped { field: Some(field), column, why });
                        fields.guess(column, &mut candidates);
                    }
                },
                Some(Meaning::FullName) if !column.is_empty() => full_names.push(column),
                Some(Meaning::FullName) => {}
                Some(Meaning::AddressLine) => fields.address_lines.push(column),
                None => fields.guess(column, &mut candidates),
            }
        }
        for field in Field::ALL {
            fields.chosen.extend(best(field, &candidates));
        }
        fields.say_region(is_japanese);
        fields.name_in_one(full_names);
        if fields.of(Field::Address).is_none() {
            fields.address_lines.clear();
        }
        fields
    }

    /// Says where numbers without a country are dialled.
    fn say_region(&mut self, is_japanese: bool) {
        let column = |field| self.of(field).map(|chosen| chosen.column);
        let country = column(Field::CountryCode).or_else(|| column(Field::Country));
        let (email, phone) = (column(Field::Email), column(Field::Phone));
        let how = phone.map(|phone| region::of(phone, country, email, is_japanese));
        for chosen in self.chosen.iter_mut().filter(|chosen| chosen.how == How::Region(None)) {
            chosen.how = how.clone().unwrap_or(How::Region(None));
        }
    }

    /// The column of a field.
    pub(crate) fn of(&self, field: Field) -> Option<&Chosen<'s>> {
        self.chosen.iter().find(|chosen| chosen.field == field)
    }

    /// Whether a column is mapped, or another way to map a field that is. Such a column is no custom property too.
    pub(super) fn uses(&self, column: &Column) -> bool {
        let is = |other: &&Column| other.at == column.at;
        self.chosen.iter().any(|chosen| {
            is(&chosen.column)
                || (matches!(chosen.field, Field::Email | Field::Phone) && chosen.others.iter().any(is))
        }) || self.address_lines.iter().any(is)
    }

    /// What the content alone speaks for.
    fn guess(&mut self, column: &'s Column, candidates: &mut Vec<Candidate<'s>>) {
        match guess(column) {
            Some((field, true)) => candidates.push(Candidate { field, column, how: How::Plain, clarity: 0 }),
            Some((field, false)) => {
                let why = "its values look like it, but its name does not".to_owned();
                self.unmapped.push(Unmapped { field: Some(field), column, why });
            }
            None => {}
        }
    }

    /// A name in one column is the last name where another column is the first name. Else nobody can tell where one
    /// ends and the other begins.
    fn name_in_one(&mut self, full_names: Vec<&'s Column>) {
        let in_one = |column: &Column| column.percent(|cell| cell.contains([' ', '\u{3000}', ','])) >= 50;
        for (field, other) in [(Field::FirstName, Field::LastName), (Field::LastName, Field::FirstName)] {
            // `Nombre` and `Nom` are a part of the name, or all of it.
            let alone = self.of(other).is_none();
            let at = self.chosen.iter().position(|c| c.field == field && alone && in_one(c.column));
            if let Some(chosen) = at.map(|at| self.chosen.remove(at)) {
                self.unmapped.push(in_one_column(chosen.column));
            }
        }
        let (first, last) = (self.of(Field::FirstName).is_some(), self.of(Field::LastName).is_some());
        for column in full_names {
            let is_plain = words(&column.name).len() == 1;
            if first && !last && is_plain && !in_one(column) && self.of(Field::LastName).is_none() {
                let at = self.chosen.iter().take_while(|chosen| chosen.field <= Field::FirstName).count();
                let (field, how) = (Field::LastName, How::Plain);
                self.chosen.insert(at, Chosen { field, column, how, by_content: false, others: Vec::new() });
            } else if !first && !last {
                self.unmapped.push(in_one_column(column));
            }
        }
    }
}

fn in_one_column(column: &Column) -> Unmapped<'_> {
    let why =
        "it holds first and last name in one; write them in two columns where the file is made, or cut it at its space:"
            .to_owned();
    Unmapped { field: None, column, why }
}

/// The best column for a field.
fn best<'s>(field: Field, candidates: &[Candidate<'s>]) -> Option<Chosen<'s>> {
    let mut all: Vec<_> = candidates.iter().filter(|candidate| candidate.field == field).collect();
    // What only looks like it is for where no name says it.
    let named = all.iter().any(|candidate| candidate.clarity > 0);
    all.retain(|candidate| !named || candidate.clarity > 0);
    let best = all.iter().copied().reduce(|a, b| if is_better(field, b, a) { b } else { a })?;
    let mut others: Vec<_> =
        all.iter().map(|other| other.column).filter(|c| c.at != best.column.at && !c.is_empty()).collect();
    others.sort_by_key(|column| std::cmp::Reverse(column.filled()));
    Some(Chosen { field, column: best.column, how: best.how.clone(), by_content: best.clarity == 0, others })
}

/// Of two columns the fuller, unless they are about as full: then the one with the clearer name. The parts of an
/// address go by their names first, so that no contact gets the city of one address and the street of another.
fn is_better(field: Field, a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
    if a.column.is_empty() != b.column.is_empty() {
        return b.column.is_empty();
    }
    let (fill_a, fill_b) = (a.column.percent_filled(), b.column.percent_filled());
    let by_name = !matches!(field, Field::Email | Field::Phone | Field::FirstName | Field::LastName);
    if by_name || fill_a.abs_diff(fill_b) <= FULLER {
        (a.clarity, fill_a) > (b.clarity, fill_b)
    } else {
        fill_a > fill_b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(columns: &[(&str, &[&str])]) -> String {
        let columns: Vec<_> =
            (0..).zip(columns).map(|(at, (name, cells))| Column { at, ..Column::of(name, cells) }).collect();
        let fields = Fields::choose(columns.iter());
        let mut said: Vec<_> = fields
            .chosen
            .iter()
            .map(|chosen| {
                let all = [chosen.column].into_iter().chain(chosen.others.iter().copied());
                let all: Vec<_> = all.map(|column| column.name.as_str()).collect();
                format!("{}={}", chosen.field.key(), all.join(" or "))
            })
            .collect();
        said.extend(fields.unmapped.iter().map(|not| format!("not {}: {}", not.column.name, not.why)));
        said.join("; ")
    }

    const ADDRESSES: &[&str] = &["a@b.co", "c@d.co", "e@f.co", "g@h.co"];

    #[test]
    fn of_two_columns_the_fuller_is_taken_and_the_other_named() {
        assert_eq!(
            choose(&[("SecondaryEmail", ADDRESSES), ("EMail", ADDRESSES)]),
            "email=EMail or SecondaryEmail"
        );
        assert_eq!(
            choose(&[("EMail", &["a@b.co", "", "", ""]), ("SecondaryEmail", ADDRESSES)]),
            "email=SecondaryEmail or EMail"
        );
        assert_eq!(choose(&[("Mobile", &["", ""]), ("Telephone", &["+81312345678", ""])]), "phone=Telephone");
    }

    #[test]
    fn one_address_is_not_made_of_two() {
        let (full, half) = (&["Köln", "Bonn"][..], &["Köln", ""][..]);
        assert_eq!(
            choose(&[("shipping_city", full), ("billing_city", half), ("billing_zip", half)]),
            "city=billing_city or shipping_city; postal_code=billing_zip"
        );
    }

    #[test]
    fn content_decides_where_the_name_says_nothing_or_is_wrong() {
        assert_eq!(choose(&[("Kontakt", ADDRESSES)]), "email=Kontakt");
        assert_eq!(choose(&[("Login", ADDRESSES), ("Email", ADDRESSES)]), "email=Email");
        assert_eq!(
            choose(&[("Email", &["sent", "sent"]), ("Login", ADDRESSES)]),
            "email=Login; not Email: it holds no e-mail addresses"
        );
        assert_eq!(
            choose(&[("Sprache", &["DE", "FR"])]),
            "not Sprache: its values look like it, but its name does not"
        );
    }

    #[test]
    fn a_name_in_one_column_is_explained_and_a_last_name_is_not() {
        let in_one = "not Name: it holds first and last name in one; write them in two columns where the file is made, or cut it at its space:";
        assert_eq!(choose(&[("Name", &["Ada Lovelace"])]), in_one);
        assert_eq!(
            choose(&[("Vorname", &["Ada"]), ("Name", &["Lovelace"])]),
            "first_name=Vorname; last_name=Name"
        );
        assert_eq!(choose(&[("Nombre", &["Ada Lovelace"])]), in_one.replace("Name", "Nombre"));
        assert_eq!(
            choose(&[("Nombre", &["Ana María"]), ("Apellidos", &["García López"])]),
            "first_name=Nombre; last_name=Apellidos"
        );
    }
}

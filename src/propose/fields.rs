//! Chooses the column of each field.

use super::{
    column::Column,
    interpretation::Interpretation,
    meaning::{Clarity, Meaning},
    region,
};
use crate::contact::Field;
use crate::propose::{
    by_name::{self, words},
    by_values::{Guess, Verdict, guess, judge},
};

/// By how many percentage points a column must be fuller to be preferred to one with a clearer name.
const FULLER: usize = 10;

/// A field and its column.
#[derive(Debug)]
pub(crate) struct Chosen<'s> {
    pub field: Field,
    pub column: &'s Column,
    pub interpretation: Interpretation,
    /// Whether only its values suggest the field, not its name.
    pub by_values: bool,
    /// Other columns that could be the field, the fullest first.
    pub others: Vec<&'s Column>,
}

impl Chosen<'_> {
    /// Whether the proposed line is active, not commented out.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.interpretation, Interpretation::UnknownRegion | Interpretation::LikelyRegion(_))
    }
}

/// A column that is not mapped, although its name or its values suggest a field.
#[derive(Debug)]
pub(crate) struct Unmapped<'s> {
    /// The suggested field; `None` for first and last name together.
    pub field: Option<Field>,
    pub column: &'s Column,
    pub reason: String,
}

/// The fields of a proposal.
#[derive(Debug, Default)]
pub(crate) struct Fields<'s> {
    /// The mapped fields, in the order of [`Field::ALL`].
    pub chosen: Vec<Chosen<'s>>,
    /// The columns that only seem to be fields.
    pub unmapped: Vec<Unmapped<'s>>,
    /// Columns with further lines of the address.
    pub address_lines: Vec<&'s Column>,
}

/// A column that could be a field.
#[derive(Debug)]
struct Candidate<'s> {
    field: Field,
    column: &'s Column,
    interpretation: Interpretation,
    clarity: Clarity,
}

impl<'s> Fields<'s> {
    pub(super) fn choose(columns: impl Iterator<Item = &'s Column>) -> Self {
        let mut fields = Self::default();
        let (mut candidates, mut full_names) = (Vec::new(), Vec::new());
        let mut is_japanese = false;
        for column in columns.filter(|column| column.is_mappable()) {
            is_japanese |= region::is_japanese(&column.name);
            let name = by_name::meaning(&column.name);
            let clarity = name.map_or(Clarity::Unnamed, |name| name.clarity);
            match name.map(|name| name.meaning) {
                Some(Meaning::Field(field)) => match judge(field, column) {
                    Verdict::Fits(field, interpretation) => {
                        candidates.push(Candidate { field, column, interpretation, clarity });
                    }
                    Verdict::Rejected(reason) => {
                        fields.unmapped.push(Unmapped { field: Some(field), column, reason });
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
        fields.set_region(is_japanese);
        fields.place_full_names(full_names);
        if fields.of(Field::Address).is_none() {
            fields.address_lines.clear();
        }
        fields
    }

    /// Finds the country of phone numbers without a country code.
    fn set_region(&mut self, is_japanese: bool) {
        let column = |field| self.of(field).map(|chosen| chosen.column);
        let country = column(Field::CountryCode).or_else(|| column(Field::Country));
        let email = column(Field::Email);
        for chosen in &mut self.chosen {
            if chosen.interpretation == Interpretation::UnknownRegion {
                chosen.interpretation = region::of(chosen.column, country, email, is_japanese);
            }
        }
    }

    pub(crate) fn of(&self, field: Field) -> Option<&Chosen<'s>> {
        self.chosen.iter().find(|chosen| chosen.field == field)
    }

    /// Whether a column is mapped, or proposed as an alternative for a mapped field. Such a column is not also
    /// proposed as a custom property.
    pub(super) fn uses(&self, column: &Column) -> bool {
        let is = |other: &&Column| other.at == column.at;
        self.chosen.iter().any(|chosen| {
            is(&chosen.column)
                || (matches!(chosen.field, Field::Email | Field::Phone) && chosen.others.iter().any(is))
        }) || self.address_lines.iter().any(is)
    }

    /// Adds the field that a column's values suggest without its name.
    fn guess(&mut self, column: &'s Column, candidates: &mut Vec<Candidate<'s>>) {
        match guess(column) {
            Some(Guess::Certain(field)) => candidates.push(Candidate {
                field,
                column,
                interpretation: Interpretation::Plain,
                clarity: Clarity::Unnamed,
            }),
            Some(Guess::Possible(field)) => {
                let reason = "its values fit this field, but its name does not".to_owned();
                self.unmapped.push(Unmapped { field: Some(field), column, reason });
            }
            None => {}
        }
    }

    /// Maps a column `Name` to the last name if another column is the first name. Otherwise a column with both names
    /// is not mapped, since nothing shows where the first name ends.
    fn place_full_names(&mut self, full_names: Vec<&'s Column>) {
        let has_both = |column: &Column| column.percent(|cell| cell.contains([' ', '\u{3000}', ','])) >= 50;
        for (field, other) in [(Field::FirstName, Field::LastName), (Field::LastName, Field::FirstName)] {
            // `Nombre` and `Nom` can mean a part of the name or the full name.
            let is_alone = self.of(other).is_none();
            let at = self.chosen.iter().position(|c| c.field == field && is_alone && has_both(c.column));
            if let Some(chosen) = at.map(|at| self.chosen.remove(at)) {
                self.unmapped.push(full_name(chosen.column));
            }
        }
        let (has_first, has_last) = (self.of(Field::FirstName).is_some(), self.of(Field::LastName).is_some());
        for column in full_names {
            let is_one_word = words(&column.name).len() == 1;
            if has_first && self.of(Field::LastName).is_none() && is_one_word && !has_both(column) {
                let at = self.chosen.iter().take_while(|chosen| chosen.field <= Field::FirstName).count();
                let chosen = Chosen {
                    field: Field::LastName,
                    column,
                    interpretation: Interpretation::Plain,
                    by_values: false,
                    others: Vec::new(),
                };
                self.chosen.insert(at, chosen);
            } else if !has_first && !has_last {
                self.unmapped.push(full_name(column));
            }
        }
    }
}

fn full_name(column: &Column) -> Unmapped<'_> {
    let reason =
        "contains first and last name together; export them as two columns, or split them at the space:";
    Unmapped { field: None, column, reason: reason.to_owned() }
}

/// Returns the best column for a field.
fn best<'s>(field: Field, candidates: &[Candidate<'s>]) -> Option<Chosen<'s>> {
    let mut all: Vec<_> = candidates.iter().filter(|candidate| candidate.field == field).collect();
    // A column without a known name is used only if no other column has one.
    let is_named = |candidate: &&Candidate<'_>| candidate.clarity > Clarity::Unnamed;
    if all.iter().any(is_named) {
        all.retain(is_named);
    }
    let best = all.iter().copied().reduce(|a, b| if is_better(field, b, a) { b } else { a })?;
    let mut others: Vec<_> =
        all.iter().map(|other| other.column).filter(|c| c.at != best.column.at && !c.is_empty()).collect();
    others.sort_by_key(|column| std::cmp::Reverse(column.filled()));
    Some(Chosen {
        field,
        column: best.column,
        interpretation: best.interpretation.clone(),
        by_values: best.clarity == Clarity::Unnamed,
        others,
    })
}

/// Whether `a` is better than `b`: fuller, or about as full and with a clearer name. For the parts of an address the
/// name decides first, so that no contact gets the city of one address and the street of another.
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
        let mut shown: Vec<_> = fields
            .chosen
            .iter()
            .map(|chosen| {
                let all = [chosen.column].into_iter().chain(chosen.others.iter().copied());
                let all: Vec<_> = all.map(|column| column.name.as_str()).collect();
                format!("{}={}", chosen.field.key(), all.join(" or "))
            })
            .collect();
        shown.extend(fields.unmapped.iter().map(|not| format!("not {}: {}", not.column.name, not.reason)));
        shown.join("; ")
    }

    const ADDRESSES: &[&str] = &["a@b.co", "c@d.co", "e@f.co", "g@h.co"];

    #[test]
    fn prefers_the_fuller_column_and_keeps_the_other_as_an_alternative() {
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
    fn does_not_mix_the_parts_of_two_addresses() {
        let (full, half) = (&["Köln", "Bonn"][..], &["Köln", ""][..]);
        assert_eq!(
            choose(&[("shipping_city", full), ("billing_city", half), ("billing_zip", half)]),
            "city=billing_city or shipping_city; postal_code=billing_zip"
        );
    }

    #[test]
    fn values_decide_if_the_name_is_unknown_or_wrong() {
        assert_eq!(choose(&[("Kontakt", ADDRESSES)]), "email=Kontakt");
        assert_eq!(choose(&[("Login", ADDRESSES), ("Email", ADDRESSES)]), "email=Email");
        assert_eq!(
            choose(&[("Email", &["sent", "sent"]), ("Login", ADDRESSES)]),
            "email=Login; not Email: contains no email addresses"
        );
        assert_eq!(
            choose(&[("Sprache", &["DE", "FR"])]),
            "not Sprache: its values fit this field, but its name does not"
        );
    }

    #[test]
    fn does_not_map_full_names_but_maps_last_names() {
        let full = "not Name: contains first and last name together; export them as two columns, or split them at the space:";
        assert_eq!(choose(&[("Name", &["Ada Lovelace"])]), full);
        assert_eq!(
            choose(&[("Vorname", &["Ada"]), ("Name", &["Lovelace"])]),
            "first_name=Vorname; last_name=Name"
        );
        assert_eq!(choose(&[("Nombre", &["Ada Lovelace"])]), full.replace("Name", "Nombre"));
        assert_eq!(
            choose(&[("Nombre", &["Ana María"]), ("Apellidos", &["García López"])]),
            "first_name=Nombre; last_name=Apellidos"
        );
    }
}

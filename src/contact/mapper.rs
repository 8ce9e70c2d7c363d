//! A mapping bound to the columns of one file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Channels, Consent, EmailKey, Field, Mapping, Prepared, PropertyKind, Tag,
    consent::{ConsentReader, ConsentWarnings},
    normalise::{email, field, phone, property},
};
use crate::source::{ColumnProblem, Header, Row};

/// Why a row is no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The e-mail cell is empty.
    #[error("the e-mail is empty")]
    NoEmail,
    /// The e-mail cell is no address.
    #[error("this is not an e-mail address that mail can be sent to")]
    Email,
}

/// How many cells were left out of contacts because they are not what their field takes, by field and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    fields: [u64; Field::ALL.len()],
    properties: Vec<u64>,
    consent: ConsentWarnings,
}

/// Turns rows into contacts.
#[derive(Debug)]
pub struct Mapper<'m> {
    email: usize,
    keep_email_case: bool,
    phone: Option<usize>,
    fields: Vec<(Field, usize)>,
    properties: Vec<(&'m str, &'m PropertyKind, usize)>,
    tags: &'m [Tag],
    send_welcome_message: bool,
    consent: ConsentReader<'m>,
}

impl Mapping {
    /// Every column that the mapping names, the e-mail's first.
    pub fn columns(&self) -> Vec<&str> {
        let fields = self.fields.iter().map(|(_, column)| column.as_str());
        let properties = self.properties.iter().map(|property| property.column.as_str());
        std::iter::once(self.email.as_str())
            .chain(fields)
            .chain(properties)
            .chain(self.consent.columns())
            .collect()
    }
}

impl<'m> Mapper<'m> {
    /// Finds the mapping's columns in a header. All that are missing are named at once. `now` is when the run was
    /// started: no consent was given later.
    pub fn bind(
        mapping: &'m Mapping,
        tags: &'m [Tag],
        header: &Header,
        now: Timestamp,
    ) -> Result<Self, Vec<ColumnProblem>> {
        let mut problems = Vec::new();
        let mut find = |column: &str| {
            header.find(column).unwrap_or_else(|problem| {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                usize::MAX
            })
        };
        let email = find(&mapping.email);
        let mut phone = None;
        let mut fields = Vec::with_capacity(mapping.fields.len());
        for (of, column) in &mapping.fields {
            match of {
                Field::Phone => phone = Some(find(column)),
                of => fields.push((*of, find(column))),
            }
        }
        let properties =
            mapping.properties.iter().map(|p| (p.name.as_str(), &p.kind, find(&p.column))).collect();
        let consent = ConsentReader::bind(&mapping.consent, now, &mut find);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            email,
            keep_email_case: mapping.keep_email_case,
            phone,
            fields,
            properties,
            tags,
            send_welcome_message: mapping.send_welcome_message,
            consent,
        })
    }

    /// A row's contact. A cell that its field cannot take is left out and counted; an e-mail that is none makes
    /// the row invalid.
    pub fn contact<'a>(&'a self, row: &'a Row, warnings: &mut Warnings) -> Result<Prepared<'a>, Invalid> {
        let cell = row.cell(self.email);
        if cell.is_empty() {
            return Err(Invalid::NoEmail);
        }
        let email = email(cell, self.keep_email_case).ok_or(Invalid::Email)?;

        let phone =
            self.phone.map(|column| row.cell(column)).filter(|cell| !cell.is_empty()).and_then(|cell| {
                let value = phone(cell);
                warnings.count_field(Field::Phone, value.is_none());
                value
            });
        let mut fields = Vec::with_capacity(self.fields.len());
        for &(of, column) in &self.fields {
            let cell = row.cell(column);
            if !cell.is_empty() {
                let value = field(of, cell);
                warnings.count_field(of, value.is_none());
                fields.extend(value.map(|value| (of, value)));
            }
        }
        let mut properties = Vec::with_capacity(self.properties.len());
        for (at, &(name, kind, column)) in self.properties.iter().enumerate() {
            let cell = row.cell(column);
            if !cell.is_empty() {
                let value = property(kind, cell);
                warnings.count_property(at, value.is_none());
                properties.extend(value.map(|value| (name, value)));
            }
        }
        let send_welcome_message = self.send_welcome_message;
        let consent = self.consent.read(row, &mut warnings.consent);
        Ok(Prepared { email, phone, fields, properties, tags: self.tags, send_welcome_message, consent })
    }

    /// What a row says of consent, and of whom, where its address is one: also of a row that makes no contact.
    pub fn consent<'a>(&'a self, row: &'a Row) -> Option<(EmailKey, Channels<Consent<'a>>)> {
        let email = email(row.cell(self.email), self.keep_email_case)?;
        // Its warnings were counted.
        Some((EmailKey::of(&email), self.consent.read(row, &mut ConsentWarnings::default())))
    }

    /// The row's e-mail cell, as it is in the file.
    pub fn email_cell<'r>(&self, row: &'r Row) -> &'r str {
        row.cell(self.email)
    }

    /// The warnings by what a person calls the field: `birthdate`, `custom_properties.loyalty_tier`.
    pub fn named(&self, warnings: &Warnings) -> BTreeMap<String, u64> {
        let fields = Field::ALL.iter().zip(warnings.fields).map(|(of, count)| (of.key().to_owned(), count));
        let properties = self
            .properties
            .iter()
            .zip(&warnings.properties)
            .map(|((name, ..), count)| (format!("custom_properties.{name}"), *count));
        fields.chain(properties).filter(|(_, count)| *count > 0).chain(warnings.consent.named()).collect()
    }
}

impl Warnings {
    fn count_field(&mut self, of: Field, dropped: bool) {
        if let (true, Some(count)) = (dropped, self.fields.get_mut(of as usize)) {
            *count += 1;
        }
    }

    fn count_property(&mut self, at: usize, dropped: bool) {
        if dropped {
            if self.properties.len() <= at {
                self.properties.resize(at + 1, 0);
            }
            if let Some(count) = self.properties.get_mut(at) {
                *count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contact::{ConsentMapping, Property, PropertyName},
        source::{CsvRows, Rows},
    };

    fn mapping() -> Mapping {
        let property = |name: &str, column: &str, kind| Property {
            name: PropertyName::try_from(name.to_owned()).unwrap(),
            column: column.to_owned(),
            kind,
        };
        Mapping {
            email: "EMail".to_owned(),
            fields: vec![
                (Field::Phone, "Telephone".to_owned()),
                (Field::FirstName, "FirstName".to_owned()),
                (Field::Birthdate, "Born".to_owned()),
            ],
            properties: vec![
                property("lifetime_value", "LTV", PropertyKind::Number),
                property("likes", "Likes", PropertyKind::List { separator: "|".to_owned() }),
            ],
            keep_email_case: false,
            send_welcome_message: false,
            consent: ConsentMapping::default(),
        }
    }

    fn contacts(file: &str) -> (Vec<String>, BTreeMap<String, u64>) {
        let (mapping, tags) = (mapping(), [Tag::try_from("segment: VIP".to_owned()).unwrap()]);
        let mut rows = CsvRows::open(file.as_bytes(), None, None, &mapping.columns()).unwrap();
        let mapper = Mapper::bind(&mapping, &tags, rows.header(), Timestamp::UNIX_EPOCH).unwrap();
        let (mut row, mut warnings, mut seen) = (Row::default(), Warnings::default(), Vec::new());
        while let Some(Ok(())) = rows.next(&mut row).unwrap() {
            seen.push(match mapper.contact(&row, &mut warnings) {
                Ok(contact) => serde_json::to_string(&contact).unwrap(),
                Err(invalid) => invalid.to_string(),
            });
        }
        (seen, mapper.named(&warnings))
    }

    #[test]
    fn a_row_becomes_exactly_this_contact() {
        let (seen, warnings) = contacts(
            "EMail,Telephone,FirstName,Born,LTV,Likes\n\
             Ada@Example.com ,+44 20 7946 0958,Ada,1815-12-10,12.5,a|b\n\
             bo@example.com,,,,,\n",
        );
        assert_eq!(
            seen,
            [
                r#"{"identifiers":[{"type":"email","id":"ada@example.com","sendWelcomeMessage":false},{"type":"phone","id":"+442079460958","sendWelcomeMessage":false}],"firstName":"Ada","birthdate":"1815-12-10","customProperties":{"lifetime_value":12.5,"likes":["a","b"]},"tags":["segment: VIP"]}"#,
                r#"{"identifiers":[{"type":"email","id":"bo@example.com","sendWelcomeMessage":false}],"tags":["segment: VIP"]}"#,
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_cell_that_does_not_fit_is_left_out_and_counted() {
        let (seen, warnings) = contacts(
            "EMail,Telephone,FirstName,Born,LTV,Likes\n\
             ada@example.com,12,Ada,10.12.1815,lots,\n\
             bo@example.com,13,,,3,\n\
             ,,,,,\n\
             nobody,,,,,\n",
        );
        assert_eq!(
            seen,
            [
                r#"{"identifiers":[{"type":"email","id":"ada@example.com","sendWelcomeMessage":false}],"firstName":"Ada","tags":["segment: VIP"]}"#,
                r#"{"identifiers":[{"type":"email","id":"bo@example.com","sendWelcomeMessage":false}],"customProperties":{"lifetime_value":3},"tags":["segment: VIP"]}"#,
                "the e-mail is empty",
                "this is not an e-mail address that mail can be sent to",
            ]
        );
        let expected = [("birthdate", 1), ("custom_properties.lifetime_value", 1), ("phone", 2)];
        assert_eq!(warnings, expected.map(|(name, count)| (name.to_owned(), count)).into());
    }

    #[test]
    fn every_missing_column_is_named_at_once() {
        let problems =
            Mapper::bind(&mapping(), &[], &Header::new(["Email", "FirstName", "LTV"]), Timestamp::UNIX_EPOCH)
                .unwrap_err();
        let wanted: Vec<String> = problems.iter().map(|problem| problem.wanted().to_owned()).collect();
        assert_eq!(wanted, ["EMail", "Telephone", "Born", "Likes"]);
    }
}

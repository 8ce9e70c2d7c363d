//! A mapping bound to the columns of one file.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{
    EmailKey, Field, Flaw, Kind, Mapped, Mapping, OnEmpty, OnInvalid, Prepared, Programs, Source, Value,
    Warnings,
    cells::Cells,
    consent::{ConsentReader, ConsentWarnings},
    normalise::email,
    program::Program,
};
use crate::{
    run::ByReason,
    source::{ColumnProblem, Header, Row},
};

/// Why a row is no contact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The e-mail cell is empty.
    #[error("the e-mail is empty")]
    NoEmail,
    /// The e-mail cell is no address.
    #[error("this is not an e-mail address that mail can be sent to")]
    Email,
    /// A field does not take its cell, and the export says that the row is then no contact.
    #[error("{field}: {flaw}")]
    Field {
        /// The field, as a person calls it.
        field: String,
        /// What is wrong.
        flaw: Flaw,
    },
    /// A cell that says what a person consented to is not understood, and the export says that the row is then no
    /// contact.
    #[error("{cell}: {why}")]
    Consent {
        /// The cell, as a person calls it.
        cell: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The filter does not work on the row.
    #[error(
        "`where` is neither true nor false of this row; `float` and `int` fail on a text that is no number, which `float(0)` takes for 0"
    )]
    Filter,
}

/// One value of a contact, bound.
#[derive(Debug)]
struct Bound<'m, N> {
    name: N,
    cells: Cells<'m>,
    mapped: &'m Mapped,
}

/// Turns rows into contacts.
#[derive(Debug)]
pub struct Mapper<'m> {
    email: Cells<'m>,
    keep_email_case: bool,
    filter: Option<Program<'m>>,
    fields: Vec<Bound<'m, Field>>,
    properties: Vec<Bound<'m, &'m str>>,
    send_welcome_message: bool,
    consent: ConsentReader<'m>,
    /// The last day on which anybody can be born.
    today: Date,
}

impl Mapping {
    /// Every column that the mapping uses, the e-mail's first.
    pub fn columns(&self) -> Vec<String> {
        let fields = self.fields.iter().map(|(_, mapped)| &mapped.from);
        let properties = self.properties.iter().map(|property| &property.value.from);
        let sources = std::iter::once(&self.email).chain(fields).chain(properties).flat_map(Source::columns);
        let filter = self.filter.as_deref().map(|text| super::check_expression(text).unwrap_or_default());
        let consent = self.consent.columns().map(str::to_owned);
        let mut columns = Vec::new();
        for column in sources.chain(filter.unwrap_or_default()).chain(consent) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }
}

impl<'m> Mapper<'m> {
    /// Finds the mapping's columns in a header. All that are missing are named at once. `programs` are the mapping's
    /// own. `now` is when the run was started: nobody was born, and no consent given, later.
    pub fn bind(
        mapping: &'m Mapping,
        programs: &'m Programs,
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
        let mut cells = |source: &'m Source| {
            let template = programs.template(source, &mut find);
            Cells::bind(source, template, &mut find)
        };
        let email = cells(&mapping.email);
        let fields: Vec<_> = mapping
            .fields
            .iter()
            .map(|(field, mapped)| Bound { name: *field, cells: cells(&mapped.from), mapped })
            .collect();
        let properties: Vec<_> = mapping
            .properties
            .iter()
            .map(|property| {
                let mapped = &property.value;
                Bound { name: property.name.as_str(), cells: cells(&mapped.from), mapped }
            })
            .collect();
        let filter = programs.filter(&mut find);
        let consent = ConsentReader::bind(&mapping.consent, now, &mut find);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            email,
            keep_email_case: mapping.keep_email_case,
            filter,
            fields,
            properties,
            send_welcome_message: mapping.send_welcome_message,
            consent,
            today: Offset::UTC.to_datetime(now).date(),
        })
    }

    /// A row's contact; `None` where the filter leaves the row out. A cell that its field cannot take is left out and
    /// counted, or makes the row invalid, as the export says; an e-mail that is none always does.
    pub fn contact<'a>(
        &'a self,
        row: &'a Row,
        warnings: &mut Warnings,
    ) -> Result<Option<Prepared<'a>>, Invalid> {
        if let Some(filter) = &self.filter
            && !filter.keeps(row).ok_or(Invalid::Filter)?
        {
            return Ok(None);
        }
        let email = self.email(row)?;
        let mut phone = None;
        let mut fields = Vec::with_capacity(self.fields.len());
        for (at, bound) in self.fields.iter().enumerate() {
            let value = self.value(row, at, &bound.cells, bound.mapped, warnings);
            match value.map_err(|flaw| Invalid::Field { field: bound.name.key().to_owned(), flaw })? {
                Some(Value::Text(number)) if bound.name == Field::Phone => phone = Some(number),
                value => fields.extend(value.map(|value| (bound.name, value))),
            }
        }
        let mut properties = Vec::with_capacity(self.properties.len());
        for (at, bound) in (self.fields.len()..).zip(&self.properties) {
            let value = self.value(row, at, &bound.cells, bound.mapped, warnings);
            let value = value.map_err(|flaw| Invalid::Field { field: property_name(bound.name), flaw })?;
            properties.extend(value.map(|value| (bound.name, value)));
        }
        let send_welcome_message = self.send_welcome_message;
        let mut unclear = ConsentWarnings::default();
        let consent = self.consent.read(row, &mut unclear);
        if let Some((cell, why)) = self.consent.refused(&unclear) {
            return Err(Invalid::Consent { cell, why });
        }
        warnings.consent.add(&unclear);
        Ok(Some(Prepared { email, phone, fields, properties, send_welcome_message, consent }))
    }

    /// Whose row it is, where its address is one: also of a row that makes no contact.
    pub fn key(&self, row: &Row) -> Option<EmailKey> {
        self.email(row).ok().map(|email| EmailKey::of(&email))
    }

    /// What a row says of consent, and of whom, where its address is one: also of a row that makes no contact. A contact
    /// that says nothing else.
    pub fn consent<'a>(&'a self, row: &'a Row) -> Option<Prepared<'a>> {
        let email = self.email(row).ok()?;
        // Its warnings were counted, or it was refused for them.
        let phone = self.fields.iter().find(|bound| bound.name == Field::Phone);
        let phone = phone.and_then(|bound| bound.cells.value(row, &bound.mapped.kind, self.today).ok()?);
        let consent = self.consent.read(row, &mut ConsentWarnings::default());
        let mut contact = Prepared {
            email,
            phone: None,
            fields: Vec::new(),
            properties: Vec::new(),
            send_welcome_message: self.send_welcome_message,
            consent,
        };
        if let Some(Value::Text(number)) = phone {
            contact.phone = Some(number);
        }
        Some(contact)
    }

    fn email<'a>(&'a self, row: &'a Row) -> Result<Cow<'a, str>, Invalid> {
        match &self.email {
            Cells::FirstOf(_) | Cells::Template(_) | Cells::Constant(_) => {
                match self.email.value(row, &Kind::Email, self.today) {
                    Ok(Some(Value::Text(address))) if !self.keep_email_case => Ok(address),
                    Ok(None) => Err(Invalid::NoEmail),
                    _ => match self.email.text(row).map_err(|_| Invalid::Email)? {
                        Cow::Borrowed(cell) => email(cell, self.keep_email_case).map_err(|_| Invalid::Email),
                        Cow::Owned(cell) => email(&cell, self.keep_email_case)
                            .map(|address| Cow::Owned(address.into_owned()))
                            .map_err(|_| Invalid::Email),
                    },
                }
            }
            Cells::Column(column) => match row.cell(*column) {
                "" => match row.list(*column) {
                    None => Err(Invalid::NoEmail),
                    Some([one]) => email(one.trim(), self.keep_email_case).map_err(|_| Invalid::Email),
                    Some(_) => Err(Invalid::Field { field: Field::Email.key().to_owned(), flaw: Flaw::List }),
                },
                cell => email(cell, self.keep_email_case).map_err(|_| Invalid::Email),
            },
        }
    }

    #[inline]
    fn value<'a>(
        &self,
        row: &'a Row,
        at: usize,
        cells: &'a Cells<'_>,
        mapped: &Mapped,
        warnings: &mut Warnings,
    ) -> Result<Option<Value<'a>>, Flaw> {
        match cells.value(row, &mapped.kind, self.today) {
            Ok(None) if mapped.on_empty == OnEmpty::Clear => Ok(Some(mapped.kind.nothing())),
            Ok(value) => Ok(value),
            Err(flaw) if mapped.on_invalid == OnInvalid::RejectRow => Err(flaw),
            Err(flaw) => {
                warnings.count(at, flaw);
                Ok(None)
            }
        }
    }

    /// The row's e-mail as it is in the file.
    pub fn email_cell<'r>(&self, row: &'r Row) -> Cow<'r, str>
    where
        'm: 'r,
    {
        self.email.text(row).unwrap_or_default()
    }

    /// The warnings by what a person calls the field, `birthdate` or `custom_properties.loyalty_tier`, and by reason.
    pub fn named(&self, warnings: &Warnings) -> ByReason {
        let fields = self.fields.iter().map(|bound| bound.name.key().to_owned());
        warnings.named(fields.chain(self.properties.iter().map(|bound| property_name(bound.name))))
    }
}

fn property_name(name: &str) -> String {
    format!("custom_properties.{name}")
}

impl Kind {
    /// The value that says that there is none.
    fn nothing(&self) -> Value<'static> {
        match self {
            Self::List { .. } => Value::List(Vec::new()),
            _ => Value::Text(Cow::Borrowed("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contact::{ChannelConsent, ConsentMapping, Property, PropertyName, Status},
        source::{self, Reading},
    };

    fn mapping() -> Mapping {
        let property = |name: &str, column: &str, kind| Property {
            name: PropertyName::try_from(name.to_owned()).unwrap(),
            value: Mapped::column(column, kind),
        };
        let field = |field, column: &str| (field, Mapped::column(column, Kind::of(field)));
        Mapping {
            email: Source::Column("EMail".to_owned()),
            fields: vec![
                field(Field::Phone, "Telephone"),
                field(Field::FirstName, "FirstName"),
                field(Field::Birthdate, "Born"),
            ],
            properties: vec![
                property("lifetime_value", "LTV", Kind::Number { decimal: None }),
                property("likes", "Likes", Kind::List { separator: "|".to_owned() }),
            ],
            filter: None,
            keep_email_case: false,
            send_welcome_message: false,
            consent: ConsentMapping::default(),
        }
    }

    const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn contacts(file: &str) -> (Vec<String>, ByReason) {
        contacts_of(&mapping(), file)
    }

    fn contacts_of(mapping: &Mapping, file: &str) -> (Vec<String>, ByReason) {
        let columns = mapping.columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        let file = bytes::Bytes::from(file.to_owned());
        let mut rows = source::open(&file, &Reading::default(), &wanted).unwrap();
        let programs = Programs::compile(mapping).unwrap();
        let mapper = Mapper::bind(mapping, &programs, rows.header(), NOW).unwrap();
        let (mut row, mut warnings, mut seen) = (Row::default(), Warnings::default(), Vec::new());
        while let Some(Ok(())) = rows.next(&mut row).unwrap() {
            seen.push(match mapper.contact(&row, &mut warnings) {
                Ok(Some(contact)) => contact.to_json().get().to_owned(),
                Ok(None) => "filtered".to_owned(),
                Err(invalid) => invalid.to_string(),
            });
        }
        (seen, mapper.named(&warnings))
    }

    #[test]
    fn a_row_becomes_exactly_this_contact() {
        let (seen, warnings) = contacts(
            "EMail,Telephone,FirstName,Born,LTV,Likes\n\
             Ada@Example.com ,+44 20 7946 0958,Ada,1915-12-10,12.5,a|b\n\
             bo@example.com,,,,,\n",
        );
        assert_eq!(
            seen,
            [
                r#"{"identifiers":[{"type":"email","id":"ada@example.com","sendWelcomeMessage":false},{"type":"phone","id":"+442079460958","sendWelcomeMessage":false}],"firstName":"Ada","birthdate":"1915-12-10","customProperties":{"lifetime_value":12.5,"likes":["a","b"]}}"#,
                r#"{"identifiers":[{"type":"email","id":"bo@example.com","sendWelcomeMessage":false}]}"#,
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
                r#"{"identifiers":[{"type":"email","id":"ada@example.com","sendWelcomeMessage":false}],"firstName":"Ada"}"#,
                r#"{"identifiers":[{"type":"email","id":"bo@example.com","sendWelcomeMessage":false}],"customProperties":{"lifetime_value":3}}"#,
                "the e-mail is empty",
                "this is not an e-mail address that mail can be sent to",
            ]
        );
        let expected = [
            ("birthdate", Flaw::Birthdate, 1),
            ("custom_properties.lifetime_value", Flaw::Number, 1),
            ("phone", Flaw::Phone, 2),
        ];
        let expected =
            expected.map(|(name, flaw, count)| (name.to_owned(), [(flaw.to_string(), count)].into()));
        assert_eq!(warnings, expected.into());
    }

    #[test]
    fn an_address_may_stand_in_a_list_of_one() {
        let file = bytes::Bytes::from_static(
            b"{\"emails\": [\" Ada@example.com\"]}\n{\"emails\": [\"a@b.co\", \"c@d.co\"]}\n\
              {\"emails\": [\"x\"]}\n{\"emails\": []}\n",
        );
        let mapping = Mapping {
            email: Source::Column("emails".to_owned()),
            fields: Vec::new(),
            properties: Vec::new(),
            ..mapping()
        };
        let mut rows = source::open(&file, &source::Reading::default(), &["emails"]).unwrap();
        let programs = Programs::compile(&mapping).unwrap();
        let mapper = Mapper::bind(&mapping, &programs, rows.header(), NOW).unwrap();
        let (mut row, mut seen) = (Row::default(), Vec::new());
        while let Some(Ok(())) = rows.next(&mut row).unwrap() {
            let contact = mapper.contact(&row, &mut Warnings::default());
            seen.push(
                contact.map(|contact| contact.unwrap().email.into_owned()).map_err(|why| why.to_string()),
            );
        }
        assert_eq!(
            seen,
            [
                Ok("ada@example.com".to_owned()),
                Err("email: a list, where one value was expected".to_owned()),
                Err(Invalid::Email.to_string()),
                Err(Invalid::NoEmail.to_string()),
            ]
        );
    }

    #[test]
    fn a_row_with_consent_that_nobody_understands_may_be_rejected() {
        let channel = |on_invalid| ChannelConsent {
            column: "News".to_owned(),
            values: vec![("yes".to_owned(), Status::Subscribed), ("no".to_owned(), Status::Unsubscribed)],
            date: "Since".to_owned(),
            date_format: None,
            source: "CRM".to_owned(),
            may_subscribe: true,
            on_invalid,
            ip: Some("Ip".to_owned()),
            user_agent: None,
        };
        let of = |on_invalid| {
            let consent = ConsentMapping { email: Some(channel(on_invalid)), sms: None };
            let mapping = Mapping { fields: Vec::new(), properties: Vec::new(), consent, ..mapping() };
            contacts_of(
                &mapping,
                "EMail,News,Since,Ip\na@b.co,maybe,,\nb@b.co,no,soon,\nc@b.co,yes,2025-01-02,here\nd@b.co,,,\n",
            )
        };
        let (seen, warnings) = of(OnInvalid::RejectRow);
        assert_eq!(
            seen[..3],
            [
                "consent.email: not in the export's lists",
                "consent.email.date: no day from 1990 to that of the run, or not written as `format` says",
                "consent.email.ip: not an IP address",
            ]
        );
        assert!(seen[3].contains("d@b.co"), "{seen:?}");
        assert!(warnings.is_empty(), "{warnings:?}");
        let (seen, warnings) = of(OnInvalid::DropField);
        assert!(seen.iter().all(|contact| contact.starts_with('{')), "{seen:?}");
        assert_eq!(warnings["consent.email"]["not in the export's lists; the status stays as it is"], 1);
    }

    #[test]
    fn every_missing_column_is_named_at_once() {
        let (mapping, header) = (mapping(), Header::new(["Email", "FirstName", "LTV"]));
        let programs = Programs::compile(&mapping).unwrap();
        let problems = Mapper::bind(&mapping, &programs, &header, NOW).unwrap_err();
        let wanted: Vec<String> = problems.iter().map(|problem| problem.wanted().to_owned()).collect();
        assert_eq!(wanted, ["EMail", "Telephone", "Born", "Likes"]);
    }

    #[test]
    fn a_value_is_a_column_a_constant_a_template_or_the_first_of_several() {
        let mut mapping = mapping();
        let from = |from, kind| Mapped { from, ..Mapped::column("", kind) };
        mapping.email = Source::FirstOf(vec!["Work".to_owned(), "Home".to_owned()]);
        mapping.fields = vec![
            (
                Field::Phone,
                from(
                    Source::FirstOf(vec!["Mobile".to_owned(), "Phone".to_owned()]),
                    Kind::Phone { region: Some("JP".to_owned()) },
                ),
            ),
            (
                Field::FirstName,
                from(Source::Template("{{ Given|title }} {{ row['Middle Name'] }}".to_owned()), Kind::Text),
            ),
            (Field::CountryCode, from(Source::Constant("JP".to_owned()), Kind::CountryCode)),
        ];
        mapping.properties.clear();
        mapping.filter = Some("Points|int > 10".to_owned());
        let (seen, warnings) = contacts_of(
            &mapping,
            "Work,Home,Mobile,Phone,Given,Middle Name,Points\n\
             ,Ada@b.co,110,03-1234-5678,ada,L.,11\n\
             bo@b.co,,,,bo,,10\n\
             cy@b.co,,,,,,12\n\
             di@b.co,,,,,,many\n\
             nobody,,110,,x,,20\n",
        );
        assert_eq!(
            seen,
            [
                r#"{"identifiers":[{"type":"email","id":"ada@b.co","sendWelcomeMessage":false},{"type":"phone","id":"+81312345678","sendWelcomeMessage":false}],"firstName":"Ada L.","countryCode":"JP"}"#,
                "filtered",
                r#"{"identifiers":[{"type":"email","id":"cy@b.co","sendWelcomeMessage":false}],"countryCode":"JP"}"#,
                "`where` is neither true nor false of this row; `float` and `int` fail on a text that is no number, which `float(0)` takes for 0",
                "this is not an e-mail address that mail can be sent to",
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn an_export_may_reject_rows_and_clear_fields() {
        let mut mapping = mapping();
        for (_, mapped) in &mut mapping.fields {
            mapped.on_invalid = OnInvalid::RejectRow;
            if mapped.kind.can_be_cleared() {
                mapped.on_empty = OnEmpty::Clear;
            }
        }
        for property in &mut mapping.properties {
            property.value.on_empty =
                if property.value.kind.can_be_cleared() { OnEmpty::Clear } else { OnEmpty::Skip };
        }
        let (seen, warnings) = contacts_of(
            &mapping,
            "EMail,Telephone,FirstName,Born,LTV,Likes\n\
             ada@b.co,,,,,\n\
             bo@b.co,12,,,,\n\
             cy@b.co,,,2/3/1990,,\n",
        );
        assert_eq!(
            seen,
            [
                r#"{"identifiers":[{"type":"email","id":"ada@b.co","sendWelcomeMessage":false}],"firstName":"","customProperties":{"likes":[]}}"#,
                "phone: not a phone number",
                "birthdate: a date whose day and month could be either way round; say `format`",
            ]
        );
        assert!(warnings.is_empty());
    }
}

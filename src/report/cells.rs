//! Cells that were left out of contacts, and what their fields take instead.

use crate::contact::Field;

/// What a field takes, by the name that warnings give it.
pub(super) fn takes(name: &str) -> &'static str {
    if let Some(cell) = name.strip_prefix("consent.") {
        return match cell.split_once('.') {
            None => "a value that one of the export's lists names; the status stays as it is",
            Some((_, "ip")) => "an IP address",
            Some(_) => "a day from 1990 to that of the run, as 2026-11-23 or as the export's format has it",
        };
    }
    let Some(field) = Field::ALL.into_iter().find(|field| field.key() == name) else {
        return "a value of the type that the export gives this property";
    };
    match field {
        Field::Email => "an e-mail address",
        Field::Phone => "a phone number with its country code, such as +44 20 7946 0958",
        Field::CountryCode => "a country's code of two or three letters, such as GB",
        Field::Birthdate => "a date as 1990-02-28",
        Field::Gender => "m, male, f or female",
        Field::CreatedAt => "a date as 2026-11-23, or with its time as 2026-11-23T10:00:00Z",
        // These take any text; should one be left out all the same, this is true of it.
        Field::FirstName
        | Field::LastName
        | Field::Address
        | Field::City
        | Field::State
        | Field::PostalCode
        | Field::Country => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contact::{ConsentMapping, Mapper, Mapping, Warnings},
        source::{CsvRows, Row, Rows},
    };

    /// The examples that the report gives are taken.
    #[test]
    fn what_is_said_to_be_taken_is() {
        let fields = [Field::Phone, Field::CountryCode, Field::Birthdate, Field::Gender, Field::CreatedAt];
        let mapping = Mapping {
            email: "email".to_owned(),
            fields: fields.map(|field| (field, field.key().to_owned())).into(),
            properties: Vec::new(),
            keep_email_case: false,
            send_welcome_message: false,
            consent: ConsentMapping::default(),
        };
        let file = "email,phone,country_code,birthdate,gender,created_at\n\
            a@b.co,+44 20 7946 0958,GB,1990-02-28,female,2026-11-23\n\
            b@b.co,+44 20 7946 0958,GBR,1990-02-28,m,2026-11-23T10:00:00Z\n";
        let mut rows = CsvRows::open(file.as_bytes(), None, None, &mapping.columns()).unwrap();
        let mapper = Mapper::bind(&mapping, &[], rows.header(), jiff::Timestamp::UNIX_EPOCH).unwrap();
        let (mut row, mut warnings) = (Row::default(), Warnings::default());
        while let Some(read) = rows.next(&mut row).unwrap() {
            read.unwrap();
            mapper.contact(&row, &mut warnings).unwrap();
        }
        assert!(mapper.named(&warnings).is_empty());
        assert_eq!(takes("custom_properties.x"), "a value of the type that the export gives this property");
    }
}

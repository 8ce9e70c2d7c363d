use super::*;
use crate::contact::{ChannelConsent, ConsentMapping, Kind, Property, PropertyName, Status};
use segment_files::{self, ReadOptions};

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

fn contacts(file: &str) -> (Vec<String>, WarningCounts) {
    contacts_of(&mapping(), file)
}

fn contacts_of(mapping: &Mapping, file: &str) -> (Vec<String>, WarningCounts) {
    let columns = mapping.columns();
    let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
    let file = bytes::Bytes::from(file.to_owned());
    let mut rows = segment_files::open(&file, &ReadOptions::default(), &wanted).unwrap();
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
fn maps_a_row_to_a_contact() {
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
fn leaves_out_and_counts_cells_that_do_not_fit() {
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
            "the email cell is empty",
            "the email address is not valid",
        ]
    );
    let expected = [
        ("birthdate", InvalidCell::Birthdate, 1),
        ("custom_properties.lifetime_value", InvalidCell::Number, 1),
        ("phone", InvalidCell::Phone, 2),
    ];
    let expected =
        expected.map(|(name, reason, count)| (name.to_owned(), [(reason.to_string(), count)].into()));
    assert_eq!(warnings, expected.into());
}

#[test]
fn reads_an_address_from_a_list_of_one_item() {
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
    let mut rows = segment_files::open(&file, &ReadOptions::default(), &["emails"]).unwrap();
    let programs = Programs::compile(&mapping).unwrap();
    let mapper = Mapper::bind(&mapping, &programs, rows.header(), NOW).unwrap();
    let (mut row, mut seen) = (Row::default(), Vec::new());
    while let Some(Ok(())) = rows.next(&mut row).unwrap() {
        let contact = mapper.contact(&row, &mut Warnings::default());
        seen.push(contact.map(|contact| contact.unwrap().email.into_owned()).map_err(|why| why.to_string()));
    }
    assert_eq!(
        seen,
        [
            Ok("ada@example.com".to_owned()),
            Err("email: a list, but the field takes one value".to_owned()),
            Err(InvalidRow::Email.to_string()),
            Err(InvalidRow::NoEmail.to_string()),
        ]
    );
}

#[test]
fn rejects_rows_with_invalid_consent_if_the_export_says_so() {
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
            "consent.email: not one of the listed values",
            "consent.email.date: not a date from 1990 to the day of the run, or not in the given `format`",
            "consent.email.ip: not an IP address",
        ]
    );
    assert!(seen[3].contains("d@b.co"), "{seen:?}");
    assert!(warnings.is_empty(), "{warnings:?}");
    let (seen, warnings) = of(OnInvalid::DropField);
    assert!(seen.iter().all(|contact| contact.starts_with('{')), "{seen:?}");
    assert_eq!(warnings["consent.email"]["not one of the listed values; the status is left unchanged"], 1);
}

#[test]
fn reports_all_missing_columns_at_once() {
    let (mapping, header) = (mapping(), Header::new(["Email", "FirstName", "LTV"]));
    let programs = Programs::compile(&mapping).unwrap();
    let problems = Mapper::bind(&mapping, &programs, &header, NOW).unwrap_err();
    let wanted: Vec<String> = problems.iter().map(|problem| problem.wanted().to_owned()).collect();
    assert_eq!(wanted, ["EMail", "Telephone", "Born", "Likes"]);
}

#[test]
fn reads_values_from_columns_constants_templates_and_first_of() {
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
            "`where` did not evaluate to true or false for this row; `float` and `int` fail on non-numeric text, and `float(0)` turns it into 0",
            "the email address is not valid",
        ]
    );
    assert!(warnings.is_empty());
}

#[test]
fn rejects_rows_and_clears_fields_if_the_export_says_so() {
    let mut mapping = mapping();
    for (_, mapped) in &mut mapping.fields {
        mapped.on_invalid = OnInvalid::RejectRow;
        mapped.on_empty = OnEmpty::Clear;
    }
    for property in &mut mapping.properties {
        property.value.on_empty = OnEmpty::Clear;
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
            // A phone, a birthdate and a number cannot be cleared.
            r#"{"identifiers":[{"type":"email","id":"ada@b.co","sendWelcomeMessage":false}],"firstName":"","customProperties":{"likes":[]}}"#,
            "phone: not a valid phone number",
            "birthdate: a date whose day and month could be swapped; set `format`",
        ]
    );
    assert!(warnings.is_empty());
}

/// Returns each row's address or why it is invalid.
fn addresses(cells: &[&str]) -> Vec<String> {
    let mapping = Mapping { fields: Vec::new(), properties: Vec::new(), ..mapping() };
    let (seen, _) = contacts_of(&mapping, &format!("EMail\n{}\n", cells.join("\n")));
    let address = |contact: &String| {
        let contact: serde_json::Value = serde_json::from_str(contact).ok()?;
        Some(contact["identifiers"][0]["id"].as_str()?.to_owned())
    };
    seen.iter().map(|contact| address(contact).unwrap_or_else(|| contact.clone())).collect()
}

#[test]
fn a_domain_has_letters_digits_hyphens_and_dots_only() {
    let invalid = InvalidRow::Email.to_string();
    let seen = addresses(&[
        "mailto:mt@example.com?subject=hi",
        "a3@example.com/path",
        "a33@exam+ple.com",
        "a34@exam$ple.com",
        "a2@exa!mple.com",
        "p0@example.com~Ann~Bell",
    ]);
    assert_eq!(seen, ["mt@example.com", &invalid, &invalid, &invalid, &invalid, &invalid]);
}

#[test]
fn digits_that_begin_with_their_countrys_code_are_read_as_a_mobile_number() {
    let phone = |region: &str| {
        let kind = Kind::Phone { region: Some(region.to_owned()) };
        let fields = vec![(Field::Phone, Mapped::column("Mobil", kind))];
        let mapping = Mapping { fields, properties: Vec::new(), ..mapping() };
        contacts_of(&mapping, "EMail;Mobil\np0@example.com;4915112345600\np1@example.com;447912345678\n")
    };
    let (seen, warnings) = phone("DE");
    assert_eq!(
        seen,
        [
            r#"{"identifiers":[{"type":"email","id":"p0@example.com","sendWelcomeMessage":false},{"type":"phone","id":"+4915112345600","sendWelcomeMessage":false}]}"#,
            r#"{"identifiers":[{"type":"email","id":"p1@example.com","sendWelcomeMessage":false}]}"#,
        ]
    );
    assert_eq!(warnings["phone"], [(InvalidCell::AmbiguousPhone.to_string(), 1)].into());
}

#[test]
fn a_point_before_three_digits_needs_a_decimal_sign() {
    let of = |decimal| {
        let mut mapping = mapping();
        mapping.fields.clear();
        mapping.properties.truncate(1);
        mapping.properties[0].value.kind = Kind::Number { decimal };
        let file = "EMail;LTV\np0@example.com;1.200\np1@example.com;850\np2@example.com;12.500\n";
        let (seen, warnings) = contacts_of(&mapping, file);
        let sent = |contact: &String| {
            let contact: serde_json::Value = serde_json::from_str(contact).unwrap();
            contact["customProperties"]["lifetime_value"].to_string()
        };
        (seen.iter().map(sent).collect::<Vec<_>>(), warnings)
    };
    let (seen, warnings) = of(None);
    assert_eq!(seen, ["null", "850", "null"]);
    let expected = [(InvalidCell::AmbiguousNumber.to_string(), 2)].into();
    assert_eq!(warnings, [("custom_properties.lifetime_value".to_owned(), expected)].into());
    assert_eq!(of(Some(crate::contact::Decimal::Comma)).0, ["1200", "850", "12500"]);
    assert_eq!(
        of(Some(crate::contact::Decimal::Point)).0,
        ["1.2", "850.0", "12.5"].map(|n| n.replace("850.0", "850"))
    );
}

#[test]
fn a_number_of_json_has_a_decimal_point_also_among_the_rejects() {
    let mut mapping = mapping();
    mapping.fields.clear();
    mapping.properties.truncate(1);
    let (seen, _) = contacts_of(
        &mapping,
        "{\"EMail\": \"a@b.co\", \"LTV\": 1.234}\n{\"EMail\": \"b@b.co\", \"LTV\": \"1.234\"}\n",
    );
    assert!(seen[0].contains(r#""lifetime_value":1.234"#), "{seen:?}");
    assert!(!seen[1].contains("lifetime_value"), "{seen:?}");

    let file = bytes::Bytes::from_static(b"{\"EMail\": \"a@b.co\", \"LTV\": 1.234}\n");
    let mut rows = segment_files::open(&file, &ReadOptions::default(), &["EMail", "LTV"]).unwrap();
    let mut row = Row::default();
    rows.next(&mut row).unwrap().unwrap().unwrap();
    let cells = crate::contact::Columns::find(&mapping, rows.header()).cells(&row);
    assert_eq!(cells, ["a@b.co", "1.2340"]);
    let (again, _) = contacts_of(&mapping, &format!("EMail,LTV\n{}\n", cells.join(",")));
    assert_eq!(again[0], seen[0]);
}

#[test]
fn cleans_cells_of_spreadsheets() {
    let field = |field, column: &str| (field, Mapped::column(column, Kind::of(field)));
    let mapping = Mapping {
        fields: vec![field(Field::City, "City"), field(Field::PostalCode, "Postal Code")],
        properties: Vec::new(),
        ..mapping()
    };
    let (seen, warnings) = contacts_of(
        &mapping,
        "EMail,Postal Code,City\n\
         a@example.com,\"=\"\"01067\"\"\",'s-Hertogenbosch\n\
         \u{200b}b@example.com\u{a0},90210.0,\u{a0}New\u{a0}York\u{200b}\n\
         \"=\"\"c@example.com\"\"\",'01067,\u{200b}\n",
    );
    assert_eq!(
        seen,
        [
            r#"{"identifiers":[{"type":"email","id":"a@example.com","sendWelcomeMessage":false}],"city":"'s-Hertogenbosch","postalCode":"01067"}"#,
            r#"{"identifiers":[{"type":"email","id":"b@example.com","sendWelcomeMessage":false}],"city":"New York","postalCode":"90210"}"#,
            r#"{"identifiers":[{"type":"email","id":"c@example.com","sendWelcomeMessage":false}],"postalCode":"01067"}"#,
        ]
    );
    assert!(warnings.is_empty());
}

#[test]
fn leaves_out_custom_text_that_omnisend_would_refuse() {
    let mut mapping = mapping();
    mapping.fields.clear();
    mapping.properties.truncate(1);
    mapping.properties[0].value =
        Mapped { on_invalid: OnInvalid::RejectRow, ..Mapped::column("Note", Kind::Text) };
    let (fits, long) = ("é".repeat(2048), "é".repeat(2049));
    let (seen, warnings) = contacts_of(&mapping, &format!("EMail,Note\na@b.co,{fits}\nb@b.co,{long}\n"));
    assert!(seen[0].contains(&fits), "the longest text is sent");
    assert_eq!(seen[1], r#"{"identifiers":[{"type":"email","id":"b@b.co","sendWelcomeMessage":false}]}"#);
    let expected = [(InvalidCell::TooLong.to_string(), 1)].into();
    assert_eq!(warnings, [("custom_properties.lifetime_value".to_owned(), expected)].into());
}

#[test]
fn reads_arrays_that_are_written_as_text() {
    let mut mapping = mapping();
    mapping.fields.clear();
    mapping.properties.remove(0);
    let (seen, warnings) = contacts_of(
        &mapping,
        "EMail;Likes\na@b.co;['tea', 'hats']\nb@b.co;{tea,hats}\nc@b.co;[1,2]\nd@b.co;[]\ne@b.co;['tea\nf@b.co;tea|hats\n",
    );
    let sent = |contact: &String| {
        let contact: serde_json::Value = serde_json::from_str(contact).unwrap();
        contact["customProperties"]["likes"].to_string()
    };
    let seen: Vec<_> = seen.iter().map(sent).collect();
    let two = r#"["tea","hats"]"#;
    assert_eq!(seen, [two, two, r#"["1","2"]"#, "null", "null", two]);
    let expected = [(InvalidCell::ListNotation.to_string(), 1)].into();
    assert_eq!(warnings, [("custom_properties.likes".to_owned(), expected)].into());
}

//! Checks export files as people read them, and as the configuration reader does.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{
    config::{Export, export},
    contact::{Mapper, Programs, Warnings},
};
use segment_files::{self, ReadOptions, Row, Rows};

static SETTINGS: FileSettings = FileSettings {
    complete_on: None,
    table: None,
    encoding: None,
    delimiter: None,
    escape: false,
    columns: Vec::new(),
};

fn target() -> Target<'static> {
    Target {
        schema: "../../schema/export.schema.json",
        export: "vip",
        title: "vip",
        path: "segments/vip/",
        file: "vip.csv",
        settings: &SETTINGS,
    }
}

fn open(file: &str) -> Result<Box<dyn Rows>, segment_files::ReadError> {
    segment_files::open(&bytes::Bytes::from(file.to_owned()), &ReadOptions::default(), &[])
}

fn written(file: &str) -> String {
    let survey = Survey::read(&mut *open(file).unwrap()).unwrap();
    write(&target(), &survey, &Proposal::of(&survey))
}

fn read(text: &str) -> Export {
    export("vip".parse().unwrap(), "acme".parse().unwrap(), "exports/acme/vip.toml", text.as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn customer_insights_segment() {
    let text = written(
        "CustomerId,EMail,SecondaryEmail,FirstName,LastName,Telephone,Mobile,Street1,Street2,City,StateOrProvince,\
         PostalCode,Country,BirthDate,Gender,CreatedOn,LoyaltyTier,LTV,Likes,AcceptsMarketing,Email,,x,x\n\
         C1,Ada@Example.com,,Ada,Lovelace,,+442079460958,1 High Street,Flat 2,London,,N1 9GU,GB,1990-12-10,f,\
         2024-05-06T07:08:09Z,gold,12.5,tea|hats,true,sent,,,\n\
         C2,bo@example.com,b@b.co,Bo,Ek,+46812345678,+46701234567,Gata 1,,Lund,,22100,SE,1985-01-31,m,\
         2024-05-07T07:08:09Z,silver,3,tea,false,,,,\n",
    );
    insta::assert_snapshot!(text);
    read(&text);
}

#[test]
fn japanese_file_with_unclear_columns() {
    let text = written(
        "氏名;メールアドレス;生年月日;TEL;国;会員ランク;メルマガ配信;Umsatz;血液型\n\
         田中 太郎;taro@example.jp;1990年2月8日;03-1234-5678;日本;ゴールド;希望する;1.234,50;A\n\
         佐藤 花子;hanako@example.jp;1985年12月31日;090-1234-5678;日本;シルバー;希望しない;3,00;B\n",
    );
    insta::assert_snapshot!(text);
    read(&text);
}

#[test]
fn the_proposed_templates_split_full_names() {
    for (name, cell, first, last) in [
        ("Name", "Ada Lovelace", "Ada", "Lovelace"),
        ("氏名", "山田\u{3000}太郎", "太郎", "山田"),
        ("It's name", "x", "", ""),
    ] {
        let file = format!("email,{name}\na@b.co,{cell}\nc@d.co,\n");
        let text = written(&file).replace("# first_name", "first_name").replace("# last_name", "last_name");
        let export = read(&text);
        if first.is_empty() {
            continue;
        }
        let mut rows = open(&file).unwrap();
        let programs = Programs::compile(export.mapping()).unwrap();
        let mapper = Mapper::bind(export.mapping(), &programs, rows.header(), Timestamp::UNIX_EPOCH).unwrap();
        let (mut row, mut warnings, mut seen) = (Row::default(), Warnings::default(), Vec::new());
        while let Some(Ok(())) = rows.next(&mut row).unwrap() {
            let contact = mapper.contact(&row, &mut warnings).unwrap().unwrap();
            seen.push(contact.to_json().get().to_owned());
        }
        let both = format!(r#""firstName":"{first}","lastName":"{last}""#);
        assert!(seen[0].contains(&both), "{seen:?}");
        assert!(!seen[1].contains("Name"), "{seen:?}");
        assert_eq!(warnings, Warnings::default());
    }
}

/// Uses headers that the matcher was not written for.
#[test]
fn files_written_by_other_software() {
    for name in [
        "ec-cube-customers.csv",
        "german-erp.csv",
        "mailchimp-audience.csv",
        "redshift-unload-header-000",
        "shopify-customers.csv",
    ] {
        let path = format!("{}/tests/fixtures/init/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = bytes::Bytes::from(std::fs::read(path).unwrap());
        let mut rows = segment_files::open(&file, &ReadOptions::default(), &[]).unwrap();
        let survey = Survey::read(&mut *rows).unwrap();
        let text = write(&Target { file: name, ..target() }, &survey, &Proposal::of(&survey));
        insta::assert_snapshot!(name.split('.').next().unwrap(), text);
        read(&text);
    }
}

#[test]
fn an_amount_with_a_currency_sign_stays_text() {
    let text = written("email,Total Spent\na@b.co,\"$1,234.50\"\nc@d.co,$5\n");
    let line = text.lines().find(|line| line.contains("total_spent")).unwrap_or_default();
    assert!(line.starts_with("# total_spent = \"Total Spent\" "), "{line}");
    assert!(line.ends_with(" # text, since a number has no currency sign; such as $•,•••.••"), "{line}");
}

#[test]
fn columns_of_json_lines_are_named_by_their_paths() {
    let text = written(
        "{\"email\": \"a@b.co\", \"address\": {\"city\": \"Lund\", \"zip\": \"22100\"}, \"likes\": [\"tea\", \"hats\"]}\n\
         {\"email\": \"c@d.co\", \"profile\": {\"first_name\": \"Bo\"}}\n",
    );
    let export = read(&text);
    let columns: Vec<_> = export
        .mapping()
        .fields
        .iter()
        .map(|(field, from)| (field.key(), from.from.columns().concat()))
        .collect();
    assert_eq!(
        columns,
        [("first_name", "profile.first_name"), ("city", "address.city"), ("postal_code", "address.zip")]
            .map(|(field, column)| (field, column.to_owned()))
    );
    assert!(text.contains("# likes = { column = \"likes\", type = \"list\" }"), "{text}");
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}@[a-z]{1,6}\\.co",
        "[0-9]{1,9}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]",
        "[0-3][0-9]/[01][0-9]/(19|20)[0-9]{2}",
        "\\+?[0-9 -]{7,15}",
        "(yes|no|m|f|DE|JP|Japan)",
        "\\PC{0,20}",
        any::<String>().prop_map(|text| text.chars().take(20).filter(|c| *c != '\0').collect()),
        Just(String::new()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known = super::super::spellings::SPELLINGS;
    let known: Vec<&'static str> =
        known.iter().flat_map(|(_, spellings)| spellings.iter().copied()).collect();
    prop_oneof![
        2 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "\\PC{0,30}",
        1 => any::<String>().prop_map(|text| text.chars().filter(|c| *c != '\0').collect()),
        1 => prop::sample::select(vec!["subscribed", "Tier", "tier", "配信許可", "CustomerId", "\"q\" #"]).prop_map(str::to_owned),
    ]
}

fn file() -> impl Strategy<Value = String> {
    (1_usize..12).prop_flat_map(|columns| {
        let rows = prop::collection::vec(prop::collection::vec(cell(), columns), 0..8);
        (prop::collection::vec(name(), columns), rows).prop_map(|(header, rows)| {
            let mut csv = csv::Writer::from_writer(Vec::new());
            csv.write_record(&header).unwrap();
            for row in rows {
                csv.write_record(&row).unwrap();
            }
            String::from_utf8(csv.into_inner().unwrap()).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn the_proposal_is_a_valid_export_for_the_file(file in file()) {
        let Ok(mut rows) = open(&file) else { return Ok(()) };
        let Ok(survey) = Survey::read(&mut *rows) else { return Ok(()) };
        let proposal = Proposal::of(&survey);
        let text = write(&target(), &survey, &proposal);
        if proposal.fields.of(Field::Email).is_some() {
            let export = read(&text);
            for column in export.mapping().columns() {
                prop_assert!(rows.header().find(&column).is_ok(), "{}", column);
            }
            // Uncomment the custom properties.
            let (head, properties) = text.split_once("[custom_properties]").unwrap_or((&text, ""));
            let (properties, _) = properties.split_once("\n\n").unwrap_or((properties, ""));
            let on = format!("{head}[custom_properties]{}", properties.replace("\n# ", "\n"));
            prop_assert_eq!(read(&on).mapping().properties.len(), proposal.properties.len());
        }
    }
}

//! Valid files and the values that they become, and broken files and their messages.

use std::fmt::Write as _;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::{
    contact::{Field, Kind, Mapped, OnInvalid, Property, Source, Status},
    run::{GuardLimits, Mode, TagSetting, TagWay},
};
use segment_files::{Charset, Compression, Delimiter, Escape, Format, ReadOptions};

use super::*;

fn now() -> Timestamp {
    "2026-11-23T12:00:00.5Z".parse().unwrap()
}

pub(super) fn read_connection(text: &[u8]) -> Result<Connection, ConfigError> {
    connection("acme".parse().unwrap(), "connections/acme.toml", text, now())
}

pub(super) fn read_export(text: &[u8]) -> Result<Export, ConfigError> {
    export("vip".parse().unwrap(), "acme".parse().unwrap(), "exports/acme/vip.toml", text)
}

pub(super) const CONNECTION: &str = r#"
display_name = "Acme store"
secret = "omnisend/acme"
[data_privacy]
agreed_by = "ada@example.com"
agreed_at = 2026-11-23T10:00:00Z
"#;

pub(super) const EXPORT: &str = r#"
display_name = "VIP customers"
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
"#;

#[test]
fn reads_a_connection_with_defaults() {
    let connection = read_connection(CONNECTION.as_bytes()).unwrap();
    assert_eq!(connection.name().as_str(), "acme");
    assert_eq!(connection.display_name(), "Acme store");
    assert_eq!(connection.secret(), "omnisend/acme");
    assert_eq!(connection.requests_per_minute(), 400);
    assert_eq!(connection.reserve_percent(), 0);
    assert_eq!(connection.budget().get(), 400);
    assert!(connection.contributors().is_empty());
    assert_eq!(connection.agreement().by(), "ada@example.com");
    assert_eq!(connection.agreement().at(), "2026-11-23T10:00:00Z".parse().unwrap());
}

#[test]
fn reads_a_connection_with_all_keys() {
    let text = "\u{feff}display_name = \" Acmé \"\r\n\
        secret = \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:omnisend/acme-AbCdEf\"\r\n\
        requests_per_minute = 1_000\r\n\
        reserve_percent = 25\r\n\
        contributors = [\r\n  \"arn:aws:iam::123456789012:role/marketing\",\r\n  \
        \"arn:aws-cn:iam::123456789012:user/ada\",\r\n]\r\n\
        data_privacy = { agreed_by = \"Ada\", agreed_at = \"2026-11-23T12:30:00+02:00\" }\r\n";
    let connection = read_connection(text.as_bytes()).unwrap();
    assert_eq!(connection.display_name(), "Acmé");
    assert_eq!(connection.budget().get(), 750);
    assert_eq!(connection.contributors().len(), 2);
    assert_eq!(connection.agreement().at(), "2026-11-23T10:30:00Z".parse().unwrap());
}

#[test]
fn the_budget_is_the_limit_without_the_reserve_and_at_least_1() {
    for (limit, reserve, budget) in
        [(400, 0, 400), (400, 10, 360), (7, 50, 3), (1, 90, 1), (100_000, 90, 10_000)]
    {
        let text = format!("requests_per_minute = {limit}\nreserve_percent = {reserve}\n{CONNECTION}");
        assert_eq!(read_connection(text.as_bytes()).unwrap().budget().get(), budget);
    }
}

#[test]
fn reads_the_tag_setting_and_the_batch_size_of_a_connection() {
    let read = |line: &str| read_connection(format!("{line}\n{CONNECTION}").as_bytes());
    let connection = read("").unwrap();
    assert_eq!((connection.tags(), connection.batch_size()), (TagSetting::Auto, 100));
    for (word, tags) in [
        ("auto", TagSetting::Auto),
        ("inline", TagSetting::Forced(TagWay::Inline)),
        ("endpoint", TagSetting::Forced(TagWay::Endpoint)),
    ] {
        assert_eq!(read(&format!("tags = \"{word}\"")).unwrap().tags(), tags);
    }
    for size in [1, 100] {
        assert_eq!(read(&format!("batch_size = {size}")).unwrap().batch_size(), size);
    }
    let refused = |line: &str| read(line).unwrap_err().to_string();
    for (line, expected) in [
        ("tags = \"inlien\"", "`inlien` is not a tag setting; did you mean `inline`?"),
        (
            "batch_size = 0",
            "expected a whole number from 1 to 100, found 0; 100 is the most contacts that Omnisend documents for a \
             batch, and the default",
        ),
        ("batch_size = 101", "expected a whole number from 1 to 100, found 101; 100 is the most contacts"),
        (
            "batch_size = \"auto\"",
            "`auto` is not supported; put a whole number; 100 is the most contacts that Omnisend documents for a batch",
        ),
    ] {
        let error = refused(line);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn reads_an_export_with_defaults() {
    let export = read_export(EXPORT.as_bytes()).unwrap();
    assert_eq!(export.name().as_str(), "vip");
    assert_eq!(export.connection().as_str(), "acme");
    assert_eq!(export.display_name(), "VIP customers");
    assert_eq!(export.mode(), Mode::Changes);
    assert!(!export.schedule());
    assert_eq!(*export.reading(), ReadOptions::default());
    assert_eq!(*export.guards(), GuardLimits::default());
    assert_eq!(export.segments()[0].name(), "VIP");
    assert_eq!(export.segments()[0].tag().as_str(), "segment: VIP");
    assert_eq!(export.segments()[0].path().to_string(), "segments/vip/");
    assert_eq!(*export.segments()[0].complete_on(), CompleteOn::Object);
    assert_eq!(export.segments().len(), 1);
    assert_eq!(export.mapping().email, Source::Column("EMail".to_owned()));
    assert!(export.mapping().fields.is_empty() && export.mapping().properties.is_empty());
    assert!(!export.mapping().keep_email_case && !export.mapping().send_welcome_message);
}

#[test]
fn reads_an_export_with_all_keys() {
    let export = read_export(
        br#"
        display_name = "VIP customers"
        mode = "full"
        schedule = true
        max_profiles = 0x10
        keep_email_case = true
        send_welcome_message = true
        send_welcome_message_acknowledged = true
        segments = [{ name = "VIP & friends", tag = "vip", path = "s3://lake/out/vip.parquet" }]
        [csv]
        delimiter = "tab"
        escape = "\\"
        columns = ["EMail", "Tier"]
        null = ["NULL", ""]
        [source]
        format = "csv"
        compression = "gzip"
        encoding = "CP932"
        [fields]
        country_code = "Country"
        country = "Country"
        first_name = " First Name "
        email = "EMail"
        [custom_properties]
        tier = "Tier"
        since = { column = "Since", type = "date" }
        colours = { column = "Colours", type = "list" }
        sizes = { column = "Sizes", type = "list", separator = " / " }
        "#,
    )
    .unwrap();
    assert_eq!((export.mode(), export.schedule(), export.guards().max_profiles), (Mode::Full, true, 16));
    let reading = ReadOptions {
        format: Some(Format::Csv),
        compression: Some(Compression::Gzip),
        encoding: Charset::named("shift_jis").ok(),
        delimiter: Delimiter::try_from("\t".to_owned()).ok(),
        escape: Some(Escape::Backslash),
        columns: Some(vec!["EMail".to_owned(), "Tier".to_owned()]),
        nulls: vec!["NULL".to_owned(), String::new()],
        has_escaped_formulas: false,
    };
    assert_eq!(*export.reading(), reading);
    assert_eq!(export.segments()[0].tag().as_str(), "vip");
    assert_eq!(export.segments()[0].path().to_string(), "s3://lake/out/vip.parquet");
    let mapping = export.mapping();
    assert!(mapping.keep_email_case && mapping.send_welcome_message);
    let fields =
        [(Field::FirstName, " First Name "), (Field::Country, "Country"), (Field::CountryCode, "Country")];
    assert_eq!(
        mapping.fields,
        fields.map(|(field, column)| (field, Mapped::column(column, Kind::of(field))))
    );
    let property = |name: &str, column: &str, kind| Property {
        name: name.to_owned().try_into().unwrap(),
        value: Mapped::column(column, kind),
    };
    assert_eq!(
        mapping.properties,
        [
            property("colours", "Colours", Kind::List { separator: ",".to_owned() }),
            property("since", "Since", Kind::Date { format: None }),
            property("sizes", "Sizes", Kind::List { separator: " / ".to_owned() }),
            property("tier", "Tier", Kind::Text),
        ]
    );
}

#[test]
fn reads_the_object_that_completes_a_drop() {
    let on = |keys: &str| {
        let text = with(EXPORT, "\"segments/vip/\"", &format!("\"segments/vip/\"\n{keys}"));
        read_export(text.as_bytes()).unwrap().segments()[0].complete_on().clone()
    };
    assert_eq!(on("complete_on = \"object\""), CompleteOn::Object);
    assert_eq!(on("complete_on = \"_SUCCESS\""), CompleteOn::Marker("_SUCCESS".to_owned()));
    assert_eq!(on("complete_on = \"done.flag\""), CompleteOn::Marker("done.flag".to_owned()));
    assert_eq!(on("complete_on = \"manifest\""), CompleteOn::Manifest);
    let table = CompleteOn::Model { table: "VIP 顧客".to_owned() };
    assert_eq!(on("complete_on = \"model.json\"\ntable = \" VIP 顧客 \""), table);
}

/// Returns each broken file with numbered lines, followed by its messages.
fn report<T>(read: impl Fn(&[u8]) -> Result<T, ConfigError>, files: &[(&str, &str)]) -> String {
    let mut report = String::new();
    for (what, text) in files {
        let error = read(text.as_bytes()).err().unwrap_or_else(|| panic!("{what}: no problem"));
        writeln!(report, "# {what}").unwrap();
        for (n, line) in (1..).zip(text.lines()) {
            writeln!(report, "{n:>2} | {line}").unwrap();
        }
        writeln!(report, "{error}\n").unwrap();
    }
    report
}

fn with(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "{from}");
    base.trim_start().replacen(from, to, 1)
}

#[test]
fn reports_every_problem_of_broken_connections() {
    let with = |from, to| with(CONNECTION, from, to);
    let secret = "secret = \"omnisend/acme\"";
    let agreed = "agreed_at = 2026-11-23T10:00:00Z";
    let numbers = format!("{secret}\nrequests_per_minute = 0\nreserve_percent = 91");
    let types =
        format!("{secret}\nrequests_per_minute = \"400\"\nreserve_percent = 2.5\ncontributors = \"ada\"");
    let arns = format!(
        "{secret}\ncontributors = [\n  \"arn:aws:iam::123456789012:role/ok\",\n  \"ada@example.com\",\n  \
         \"arn:aws:sts::123456789012:assumed-role/marketing/ada\",\n  7,\n]"
    );
    let files = [
        ("empty", String::new()),
        ("no agreement", "display_name = \"Acme store\"\nsecret = \"omnisend/acme\"\n".to_owned()),
        ("half an agreement", with(agreed, "")),
        ("an agreement without an offset", with(agreed, "agreed_at = 2026-11-23T10:00:00")),
        ("an agreement in the future", with(agreed, "agreed_at = 2026-11-23T13:00:00Z")),
        ("an agreement at an unknown time", with(agreed, "agreed_at = \"last week\"\nagreed = true")),
        ("an agreement without a name", with("ada@example.com", " ")),
        ("numbers out of range", with(secret, &numbers)),
        ("wrong types", with(secret, &types)),
        ("contributors that are not ARNs of a role, user or group", with(secret, &arns)),
        ("the API key instead of the secret's name", with("omnisend/acme", "canary key")),
        ("a secret in another folder", with("omnisend/acme", "../acme")),
        ("an empty display name", with("Acme store", "")),
        ("a display name that is too long", with("Acme store", &"x".repeat(101))),
        (
            "misspelt keys",
            with(secret, "sercet = \"omnisend/acme\"\nrequestsPerMinute = 100\napi_key = \"canary\""),
        ),
        ("a root key below a table header", format!("{}reserve_percent = 10\n", CONNECTION.trim_start())),
        ("two brackets instead of one", with("[data_privacy]", "[[data_privacy]]")),
    ];
    let files: Vec<_> = files.iter().map(|(what, text)| (*what, text.as_str())).collect();
    let report = report(read_connection, &files);
    let messages = report.lines().filter(|line| line.starts_with("connections/"));
    assert!(messages.clone().all(|line| !line.contains("canary")), "a message contains an API key");
    insta::assert_snapshot!(report);
}

#[test]
fn reports_every_problem_of_broken_exports() {
    let with = |from, to| with(EXPORT, from, to);
    let name = "display_name = \"VIP customers\"";
    let segment = "[[segments]]\nname = \"VIP\"\npath = \"segments/vip/\"";
    let email = "email = \"EMail\"";
    let file = EXPORT.trim_start();
    let files = [
        ("empty", String::new()),
        (
            "an unknown key that resembles a known one",
            with(email, &format!("{email}\nfrist_name = \"First\"\nzip = \"Z\"")),
        ),
        ("a misspelt required key", with("email", "emial")),
        ("no email column", with(email, "first_name = \"First\"")),
        ("no fields", with(&format!("[fields]\n{email}"), "")),
        ("an empty column", with("EMail", " ")),
        ("a column's number instead of its name", with("\"EMail\"", "3")),
        ("fields as a list", with("[fields]", "[[fields]]")),
        ("a misspelt mode", with(name, &format!("{name}\nmode = \"chnages\""))),
        ("an unknown mode", with(name, &format!("{name}\nmode = \"upsert\""))),
        (
            "wrong types",
            with(name, &format!("{name}\nschedule = \"yes\"\nmax_profiles = 1e6\nkeep_email_case = 1")),
        ),
        ("max_profiles of 0", with(name, &format!("{name}\nmax_profiles = 0"))),
        ("negative max_profiles", with(name, &format!("{name}\nmax_profiles = -1"))),
        (
            "guard limits out of range",
            with(
                segment,
                &format!(
                    "[guards]\nshrink_percent = 100\nremovals_percent = 0\nrejects_percent = \"none\"\n\
                     growth_factor = 1\n{segment}"
                ),
            ),
        ),
        ("unknown guards", with(segment, &format!("[guards]\nshrink_pct = 20\nmax_profiles = 9\n{segment}"))),
        ("no segments", with(segment, "")),
        ("an empty list of segments", with(segment, "segments = []")),
        ("one bracket instead of two", with("[[segments]]", "[segments]")),
        ("an empty segment", with("name = \"VIP\"\npath = \"segments/vip/\"", "")),
        (
            "too many segments",
            with(
                segment,
                &(0..17)
                    .map(|n| segment.replace("\"VIP\"", &format!("\"{n}\"")))
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
        ),
        ("the same segment twice", with(segment, &format!("{segment}\n{segment}"))),
        (
            "the same tag twice",
            with(
                segment,
                &format!("{segment}\n{}\ntag = \"segment: VIP\"", segment.replace("\"VIP\"", "\"New\"")),
            ),
        ),
        ("a name that is not valid in a tag", with("\"VIP\"", "\"VIP & friends\"")),
        ("an invalid tag", with("\"VIP\"", "\"VIP & friends\"\ntag = \"vip, friends\"")),
        ("a reserved path", with("segments/vip/", "runs/vip/")),
        ("a path with dots", with("segments/vip/", "segments/../../vip/")),
        ("a path with a wildcard", with("segments/vip/", "segments/vip/*.csv")),
        ("a whole bucket", with("segments/vip/", "s3://lake")),
        ("a path with an unsupported scheme", with("segments/vip/", "https://example.com/vip.csv")),
        (
            "a misspelt complete_on",
            with("\"segments/vip/\"", "\"segments/vip/\"\ncomplete_on = \"_SUCESS\"\ntable = \"VIP\""),
        ),
        (
            "a model without its table",
            with("\"segments/vip/\"", "\"segments/vip/\"\ncomplete_on = \"model.json\""),
        ),
        ("a table without a model", with("\"segments/vip/\"", "\"segments/vip/\"\ntable = \"VIP\"")),
        (
            "a marker with its folder",
            with("\"segments/vip/\"", "\"segments/vip/\"\ncomplete_on = \"vip/done\""),
        ),
        ("a filter that is not a condition", format!("where = \"Country\"\n{file}")),
        ("an invalid delimiter", format!("{file}[csv]\ndelimiter = \"comma\"\nquote = \"'\"\n")),
        ("invalid columns", format!("{file}[csv]\ncolumns = []\nnull = \"NULL\"\n")),
        (
            "unsupported source settings",
            format!(
                "{file}[source]\nformat = \"xlsx\"\ncompression = \"gz\"\nencoding = \"shift-jiss\"\ntype = 1\n"
            ),
        ),
        ("an unknown encoding", format!("{file}[source]\nencoding = \"ebcdic\"\n")),
        (
            "an invalid name of a custom property",
            format!("{file}[custom_properties]\n\"loyalty tier\" = \"Tier\"\n"),
        ),
        (
            "custom properties that differ only in case",
            format!("{file}[custom_properties]\ntier = \"A\"\nTier = \"B\"\n"),
        ),
        (
            "custom properties with invalid types",
            format!(
                "{file}[custom_properties]\na = {{ column = \"A\", type = \"numbr\" }}\nb = {{ type = \"date\" }}\n\
                 c = {{ column = \"C\", separator = \";\" }}\nd = {{ column = \"D\", type = \"list\", separator = \"\" }}\n\
                 e = 5\nf = {{ column = \"F\", kind = \"date\" }}\n"
            ),
        ),
        (
            "a root key below a table header",
            format!("{file}schedule = true\n[custom_properties]\nkeep_email_case = true\n"),
        ),
        ("a repeated key", format!("{file}email = \"Mail\"\n")),
        ("a repeated table and another problem", format!("{file}[fields]\nemial = \"Mail\"\n")),
        ("text without quotes", with("\"EMail\"", "EMail")),
        ("a quote that is not closed", with("\"EMail\"", "\"EMail")),
        ("a table header that is not closed", with("[fields]", "[fields")),
        (
            "several problems in one file",
            with("\"segments/vip/\"", "\"secrets/\"\ncolour = 7").replace("email", "e_mail"),
        ),
        (
            "control characters",
            with(name, "display_name = \"a\\u001b[31m\"\nmode = \"a\\nb\"\n\"x\\ny\" = 1"),
        ),
    ];
    let files: Vec<_> = files.iter().map(|(what, text)| (*what, text.as_str())).collect();
    insta::assert_snapshot!(report(read_export, &files));
}

#[test]
fn reports_the_line_that_is_not_utf8() {
    let error = read_export(b"display_name = \"ok\"\nmode = \"\xe9\"\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "exports/acme/vip.toml:2: not valid UTF-8 (byte 0xE9); save the file as UTF-8"
    );
}

/// Lines with known keys, so that random files get past the parser.
fn line() -> impl Strategy<Value = String> {
    let values = prop::sample::select(vec![
        "\"x\"",
        "\"\"",
        "0",
        "-1",
        "1e9",
        "true",
        "[]",
        "[1]",
        "{}",
        "2026-11-23T10:00:00Z",
        "2026-11-23",
        "[[]]",
        "{ a.b = 1 }",
    ]);
    let keys = prop::sample::select(vec![
        "display_name",
        "secret",
        "mode",
        "segments",
        "fields",
        "csv",
        "custom_properties",
        "data_privacy",
        "contributors",
        "name",
        "path",
        "tag",
        "email",
        "a.b",
        "fields.email",
        "[fields]",
        "[[segments]]",
        "[data_privacy]",
        "[csv]",
        "[custom_properties.x]",
        "\"\"",
        "requests_per_minute",
    ]);
    (keys, values).prop_map(|(key, value)| {
        if key.starts_with('[') { format!("{key}\n") } else { format!("{key} = {value}\n") }
    })
}

proptest! {
    #[test]
    fn reads_any_bytes_or_reports_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn reads_any_text_or_reports_a_problem(text in "[\\[\\]{}=.,\"'#\n a-c0-9\u{e9}]{0,80}") {
        check(text.as_bytes());
    }

    #[test]
    fn reads_any_lines_or_reports_a_problem(lines in prop::collection::vec(line(), 0..16)) {
        check(lines.concat().as_bytes());
    }
}

fn check(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for error in [read_connection(bytes).err(), read_export(bytes).err()].into_iter().flatten() {
        assert!(!error.problems.is_empty());
        assert!(error.problems.iter().all(|problem| (1..=lines).contains(&problem.line)), "{error}");
    }
}

#[test]
fn reads_an_export_with_consent() {
    let export = read_export(
        format!(
            "{}phone = \"Phone\"\n{}",
            EXPORT,
            r#"
            [consent.email]
            column = "News"
            subscribed = [" Yes ", "JA"]
            unsubscribed = ["No"]
            non_subscribed = ["Ausstehend"]
            date = { column = "NewsDate", format = "%d.%m.%Y" }
            source = " CRM "
            may_subscribe = true
            on_invalid = "reject-row"
            ip = "Ip"
            user_agent = "Agent"
            [consent.sms]
            column = "Sms"
            unsubscribed = ["stop"]
            date = "SmsDate"
            source = "Shop"
            "#
        )
        .as_bytes(),
    )
    .unwrap();
    let consent = &export.mapping().consent;
    let values =
        |values: &[(&str, Status)]| values.iter().map(|(v, s)| ((*v).to_owned(), *s)).collect::<Vec<_>>();
    let email = consent.email.as_ref().unwrap();
    assert_eq!(
        email.values,
        values(&[
            ("yes", Status::Subscribed),
            ("ja", Status::Subscribed),
            ("no", Status::Unsubscribed),
            ("ausstehend", Status::NonSubscribed)
        ])
    );
    assert_eq!((email.source.as_str(), email.may_subscribe), ("CRM", true));
    assert_eq!(email.on_invalid, OnInvalid::RejectRow);
    let sms = consent.sms.as_ref().unwrap();
    assert_eq!((sms.values.clone(), sms.may_subscribe), (values(&[("stop", Status::Unsubscribed)]), false));
    assert_eq!(
        sms.on_invalid,
        OnInvalid::DropField,
        "the default, because the export does not set `on_invalid`"
    );
    assert_eq!(
        export.mapping().columns(),
        ["EMail", "Phone", "News", "NewsDate", "Ip", "Agent", "Sms", "SmsDate"]
    );
    let json = serde_json::to_string(export.mapping()).unwrap();
    assert_eq!(&serde_json::from_str::<crate::contact::Mapping>(&json).unwrap(), export.mapping());
}

#[test]
fn reports_every_problem_of_broken_consent() {
    let file = EXPORT.trim_start();
    let phone = "phone = \"Phone\"\n";
    let good = "column = \"News\"\nunsubscribed = [\"no\"]\ndate = \"Date\"\nsource = \"CRM\"\n";
    let files = [
        (
            "no date and no source",
            format!("{file}[consent.email]\ncolumn = \"News\"\nsubscribed = [\"yes\"]\n"),
        ),
        (
            "no values",
            format!("{file}[consent.email]\ncolumn = \"News\"\ndate = \"Date\"\nsource = \"CRM\"\n"),
        ),
        (
            "a value with two meanings",
            format!("{file}[consent.email]\n{good}subscribed = [\"NO\", \"yes\", \"Yes\", \" \", 1]\n"),
        ),
        ("SMS consent without a phone", format!("{file}[consent.sms]\n{good}")),
        ("an unknown channel", format!("{file}[consent.push]\n{good}")),
        ("keys without a channel", format!("{file}[consent]\n{good}")),
        (
            "an invalid date format",
            format!(
                "{file}{phone}[consent.sms]\n{}",
                good.replace("\"Date\"", "{ column = \"Date\", format = \"DD.MM\" }")
            ),
        ),
        (
            "placeholders that were not replaced",
            format!(
                "{file}[consent.email]\ncolumn = \"News\"\nunsubscribed = [\"…\"]\ndate = \"…\"\nsource = \"…\"\n"
            ),
        ),
        ("an empty source", format!("{file}[consent.email]\n{}", good.replace("CRM", " "))),
        ("a permission as text", format!("{file}[consent.email]\n{good}may_subscribe = \"yes\"\n")),
        ("a welcome message without acknowledgement", format!("send_welcome_message = true\n{file}")),
    ];
    let files: Vec<_> = files.iter().map(|(what, text)| (*what, text.as_str())).collect();
    insta::assert_snapshot!(report(read_export, &files));
}

#[test]
fn a_welcome_message_needs_an_acknowledgement() {
    for (lines, send) in [
        ("", false),
        ("send_welcome_message = false\n", false),
        ("send_welcome_message_acknowledged = true\n", false),
        ("send_welcome_message = true\nsend_welcome_message_acknowledged = true\n", true),
    ] {
        let export = read_export(format!("{lines}{EXPORT}").as_bytes()).unwrap();
        assert_eq!(export.mapping().send_welcome_message, send, "{lines}");
    }
    let refused = format!("send_welcome_message = true\nsend_welcome_message_acknowledged = false\n{EXPORT}");
    assert!(read_export(refused.as_bytes()).is_err());
}

#[test]
fn the_example_lines_of_a_connection_are_valid() {
    let file = connection_lines(&"acme".parse().unwrap(), now()).join("\n");
    let connection = read_connection(file.as_bytes()).unwrap();
    assert_eq!((connection.display_name(), connection.secret()), ("acme", "omnisend/acme"));
}

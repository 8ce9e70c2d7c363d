//! Mistakes in the command or the configuration: exit code 2, and a message that says what to do.

use serde_json::Value;

use crate::harness::{EXPORT, Segment, World, options};

const CONNECTION: &str = "\
display_name = \"Acme\"\nsecret = \"omnisend/acme\"\n[data_privacy]\nagreed_by = \"ada\"\n\
agreed_at = 2026-01-01T00:00:00Z\n";

/// Fails unless a mistake in one file of the state is rejected with these messages.
async fn is_rejected(file: &str, text: &str, messages: &[&str]) {
    let world = World::of_people(3).await;
    world.write(file, text);
    for call in ["run vip", "run vip --dry-run", "validate"] {
        let ran = world.call(call).end().await;
        ran.exits(2).says(messages);
        assert_eq!(ran.stdout, "", "{call} prints a result");
    }
    assert_eq!(world.requests().await, Vec::<Value>::new(), "a request was sent");
    assert_eq!(world.run_files(), Vec::<String>::new(), "a run was started");
}

#[tokio::test]
async fn names_the_file_and_line_of_a_mistake_and_what_to_do() {
    let connection = "connections/acme.toml";
    is_rejected(
        connection,
        "display_name = \"Acme\"\nsecret = \"omnisend/acme\"\n",
        &[
            "connections/acme.toml:1: data_privacy: missing; exports send personal data to Omnisend",
            "agreed_by = ",
            "agreed_at = ",
        ],
    )
    .await;
    is_rejected(
        connection,
        &CONNECTION.replace("secret", "sercet"),
        &["connections/acme.toml:2: sercet: unknown key; did you mean `secret`?"],
    )
    .await;
    let export = "exports/acme/vip.toml";
    is_rejected(
        export,
        &EXPORT.replace("first_name", "fist_name"),
        &["exports/acme/vip.toml:9: fields.fist_name: unknown key; did you mean `first_name`?"],
    )
    .await;
    is_rejected(
        export,
        &EXPORT.replace("email = \"EMail\"", ""),
        &["exports/acme/vip.toml", "fields.email: missing", "email = \"<column>\""],
    )
    .await;
    is_rejected(
        export,
        &format!("{EXPORT}[custom_properties]\n\"loyalty tier\" = \"Tier\"\n"),
        &["exports/acme/vip.toml:11", "loyalty tier", "A-Z, a-z, 0-9 and `_`"],
    )
    .await;
    is_rejected(
        "exports/acme/vip.toml",
        &EXPORT.replace("= \"full\"", "= full"),
        &["exports/acme/vip.toml:3", "double quotes"],
    )
    .await;
}

#[tokio::test]
async fn reports_all_problems_at_once() {
    let world = World::of_people(1).await;
    world.write("connections/acme.toml", "secret = 7\n");
    world.write("exports/acme/vip.toml", "mode = \"ful\"\n");
    world.call("run vip").end().await.exits(2).says(&[
        "connections/acme.toml:1: secret: expected text",
        "display_name: missing",
        "data_privacy: missing",
        "exports/acme/vip.toml:1: mode: `ful` is not a mode; did you mean `full`?",
        "segments: missing",
        "fields: missing",
    ]);
}

#[tokio::test]
async fn suggests_the_nearest_name_for_an_unknown_one() {
    let world = World::of_people(1).await;
    world.call("run vpi").end().await.exits(2).says(&["export `vpi` does not exist; did you mean `vip`?"]);
    world.call("run VIP").end().await.exits(2).says(&["`VIP` is not a valid name", "a-z, 0-9"]);
    world.call("run").end().await.exits(2).says(&["<EXPORT>"]);
    world.call("run vip --mode fll").end().await.exits(2).says(&["full", "changes"]);
    world.call("validte").end().await.exits(2).says(&["similar", "validate"]);
    world.call("run vip --give-up-after soon").end().await.exits(2).says(&[
        "'soon'",
        "--give-up-after <TIME>",
        "write a time with its unit, such as 90s, 5m or 1h",
    ]);

    world.write("exports/acmee/news.toml", EXPORT);
    world.call("run news").end().await.exits(2).says(&[
        "exports/acmee/news.toml: connection `acmee` does not exist; did you mean `acme`? Then move the export to that \
         folder. Otherwise create connections/acmee.toml, such as:",
        "    display_name = \"acmee\"\n",
        "    [data_privacy]",
    ]);
    for call in ["run news --dry-run", "export preview news", "connection test acmee"] {
        world
            .call(call)
            .end()
            .await
            .exits(2)
            .says(&["create connections/acmee.toml, such as:", "agreed_at = 2"]);
    }
    world.write("exports/acme/news.toml", EXPORT);
    world
        .call("run news")
        .end()
        .await
        .exits(2)
        .says(&["several connections have an export `news`", "rename one"]);
}

#[tokio::test]
async fn rejects_a_file_without_the_mapped_columns() {
    for (header, expected) in [
        ("E-Mail,FirstName", "column `EMail` is not in the header; nearest: `E-Mail`"),
        (
            "EMail,FirstName,EMail",
            "column `EMail` is in the header 2 times (columns 1, 3); rename all but one",
        ),
        ("Mail address,郵便番号", "column `FirstName` is not in the header"),
    ] {
        let world = World::with(options(), Segment::clean(format!("{header}\n"), 0)).await;
        let ran = world.call("run vip").end().await;
        ran.exits(2).says(&["export `vip`", "segments/vip/segment.csv", expected]);
        assert_eq!(world.run_files(), Vec::<String>::new(), "a run was started");
        assert_eq!(world.requests().await.len(), 0);
    }
}

#[tokio::test]
async fn rejects_a_missing_segment_file() {
    let world = World::of_people(1).await;
    std::fs::remove_file(world.root().join("segments/vip/segment.csv")).unwrap();
    world.call("run vip").end().await.exits(2).says(&[
        "export `vip`",
        "no segment file at segments/vip/",
        "path",
    ]);
}

#[tokio::test]
async fn rejects_a_missing_exposed_or_invalid_api_key() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip").without_key().end().await;
    ran.exits(2).says(&["secret `omnisend/acme` was not found", "chmod 600", "OMNISEND_API_KEY"]);
    world.secret("acme", " \n");
    world.call("run vip").without_key().end().await.exits(2).says(&["secret `omnisend/acme`", "it is empty"]);
    world
        .call("run vip")
        .env("OMNISEND_API_KEY", "two words")
        .end()
        .await
        .exits(2)
        .says(&["OMNISEND_API_KEY"]);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(world.root().join("secrets/omnisend/acme"), open).unwrap();
    world.call("run vip").without_key().end().await.exits(2).says(&["can be read by others", "chmod 600"]);
    assert_eq!(world.run_files(), Vec::<String>::new(), "a run was started without a key");
}

#[tokio::test]
async fn rejects_an_invalid_api_url_and_a_missing_state_directory() {
    let world = World::of_people(1).await;
    for (url, expected) in [
        ("http://203.0.113.1/api", "https"),
        ("ftp://localhost", "http or https URL"),
        ("https://ada:pw-canary@localhost", "password"),
    ] {
        let ran = world.call("run vip").env("OMNISEND_API_URL", url).end().await;
        ran.exits(2).says(&["OMNISEND_API_URL", expected]);
        assert!(!ran.stderr.contains("pw-canary"), "a password is printed");
    }
    let ran = world.call("sandbox --fault sttus=503").end().await;
    ran.exits(2).says(&["`sttus` is not one of status"]);
    let nowhere = format!("run vip --state {}", world.root().join("nowhere").display());
    let ran = world.call(&nowhere).end().await;
    ran.exits(2).says(&["nowhere: this directory does not exist", "--state"]);
}

#[tokio::test]
async fn validate_lists_connections_and_exports() {
    let world = World::of_people(1).await;
    let ran = world.call("validate").without_key().end().await;
    ran.exits(0);
    for expected in ["1 connection and 1 export: all valid", "vip: VIP customers from segments/vip/ to acme"]
    {
        assert!(ran.stdout.contains(expected), "{expected:?} is not in\n{}", ran.stdout);
    }
}

#[tokio::test]
async fn validate_says_what_to_do_if_there_is_nothing() {
    let world = World::of_people(1).await;
    let validate = || world.call("validate").without_key();
    std::fs::remove_dir_all(world.root().join("exports")).unwrap();
    let ran = validate().end().await;
    ran.exits(0);
    assert!(
        ran.stdout.contains("1 connection and 0 exports: all valid\n  there is no export yet"),
        "{}",
        ran.stdout
    );

    world.write("exports/acmee/vip.toml", EXPORT);
    world.write("exports/acmee/news.toml", "mode = \"ful\"\n");
    validate().end().await.exits(2).says(&[
        "exports/acmee/vip.toml: connection `acmee` does not exist; did you mean `acme`?",
        "exports/acmee/news.toml: connection `acmee` does not exist",
        "exports/acmee/news.toml:1: mode: `ful` is not a mode",
    ]);

    for gone in ["exports", "connections"] {
        std::fs::remove_dir_all(world.root().join(gone)).unwrap();
    }
    let ran = validate().end().await;
    ran.exits(2).says(&["there is nothing to check", "--state", "export init --file FILE"]);
    assert_eq!(ran.stdout, "");
}

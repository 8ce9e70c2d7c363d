//! `export init`: from a file to an export that runs.

use crate::harness::World;

const FILE: &str = "\
EMail,FirstName,Telephone,BirthDate,Tier,Subscribed\r\n\
canary.ada@example.com,Ada,+442079460958,1990-02-28,gold,yes\r\n\
canary.bo@example.com,Bo,,1985-12-31,silver,no\r\n";

/// A world with a connection and this file, and no export.
async fn world(file: &str, text: &str) -> World {
    let world = World::of_people(1).await;
    for gone in ["exports", "segments"] {
        std::fs::remove_dir_all(world.root().join(gone)).unwrap();
    }
    world.write(file, text);
    world
}

#[tokio::test]
async fn a_file_of_the_state_becomes_an_export_that_runs_as_it_is() {
    let world = world("segments/gold/2026-11-23.csv", FILE).await;
    let ran = world.call("export init --file segments/gold/2026-11-23.csv").end().await;
    ran.exits(0);
    for said in [
        "exports/acme/gold.toml: written, by 2 rows and 6 columns of segments/gold/2026-11-23.csv",
        "mapped:  email = EMail, phone = Telephone, first_name = FirstName, birthdate = BirthDate",
        "off:     1 custom property;",
        "consent: Subscribed not mapped; nobody is subscribed",
        "omnisend-export run gold --dry-run",
    ] {
        assert!(ran.stdout.contains(said), "{said:?} is not in\n{}", ran.stdout);
    }
    let export = world.read("exports/acme/gold.toml");
    assert!(export.contains("path = \"segments/gold/\""), "{export}");
    assert!(
        !export.contains("canary") && !export.contains("gold,"),
        "a value of the file is written: {export}"
    );

    world.call("validate").end().await.exits(0);
    let ran = world.call("run gold --dry-run").end().await;
    ran.exits(0);
    assert!(ran.stdout.contains("2 read"), "{}", ran.stdout);

    let again = world.call("export init --file segments/gold/2026-11-23.csv").end().await;
    again.exits(2).says(&["exports/acme/gold.toml is there already, and is not replaced", "--name"]);
    assert_eq!(world.read("exports/acme/gold.toml"), export);
}

#[tokio::test]
async fn a_file_from_elsewhere_is_told_where_it_goes() {
    let world = world("segments/other.csv", FILE).await;
    let elsewhere = tempfile::TempDir::new().unwrap();
    let file = elsewhere.path().join("VIP Kunden.csv");
    std::fs::write(&file, FILE.replace(',', ";")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), world.root().join("elsewhere")).unwrap();
    let copy = elsewhere.path().join("vip.csv");
    std::fs::copy(&file, &copy).unwrap();
    let call = format!("export init --file {} --name vip --connection bolt", copy.display());
    let ran = world.call(&call).end().await;
    ran.exits(0);
    for said in ["exports/bolt/vip.toml: written", "connections/bolt.toml", "mkdir -p ./segments/vip/ && cp"]
    {
        assert!(ran.stdout.contains(said), "{said:?} is not in\n{}", ran.stdout);
    }
    let ran = world.call(&format!("export init --print --file {}", copy.display())).end().await;
    ran.exits(0);
    assert!(ran.stdout.contains("\n[fields]"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_file_that_cannot_become_an_export_says_why() {
    let world = world("segments/x.csv", "Name,Email status\nAda,sent\n").await;
    let no_email = world.call("export init --file segments/x.csv").end().await;
    no_email.exits(2).says(&["no column holds e-mail addresses", "looked at: `Name`, `Email status`"]);

    world.write("segments/x.csv", "Email,Name\nnobody,Ada\n");
    let vetoed = world.call("export init --file segments/x.csv").end().await;
    vetoed.exits(2).says(&["`Email`: it holds no e-mail addresses"]);

    world.write("segments/x.csv", "canary@example.com,Ada\nbo@example.com,Bo\n");
    let headless = world.call("export init --file segments/x.csv").end().await;
    headless.exits(2).says(&["its first row seems to be data, and not the names of the columns"]);
    assert!(!headless.stderr.contains("canary"), "{}", headless.stderr);

    world.write("segments/x.csv", "Email,Name\n");
    world.call("export init --file segments/x.csv").end().await.exits(2).says(&["it has no rows to look at"]);
    world.call("export init --file nowhere.csv").end().await.exits(2).says(&["nowhere.csv: No such file"]);
    world.call("export init --file segments").end().await.exits(2).says(&["this is a folder"]);
    world.connection("bolt", 60);
    world.write("segments/x.csv", FILE);
    let which = world.call("export init --file segments/x.csv").end().await;
    which.exits(2).says(&["to which brand? Add --connection, one of: acme, bolt"]);
    assert!(!world.files().iter().any(|file| file.starts_with("exports/")), "something was written");
}

//! Two runs at once: rejected for one connection, allowed for two.

use crate::harness::{EXPORT, World, address, holds};

#[tokio::test]
async fn refuses_a_second_run_of_a_connection_until_the_first_ends() {
    let world = World::of_people(300).await;
    world.write("exports/acme/other.toml", EXPORT);
    let held = world.fault("delay=1500,method=POST,count=1").await;
    let first = world.call("run vip").start();
    world.happened(held).await;
    for other in ["run vip", "run other"] {
        let ran = world.call(other).end().await;
        ran.exits(1).says(&["connection `acme` is in use", "wait until that run ends"]);
    }
    // A dry run sends no request, so it may run.
    world.call("run other --dry-run").end().await.exits(0);
    first.end().await.exits(0).reports("succeeded", [300, 0, 0]);
    assert_eq!(world.contacts_sent().await, 300);
    world.call("run other").end().await.exits(0);
}

#[tokio::test]
async fn runs_two_connections_at_the_same_time() {
    let world = World::of_people(300).await;
    world.connection("bolt", crate::harness::FAST);
    world.write("exports/bolt/news.toml", EXPORT.replace("name = \"VIP\"", "name = \"News\""));
    world.secret("acme", "acme-canary-key");
    world.secret("bolt", "bolt-canary-key");
    let held = world.fault("delay=1000,method=POST,count=1").await;
    let first = world.call("run vip").without_key().start();
    world.happened(held).await;
    world.call("run news").without_key().end().await.exits(0).reports("succeeded", [300, 0, 0]);
    first.end().await.exits(0).reports("succeeded", [300, 0, 0]);
    for (key, tag) in [("acme-canary-key", "segment: VIP"), ("bolt-canary-key", "segment: News")] {
        let contacts = world.contacts_of(&format!("key={key}")).await;
        holds(&contacts, (0..300).map(address));
        assert!(contacts.values().all(|contact| contact["tags"] == serde_json::json!([tag])), "{key}");
    }
}

//! Rejects of more than fits one request: they are put in parts.

use serde_json::json;

use crate::{
    cloud::{Options, people},
    moto::moto,
    proxy::Proxy,
    world::{FAST, World},
};

/// Rows that are no contact: of each, some 180 bytes of the NDJSON.
const INVALID: u64 = 60_000;

#[tokio::test]
async fn rejects_of_many_megabytes_are_put_in_parts_and_are_whole() {
    let proxy = Proxy::start(moto().address(), &[]).await;
    let endpoint = ("AWS_ENDPOINT_URL", format!("http://{}", proxy.address()));
    let options = Options { requests_per_minute: FAST, variables: vec![endpoint], ..Options::default() };
    let world = World::with(options).await;
    let invalid: Vec<String> = (0..INVALID).map(|n| format!("no address {n},Ada {n}\n")).collect();
    world.account.put("segments/vip/1.csv", people(0, 10) + &invalid.concat()).await;
    // A guard stops such a file, unless somebody says that it is right.
    let asked = json!({"action": "run", "export": "vip", "allow": ["rejects"]});
    let run = world.answer(&asked).await["run"].as_str().unwrap().to_owned();
    world.drain().await;
    world.holds(0..10).await;
    world.holds(0..10).await;

    let counts = world.report("vip", &run).await["counts"].clone();
    assert_eq!(
        (&counts["read"], &counts["invalid"], &counts["accepted"]),
        (&json!(INVALID + 10), &json!(INVALID), &json!(10))
    );
    let part = |request: &crate::proxy::Exchange| {
        request.is("PUT", "rejects.ndjson") && request.is("PUT", "partNumber")
    };
    assert!(proxy.seen(part).len() > 1, "it is put in parts");
    for (name, header) in [("rejects.ndjson", 0), ("rejects.csv", 1)] {
        let text = String::from_utf8(world.account.get(&format!("runs/vip/{run}/{name}")).await).unwrap();
        let rows = usize::try_from(INVALID).unwrap() + header;
        assert_eq!(text.lines().count(), rows, "{name}");
        assert!(text.lines().next_back().unwrap().contains(&format!("no address {}", INVALID - 1)), "{name}");
    }
}

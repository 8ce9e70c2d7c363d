//! Existing contacts keep the data that the export does not map.

use serde_json::json;

use crate::harness::{Segment, World, address, options};

#[tokio::test]
async fn keeps_opt_outs_and_tags_of_other_sources() {
    let world = World::with(options(), Segment::people(3)).await;
    world
        .seed(&json!([
            {
                "email": address(0), "status": "unsubscribed", "statusChangedAt": "2025-01-02T03:04:05Z",
                "phone": "+442079460958", "smsStatus": "subscribed", "firstName": "Old", "lastName": "Kept",
                "tags": ["source: shopify", "mine"], "customProperties": { "points": 7 },
            },
            { "email": address(1), "status": "subscribed", "tags": ["segment: VIP"] },
            { "email": address(9), "status": "unsubscribed", "firstName": "Untouched", "tags": ["other"] },
        ]))
        .await;
    let untouched = world.contacts().await[&address(9)].clone();

    world.call("run vip").end().await.exits(0).reports("succeeded", [3, 0, 0]);

    let contacts = world.contacts().await;
    assert_eq!(
        contacts[&address(0)],
        json!({
            "email": address(0), "status": "unsubscribed", "statusChangedAt": "2025-01-02T03:04:05Z",
            "phone": "+442079460958", "smsStatus": "subscribed", "firstName": "Person 0", "lastName": "Kept",
            "tags": ["source: shopify", "mine", "segment: VIP"], "customProperties": { "points": 7 }, "welcomed": false,
        })
    );
    assert_eq!(contacts[&address(1)]["status"], "subscribed");
    assert_eq!(contacts[&address(1)]["tags"], json!(["segment: VIP"]));
    assert_eq!(contacts[&address(2)]["status"], "nonSubscribed");
    assert_eq!(contacts[&address(9)], untouched, "a contact that is not in the file changed");
}

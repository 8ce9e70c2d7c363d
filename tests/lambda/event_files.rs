//! Every file in `events/` works unchanged.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    cloud::{
        Options,
        account::Message,
        environment::Outcome,
        events,
        omnisend::KEY,
        people,
        prepared::{BUCKET, REQUESTS_PER_MINUTE, prepare, prepare_for, run},
    },
    world::World,
};

const PEOPLE: u64 = 230;

#[tokio::test]
async fn every_event_file_works() {
    let options = Options { requests_per_minute: REQUESTS_PER_MINUTE, ..Options::default() };
    let world = World::empty(Options { bucket: Some(BUCKET), ..options }).await;
    prepare(&world, &people(0, PEOPLE)).await;
    // The cancel event comes last: it ends the run that the other events name.
    let (cancel, others): (Vec<_>, Vec<_>) =
        events::names().into_iter().partition(|name| name.contains("cancel"));
    for name in others.into_iter().chain(cancel) {
        let event = events::of_file(&name);
        prepare_for(&world, &event).await;
        let Outcome::Answer(answer) = world.invoke(&event).await else { panic!("{name}") };
        let failures = answer["batchItemFailures"].as_array();
        assert!(failures.is_none_or(Vec::is_empty), "{name}: {answer}");
        world.drain().await;
    }
    world.holds(0..PEOPLE).await;
    let named = run().run.to_string();
    assert!(world.runs("vip").await.contains(&named));
    assert!(world.omnisend.contacts_sent(KEY).await >= PEOPLE);
}

#[test]
fn the_readme_lists_exactly_the_event_files() {
    let text = fs::read_to_string(events::folder().join("README.md")).unwrap();
    let listed = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<String> = listed.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(listed, events::names().into_iter().collect());
}

#[test]
fn delivered_messages_have_the_fields_of_the_event_file() {
    let attributes = [
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "MessageDeduplicationId",
        "MessageGroupId",
        "SenderId",
        "SentTimestamp",
        "SequenceNumber",
    ];
    let file = events::of_file("sqs-upload.json");
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&file["Records"][0]["attributes"]), {
        let mut sorted = attributes.map(str::to_owned).to_vec();
        sorted.sort();
        sorted
    });
    let message = Message {
        id: "1".to_owned(),
        handle: "2".to_owned(),
        body: "{}".to_owned(),
        md5: "3".to_owned(),
        attributes: attributes.map(|name| (name.to_owned(), "4".to_owned())).into(),
    };
    let made = events::messages("arn:aws:sqs:eu-west-1:123456789012:q.fifo", &[message]);
    assert_eq!(names(&made["Records"][0]), names(&file["Records"][0]));
    assert_eq!(names(&made["Records"][0]["attributes"]), names(&file["Records"][0]["attributes"]));
}

//! SQS: its whole contract on a stand-in inside the process, and the cases that moto supports on moto.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    types::{MessageSystemAttributeName, QueueAttributeName as Attribute},
};
use omnisend_export::ports::{
    Aws,
    queue::{MemoryQueue, Queue, SqsQueue},
};
use tokio::time::advance;

use super::{fresh, sqs_rules};
use crate::{
    common::{
        moto::{config_for, moto},
        proxy::Proxy,
    },
    queue::{Harness, SETTINGS},
};

struct Rules {
    queue: SqsQueue,
    memory: Arc<MemoryQueue>,
}

impl Rules {
    fn new() -> Self {
        let (queue, memory, _) = sqs_rules::queue(SETTINGS);
        Self { queue, memory }
    }
}

#[async_trait]
impl Harness for Rules {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn advance(&self, time: Duration) {
        advance(time).await;
    }

    async fn dead_letters(&self) -> Vec<String> {
        self.memory.dead_letters().into_iter().map(|message| message.body).collect()
    }
}

mod contract {
    crate::queue::contract!(super::Rules::new());
}

/// A queue on moto that belongs to one test, with its dead-letter queue, behind a proxy.
pub(crate) struct Moto {
    pub(crate) queue: SqsQueue,
    pub(crate) proxy: Proxy,
    client: Client,
    dead: String,
}

impl Moto {
    pub(crate) async fn new() -> Self {
        let client = Client::new(&moto().config());
        let create = |name: String, attributes: Vec<(Attribute, String)>| {
            let create = client.create_queue().queue_name(format!("{name}.fifo"));
            create.set_attributes(Some(attributes.into_iter().collect())).send()
        };
        let fifo = (Attribute::FifoQueue, "true".to_owned());
        let dead = create(fresh("dead"), vec![fifo.clone()]).await.unwrap().queue_url.unwrap();
        let arn = client.get_queue_attributes().queue_url(&dead).attribute_names(Attribute::QueueArn);
        let arn = arn.send().await.unwrap().attributes.unwrap().remove(&Attribute::QueueArn).unwrap();
        let redrive = serde_json::json!({
            "deadLetterTargetArn": arn,
            "maxReceiveCount": SETTINGS.max_receive_count,
        });
        let attributes = vec![
            fifo,
            (Attribute::VisibilityTimeout, SETTINGS.visibility.as_secs().to_string()),
            (Attribute::RedrivePolicy, redrive.to_string()),
        ];
        let url = create(fresh("uploads"), attributes).await.unwrap().queue_url.unwrap();
        let proxy = Proxy::start(moto().address(), &[]).await;
        Self { queue: Aws::new(config_for(proxy.address())).queue(&url), proxy, client, dead }
    }
}

#[async_trait]
impl Harness for Moto {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn advance(&self, _: Duration) {
        panic!("moto uses the machine's time");
    }

    async fn dead_letters(&self) -> Vec<String> {
        // The messages stay visible for the next call.
        let look = self.client.receive_message().queue_url(&self.dead).visibility_timeout(0);
        let look =
            look.max_number_of_messages(10).message_system_attribute_names(MessageSystemAttributeName::All);
        let found = look.send().await.unwrap().messages.unwrap_or_default();
        found.into_iter().filter_map(|message| message.body).collect()
    }
}

/// The cases that moto does not support, and why.
const GAPS: [(&str, &str); 7] = [
    ("a_message_is_received_again_after_its_visibility_timeout", "moto uses the machine's time"),
    ("an_expired_handle_has_no_effect", "moto uses the machine's time, and accepts expired handles"),
    ("a_deleted_message_is_never_received_again", "moto uses the machine's time"),
    ("a_released_message_is_received_again_at_once", "moto accepts expired handles"),
    ("a_message_can_be_released_with_a_delay", "moto uses the machine's time"),
    ("drops_a_duplicate_within_the_deduplication_window", "moto forgets a deduplication id with its message"),
    ("a_message_whose_receivers_crash_becomes_a_dead_letter", "moto uses the machine's time"),
];

/// The other cases, each a test.
macro_rules! on_moto {
    ($($case:ident)*) => {
        const ON_MOTO: &[&str] = &[$(stringify!($case)),*];

        mod on_moto {
            $(#[tokio::test]
            async fn $case() {
                crate::queue::$case(&super::Moto::new().await).await;
            })*
        }
    };
}
on_moto! {
    receives_a_group_in_order_and_one_batch_at_a_time
    groups_do_not_wait_for_each_other
    receives_at_most_as_many_messages_as_requested
    a_message_arrives_unchanged
    released_messages_come_before_later_ones
    a_message_that_is_received_too_often_becomes_a_dead_letter
}

#[test]
fn every_case_runs_on_moto_or_is_a_gap_with_a_reason() {
    let mut known: Vec<&str> = GAPS.iter().map(|(case, _)| *case).chain(ON_MOTO.iter().copied()).collect();
    let mut all = Vec::from(crate::queue::every_case!(names));
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(known, all);
}

//! The adapters on AWS: their contracts on moto, and what goes wrong between them and AWS.

mod answers;
mod manager;
mod multipart;
mod s3;
mod s3_faults;
mod sqs;
mod sqs_faults;
mod sqs_rules;

use uuid::Uuid;

/// A name that nothing else on the stand-in has.
fn fresh(what: &str) -> String {
    format!("{what}-{}", Uuid::new_v4().simple())
}

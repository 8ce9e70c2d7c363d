//! The adapters for AWS: their contracts on moto, and faults between them and AWS.

mod answers;
mod manager;
mod multipart;
mod s3;
mod s3_faults;
mod sqs;
mod sqs_faults;
mod sqs_rules;

use uuid::Uuid;

/// Returns a name that is unique on the stand-in.
fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", Uuid::new_v4().simple())
}

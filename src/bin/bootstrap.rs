//! The Lambda's entry: environment, clients, app; then one event after the other.

use lambda_runtime::{LambdaEvent, service_fn};
use omnisend_export::{
    config,
    lambda::{Lambda, log},
};
use serde_json::Value;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), lambda_runtime::Error> {
    log(config::log_level().as_deref());
    let lambda = Lambda::new().await?;
    let lambda = &lambda;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| lambda.handle(event))).await
}

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
    // The state of an event's handling is large; it is kept out of every frame of the stack.
    let handle = move |event: LambdaEvent<Value>| Box::pin(lambda.handle(event));
    lambda_runtime::run(service_fn(handle)).await
}

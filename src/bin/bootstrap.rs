//! The Lambda's entry point: creates the application, then handles one event after another.

use lambda_runtime::{LambdaEvent, service_fn};
use omnisend_export::{
    environment,
    lambda::{Lambda, log},
};
use serde_json::Value;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), lambda_runtime::Error> {
    log(environment::log_level().as_deref());
    let lambda = Lambda::new().await?;
    let lambda = &lambda;
    // The future is large; boxing keeps it off the stack.
    let handle = move |event: LambdaEvent<Value>| Box::pin(lambda.handle(event));
    lambda_runtime::run(service_fn(handle)).await
}

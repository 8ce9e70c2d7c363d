//! Creates one contact directly and two in a batch, and waits for the batch's outcome.
//!
//! ```console
//! $ cargo run -p omnisend --example upsert -- http://127.0.0.1:8080/api any-key
//! ```
#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use std::{env, error::Error, time::Duration};

use bytes::BufMut;
use omnisend::{ApiKey, CallError, CallOptions, Client, RefusalKind, RetryPolicy, Url, batch_body};

const USAGE: &str = "usage: upsert <API address> <API key>";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err(USAGE.into());
    };
    let client = Client::builder(Url::parse(&address)?, ApiKey::new(&key)?).build()?;
    let options = CallOptions { retry: RetryPolicy::retries(2), deadline: None };

    match client.brand(options).await {
        Ok(brand) => println!("brand: {}", brand.name),
        Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::MissingPermission => {
            println!("brand: the key has no permission to read it");
        }
        Err(error) => return Err(error.into()),
    }

    client.upsert(contact("ada@example.com").into(), options).await?;
    let found = client.contact_by_email("ada@example.com", options).await?;
    println!("ada@example.com exists: {}", found.is_some());

    let emails = ["bob@example.com", "eve@example.com"];
    let body = batch_body(emails, |email, body| body.put_slice(contact(email).as_bytes()));
    let posted = client.post_batch(client.pacer().slot().await, body, options).await?;
    let status = loop {
        let status = client.batch(&posted.batch_id, options).await?;
        if status.is_over() {
            break status;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    println!("batch {}: {:?}, {:?} errors", status.batch_id, status.state, status.errors_count);
    for item in client.batch_items(&posted.batch_id, options).await?.errors {
        println!("  refused: {}", item.problem().summary().unwrap_or_else(|| item.code()));
    }
    println!("{} requests", client.usage().requests);
    Ok(())
}

fn contact(email: &str) -> String {
    format!(r#"{{"identifiers": [{{"type": "email", "id": "{email}", "sendWelcomeMessage": false}}]}}"#)
}

//! The client against a server that sends prepared answers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use omnisend::{
    ApiKey, CallError, CallOptions, Client, Freshness, KeyError, KeySource, Pacer, RefusalKind, Timing,
    UnexpectedAnswer, Url,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::Instant,
};

/// An answer's status and body.
type Answer = (u16, &'static str);

/// A server that sends the next prepared answer to each request, and the requests that it has received.
struct Server {
    address: String,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Server {
    async fn start(answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/api", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                // The requests of these tests fit into one read.
                let mut request = vec![0; 64 << 10];
                let length = stream.read(&mut request).await.unwrap();
                request.truncate(length);
                sender.send(String::from_utf8(request).unwrap()).unwrap();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { address, requests }
    }

    fn client(&self, key: impl KeySource + 'static) -> Client {
        let timing = Timing { waits_divided_by: NonZeroU32::new(1_000).unwrap(), ..Timing::default() };
        let pacer = Arc::new(Pacer::new(NonZeroU32::new(6_000).unwrap()));
        Client::builder(Url::parse(&self.address).unwrap(), key).pacer(pacer).timing(timing).build().unwrap()
    }

    fn received(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

fn key(text: &str) -> ApiKey {
    ApiKey::new(text).unwrap()
}

/// A source whose key changes with each fresh read.
#[derive(Debug, Default)]
struct Rotating(AtomicUsize);

#[async_trait]
impl KeySource for Rotating {
    async fn api_key(&self, freshness: Freshness) -> Result<ApiKey, KeyError> {
        let fresh = usize::from(freshness == Freshness::Fresh);
        Ok(key(&format!("key-{}", self.0.fetch_add(fresh, Ordering::Relaxed) + fresh)))
    }
}

#[tokio::test]
async fn sends_the_documented_headers() {
    let mut server = Server::start(&[(200, r#"{"brandID": "b1", "name": "Acme"}"#)]).await;
    let brand = server.client(key("key-1")).brand(CallOptions::default()).await.unwrap();
    assert_eq!((brand.brand_id.as_str(), brand.name.as_str()), ("b1", "Acme"));
    let request = server.received().concat();
    assert!(request.starts_with("GET /api/brands/current HTTP/1.1\r\n"), "{request}");
    for header in ["authorization: Omnisend-API-Key key-1\r\n", "omnisend-version: 2026-03-15\r\n"] {
        assert!(request.contains(header), "{header:?} is not in {request}");
    }
}

#[tokio::test]
async fn retries_a_5xx_and_counts_each_attempt() {
    let server = Server::start(&[(503, "<html>"), (500, "{}"), (200, "{}")]).await;
    let client = server.client(key("key-1"));
    client.upsert("{}".into(), CallOptions::default()).await.unwrap();
    assert_eq!(client.usage().requests, 3);
}

#[tokio::test]
async fn waits_out_a_429() {
    let server = Server::start(&[(429, r#"{"retryAfter": 1}"#), (200, "{}")]).await;
    let (client, start) = (server.client(key("key-1")), Instant::now());
    client.upsert("{}".into(), CallOptions::default()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!((client.usage().requests, client.usage().throttled), (2, 1));
}

#[tokio::test]
async fn reads_a_refused_key_again_once() {
    let mut server = Server::start(&[(401, "{}"), (200, "{}"), (401, "{}"), (401, "{}")]).await;
    let client = server.client(Rotating::default());
    client.upsert("{}".into(), CallOptions::default()).await.unwrap();
    let error = client.upsert("{}".into(), CallOptions::default()).await.unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.kind), Some(RefusalKind::InvalidKey));
    let requests = server.received();
    for (request, key) in requests.iter().zip(["key-0", "key-1", "key-1", "key-2"]) {
        assert!(request.contains(&format!("Omnisend-API-Key {key}\r\n")), "{key} is not in {request}");
    }
}

#[tokio::test]
async fn does_not_retry_the_creation_of_a_segment() {
    let server = Server::start(&[(503, "{}")]).await;
    let client = server.client(key("key-1"));
    let error = client.create_segment("VIP", "segment: VIP", CallOptions::default()).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { attempts: 1, .. }), "{error}");
}

#[tokio::test]
async fn returns_none_for_a_segment_that_does_not_exist() {
    let server = Server::start(&[(404, "{}")]).await;
    let segment = server.client(key("key-1")).segment("s1", CallOptions::default()).await.unwrap();
    assert_eq!(segment, None);
}

#[tokio::test]
async fn an_unexpected_answer_is_an_error_without_its_text() {
    let server = Server::start(&[
        (200, r#"{"contacts": "ada@example.com"}"#),
        (200, r#"{"contacts": [{"email": "eve@example.com"}]}"#),
    ])
    .await;
    let client = server.client(key("key-1"));
    let error = client.contact_by_email("ada@example.com", CallOptions::default()).await.unwrap_err();
    assert!(matches!(error, CallError::Unexpected(UnexpectedAnswer::Json(_))), "{error}");
    assert!(!format!("{error} {error:?}").contains("example.com"), "{error:?}");
    let error = client.contact_by_email("ada@example.com", CallOptions::default()).await.unwrap_err();
    assert!(matches!(error, CallError::Unexpected(UnexpectedAnswer::OtherContacts)), "{error}");
}

#[tokio::test]
async fn a_failed_connection_is_an_error_without_the_address_of_the_contact() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::builder(Url::parse(&address).unwrap(), key("key-1")).build().unwrap();
    let options = omnisend::RetryPolicy::NEVER.until(None);
    let error = client.contact_by_email("ada@example.com", options).await.unwrap_err();
    assert!(error.to_string().contains("could not connect"), "{error}");
    assert!(!format!("{error} {error:?}").contains("ada"), "{error:?}");
}

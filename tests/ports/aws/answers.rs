//! A stand-in for AWS inside the process: a function answers every request, without a network, so that tests can pause
//! the clock.

use std::{
    fmt,
    future::ready,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_config::SdkConfig;
use aws_sdk_s3::{
    config::{RuntimeComponents, http::HttpRequest},
    primitives::SdkBody,
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::HttpResponse,
        result::ConnectorError,
    },
    http::StatusCode,
};

use crate::common::{moto::config_for, proxy::Exchange};

type Answering = dyn Fn(Exchange) -> Pin<Box<dyn Future<Output = Option<Exchange>> + Send>> + Send + Sync;

/// A function that answers requests or breaks their connections.
#[derive(Clone)]
pub(crate) struct Answers {
    answer: Arc<Answering>,
    request_count: Arc<AtomicUsize>,
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

impl Answers {
    /// Answers each request with the future's result; `None` breaks the connection.
    pub(crate) fn new<F>(answer: impl Fn(Exchange) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Exchange>> + Send + 'static,
    {
        let answer: Arc<Answering> = Arc::new(move |request| Box::pin(answer(request)));
        Self { answer, request_count: Arc::default() }
    }

    /// Answers every request in the same way.
    pub(crate) fn always(answer: Option<Exchange>) -> Self {
        Self::new(move |_| ready(answer.clone()))
    }

    /// Returns the number of requests so far.
    pub(crate) fn request_count(&self) -> usize {
        self.request_count.load(Ordering::SeqCst)
    }

    /// Returns a configuration whose calls are answered here.
    pub(crate) fn config(&self) -> SdkConfig {
        let nowhere = ([127, 0, 0, 1], 1).into();
        config_for(nowhere).into_builder().http_client(self.clone()).build()
    }
}

impl HttpClient for Answers {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Answers {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.request_count.fetch_add(1, Ordering::SeqCst);
        let answer = (self.answer)(exchange(&request));
        HttpConnectorFuture::new(async move {
            let broken = || ConnectorError::io("the connection was closed".into());
            answer.await.map(|answer| response(&answer)).ok_or_else(broken)
        })
    }
}

fn exchange(request: &HttpRequest) -> Exchange {
    let headers = request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Exchange {
        line: format!("{} {} HTTP/1.1", request.method(), request.uri()),
        headers: headers.collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn response(answer: &Exchange) -> HttpResponse {
    let status = answer.line.split(' ').nth(1).unwrap().parse::<u16>().unwrap();
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body.clone()));
    for (name, value) in answer.headers.clone() {
        response.headers_mut().insert(name, value);
    }
    response
}

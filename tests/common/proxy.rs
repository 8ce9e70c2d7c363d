//! A proxy between a program and AWS. It forwards every request, unless a test spoils it.
//!
//! It forwards one request at a time, so that the stand-in's conditional writes are atomic, as they are in AWS. Each
//! connection carries one request.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// A request or an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// `PUT /bucket/key HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub(crate) line: String,
    /// The headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Exchange {
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let length = ("content-length".to_owned(), body.len().to_string());
        let headers = headers.chain([length]).collect();
        Self { line: format!("HTTP/1.1 {status} Spoiled"), headers, body: body.into() }
    }

    /// Returns an error in S3's format.
    pub(crate) fn s3_error(status: u16, code: &str) -> Self {
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>spoiled</Message></Error>");
        Self::answer(status, &[("content-type", "application/xml")], &body)
    }

    /// Returns an error in the format of AWS's JSON services.
    pub(crate) fn json_error(status: u16, code: &str) -> Self {
        let body = format!("{{\"__type\": \"{code}\", \"message\": \"spoiled\"}}");
        Self::answer(status, &[("content-type", "application/x-amz-json-1.1")], &body)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is a request with this method whose target contains this text.
    pub(crate) fn is(&self, method: &str, part_of_target: &str) -> bool {
        let mut words = self.line.split(' ');
        words.next() == Some(method) && words.next().is_some_and(|target| target.contains(part_of_target))
    }

    /// Returns the operation of a request to a JSON service.
    pub(crate) fn operation(&self) -> &str {
        self.header("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default()
    }

    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let body = bytes.split_off(head + 4);
        let head = String::from_utf8(bytes).map_err(io::Error::other)?;
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        Ok(Self { line, headers, body })
    }

    async fn read_request(stream: &mut TcpStream) -> io::Result<Self> {
        let mut request = Self::read(stream).await?;
        assert_eq!(request.header("transfer-encoding"), None, "the body's length is unknown");
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        if request.header("expect").is_some() && request.body.len() < length {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while request.body.len() < length {
            if stream.read_buf(&mut request.body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(request)
    }

    /// Returns the bytes for a connection that closes afterwards. `length` replaces the content length.
    fn bytes(&self, line: &str, length: Option<usize>) -> Vec<u8> {
        let mut head = format!("{line}\r\nconnection: close\r\n");
        for (name, value) in &self.headers {
            if !matches!(name.as_str(), "connection" | "keep-alive" | "transfer-encoding" | "expect")
                && (length.is_none() || name != "content-length")
            {
                head.extend([name, ": ", value, "\r\n"]);
            }
        }
        if let Some(length) = length {
            head.extend(["content-length: ", &length.to_string(), "\r\n"]);
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }

    /// Works around a bug in moto (at least up to 5.2.1): the wrong name of the answer to `CompleteMultipartUpload`.
    fn fix(&mut self) {
        let (wrong, right) = ("CompleteMultipartUploadResponse", "CompleteMultipartUploadResult");
        if let Some(body) = std::str::from_utf8(&self.body).ok().filter(|body| body.contains(wrong)) {
            self.body = body.replace(wrong, right).into();
            self.set_length();
        }
    }

    fn set_length(&mut self) {
        self.headers.retain(|(name, _)| name != "content-length");
        self.headers.push(("content-length".to_owned(), self.body.len().to_string()));
    }

    /// Sends the request to the server behind the proxy.
    async fn forward(&self, to: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(to).await?;
        // An answer of HTTP 1.0 is never chunked.
        let line = self.line.replace("HTTP/1.1", "HTTP/1.0");
        stream.write_all(&self.bytes(&line, Some(self.body.len()))).await?;
        let mut answer = Self::read(&mut stream).await?;
        stream.read_to_end(&mut answer.body).await?;
        answer.line = answer.line.replace("HTTP/1.0", "HTTP/1.1");
        answer.fix();
        Ok(answer)
    }
}

type Edit = Box<dyn FnMut(&mut Exchange) + Send>;

/// What happens to a spoiled request.
pub(crate) enum Effect {
    /// The proxy answers it itself.
    Answer(Exchange),
    /// The connection closes before the request is forwarded.
    Drop,
    /// The request is forwarded, and the connection closes before the answer.
    LoseReply,
    /// The connection closes after this many bytes of the answer's body.
    CutBody(usize),
    /// The request is changed before it is forwarded, and the answer before it is returned.
    Edit { request: Edit, answer: Edit },
}

struct Fault {
    when: Box<dyn Fn(&Exchange) -> bool + Send>,
    effect: Effect,
    /// How often it will still happen.
    times: usize,
}

/// A proxy. It runs as long as the test's runtime.
#[derive(Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    added: Vec<(String, String)>,
    faults: Mutex<Vec<Fault>>,
    seen: Mutex<Vec<Exchange>>,
    arrived: Notify,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Starts a proxy in front of a server. It adds headers to each request.
    pub(crate) async fn start(server: SocketAddr, added: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            added: added.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            faults: Mutex::default(),
            seen: Mutex::default(),
            arrived: Notify::new(),
            one_at_a_time: tokio::sync::Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                // A connection error is irrelevant to the test: the program closed the connection.
                tokio::spawn(async move { shared.serve(stream).await.ok() });
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Spoils the next `times` requests that `when` accepts. If several faults match, the one that was set first
    /// happens.
    pub(crate) fn spoil(
        &self,
        times: usize,
        when: impl Fn(&Exchange) -> bool + Send + 'static,
        effect: Effect,
    ) {
        lock(&self.shared.faults).push(Fault { when: Box::new(when), effect, times });
    }

    /// Returns the requests so far that `when` accepts, in order.
    pub(crate) fn seen(&self, when: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        lock(&self.shared.seen).iter().filter(|request| when(request)).cloned().collect()
    }

    /// Waits until a request that `when` accepts was answered.
    pub(crate) async fn wait_for(&self, when: impl Fn(&Exchange) -> bool) {
        loop {
            // Created before the check, so that a request after it is not missed.
            let arrived = self.shared.arrived.notified();
            if !self.seen(&when).is_empty() {
                // Waits until requests in progress are answered.
                drop(self.shared.one_at_a_time.lock().await);
                return;
            }
            arrived.await;
        }
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut request = Exchange::read_request(&mut stream).await?;
        let one = self.one_at_a_time.lock().await;
        lock(&self.seen).push(request.clone());
        self.arrived.notify_waiters();
        request.headers.extend(self.added.iter().cloned());
        let mut keep = usize::MAX;
        let answer = match self.fault(&mut request) {
            Step::Answer(answer) => answer,
            Step::Drop => return Ok(()),
            Step::LoseReply => return request.forward(self.server).await.map(drop),
            Step::CutBody(length) => {
                keep = length;
                request.forward(self.server).await?
            }
            Step::Edited(fault) => {
                let mut answer = request.forward(self.server).await?;
                if let Some(Effect::Edit { answer: edit, .. }) =
                    lock(&self.faults).get_mut(fault).map(|fault| &mut fault.effect)
                {
                    let before = answer.body.len();
                    edit(&mut answer);
                    // The content length of an answer to HEAD stays: it is the length of the object.
                    if answer.body.len() != before {
                        answer.set_length();
                    }
                }
                answer
            }
            Step::Forward => request.forward(self.server).await?,
        };
        drop(one);
        let mut bytes = answer.bytes(&answer.line, None);
        let head = bytes.len() - answer.body.len();
        bytes.truncate(head.saturating_add(keep.min(answer.body.len())));
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }

    /// Returns what to do with a request. A fault may change the request.
    fn fault(&self, request: &mut Exchange) -> Step {
        let mut faults = lock(&self.faults);
        let fault = faults.iter_mut().enumerate().find(|(_, fault)| fault.times > 0 && (fault.when)(request));
        let Some((place, fault)) = fault else { return Step::Forward };
        fault.times -= 1;
        match &mut fault.effect {
            Effect::Answer(answer) => Step::Answer(answer.clone()),
            Effect::Drop => Step::Drop,
            Effect::LoseReply => Step::LoseReply,
            Effect::CutBody(length) => Step::CutBody(*length),
            Effect::Edit { request: edit, .. } => {
                edit(request);
                Step::Edited(place)
            }
        }
    }
}

enum Step {
    Forward,
    Answer(Exchange),
    Drop,
    LoseReply,
    CutBody(usize),
    Edited(usize),
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A receiver of webhooks, on real TCP, that answers as a test says: well by default.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gestan_account_server::webhook::endpoint::Endpoint;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::process::TIMEOUT;

/// What the events of tests are signed with.
pub const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These bytes, and the end.
    Bytes(String),
    /// These bytes, and nothing more, while the connection stays.
    BytesAndSilence(String),
    /// A good head, and a body that never ends.
    Endless,
    /// Nothing: the connection ends when the request has been read.
    Close,
    /// Nothing at all, while the connection stays.
    Silence,
}

impl Answer {
    /// A status, and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\n\r\n"))
    }

    /// The same, with a line of the head.
    #[must_use]
    pub fn with(status: u16, line: &str) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} Answer\r\n{line}\r\nContent-Length: 0\r\n\r\n"))
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The first line and the head.
    pub head: String,
    /// The body, as it came.
    pub body: String,
}

impl Delivery {
    /// A line of the head, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().unwrap_or_else(|| panic!("no {name} in {}", self.head)).1
    }

    /// The body.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// What Standard Webhooks expects of a request, computed anew.
#[must_use]
pub fn signature(secret: &str, delivery: &Delivery) -> String {
    let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).expect("Base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    let (id, time) = (delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
    mac.update(format!("{id}.{time}.{}", delivery.body).as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    came: watch::Receiver<Vec<Delivery>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    otherwise: Arc<Mutex<Answer>>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// One without TLS.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// One that speaks TLS, if it is given how.
    pub async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (deliveries, came) = watch::channel(Vec::new());
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let otherwise = Arc::new(Mutex::new(Answer::status(204)));
        let (script, usual) = (Arc::clone(&answers), Arc::clone(&otherwise));
        let deliveries = Arc::new(deliveries);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (tls, deliveries) = (tls.clone(), Arc::clone(&deliveries));
                let (script, usual) = (Arc::clone(&script), Arc::clone(&usual));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &deliveries, &script, &usual).await,
                        Some(tls) => {
                            // Whoever trusts it not has gone.
                            let Ok(stream) = tls.accept(stream).await else { return };
                            serve(stream, &deliveries, &script, &usual).await;
                        }
                    }
                });
            }
        });
        Self { address, came, answers, otherwise, serving }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/evenements?source=gestan", self.address)
    }

    /// The server's way to it.
    #[must_use]
    pub fn endpoint(&self, limit: Duration) -> Endpoint {
        let secrets = SECRET.parse().expect("a secret");
        Endpoint::new(&self.url(), secrets, None, limit).expect("an endpoint")
    }

    /// Answers the next request like this.
    pub fn answer_next(&self, answer: Answer) {
        self.answers.lock().expect("no panic under the lock").push_back(answer);
    }

    /// Answers like this when nothing else was said.
    pub fn answer_otherwise(&self, answer: Answer) {
        *self.otherwise.lock().expect("no panic under the lock") = answer;
    }

    /// What came so far.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.came.borrow().clone()
    }

    /// Waits until so many requests have come, and gives them.
    pub async fn wait_for(&self, count: usize) -> Vec<Delivery> {
        let mut came = self.came.clone();
        let enough = came.wait_for(|came| came.len() >= count);
        let came = timeout(TIMEOUT, enough).await.expect("requests in time").expect("it serves");
        came.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    deliveries: &watch::Sender<Vec<Delivery>>,
    script: &Mutex<VecDeque<Answer>>,
    usual: &Mutex<Answer>,
) {
    let Some(delivery) = read(&mut stream).await else { return };
    let scripted = script.lock().expect("no panic under the lock").pop_front();
    let answer = scripted.unwrap_or_else(|| usual.lock().expect("no panic under the lock").clone());
    deliveries.send_modify(|came| came.push(delivery));
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(bytes.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Answer::BytesAndSilence(bytes) => {
            let _ = stream.write_all(bytes.as_bytes()).await;
            // Until the other side goes.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Answer::Endless => {
            let head = "HTTP/1.1 200 Answer\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
        Answer::Close => {}
        Answer::Silence => {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}

/// A request, whole; none if its sender goes before.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Delivery> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut delivery = Delivery { head, body: String::new() };
    let length: usize = delivery.header("content-length").parse().ok()?;
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    delivery.body = String::from_utf8(bytes[end + 4..].to_vec()).ok()?;
    Some(delivery)
}

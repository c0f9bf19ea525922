//! A request of HTTP/1.1, byte by byte: as `curl` sends it, and as nobody should.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::process::TIMEOUT;

/// What was answered.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Gets `path`.
pub async fn http_get(address: SocketAddr, path: &str) -> HttpAnswer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http_send(address, request.as_bytes()).await
}

/// Sends these bytes to their end, and reads until the other end closes.
///
/// # Panics
/// When they are not taken, or there is no answer.
pub async fn http_send(address: SocketAddr, request: &[u8]) -> HttpAnswer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(request).await.expect("it is taken to its end");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the answer has an end");
        String::from_utf8(answer).expect("a text")
    };
    let answer = timeout(TIMEOUT, exchange).await.expect("an answer in time");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.expect("a status");
    HttpAnswer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

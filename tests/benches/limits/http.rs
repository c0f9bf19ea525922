//! Calls of a server that speaks HTTP/1.1 and JSON: connections that are kept,
//! with one call at a time on each, which is all that HTTP/1.1 can do.

use std::{net::SocketAddr, sync::Arc};

use http::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{net::TcpStream, sync::Mutex};

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    host: Arc<str>,
    sender: Arc<Mutex<SendRequest<String>>>,
}

impl HttpClient {
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("the server listens");
        stream.set_nodelay(true).expect("a stream");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("it begins");
        tokio::spawn(connection);
        Self { host: server.to_string().into(), sender: Arc::new(Mutex::new(sender)) }
    }

    /// Sends a request, and reads the answer to its end.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: String,
    ) -> T {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &*self.host)
            .header(AUTHORIZATION, token)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .expect("a request");
        let mut sender = self.sender.lock().await;
        sender.ready().await.expect("the connection is kept");
        let answer = sender.send_request(request).await.expect("it is answered");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        assert!(head.status.is_success(), "{}: {}", head.status, String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("an answer of this form")
    }
}

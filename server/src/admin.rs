//! The address for operators: figures for Prometheus (`/metrics`), whether the process lives
//! (`/healthz`), and whether it serves (`/readyz`). Nothing of an account is told here, and no
//! call of the services is answered.
//!
//! Whoever reaches it is a neighbour, who may be broken or hostile: a connection has one
//! request, few bytes and few seconds, and when there are too many the oldest makes room.

mod figures;
mod sampled;

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{self, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tonic::codegen::Bytes;

pub(crate) use figures::{Figures, Parts};

/// Most connections.
const MAX_CONNECTIONS: usize = 16;

/// How long a connection may take, from its first byte to the last of its answer.
const LIFE: Duration = Duration::from_secs(10);

/// How long the head of its request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest head of a request, in bytes: the least that hyper allows.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// Pause before the next connection is accepted, when the system has no room for one.
const PAUSE: Duration = Duration::from_millis(250);

/// The text format that Prometheus reads.
const FIGURES_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, figures: Arc<Figures>) {
    let mut connections = JoinSet::new();
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted at the admin address");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        open.retain(|connection| !connection.is_finished());
        while connections.len() >= MAX_CONNECTIONS {
            if let Some(oldest) = open.pop_front() {
                oldest.abort();
            }
            // Its socket is closed when it has ended, and not when it is told to end.
            let _ = connections.join_next().await;
        }
        open.push_back(connections.spawn(serve_connection(stream, Arc::clone(&figures))));
    }
}

async fn serve_connection(stream: TcpStream, figures: Arc<Figures>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let figures = Arc::clone(&figures);
        async move { Ok::<_, Infallible>(answer(&request, &figures).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false);
    let mut stream = TokioIo::new(stream);
    // What a neighbour does wrong is its own affair.
    let _ = timeout(LIFE, async {
        let _ = http.serve_connection(&mut stream, service).await;
        close(stream.into_inner()).await;
    })
    .await;
}

/// Closes in stages, as RFC 9112, section 9.6 has it: one who still sends when the connection
/// is closed at once is told of a reset, which can overtake the answer.
async fn close(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let _ = io::copy(&mut stream, &mut io::sink()).await;
}

/// The body of a request is thrown away.
async fn answer(request: &Request<Incoming>, figures: &Figures) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match request.uri().path() {
        "/metrics" => match figures.text().await {
            Ok(text) => with_type(StatusCode::OK, FIGURES_TYPE, text.into()),
            Err(error) => {
                tracing::error!(%error, "no figures");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "no figures\n")
            }
        },
        "/healthz" => plain(StatusCode::OK, "alive\n"),
        "/readyz" if figures.is_serving() => plain(StatusCode::OK, "serving\n"),
        "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "not serving\n"),
        _ => plain(StatusCode::NOT_FOUND, "/metrics, /healthz, /readyz\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    with_type(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn with_type(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

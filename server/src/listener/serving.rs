//! The life of one connection, from its preface to its end. It ends politely by
//! GOAWAY, when it is old or idle, when it makes room or the server stops; and it is
//! dropped, with all that was to be sent, when its peer lets it wait too long.

use std::{convert::Infallible, future::poll_fn, pin::pin, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    codegen::{Service, http},
};

use super::{Transport, activity::Verdict, calls::Peer, connection::Connection};

/// Concurrent calls on one connection.
const MAX_CONCURRENT_STREAMS: u32 = 100;
/// The same on the connection of a trusted proxy, which many callers share.
const MAX_CONCURRENT_STREAMS_OF_PROXY: u32 = 1_000;
/// All headers of a request together, as HTTP/2 counts them.
const MAX_HEADER_LIST_BYTES: u32 = 16 * 1024;
/// One frame: the smallest bound that HTTP/2 allows.
const MAX_FRAME_BYTES: u32 = 16 * 1024;
/// How much a call, and a connection, may send ahead of being read.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Streams that were reset before the server took them up. With one more the
/// connection is closed ("rapid reset", CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;
/// Streams that the server itself had to reset for errors of the peer.
const MAX_ERROR_RESETS: usize = 100;

/// The service that answers calls. A request has its [`Peer`] among its extensions.
pub(crate) trait Answers:
    Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Answers for S where
    S: Service<
            http::Request<Body>,
            Response = http::Response<Body>,
            Error = Infallible,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// How HTTP/2 is spoken with a peer.
pub(super) type Http2 = http2::Builder<TokioExecutor>;

/// The limits of HTTP/2 itself. A trusted proxy makes the frames itself, and resets
/// streams for many callers, all of whom would lose a connection that is closed: it
/// may have as many resets pending as it may have streams, and the resets that the
/// server makes for framing errors, which hyper counts for a connection's whole life,
/// have no limit.
pub(super) fn http2(transport: &Transport, is_proxy: bool) -> Http2 {
    let (streams, pending_resets, error_resets) = if is_proxy {
        let pending = usize::try_from(MAX_CONCURRENT_STREAMS_OF_PROXY).unwrap_or(usize::MAX);
        (MAX_CONCURRENT_STREAMS_OF_PROXY, pending, None)
    } else {
        (MAX_CONCURRENT_STREAMS, MAX_PENDING_RESETS, Some(MAX_ERROR_RESETS))
    };
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_pending_accept_reset_streams(pending_resets)
        .max_local_error_reset_streams(error_resets)
        .keep_alive_interval(transport.ping_interval)
        .keep_alive_timeout(transport.ping_timeout);
    http2
}

/// Serves a connection until it ends. After `max_age`, and when the server is
/// `draining`, it is asked to end between calls.
///
/// hyper is driven directly, because the loop of tonic's server gives no hold on a
/// connection: it can neither be dropped at a deadline nor be sent GOAWAY.
pub(super) async fn serve(
    connection: Connection,
    peer: Peer,
    http2: &Http2,
    calls: impl Answers,
    max_age: Duration,
    draining: CancellationToken,
) {
    let activity = Arc::clone(&peer.activity);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        let mut calls = calls.clone();
        async move {
            poll_fn(|cx| calls.poll_ready(cx)).await?;
            calls.call(request).await
        }
    });
    let mut served = pin!(http2.serve_connection(TokioIo::new(connection), service));
    let mut asked = pin!(async {
        tokio::select! {
            () = draining.cancelled() => activity.leave(),
            () = tokio::time::sleep(max_age) => activity.grow_old(),
        }
    });
    let (mut is_asked, mut is_leaving) = (false, false);
    loop {
        let until = match activity.verdict() {
            Verdict::Cut(why) => return tracing::debug!(why, "connection cut off"),
            Verdict::Leave => {
                activity.leave();
                continue;
            }
            Verdict::Stay(until) => until,
        };
        if activity.is_leaving() && !is_leaving {
            is_leaving = true;
            served.as_mut().graceful_shutdown();
        }
        tokio::select! {
            biased;
            ended = &mut served => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = activity.earlier() => {}
            () = tokio::time::sleep_until(until) => {}
            () = &mut asked, if !is_asked => is_asked = true,
        }
    }
}

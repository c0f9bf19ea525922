//! Asks a proxy for HTTP for a tunnel to the service (CONNECT, RFC 9110, section 9.3.6). The
//! connection to the proxy is dialled as any other; what goes through the tunnel is no matter of
//! this module.
//!
//! hyper-util's own tunnel tells neither the status that a proxy answers, by which its
//! administrator finds what is wrong, nor which proxy it was.

mod error;

use std::time::Duration;

use gestan_account_dial::dial;
use hyper::{
    Request,
    client::conn::http1,
    header::{HOST, HeaderMap, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT},
    upgrade::{Upgraded, on},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout_at},
};

pub use self::error::{ProxyError, ProxyFault};
use crate::options::Hop;

/// No proxy has more to say than fits into this.
const LONGEST_HEAD: usize = 16 * 1024;

/// A tunnel to `target`, a host and its port, within `limit`.
pub(crate) async fn open(hop: &Hop, target: &str, limit: Duration) -> Result<Upgraded, ProxyError> {
    let deadline = Instant::now() + limit;
    let failed = |fault| ProxyError::new(hop.to_string(), target.to_owned(), fault);
    let stream = dial(&hop.host, hop.port, limit)
        .await
        .map_err(|error| failed(ProxyFault::Unreached(error.to_string())))?;
    match timeout_at(deadline, ask(stream, hop, target)).await {
        Ok(outcome) => outcome.map_err(failed),
        Err(_) => Err(failed(ProxyFault::NoAnswer)),
    }
}

async fn ask(stream: TcpStream, hop: &Hop, target: &str) -> Result<Upgraded, ProxyFault> {
    let mut request = Request::connect(target)
        .header(HOST, target)
        .header(USER_AGENT, crate::USER_AGENT)
        .body(String::new())
        .map_err(|error| ProxyFault::Broken(error.to_string()))?;
    if let Some(authorization) = &hop.authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    let (mut proxy, connection) = http1::Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| ProxyFault::of(&error))?;
    // Dropped, it ends a connection that has become nobody's; a tunnel has left it by then.
    let mut connections = JoinSet::new();
    connections.spawn(connection.with_upgrades());
    let response = proxy.send_request(request).await.map_err(|error| ProxyFault::of(&error))?;
    let status = response.status();
    if !status.is_success() {
        let schemes = schemes(response.headers());
        return Err(ProxyFault::of_status(status, schemes, hop.authorization.is_some()));
    }
    on(response).await.map_err(|error| ProxyFault::of(&error))
}

/// How a proxy lets itself be told who calls: the first word of each header.
fn schemes(headers: &HeaderMap) -> Vec<String> {
    let asked = headers.get_all(PROXY_AUTHENTICATE).into_iter();
    let words = asked.filter_map(|value| value.to_str().ok()?.split_whitespace().next());
    // It is shown: no more than a name.
    words
        .filter(|word| word.len() <= 20 && word.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(str::to_owned)
        .take(5)
        .collect()
}

//! The header of the PROXY protocol, versions 1 and 2, by which a balancer that passes
//! bytes on tells whose they are (HAProxy's `proxy-protocol.txt`). It comes before all
//! else, also before TLS. What stands behind it is left unread.

use std::{io, net::SocketAddr};

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How a header of version 1 begins, which is a line of text.
const V1_BEGIN: &[u8] = b"PROXY ";

/// Its longest line, with its end.
const V1_MAX_BYTES: usize = 107;

/// How a header of version 2 begins.
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// What every header of version 2 has: the beginning, the version, the family, and how
/// many bytes follow.
const V2_FIXED_BYTES: usize = 16;

/// As many bytes as may follow: addresses, and what a balancer has to say beside them,
/// which is at most a few hundred.
const V2_MAX_BYTES: u16 = 1024;

/// The shortest header: `PROXY UNKNOWN` and the end of the line. Nothing that follows a
/// header is shorter, neither what TLS begins with nor HTTP/2.
const SHORTEST_BYTES: usize = 15;

/// The header cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProxyHeaderError {
    /// The peer left, or the connection broke.
    #[error("the header breaks off: {0}")]
    Io(#[from] io::Error),
    /// Something else comes.
    #[error("no header comes, but something else")]
    Missing,
    /// It announces more than any balancer has to say.
    #[error("the header announces {0} bytes; {V2_MAX_BYTES} at most are read")]
    TooLong(u16),
    /// It has not the form that it should.
    #[error("the header is malformed")]
    Malformed,
}

/// Reads the header, and no byte behind it. Gives the other end of the connection that
/// the balancer passes on; `None` for one of its own, which looks how the server is.
///
/// # Errors
/// [`ProxyHeaderError`] when there is none.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut header = vec![0; SHORTEST_BYTES];
    stream.read_exact(&mut header).await?;
    if header.starts_with(V1_BEGIN) {
        // Byte by byte: what follows the line belongs to TLS.
        while !header.ends_with(b"\n") && header.len() < V1_MAX_BYTES {
            header.push(stream.read_u8().await?);
        }
    } else if header.starts_with(V2_BEGIN) {
        header.push(stream.read_u8().await?);
        let length = u16::from_be_bytes([header[14], header[15]]);
        if length > V2_MAX_BYTES {
            return Err(ProxyHeaderError::TooLong(length));
        }
        header.resize(V2_FIXED_BYTES + usize::from(length), 0);
        stream.read_exact(&mut header[V2_FIXED_BYTES..]).await?;
    } else {
        return Err(ProxyHeaderError::Missing);
    }
    let parsed = ProxyHeader::parse(&header, ParseConfig::default());
    let (parsed, bytes) = parsed.map_err(|_| ProxyHeaderError::Malformed)?;
    if bytes != header.len() {
        return Err(ProxyHeaderError::Malformed);
    }
    match parsed.proxied_address() {
        None => Ok(None),
        Some(address) if address.protocol == Protocol::Stream => Ok(Some(address.source)),
        Some(_) => Err(ProxyHeaderError::Malformed),
    }
}

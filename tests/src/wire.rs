//! HTTP/2 by hand, for what no well-behaved client does.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// What a slow machine may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How HTTP/2 begins.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The kinds of frames that the tests look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of RFC 9113")]
pub enum FrameKind {
    Data,
    Headers,
    RstStream,
    Settings,
    Ping,
    GoAway,
    Other,
}

/// A frame that came in.
#[derive(Debug)]
pub struct Frame {
    /// Its kind.
    pub kind: FrameKind,
    /// Whether it acknowledges (or ends a stream).
    pub ack: bool,
    /// Its stream.
    pub stream: u32,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The number at `index` of the payload.
    ///
    /// # Panics
    /// When the payload ends before.
    #[must_use]
    pub fn number(&self, index: usize) -> u32 {
        let bytes = self.payload[index..index + 4].try_into().expect("four bytes");
        u32::from_be_bytes(bytes)
    }
}

/// A connection.
#[derive(Debug)]
pub struct Wire<S = TcpStream> {
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Says nothing yet.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Begins HTTP/2 as it should be, and waits for the server's settings.
    ///
    /// # Panics
    /// When the server does not answer with its settings.
    pub async fn begin(stream: S) -> (Self, Frame) {
        Self::begin_with(stream, &[]).await
    }

    /// The same, with settings of one's own.
    ///
    /// # Panics
    /// When the server does not answer with its settings.
    pub async fn begin_with(stream: S, settings: &[(u16, u32)]) -> (Self, Frame) {
        let mut wire = Self::new(stream);
        let settings: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        assert!(wire.send(&[PREFACE, &frame(4, 0, 0, &settings)].concat()).await);
        let settings = wire.next().await.expect("the server's settings");
        assert_eq!(settings.kind, FrameKind::Settings);
        assert!(wire.send(&frame(4, 1, 0, &[])).await);
        (wire, settings)
    }

    /// The connection itself.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Sends bytes; gives whether the other end still takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The next frame; none when the connection has ended.
    ///
    /// # Panics
    /// When neither comes.
    pub async fn next(&mut self) -> Option<Frame> {
        timeout(TIMEOUT, self.read_frame()).await.expect("a frame, or the end")
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.stream.read_exact(&mut payload).await.ok()?;
        let kind = match head[3] {
            0 => FrameKind::Data,
            1 => FrameKind::Headers,
            3 => FrameKind::RstStream,
            4 => FrameKind::Settings,
            6 => FrameKind::Ping,
            7 => FrameKind::GoAway,
            _ => FrameKind::Other,
        };
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        Some(Frame { kind, ack: head[4] & 1 == 1, stream, payload })
    }

    /// The next frame of a kind, past all others.
    pub async fn next_of(&mut self, kind: FrameKind) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// Whether the server answers a ping; by then it has read all that was sent.
    pub async fn ping(&mut self) -> bool {
        if !self.send(&frame(6, 0, 0, b"are you?")).await {
            return false;
        }
        while let Some(frame) = self.next_of(FrameKind::Ping).await {
            if frame.ack {
                return true;
            }
        }
        false
    }

    /// Reads until the server ends the connection.
    pub async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// A frame.
///
/// # Panics
/// When the payload is longer than a frame can be.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The beginning of a call whose message does not come.
///
/// # Panics
/// When a header is longer than a frame by hand may hold.
#[must_use]
pub fn headers(stream: u32, rpc: &str) -> Vec<u8> {
    headers_with(stream, &format!("/gestan.account.v1.AccountService/{rpc}"), &[])
}

/// The same, of any service and with more headers.
///
/// # Panics
/// When a header is longer than a frame by hand may hold.
#[must_use]
pub fn headers_with(stream: u32, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    for (name, value) in usual.iter().chain(more) {
        block.push(0);
        for text in [name, value] {
            block
                .push(u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("short"));
            block.extend(text.as_bytes());
        }
    }
    frame(1, 4, stream, &block)
}

/// A message of a call, which is the last one or not.
///
/// # Panics
/// When it is longer than a frame can be.
#[must_use]
pub fn message(stream: u32, message: &[u8], last: bool) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a length").to_be_bytes();
    frame(0, u8::from(last), stream, &[&[0][..], &length, message].concat())
}

/// Lets the other end send more, on a stream or (0) on the connection.
#[must_use]
pub fn window(stream: u32, bytes: u32) -> Vec<u8> {
    frame(8, 0, stream, &bytes.to_be_bytes())
}

/// Gives a call up.
#[must_use]
pub fn reset(stream: u32) -> Vec<u8> {
    frame(3, 0, stream, &8_u32.to_be_bytes())
}

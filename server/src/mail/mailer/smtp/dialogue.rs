//! Commands and replies on one connection to a mail server (RFC 5321), each within its time.
//!
//! It is led by hand, with lettre's words for the commands, because lettre's own connection can
//! neither tell that a server offers PIPELINING nor wait for the taking of a text apart from the
//! reply to it, and writes a text in two pieces. Nothing here judges a reply.

use std::{fmt::Display, io, time::Duration};

use gestan_account_dial::DialError;
use lettre::transport::smtp::response::Response;
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    time::timeout,
};

use crate::certificates::TlsFault;

/// The longest line of a reply; RFC 5321, section 4.5.3.1.5, allows 512 bytes.
const MAX_LINE_BYTES: u64 = 4096;
/// Most lines of a reply: the longest are those of EHLO, with a line for each extension.
const MAX_LINES: usize = 128;
/// How much of a text is written in one go.
const BLOCK_BYTES: usize = 64 * 1024;

/// TCP, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Why a step of the dialogue did not come to its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server has refused.
    Refused(Reply),
    /// It took too long.
    Timeout,
    /// TLS failed, certificates included.
    Tls(TlsFault),
    /// No address of the server took a connection.
    Unreached(DialError),
    /// There is no connection, or no longer.
    Connection,
    /// What came was no reply, or none to this step.
    Protocol,
}

impl From<io::Error> for Fault {
    fn from(_: io::Error) -> Self {
        Self::Connection
    }
}

/// A reply. `Debug` shows its code only: a server's own words may repeat an address.
pub(super) struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// Its three digits.
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    /// The words of its first line.
    pub(super) fn text(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }

    /// The words of each line.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Whether the step is done (2yz).
    pub(super) fn is_completion(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether the server waits for more (3yz).
    pub(super) fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// As lettre has it, which reads extensions and challenges out of it.
    pub(super) fn to_lettre(&self) -> Result<Response, Fault> {
        let code = self.code;
        let last = self.lines.len().saturating_sub(1);
        let line = |(number, text): (usize, &str)| {
            format!("{code}{}{text}\r\n", if number == last { ' ' } else { '-' })
        };
        let text: String = self.lines().enumerate().map(line).collect();
        text.parse().map_err(|_| Fault::Protocol)
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("code", &self.code).finish_non_exhaustive()
    }
}

/// One connection.
pub(super) struct Dialogue {
    stream: BufReader<Box<dyn Stream>>,
}

impl Dialogue {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// The stream, to be protected by TLS. What came behind the last reply would pass for
    /// something that came protected, and may be an attacker's.
    pub(super) fn into_stream(self) -> Result<Box<dyn Stream>, Fault> {
        if self.stream.buffer().is_empty() {
            Ok(self.stream.into_inner())
        } else {
            Err(Fault::Protocol)
        }
    }

    /// Says `command`, and waits for a reply that refuses nothing.
    pub(super) async fn command(
        &mut self,
        command: impl Display,
        limit: Duration,
    ) -> Result<Reply, Fault> {
        let text = command.to_string();
        let reply = timeout(limit, async {
            self.write(text.as_bytes()).await?;
            self.read_reply().await
        });
        accepted(reply.await.map_err(|_| Fault::Timeout)??)
    }

    /// Says several commands in one go. Each has a reply of its own.
    pub(super) async fn say(&mut self, commands: &str, limit: Duration) -> Result<(), Fault> {
        timeout(limit, self.write(commands.as_bytes())).await.map_err(|_| Fault::Timeout)??;
        Ok(())
    }

    /// The next reply, whatever it says.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, Fault> {
        timeout(limit, self.read_reply()).await.map_err(|_| Fault::Timeout)?
    }

    /// Hands the text of a mail over, with the line that ends it: each block within `limit`.
    pub(super) async fn send_text(&mut self, text: &[u8], limit: Duration) -> Result<(), Fault> {
        for block in transparent(text).chunks(BLOCK_BYTES) {
            timeout(limit, self.write(block)).await.map_err(|_| Fault::Timeout)??;
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).await?;
        stream.flush().await
    }

    async fn read_reply(&mut self) -> Result<Reply, Fault> {
        let mut reply: Option<Reply> = None;
        loop {
            let line = self.read_line().await?;
            let (code, separator, text) = parse_line(&line).ok_or(Fault::Protocol)?;
            let reply = reply.get_or_insert(Reply { code, lines: Vec::new() });
            if reply.code != code || reply.lines.len() == MAX_LINES {
                return Err(Fault::Protocol);
            }
            reply.lines.push(text.to_owned());
            if separator != Some('-') {
                let lines = std::mem::take(&mut reply.lines);
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn read_line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        (&mut self.stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await?;
        match line.last() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_ascii_end().to_owned()),
            _ if (line.len() as u64) < MAX_LINE_BYTES => Err(Fault::Connection),
            _ => Err(Fault::Protocol),
        }
    }
}

/// A reply that does not refuse.
pub(super) fn accepted(reply: Reply) -> Result<Reply, Fault> {
    if reply.is_completion() || reply.is_intermediate() {
        Ok(reply)
    } else {
        Err(Fault::Refused(reply))
    }
}

/// `250-text` or `250 text`: the code, what follows it, and the text.
fn parse_line(line: &str) -> Option<(u16, Option<char>, &str)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code =
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
    let separator = rest.chars().next();
    let is_reply = (200..600).contains(&code) && matches!(separator, None | Some(' ' | '-'));
    is_reply.then(|| (code, separator, rest.get(1..).unwrap_or_default()))
}

/// A text as it travels: a dot before each line that begins with one, and at the end the line
/// with a dot alone (RFC 5321, section 4.5.2).
fn transparent(text: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(text.len() + text.len() / 64 + 5);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            sent.push(b'.');
        }
        sent.extend_from_slice(line);
    }
    if !sent.ends_with(b"\r\n") {
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

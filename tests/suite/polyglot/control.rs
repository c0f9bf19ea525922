//! What a client in another language cannot do through the API: move the clock,
//! and read the mail. A line in, a line out, over loopback TCP.

use std::net::SocketAddr;

use gestan_account_tests::{TestServer, first_code};
use jiff::SignedDuration;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// The control channel of one test.
pub(super) struct Control {
    /// Where it listens.
    pub(super) address: SocketAddr,
    listener: TcpListener,
}

impl Control {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { address, listener }
    }

    /// Serves one connection after the other, for ever.
    pub(super) async fn serve(&self, server: &TestServer) {
        loop {
            let (stream, _) = self.listener.accept().await.expect("a connection");
            answer(stream, server).await;
        }
    }
}

/// Answers `advance SECONDS` with `ok` and `mail ADDRESS` with the code of the
/// last mail there, until the other side is done.
async fn answer(stream: TcpStream, server: &TestServer) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await.expect("a line") {
        let answer = match line.split_once(' ') {
            Some(("advance", seconds)) => {
                let seconds = seconds.parse().expect("a number of seconds");
                server.advance(SignedDuration::from_secs(seconds));
                "ok".to_owned()
            }
            Some(("mail", address)) => code_to(server, address).await,
            _ => panic!("not understood: {line}"),
        };
        writer.write_all(format!("{answer}\n").as_bytes()).await.expect("it is answered");
    }
}

/// The code in the last mail to an address. That there is none shows best in
/// the table.
async fn code_to(server: &TestServer, address: &str) -> String {
    server.deliver_mail().await;
    let mails = server.mails();
    let mail = mails.iter().rev().find(|mail| mail.to == address);
    mail.and_then(|mail| first_code(&mail.text)).unwrap_or_else(|| "no mail".to_owned())
}

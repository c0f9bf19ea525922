//! A proxy for HTTP as companies have it, by which programs get out (`CONNECT`), and what becomes
//! of those that are at fault.

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What a proxy does with whoever asks for a tunnel.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Leads to a server, whatever its name.
    Leads(SocketAddr),
    /// The same, for those that bear this header.
    LeadsIf(SocketAddr, &'static str),
    /// The same, but not those whose turn is in the range, counted from 0.
    LeadsBut(SocketAddr, Range<usize>),
    /// Answers with this, and hangs up.
    Says(&'static str),
    /// Reads, and says nothing.
    Silent,
    /// Hangs up as soon as it has been asked.
    HangsUp,
    /// Answers with headers without end.
    Endless,
}

/// A proxy. Dropped, it takes no more connections.
#[derive(Debug)]
pub struct ForwardProxy {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl ForwardProxy {
    /// One that does so.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (manner, heads) = (manner.clone(), Arc::clone(&heads));
                tokio::spawn(async move { serve(client, &manner, &heads).await });
            }
        });
        Self { address, asked, accepting }
    }

    /// What it was asked, by each connection: the line and the headers.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What a client does not take any more is its own affair.
async fn serve(mut client: TcpStream, manner: &Manner, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let turn = {
        let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(head.clone());
        heads.len() - 1
    };
    match manner {
        Manner::Leads(server) => lead(client, *server).await,
        Manner::LeadsBut(server, without) if !without.contains(&turn) => {
            lead(client, *server).await;
        }
        Manner::LeadsBut(..) => {
            let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
        }
        Manner::LeadsIf(server, header) if head.contains(&format!("\r\n{header}\r\n")) => {
            lead(client, *server).await;
        }
        Manner::LeadsIf(..) => {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                Proxy-Authenticate: Basic realm=\"reseau\"\r\nContent-Length: 0\r\n\r\n";
            let _ = client.write_all(refusal.as_bytes()).await;
        }
        Manner::Says(answer) => {
            let _ = client.write_all(answer.as_bytes()).await;
        }
        Manner::Silent => {
            let _ = client.read_u8().await;
        }
        Manner::HangsUp => {}
        Manner::Endless => {
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while client.write_all(b"X-More: and more, and more, and more\r\n").await.is_ok() {}
        }
    }
}

/// Of the version that many proxies still answer in.
async fn lead(mut client: TcpStream, server: SocketAddr) {
    let mut server = TcpStream::connect(server).await.expect("the server");
    let welcome = b"HTTP/1.0 200 Connection established\r\nProxy-Agent: test\r\n\r\n";
    if client.write_all(welcome).await.is_ok() {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

//! A mail server that takes every mail at once, counts them, and gives the code
//! to who waits for it. It is shut until it is opened: who connects before waits
//! for its greeting.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use gestan_account_tests::first_code;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
};

/// The mail server. It ends when it is dropped.
pub(crate) struct Sink {
    port: u16,
    taken: Arc<AtomicU64>,
    awaited: Arc<Awaited>,
    opened: Arc<Notify>,
    serving: JoinHandle<()>,
}

/// Who waits for a code, by address.
type Awaited = Mutex<HashMap<String, oneshot::Sender<String>>>;

impl Sink {
    /// One that is shut.
    pub(crate) async fn shut() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (taken, opened) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let awaited = Arc::new(Awaited::default());
        let (count, codes, open) = (Arc::clone(&taken), Arc::clone(&awaited), Arc::clone(&opened));
        let serving = tokio::spawn(async move {
            open.notified().await;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&count), Arc::clone(&codes)));
            }
        });
        Self { port, taken, awaited, opened, serving }
    }

    /// One that is open.
    pub(crate) async fn open() -> Self {
        let sink = Self::shut().await;
        sink.let_in();
        sink
    }

    /// Opens it.
    pub(crate) fn let_in(&self) {
        self.opened.notify_one();
    }

    /// The setting of a server that sends here.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The code of the next mail to this address, when it has come.
    pub(crate) fn code_to(&self, address: &str) -> oneshot::Receiver<String> {
        let (sender, receiver) = oneshot::channel();
        self.awaited.lock().expect("a map").insert(address.to_owned(), sender);
        receiver
    }

    /// How many mails it has taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream, taken: Arc<AtomicU64>, awaited: Arc<Awaited>) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    let (mut line, mut in_text, mut waits) = (String::new(), false, None);
    let mut answer = "220 sink\r\n";
    loop {
        if !answer.is_empty() && stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
        if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
            return;
        }
        answer = match (in_text, line.trim_end()) {
            (true, ".") => {
                in_text = false;
                taken.fetch_add(1, Ordering::Relaxed);
                "250 taken\r\n"
            }
            (true, text) => {
                if waits.is_some()
                    && let Some(code) = first_code(text)
                {
                    waits.take().map(|waits: oneshot::Sender<_>| waits.send(code));
                }
                ""
            }
            (false, "DATA") => {
                in_text = true;
                "354 go on\r\n"
            }
            (false, "QUIT") => return,
            (false, hello) if hello.starts_with("EHLO") => {
                "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
            }
            (false, line) => {
                if let Some(to) = line.strip_prefix("RCPT TO:<") {
                    let address = to.split('>').next().unwrap_or_default();
                    waits = awaited.lock().expect("a map").remove(address);
                }
                "250 well\r\n"
            }
        };
    }
}

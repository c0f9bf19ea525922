//! A mail server that takes every mail at once, and counts them. It is shut
//! until it is opened: who connects before waits for its greeting.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// The mail server. It ends when it is dropped.
pub(crate) struct Sink {
    port: u16,
    taken: Arc<AtomicU64>,
    opened: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl Sink {
    /// One that is shut.
    pub(crate) async fn shut() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (taken, opened) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let (count, open) = (Arc::clone(&taken), Arc::clone(&opened));
        let serving = tokio::spawn(async move {
            open.notified().await;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&count)));
            }
        });
        Self { port, taken, opened, serving }
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

async fn serve(stream: TcpStream, taken: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    let (mut line, mut in_text) = (String::new(), false);
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
            (true, _) => "",
            (false, "DATA") => {
                in_text = true;
                "354 go on\r\n"
            }
            (false, "QUIT") => return,
            (false, hello) if hello.starts_with("EHLO") => "250-sink\r\n250 8BITMIME\r\n",
            (false, _) => "250 well\r\n",
        };
    }
}

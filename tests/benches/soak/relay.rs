//! A mail server that puts what it takes into files, as the servers do in a trial, and that can be
//! away: nobody connects to it then, and who is connected is told so before the next mail. It cuts
//! nobody off after a text: what becomes of a mail then is told by other tests, and takes hours.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// The mail server. It ends when it is dropped.
pub(crate) struct Relay {
    port: u16,
    folder: PathBuf,
    is_there: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn open(folder: PathBuf) -> Self {
        fs::create_dir(&folder).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let is_there = watch::Sender::new(true);
        let serving = tokio::spawn(serve(listener, port, folder.clone(), is_there.subscribe()));
        Self { port, folder, is_there, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn leave(&self) {
        self.is_there.send_replace(false);
    }

    pub(crate) fn come_back(&self) {
        self.is_there.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    port: u16,
    folder: PathBuf,
    mut is_there: watch::Receiver<bool>,
) {
    let mut listener = Some(listener);
    let taken = Arc::new(AtomicU64::new(0));
    loop {
        let Some(open) = &listener else {
            if is_there.wait_for(|is_there| *is_there).await.is_err() {
                return;
            }
            listener = Some(TcpListener::bind(("127.0.0.1", port)).await.expect("its port"));
            continue;
        };
        tokio::select! {
            changed = is_there.changed() => {
                if changed.is_err() {
                    return;
                }
                if !*is_there.borrow() {
                    listener = None;
                }
            }
            accepted = open.accept() => {
                if let Ok((stream, _)) = accepted {
                    let (folder, taken) = (folder.clone(), Arc::clone(&taken));
                    tokio::spawn(receive(stream, folder, taken, is_there.clone()));
                }
            }
        }
    }
}

async fn receive(
    stream: TcpStream,
    folder: PathBuf,
    taken: Arc<AtomicU64>,
    is_there: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    let (mut line, mut text) = (String::new(), None::<String>);
    let mut answer = "220 relay\r\n";
    loop {
        if !answer.is_empty() && stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
        if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
            return;
        }
        if let Some(taking) = &mut text {
            if line.trim_end() == "." {
                keep(&folder, taken.fetch_add(1, Ordering::Relaxed), taking);
                text = None;
                answer = "250 taken\r\n";
            } else {
                taking.push_str(line.strip_prefix('.').unwrap_or(&line));
                answer = "";
            }
            continue;
        }
        if !*is_there.borrow() {
            let _ = stream.write_all(b"421 4.3.2 going away\r\n").await;
            return;
        }
        answer = match line.trim_end() {
            "DATA" => {
                text = Some(String::new());
                "354 go on\r\n"
            }
            "QUIT" => return,
            hello if hello.starts_with("EHLO") => "250-relay\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            _ => "250 well\r\n",
        };
    }
}

/// Puts a mail into a file, which has its name once it is whole.
fn keep(folder: &Path, number: u64, text: &str) {
    let partial = folder.join(format!("{number:09}.partial"));
    fs::write(&partial, text.replace("\r\n", "\n")).expect("a mail is written");
    fs::rename(&partial, folder.join(format!("{number:09}.eml"))).expect("it gets its name");
}

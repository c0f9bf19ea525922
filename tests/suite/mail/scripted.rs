//! A mail server that does what a test tells it, over TCP: what no proper server does.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

/// What differs from a usual server.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// What it offers in its reply to EHLO.
    pub(super) offers: &'static [&'static str],
    /// The step that it answers otherwise: GREET, EHLO, MAIL, RCPT, DATA or TEXT.
    pub(super) step: &'static str,
    /// What it does there: a reply, CLOSE (hang up), HANG (say nothing), LATE (take the mail
    /// once the test says so), or CUT (hang up in the middle of the text).
    pub(super) reply: &'static str,
    /// How often it does so.
    pub(super) times: usize,
    /// Whether it hangs up after each mail.
    pub(super) hangs_up: bool,
}

impl Default for Script {
    fn default() -> Self {
        let offers = &["8BITMIME"];
        Self { offers, step: "", reply: "", times: usize::MAX, hangs_up: false }
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) url: String,
    said: UnboundedReceiver<String>,
    late: Arc<Semaphore>,
    heard_ahead: Arc<AtomicBool>,
}

impl Scripted {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (says, said) = unbounded_channel();
        let late = Arc::new(Semaphore::new(0));
        let heard_ahead = Arc::new(AtomicBool::new(false));
        let conversation = Conversation {
            left: Arc::new(AtomicUsize::new(script.times)),
            script,
            says,
            late: Arc::clone(&late),
            heard_ahead: Arc::clone(&heard_ahead),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let conversation = conversation.clone();
                // A client that goes away ends it.
                tokio::spawn(async move { conversation.lead(BufReader::new(stream)).await });
            }
        });
        Self { url, said, late, heard_ahead }
    }

    /// A server that does one thing otherwise.
    pub(super) async fn doing(step: &'static str, reply: &'static str) -> Self {
        Self::start(Script { step, reply, ..Script::default() }).await
    }

    /// Has it take so many mails that it was late with.
    pub(super) fn take_late(&self, mails: usize) {
        self.late.add_permits(mails);
    }

    /// What is said to it next: a command, or the text of a mail.
    pub(super) async fn hears(&mut self) -> String {
        self.said.recv().await.expect("it listens")
    }

    /// The text of the next mail.
    pub(super) async fn hears_text(&mut self) -> String {
        loop {
            let said = self.hears().await;
            if said.contains("\r\n") {
                return said;
            }
        }
    }

    /// Whether more was said to it before it had answered MAIL.
    pub(super) fn heard_ahead(&self) -> bool {
        self.heard_ahead.load(Ordering::SeqCst)
    }

    /// What was said to it that was not asked for yet.
    pub(super) fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.said.try_recv().ok()).collect()
    }
}

#[derive(Clone)]
struct Conversation {
    script: Script,
    left: Arc<AtomicUsize>,
    says: UnboundedSender<String>,
    late: Arc<Semaphore>,
    heard_ahead: Arc<AtomicBool>,
}

impl Conversation {
    /// What it does at a step, if it is the one of the script.
    fn scripted(&self, step: &str) -> Option<&'static str> {
        let take_one = |left: usize| left.checked_sub(1);
        let is_now = self.script.step == step
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok();
        is_now.then_some(self.script.reply)
    }

    async fn lead(&self, mut stream: BufReader<TcpStream>) -> std::io::Result<()> {
        let mut step = "GREET".to_owned();
        loop {
            let offers = self.script.offers;
            if step == "MAIL" && !stream.buffer().is_empty() {
                self.heard_ahead.store(true, Ordering::SeqCst);
            }
            let usual = match step.as_str() {
                "GREET" => "220 hello".to_owned(),
                "EHLO" => std::iter::once("250-hello".to_owned())
                    .chain(offers.iter().map(|offer| format!("250-{offer}")))
                    .chain(["250 HELP".to_owned()])
                    .collect::<Vec<_>>()
                    .join("\r\n"),
                "DATA" => "354 go on".to_owned(),
                _ => "250 2.0.0 ok".to_owned(),
            };
            let answer = match self.scripted(&step) {
                Some("CLOSE") => return Ok(()),
                Some("HANG") => return stream.read_to_end(&mut Vec::new()).await.map(|_| ()),
                Some("LATE") => {
                    self.late.acquire().await.expect("it is never closed").forget();
                    usual
                }
                Some("CUT") | None => usual,
                Some(reply) => reply.to_owned(),
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            if step == "TEXT" && self.script.hangs_up {
                return Ok(());
            }
            if step == "DATA" && answer.starts_with('3') {
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut text).await? == 0 {
                        return Ok(());
                    }
                    if self.script.reply == "CUT" && self.scripted("TEXT").is_some() {
                        return Ok(());
                    }
                }
                let _ = self.says.send(text);
                "TEXT".clone_into(&mut step);
                continue;
            }
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let _ = self.says.send(line.trim_end().to_owned());
            step = line.get(..4).unwrap_or_default().to_uppercase();
        }
    }
}

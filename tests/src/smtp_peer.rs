//! A real SMTP server for the tests: Python's aiosmtpd, by `smtp_peer.py`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use gestan_account_server::mail::mailer::{Mailer, SmtpOptions, Timeouts};
use rcgen::SanType;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::{Authority, Identity};

/// Long enough for any machine; only a failing test waits as long.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running SMTP server. It ends when it is dropped.
#[derive(Debug)]
pub struct SmtpPeer {
    port: u16,
    folder: TempDir,
    lines: UnboundedReceiver<String>,
    input: Option<ChildStdin>,
    process: Child,
}

/// A mail as the server got it.
#[derive(Clone, Debug)]
pub struct Received(Value);

impl SmtpPeer {
    /// Starts a server; `smtp_peer.py` says what `arguments` it takes. For TLS
    /// it gets a certificate of an authority of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(arguments: &[&str]) -> Self {
        let authority = Authority::new();
        // An address is none of its names.
        let localhost = [SanType::DnsName("localhost".try_into().expect("a name"))];
        let identity = authority.issue_as(|params| params.subject_alt_names = localhost.into());
        Self::start_showing(arguments, &identity, authority.pem().as_bytes()).await
    }

    /// Starts a server that shows a certificate. [`ca`](Self::ca) is a file with these contents.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_showing(arguments: &[&str], identity: &Identity, ca: &[u8]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        for (name, contents) in [
            ("ca.pem", ca),
            ("server.pem", identity.certificate.as_bytes()),
            ("server.key", identity.key.as_bytes()),
        ] {
            fs::write(folder.path().join(name), contents).expect("a file is written");
        }
        let python = python();
        let mut process = Command::new(&python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/smtp_peer.py"))
            .args(arguments)
            .arg("--cert")
            .arg(folder.path().join("server.pem"))
            .arg("--key")
            .arg(folder.path().join("server.key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run tests/run.sh", python.display()));
        let input = process.stdin.take();
        let output = process.stdout.take().expect("standard output is piped");
        // Read all the time: the server stands still when nobody takes what it says.
        let (taken, mut lines) = unbounded_channel();
        tokio::spawn(async move {
            let mut output = BufReader::new(output).lines();
            while let Ok(Some(line)) = output.next_line().await {
                let _ = taken.send(line);
            }
        });
        let first = timeout(TIMEOUT, lines.recv()).await.expect("the SMTP server starts");
        let port = first.and_then(|line| line.strip_prefix("listening ")?.parse().ok());
        let port = port.unwrap_or_else(|| {
            panic!("{} has no working aiosmtpd: run tests/run.sh", python.display())
        });
        Self { port, folder, lines, input, process }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file with what is to be trusted: the certificate of its authority.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A mailer that sends here in the clear.
    #[must_use]
    pub fn mailer(&self) -> Mailer {
        mailer(&format!("smtp://127.0.0.1:{}", self.port))
    }

    /// A mailer that sends here over TLS, trusting the authority. `scheme_and_user`
    /// is such as `smtps://user:password@`.
    #[must_use]
    pub fn tls_mailer(&self, scheme_and_user: &str) -> Mailer {
        let ca = self.ca();
        mailer(&format!("{scheme_and_user}localhost:{}?ca={}", self.port, ca.display()))
    }

    /// The next mail that it was given, whatever it answered.
    ///
    /// # Panics
    /// When there is none within a minute.
    pub async fn mail(&mut self) -> Received {
        self.event("mail").await
    }

    /// Waits until it withholds a reply.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn hangs(&mut self) {
        self.event("hanging").await;
    }

    /// Stops it and gives the mails that nobody has asked for yet.
    ///
    /// # Panics
    /// When it does not stop within a minute.
    pub async fn stop(mut self) -> Vec<Received> {
        drop(self.input.take());
        let mut mails = Vec::new();
        while let Some(event) = self.next().await {
            mails.extend(event.is("mail").then_some(event));
        }
        timeout(TIMEOUT, self.process.wait())
            .await
            .expect("the SMTP server stops")
            .expect("it is waited for");
        mails
    }

    async fn event(&mut self, name: &str) -> Received {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the SMTP server ended"));
            if event.is(name) {
                return event;
            }
        }
    }

    async fn next(&mut self) -> Option<Received> {
        let line = timeout(TIMEOUT, self.lines.recv()).await;
        let line = line.expect("the SMTP server has something to tell")?;
        Some(Received(serde_json::from_str(&line).expect("a line of JSON")))
    }
}

impl Received {
    /// A fact of the envelope: `sender`, `user`, `reply`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    /// Whether it came over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0["tls"] == true
    }

    /// To whom, by the envelope.
    #[must_use]
    pub fn to(&self) -> Vec<&str> {
        self.0["to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The mail as it came over the wire.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.fact("raw").unwrap_or_default()
    }

    /// A header as Python's email package reads it.
    ///
    /// # Panics
    /// When it is not there exactly once.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let values: Vec<&str> =
            self.pairs("headers").filter(|(n, _)| *n == name).map(|(_, v)| v).collect();
        assert_eq!(values.len(), 1, "{name} in {}", self.raw());
        values[0]
    }

    /// The names of all headers.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        self.pairs("headers").map(|(name, _)| name).collect()
    }

    /// Content type and content of each part, as Python's email package reads them.
    #[must_use]
    pub fn parts(&self) -> Vec<(&str, &str)> {
        self.pairs("parts").collect()
    }

    /// The text part.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        let text = self.pairs("parts").find(|(kind, _)| *kind == "text/plain");
        text.expect("a text part").1
    }

    /// What Python's email package finds wrong with the mail.
    #[must_use]
    pub fn defects(&self) -> &Value {
        &self.0["defects"]
    }

    fn is(&self, event: &str) -> bool {
        self.0["event"] == event
    }

    fn pairs(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0[name].as_array().into_iter().flatten();
        pairs.filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
    }
}

/// A client that waits two seconds where the standard has it wait minutes.
#[must_use]
pub fn impatient() -> SmtpOptions {
    let limit = Duration::from_secs(2);
    let timeouts = Timeouts {
        connect: limit,
        greeting: limit,
        command: limit,
        data: limit,
        block: limit,
        end: limit,
        ..Timeouts::default()
    };
    SmtpOptions { timeouts, ..SmtpOptions::default() }
}

/// A mailer made of a URL as an operator would write it.
#[must_use]
pub fn mailer(url: &str) -> Mailer {
    Mailer::from_url(url, "Gestan <compte@gestan.example>", &SmtpOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn python() -> PathBuf {
    let python = env::var_os("GESTAN_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python"),
        PathBuf::from,
    );
    assert!(python.exists(), "{} is missing: run tests/run.sh", python.display());
    python
}

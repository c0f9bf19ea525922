//! A program in C that has loaded the library for WLanguage, and calls it as a test says.
//!
//! `GESTAN_TEST_FFI_HOST` names another program to be started in its place, such as the one that
//! `tests/windows_check.sh` starts under Wine: it finds its library itself.

use std::{
    env,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::process::{TIMEOUT, ffi_library, workspace};

/// A session of its own, whose keyring is open; `$0` and what follows are started in it.
const SESSION: &str = "printf %s 'quatre bateaux' \
    | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit; exec \"$0\" \"$@\"";

/// A running host. Dropped, it is killed.
#[derive(Debug)]
pub struct FfiHost {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl FfiHost {
    /// Starts one.
    ///
    /// # Panics
    /// When it cannot be compiled, or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_by(None, &[])
    }

    /// Starts one on a system without a list of certificate authorities.
    ///
    /// # Panics
    /// When it cannot be compiled, or does not start.
    #[must_use]
    pub fn start_without_authorities() -> Self {
        Self::start_by(None, &[("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")])
    }

    /// Starts one for which the system keeps secrets.
    ///
    /// # Panics
    /// When it cannot be compiled, or does not start.
    #[must_use]
    pub fn start_with_keyring() -> Self {
        Self::start_by(Some(SESSION), &[])
    }

    /// Whether the hosts are programs for Windows.
    #[must_use]
    pub fn is_windows() -> bool {
        env::var_os("GESTAN_TEST_FFI_HOST").is_some()
    }

    fn start_by(session: Option<&str>, variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a mode");
        let mut command = if let Some(program) = env::var_os("GESTAN_TEST_FFI_HOST") {
            Command::new(program)
        } else {
            let host = compile(folder.path());
            let mut command = match session {
                None => Command::new(host),
                Some(session) => {
                    let mut command = Command::new("dbus-run-session");
                    command.args(["--", "sh", "-c", session]).arg(host);
                    for home in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
                        command.env(home, folder.path());
                    }
                    command
                }
            };
            command.arg(ffi_library());
            command
        };
        if session.is_none() {
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        }
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the host starts");
        let commands = child.stdin.take().expect("its standard input");
        let answers = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        Self { child, commands, answers, folder }
    }

    /// A path in a folder of the host's own.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has it do something; gives the line that it answers with.
    ///
    /// # Panics
    /// When it has died, or does not answer, or not in ASCII.
    pub async fn tell(&mut self, command: &[&[u8]]) -> String {
        self.send(command).await;
        self.line().await
    }

    /// Has it call `gestan_connect`.
    ///
    /// # Panics
    /// When the answer is no JSON.
    pub async fn connect(&mut self, options: &Value) -> Value {
        parsed(&self.tell(&[b"connect", options.to_string().as_bytes()]).await)
    }

    /// Has it call `gestan_call`, without a token.
    ///
    /// # Panics
    /// When the answer is no JSON.
    pub async fn call(&mut self, rpc: &str, request: &Value) -> Value {
        self.call_with(rpc, request, "<NULL>").await
    }

    /// Has it call `gestan_call` with a token.
    ///
    /// # Panics
    /// When the answer is no JSON.
    pub async fn call_with(&mut self, rpc: &str, request: &Value, token: &str) -> Value {
        let request = escaped(request);
        let command = [b"call", rpc.as_bytes(), request.as_bytes(), token.as_bytes()];
        parsed(&self.tell(&command).await)
    }

    /// Has several threads make a call several times each; if there are options, every second
    /// thread connects before each.
    ///
    /// # Panics
    /// When an answer is no JSON.
    pub async fn threads(
        &mut self,
        threads: usize,
        times: usize,
        options: Option<&Value>,
        rpc: &str,
        request: &Value,
    ) -> Vec<Value> {
        let options = options.map_or_else(|| "<NULL>".to_owned(), Value::to_string);
        let (count, each) = (threads.to_string(), times.to_string());
        let request = request.to_string();
        let command = ["threads", &count, &each, &options, rpc, &request].map(str::as_bytes);
        self.send(&command).await;
        let mut answers = Vec::new();
        for _ in 0..threads * times {
            answers.push(parsed(&self.line().await));
        }
        answers
    }

    /// Has it end; it must do so well.
    ///
    /// # Panics
    /// When it does not.
    pub async fn end(mut self) {
        drop(self.commands);
        let status = timeout(TIMEOUT, self.child.wait()).await.expect("the host ends in time");
        let status = status.expect("the host ends");
        assert!(status.success(), "the host ended by {status}");
    }

    async fn send(&mut self, command: &[&[u8]]) {
        let mut line = command.join(&b'\t');
        line.push(b'\n');
        self.commands.write_all(&line).await.expect("the host reads");
    }

    async fn line(&mut self) -> String {
        let line = timeout(TIMEOUT, self.answers.next_line()).await.expect("the host answers");
        let line = line.expect("a line").expect("the host is alive");
        // The C library of Windows ends its lines in its own way.
        let line = line.trim_end_matches('\r').to_owned();
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not ASCII: {line}");
        line
    }
}

/// Options for a server whose link token is kept in a file.
#[must_use]
pub fn ffi_options(url: &str, token_file: &Path) -> Value {
    json!({ "url": url, "token_store": { "file": token_file }, "machine_id": crate::uuid(1) })
}

/// The program, compiled for this system into `folder`.
fn compile(folder: &Path) -> PathBuf {
    let program = folder.join("host");
    let compiled = std::process::Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
        .arg(&program)
        .arg("-I")
        .arg(workspace().join("client/ffi/include"))
        .arg(workspace().join("tests/ffi/host.c"))
        .arg("-ldl")
        .status();
    assert!(compiled.expect("a C compiler").success(), "the host is compiled");
    program
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// A text of JSON in ASCII, as the library takes it.
fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a text takes what is written");
            }
        }
    }
    text
}

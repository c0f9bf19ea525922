//! A laptop that sleeps for an hour between two calls, which is over immediately: its clocks jump
//! (Debian's libfaketime), and the router on its way to a server forgets its connections without
//! telling anybody.

use std::{
    env, fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt as _, copy, copy_bidirectional, sink},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::watch,
    task::{JoinHandle, yield_now},
};

use crate::process::{Ended, run_to_end};

/// Tell a test in the laptop's process what is around it.
const URL: &str = "GESTAN_TEST_LAPTOP_URL";
const TOKEN: &str = "GESTAN_TEST_LAPTOP_TOKEN";
const ROUTER: &str = "GESTAN_TEST_LAPTOP_ROUTER";
const PROXY: &str = "GESTAN_TEST_LAPTOP_PROXY";
const OFFSET: &str = "FAKETIME_TIMESTAMP_FILE";

/// How long a sleep is.
const HOUR_SECONDS: u32 = 3_600;

/// What the clock that only moves forward does in a laptop's sleep. The one on the wall goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SteadyClock {
    /// As on Linux and macOS.
    StandsStill,
    /// As on Windows.
    GoesOn,
}

/// What is between a laptop and a server. Dropped, it lets nobody through any more.
#[derive(Debug)]
pub struct Router {
    /// Where it lets through.
    pub address: SocketAddr,
    button: SocketAddr,
    connections: Arc<AtomicUsize>,
    tasks: [JoinHandle<()>; 2],
}

impl Router {
    /// One on the way to `server`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(server: SocketAddr) -> Self {
        let (way, button) = (listener().await, listener().await);
        let addresses = [&way, &button].map(|listener| listener.local_addr().expect("an address"));
        let forgotten = watch::Sender::new(());
        let (connections, known) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (count, forgetting, alive) =
            (Arc::clone(&connections), forgotten.clone(), Arc::clone(&known));
        let carrying = tokio::spawn(async move {
            while let Ok((laptop, _)) = way.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                alive.fetch_add(1, Ordering::SeqCst);
                let (forgotten, alive) = (forgetting.subscribe(), Arc::clone(&alive));
                tokio::spawn(carry(laptop, server, forgotten, alive));
            }
        });
        let waiting = tokio::spawn(async move {
            // Hanging up tells that it is done.
            while let Ok((_pressed, _)) = button.accept().await {
                forgotten.send_replace(());
                while known.load(Ordering::SeqCst) > 0 {
                    yield_now().await;
                }
            }
        });
        let [address, button] = addresses;
        Self { address, button, connections, tasks: [carrying, waiting] }
    }

    /// How many connections it has let through.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Runs a test of this program once more, in the process of a laptop with a link token, where
    /// [`Laptop::here`] is one. It goes by `proxy`, if there is one.
    ///
    /// # Panics
    /// When there is no such test, or no libfaketime.
    pub async fn run_again(
        &self,
        test: &str,
        clock: SteadyClock,
        link_token: &str,
        proxy: Option<&str>,
    ) -> Ended {
        let offset = NamedTempFile::new().expect("a file");
        fs::write(offset.path(), "+0").expect("the file is written");
        let mut command = Command::new(env::current_exe().expect("the path of this test"));
        command
            .args(["--exact", test])
            .env("LD_PRELOAD", library())
            .env("FAKETIME_NO_CACHE", "1")
            .env(OFFSET, offset.path())
            .env(URL, format!("http://{}", self.address))
            .env(TOKEN, link_token)
            .env(ROUTER, self.button.to_string())
            .kill_on_drop(true);
        if let Some(proxy) = proxy {
            // This machine is never looked for by a proxy.
            command.env(PROXY, proxy).env(URL, "http://compte.exemple.invalid");
        }
        if clock == SteadyClock::StandsStill {
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let ended = run_to_end(&mut command).await;
        assert!(ended.printed.contains("running 1 test\n"), "no test {test}: {}", ended.printed);
        ended
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Carries bytes until the router forgets the connection. From then on they are lost, and nobody
/// is told.
async fn carry(
    mut laptop: TcpStream,
    server: SocketAddr,
    mut forgotten: watch::Receiver<()>,
    known: Arc<AtomicUsize>,
) {
    let mut server = TcpStream::connect(server).await.expect("the server");
    let is_forgotten = tokio::select! {
        _ = copy_bidirectional(&mut laptop, &mut server) => false,
        _ = forgotten.changed() => true,
    };
    known.fetch_sub(1, Ordering::SeqCst);
    if is_forgotten {
        drop(server);
        let _ = copy(&mut laptop, &mut sink()).await;
    }
}

/// A laptop, in whose process a test runs.
#[derive(Debug)]
pub struct Laptop {
    /// The server, as the laptop finds it.
    pub url: String,
    /// The proxy by which it is found.
    pub proxy: Option<String>,
    /// The laptop's link token.
    pub link_token: String,
    router: SocketAddr,
    offset: PathBuf,
    slept_seconds: u32,
}

impl Laptop {
    /// The one in whose process this is; `None` elsewhere.
    ///
    /// # Panics
    /// When it is not told what is around it.
    #[must_use]
    pub fn here() -> Option<Self> {
        let url = env::var(URL).ok()?;
        let text = |name| env::var(name).expect("it is told");
        Some(Self {
            url,
            proxy: env::var(PROXY).ok(),
            link_token: text(TOKEN),
            router: text(ROUTER).parse().expect("an address"),
            offset: text(OFFSET).into(),
            slept_seconds: 0,
        })
    }

    /// Sleeps for an hour, and wakes up.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn sleep(&mut self) {
        let mut button = TcpStream::connect(self.router).await.expect("the router");
        assert!(button.read_u8().await.is_err(), "it hangs up");
        self.slept_seconds += HOUR_SECONDS;
        // Renamed, since it is read all the time.
        let next = self.offset.with_extension("next");
        fs::write(&next, format!("+{}", self.slept_seconds)).expect("the file is written");
        fs::rename(next, &self.offset).expect("the file is in its place");
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|library| library.is_file()).expect("libfaketime: run tests/run.sh")
}

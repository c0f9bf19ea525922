//! Measures the real server, over TCP, beside what its parts could do at best,
//! in one run, and prints the table of `docs/PERFORMANCE.md`. It judges nothing:
//! machines are noisy, and so each figure and its limit take turns.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::struct_excessive_bools,
    reason = "a benchmark that a person reads"
)]

mod cold_start;
mod creations;
mod figure;
mod first_call;
mod flood;
mod growth;
mod hashing;
mod http;
mod load;
mod mails;
mod observing;
mod peers;
mod plot;
mod pocketbase;
mod program;
mod reads;
mod search;
mod sink;
mod svg;
mod world;

use std::{path::Path, time::Duration};

use clap::Parser;
use gestan_account_tests::process::workspace;

use self::figure::Table;

/// What is measured, and how long.
#[derive(Parser)]
struct Arguments {
    /// Show that everything runs: the figures mean little.
    #[arg(long)]
    quick: bool,
    /// Only the figures whose group has this in its name.
    #[arg(long)]
    only: Option<String>,
    /// Instead, measure the server beside PocketBase.
    #[arg(long)]
    peers: bool,
    /// Instead, draw throughput and latency into docs/, or, if quick, into target/tmp/.
    #[arg(long)]
    plot: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How thoroughly to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Turns that a figure and its limit take.
    rounds: usize,
    /// How long one takes, where it goes by time.
    turn: Duration,
    /// Accounts of a small and of a large database.
    small: u32,
    large: u32,
    /// Password checks before the memory is looked at.
    checks: u64,
    /// Mails that wait for the mail server.
    mails: u64,
}

const THOROUGH: Effort = Effort {
    rounds: 5,
    turn: Duration::from_secs(2),
    small: 1_000,
    large: 1_000_000,
    checks: 10_000,
    mails: 2_000,
};

const QUICK: Effort = Effort {
    rounds: 2,
    turn: Duration::from_millis(200),
    small: 100,
    large: 1_000,
    checks: 50,
    mails: 50,
};

/// As the server's: callers must not be what is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let effort = if arguments.quick { QUICK } else { THOROUGH };
    let wanted = |group: &str| arguments.only.as_ref().is_none_or(|only| group.contains(only));
    let mut table = Table::default();
    if arguments.plot {
        let docs = workspace().join("docs");
        let folder = if arguments.quick { Path::new(env!("CARGO_TARGET_TMPDIR")) } else { &docs };
        plot::draw(effort, folder).await;
    }
    if arguments.peers {
        peers::measure(effort, &mut table).await;
        println!("{table}");
    }
    if arguments.plot || arguments.peers {
        return;
    }
    if wanted("reads-sqlite") {
        reads::on_sqlite(effort, &mut table).await;
    }
    if wanted("reads-postgres") {
        reads::on_postgres(effort, &mut table).await;
    }
    if wanted("hashing") {
        hashing::measure(effort, &mut table).await;
    }
    if wanted("flood") {
        flood::measure(effort, &mut table).await;
    }
    if wanted("creations-sqlite") {
        creations::on_sqlite(effort, &mut table).await;
    }
    if wanted("creations-postgres") {
        creations::on_postgres(effort, &mut table).await;
    }
    if wanted("mails") {
        mails::measure(effort, &mut table).await;
    }
    if wanted("mailer") {
        mails::measure_mailer(effort, &mut table).await;
    }
    if wanted("observing") {
        observing::measure(effort, &mut table).await;
    }
    if wanted("start") {
        cold_start::measure(effort, &mut table).await;
    }
    if wanted("growth") {
        growth::measure(effort, &mut table).await;
    }
    if wanted("first-call") {
        first_call::measure(effort, &mut table).await;
    }
    if wanted("search-sqlite") {
        search::on_sqlite(effort, &mut table).await;
    }
    if wanted("search-postgres") {
        search::on_postgres(effort, &mut table).await;
    }
    if wanted("program") {
        program::measure(&mut table);
    }
    // Minutes: only when it is asked for.
    if arguments.only.as_deref() == Some("cold-build") {
        program::build(&mut table);
    }
    println!("{table}");
}

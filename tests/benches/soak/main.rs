//! A soak: customers and the support desk at work for minutes, on the real program, while all
//! that can befall it does, again and again. At the end nothing that was acknowledged is lost,
//! every mail has come, and what a server takes is what it took before.
//!
//! ```sh
//! GESTAN_TESTS_DATABASE=postgres cargo test --workspace --all-features --locked --bench soak -- --minutes 20
//! ```
//!
//! Without `--minutes` it takes half a minute, which shows that it runs. It needs to mount a disk of its own:
//! it is root, or `unshare` lets it be.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that a person reads"
)]

mod desk;
mod faults;
mod relay;
mod samples;
mod unread;
mod world;

use std::{
    env,
    process::{Command, exit},
    time::{Duration, Instant},
};

use clap::Parser;
use gestan_account_tests::ledger::{Calls, Ledger};
use rand::{SeedableRng as _, rngs::StdRng};

use self::{desk::Desks, faults::Faults, samples::Sampler, world::World};

/// Set in the process that may mount what nobody else sees.
const APART: &str = "GESTAN_TEST_APART";

/// Customers at work side by side.
const CUSTOMERS: u32 = 6;

/// How long.
#[derive(Parser)]
struct Arguments {
    /// How many minutes; half of one without it.
    #[arg(long)]
    minutes: Option<u64>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if env::var_os(APART).is_none() {
        exit(run_apart());
    }
    let time = arguments.minutes.map_or(Duration::from_secs(30), Duration::from_mins);
    soak(time);
}

/// Runs the same in a process that may mount.
fn run_apart() -> i32 {
    let mut apart = Command::new("unshare");
    apart.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        apart.arg("--map-root-user");
    }
    apart.arg(env::current_exe().expect("this program")).args(env::args_os().skip(1));
    let status = apart.env(APART, "1").status().expect("unshare (Debian: util-linux) runs");
    status.code().unwrap_or(1)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn soak(time: Duration) {
    let begun = Instant::now();
    let mut world = World::start().await;
    let servers = world.addresses();
    let mut ledger = Ledger::open(Calls::Repeated, servers.clone(), world.mail_folder(), CUSTOMERS);
    // The first accounts are there before the desk asks for any.
    ledger.get_on(20).await;
    let desks = Desks::open(&servers, &world.support_key().await);
    let looking = Sampler::start(&world);
    let mut faults = Faults::new(StdRng::seed_from_u64(20_261_130));
    while begun.elapsed() < time {
        faults.next(&mut world, &mut ledger).await;
    }
    println!("{faults}");
    println!("{}", desks.close().await);
    let samples = looking.stop().await;
    println!("{samples}");
    ledger.close_and_check(&world.database_url()).await;
    world.check().await;
    samples.check();
    println!("nothing is lost after {} s", begun.elapsed().as_secs());
}

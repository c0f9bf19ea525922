//! A client in another language, as a process.

use std::path::Path;

use gestan_account_tests::process::{Ended, run_to_end};
use tokio::process::Command;

/// A program and what to do when it is not there.
pub(crate) struct Program {
    command: Command,
}

impl Program {
    /// The program `name` with its first `arguments`, run in `folder`. `needs`
    /// are files that tests/run.sh makes there, `toolchain` is what has to be
    /// installed for that.
    pub(super) fn new(
        name: &Path,
        arguments: &[&str],
        folder: &Path,
        needs: &[&str],
        toolchain: &str,
    ) -> Self {
        for needed in needs.iter().map(|needed| folder.join(needed)) {
            assert!(
                needed.exists(),
                "there is no {}: install {toolchain}, then run tests/polyglot/setup.sh, which \
                 tests/run.sh does",
                needed.display()
            );
        }
        let mut command = Command::new(name);
        command.args(arguments).current_dir(folder).kill_on_drop(true);
        Self { command }
    }

    /// Sets a variable of its environment.
    pub(crate) fn with_env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, which must be a good one.
    pub(crate) async fn run(mut self, arguments: &[(&str, String)]) -> Ended {
        for (name, value) in arguments {
            self.command.arg(name).arg(value);
        }
        let ended = run_to_end(&mut self.command).await;
        assert!(ended.status.success(), "{}\n{}", ended.printed, ended.log);
        ended
    }
}

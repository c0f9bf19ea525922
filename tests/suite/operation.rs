//! The program in its operator's hands: commands, start and stop, restarts, the log
//! and the audit trail.

mod after_a_leak;
mod audit;
mod calls_logged;
mod check_ledger;
mod cli;
mod clock;
mod config;
mod doctor;
mod erasing;
mod figures;
mod logged;
mod outbox;
mod process;
mod reading;
mod rolling_restart;
mod secret_files;
mod start;
mod supervisor;
mod testing;
mod traces;
mod variables;
mod webhook;
mod wrong_folder;

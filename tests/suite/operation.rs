//! The program in its operator's hands: commands, start and stop, restarts, the log
//! and the audit trail.

mod audit;
mod cli;
mod logged;
mod process;
mod rolling_restart;

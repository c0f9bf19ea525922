//! The stored data, and that it survives crashes, failing disks, a database that goes
//! away, copies, backups, purges and new releases.

mod account_ids;
mod addresses;
mod backup;
mod backup_rotation;
mod challenge_life;
mod clock_jumps;
mod compaction;
mod copy;
mod crash;
mod crash_of_time_ledger;
mod encoding;
mod failing_disk;
mod faults;
mod foreign_log;
mod full_disk;
mod held;
mod isolation;
mod log_size;
mod migrations;
mod pgbouncer;
mod private_files;
mod purge;
mod purge_backlog;
mod read_only;
mod replaced_file;
mod restore;
mod roles;
mod rolled_back;
mod spread;
mod statements;
mod timeouts;
mod tls;
mod unheard_failures;
mod upgrades;
mod urls;

//! The stored data, and that it survives crashes, failing disks, a database that goes
//! away, copies, backups, purges and new releases.

mod backup;
mod challenge_life;
mod copy;
mod crash;
mod failing_disk;
mod faults;
mod full_disk;
mod migrations;
mod private_files;
mod purge;
mod purge_backlog;
mod replaced_file;
mod rolled_back;
mod spread;
mod statements;
mod unheard_failures;
mod upgrades;

#!/bin/sh
# Cargo, as `cargo auditable` calls it in release.sh. That has itself called back by its whole path,
# which cargo hashes into the names of the workspace's symbols: the same commit would give another
# program wherever the tool lies elsewhere. By its name alone it is found as well.
RUSTC_WORKSPACE_WRAPPER=cargo-auditable exec cargo "$@"

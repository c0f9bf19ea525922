#!/usr/bin/env bash
# Packs the release binary that is there, with the manual that it describes itself by. The arguments
# go to cargo-deb.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}

version=$(cargo metadata --locked --no-deps --format-version 1 | grep -oP \
  '"name":"gestan-account-server","version":"\K[^"]+')
if ! head -n 1 server/packaging/debian/changelog | grep -qF "($version-"; then
  echo "server/packaging/debian/changelog does not begin with version $version" >&2
  exit 1
fi

# As the tests build it, so that nothing is compiled twice.
manual=${MANUAL_TARGET_DIR:-$target}
CARGO_TARGET_DIR=$manual cargo build --workspace --bins --examples --all-features --locked --quiet
rm -rf "$target/release/manual"
"$manual/debug/examples/manual" "$target/release/manual"
# cargo-deb does so for pages that lie elsewhere.
gzip --best --no-name "$target"/release/manual/*.8

# Stripped by cargo already, as Cargo.toml says.
cargo deb --package gestan-account-server --no-build --no-strip --quiet "$@"

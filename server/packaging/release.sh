#!/usr/bin/env bash
# Makes a release: release.sh FOLDER, which gets the program, the Debian package, the list of parts
# (CycloneDX) and their digests. The same commit gives the same bytes, in whichever folder it is
# built; docs/decisions/packaging.md tells how far that was compared.
#
# It needs cargo-auditable, cargo-cyclonedx and cargo-deb, and is not run in .ci/run, which makes the
# package of the binary that it has built anyway.
set -euo pipefail
release=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."

if [ -n "$(git status --porcelain)" ]; then
  echo "what is not committed cannot be built again: $(git status --short)" >&2
  exit 1
fi
crates=${CARGO_HOME:-$HOME/.cargo}
export PATH=$crates/bin:$PATH
for tool in cargo-auditable cargo-cyclonedx cargo-deb; do
  command -v "$tool" >/dev/null || cargo install "$tool" --locked
done

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
export CARGO_TARGET_DIR=$PWD/target/for-release CARGO_INCREMENTAL=0
# No path of this machine: of the sources, of the crates, of the standard library.
library=$(rustc --print sysroot)/lib/rustlib/src/rust
export RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=$crates=/cargo \
--remap-path-prefix=$library=/library"
export CFLAGS="-ffile-prefix-map=$PWD=/source -ffile-prefix-map=$crates=/cargo"

# The program names the crates that it is made of, for `cargo audit bin` and whoever else asks.
CARGO=$PWD/server/packaging/cargo_for_release.sh \
  cargo-auditable auditable build --release --locked --bin gestan-account-server
env --unset=RUSTFLAGS --unset=CFLAGS MANUAL_TARGET_DIR="$PWD/target" \
  server/packaging/build_deb.sh --output "$release/"
cp "$CARGO_TARGET_DIR/release/gestan-account-server" "$release/"

# It writes beside each manifest of the workspace.
cargo cyclonedx --manifest-path server/Cargo.toml --format json --spec-version 1.5
sed "s|path+file://$PWD|path+file:///source|" server/gestan-account-server.cdx.json \
  >"$release/gestan-account-server.cdx.json"
git clean --quiet --force -- '*.cdx.json'

cd "$release"
sha256sum gestan-account-server ./*.deb ./*.cdx.json >SHA256SUMS
cat SHA256SUMS

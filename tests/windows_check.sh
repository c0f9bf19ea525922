#!/usr/bin/env bash
# Compiles the client, its example and its tests for Windows, as far as it goes without a linker.
# For Debian 12: the compiler is the one that Debian keeps for its browsers, with its library in
# source. It is unpacked beside what it makes, not installed, so that nothing else meets it.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}/windows
compiler=$target/compiler
if ! [ -d "$compiler" ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update --quiet
  packages() { apt-cache depends --recurse --important rustc-web | grep -E "^$1" | sort -u; }
  # The second is for ring, which has C in it.
  $sudo apt-get install --quiet --yes --no-install-recommends \
    "$(packages libllvm)" gcc-mingw-w64-x86-64-win32
  unpacked=$(mktemp --directory)
  trap 'rm -rf "$unpacked"' EXIT
  (
    cd "$unpacked"
    apt-get download --quiet rustc-web rust-web-src $(packages libstd-rust-web)
    # All of the sources would be ten times as much.
    dpkg-deb --fsys-tarfile rust-web-src_*.deb \
      | tar --extract --wildcards './usr/lib/*' './usr/src/*/library'
    rm rust-web-src_*.deb
    for package in *.deb; do dpkg-deb --extract "$package" .; done
    rm ./*.deb
  )
  mkdir -p "$target"
  mv "$unpacked" "$compiler"
fi

# Only a compiler that takes itself for a nightly compiles the library, too.
export RUSTC_BOOTSTRAP=1 RUSTC=$compiler/usr/bin/rustc CARGO_TARGET_DIR=$target
export LD_LIBRARY_PATH=$compiler/usr/lib/x86_64-linux-gnu
cargo check -Zbuild-std --target x86_64-pc-windows-gnu --locked \
  --package gestan-account-client --all-targets --all-features

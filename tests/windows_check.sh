#!/usr/bin/env bash
# Builds the client, its example, its tests and the library with a C interface for Windows, and
# calls the library under Wine as tests/suite/client/ffi.rs says. With the argument 32, and as root, it
# does the latter for programs of 32 bits, which CI does not; with `release` after that it takes the
# library as it is given away, which is then below target/windows.
# For Debian 12: the compiler is the one that Debian keeps for its browsers, with its library in
# source. It is unpacked beside what it makes, not installed, so that nothing else meets it.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-64} in
  64)
    triple=x86_64-pc-windows-gnu mingw=x86-64 wine=wine64
    built=(--package gestan-account-client --package gestan-account-ffi --all-targets --all-features)
    ;;
  # Its Wine lives in a Debian of its own, so that this one needs no second architecture.
  32)
    triple=i686-pc-windows-gnu mingw=i686 wine=debootstrap
    built=(--package gestan-account-ffi)
    ;;
  *) echo "usage: $0 [32|64] [release]" >&2 && exit 2 ;;
esac
made=debug
if [ "${2:-}" = release ]; then
  made=release built=(--package gestan-account-ffi --release)
fi
target=${CARGO_TARGET_DIR:-$PWD/target}/windows
compiler=$target/compiler
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
packages() { apt-cache depends --recurse --important rustc-web | grep -E "^$1" | sort -u; }

# GCC is for ring, which has C in it, and for linking.
needed=("gcc-mingw-w64-$mingw-win32" "$wine")
if ! dpkg --status "${needed[@]}" >/dev/null 2>&1 || ! [ -d "$compiler" ]; then
  $sudo apt-get update --quiet
  $sudo apt-get install --quiet --yes --no-install-recommends "$(packages libllvm)" "${needed[@]}"
fi
if ! [ -d "$compiler" ]; then
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

# In a shell of its own: the suite below is compiled by the usual compiler.
(
  # Only a compiler that takes itself for a nightly compiles the library, too.
  export RUSTC_BOOTSTRAP=1 RUSTC=$compiler/usr/bin/rustc CARGO_TARGET_DIR=$target
  export LD_LIBRARY_PATH=$compiler/usr/lib/x86_64-linux-gnu
  # Debian has no library for Windows, and so neither the two objects between which it is linked.
  startup=$compiler/usr/lib/rustlib/$triple/lib
  mkdir -p "$startup"
  for object in rsbegin rsend; do
    "$RUSTC" --edition 2015 --target "$triple" --emit obj -o "$startup/$object.o" \
      "$compiler"/usr/src/*/library/rtstartup/$object.rs
  done
  CARGO_PROFILE_DEV_DEBUG=false cargo build -Zbuild-std --target "$triple" --locked \
    "${built[@]}"
)

# The host, the library, and what Wine lacks lie in one folder, as a program for Windows does.
place=$target/$triple/host
mkdir -p "$place"
gcc=${triple%-pc-windows-gnu}-w64-mingw32-gcc
"$gcc" -std=gnu11 -Wall -Wextra -Werror -I client/ffi/include -o "$place/host.exe" tests/ffi/host.c
"$gcc" -shared -Wl,--kill-at -Wall -Werror -o "$place/bcryptprimitives.dll" tests/ffi/bcryptprimitives.c -ladvapi32
cp "$target/$triple/$made/gestan_compte.dll" "$place"
export WINEPREFIX=$target/$triple/wine WINEDEBUG=-all
export WINEDLLOVERRIDES='mscoree,mshtml=;bcryptprimitives=n'

# A program that starts one of Windows, and the folder of that in its eyes.
run=$place/run
if [ "$wine" = wine64 ]; then
  printf '#!/bin/sh\ncd "%s" && exec /usr/lib/wine/wine64 "$@"\n' "$place" >"$run"
else
  root=$target/i386
  if ! [ -x "$root/usr/lib/wine/wine" ]; then
    $sudo rm -rf "$root"
    $sudo debootstrap --arch=i386 --variant=minbase --include=ca-certificates,wine32 bookworm "$root"
  fi
  cp /etc/hosts "$root/etc"
  mkdir -p "$root$place"
  # Once more in a view of the files in which both see the folder of the tests and this one.
  cat >"$run" <<END
#!/bin/sh
[ "\$1" = inside ] || exec unshare --mount "\$0" inside "\$@"
shift
set -e
mount --bind /tmp "$root/tmp"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$place" "$root$place"
exec chroot "$root" env --chdir="$place" WINEPREFIX=/root/wine /usr/lib/wine/wine "\$@"
END
fi
printf '#!/bin/sh\nexec "%s" host.exe gestan_compte.dll\n' "$run" >"$place/host"
chmod +x "$run" "$place/host"
"$run" wineboot --init

GESTAN_TEST_FFI_HOST=$place/host cargo test --workspace --all-features --locked --test suite -- \
  client::ffi

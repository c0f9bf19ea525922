#!/usr/bin/env bash
# Builds the package of each language (client/packages), or of those that are named, and with it the
# programs; and installs it into an empty project. Everything is pinned; what is up to date is left
# alone. A language that cannot be had here does not stop the others: its tests fail, and say what is
# missing.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
venv=$root/tests/.venv
# What is compiled serves wherever the same module lies.
export GOFLAGS=-trimpath
package() { "$root/client/packages/build.sh" "$1"; }

python() {
  package python &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r python/requirements.txt &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
      "$root"/target/packages/python/*.whl &&
    PYTHON=$venv/bin/python python/generate.sh &&
    ./install.sh python
}

go() (
  package go && (cd go && command go build -o bin/ ./...) && ./install.sh go
)

typescript() (
  package npm && ./install.sh npm && cd typescript || return
  # npm leaves this file behind when it is done.
  [ node_modules/.package-lock.json -nt package-lock.json ] ||
    npm ci --no-audit --no-fund --loglevel=error || return
  # Not in package-lock.json, which would have the digest of a file that every build makes; and never what
  # was there before under the same version.
  rm -rf node_modules/@gestan
  npm install --no-save --no-audit --no-fund --loglevel=error "$root"/target/packages/npm/*.tgz &&
    npm run --silent build
)

java() (
  package java && (cd java && mvn --quiet --batch-mode clean package) && ./install.sh java
)

[ $# -gt 0 ] || set -- python go typescript java
for language in "$@"; do
  "$language" || echo "tests/polyglot: the client in $language could not be built" >&2
done

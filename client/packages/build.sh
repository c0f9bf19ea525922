#!/usr/bin/env bash
# Builds the packages of all languages, or of those that are named, from the proto files into
# target/packages. All tools are pinned, and what they bring is kept where they keep it, so that
# a second build asks no registry. NuGet's is left out: README.md tells why.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
out=$root/target/packages
venv=$root/tests/.venv
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)

# pip asks its registry for nothing when what is named is there.
tools() {
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || return
  "$venv/bin/pip" install --quiet --disable-pip-version-check \
    -r "$root/tests/requirements.txt" -r python/requirements.txt
}

python() (
  tools && cd python && PYTHON=$venv/bin/python ./generate.sh || return
  # What was built before would be taken into the package.
  rm -rf build "$out/python"
  "$venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir "$out/python" .
)

npm() (
  cd npm || return
  # npm leaves this file behind when it is done.
  [ node_modules/.package-lock.json -nt package-lock.json ] ||
    command npm ci --no-audit --no-fund --loglevel=error || return
  rm -rf dist "$out/npm" && mkdir -p "$out/npm" && command npm run --silent build &&
    command npm pack --silent --pack-destination "$out/npm" >/dev/null
)

# The jar goes into the repository of this machine as well, where other projects find it.
java() (
  cd java && mvn --quiet --batch-mode clean install || return
  rm -rf "$out/java" && mkdir -p "$out/java" && cp "target/account-client-$version.jar" "$out/java"
)

# A module comes from a proxy, which may be a folder: its list of versions, and of each what it is,
# what it requires, and itself.
go() (
  tools && cd go && PATH="$venv/bin:$PATH" command go generate . && command go vet ./... || return
  local folder=$out/go/gestan.fr/compte/account/@v
  rm -rf "$out/go" && mkdir -p "$folder" || return
  echo "v$version" >"$folder/list"
  echo "{\"Version\":\"v$version\"}" >"$folder/v$version.info"
  cp go.mod "$folder/v$version.mod"
  "$venv/bin/python" zip_module.py "gestan.fr/compte/account@v$version" "$folder/v$version.zip"
)

[ $# -gt 0 ] || set -- python npm java go
failed=0
for language in "$@"; do
  "$language" || { echo "client/packages: the package for $language could not be built" >&2; failed=1; }
done
exit "$failed"

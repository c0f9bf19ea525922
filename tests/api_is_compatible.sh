#!/usr/bin/env bash
# The promise of proto/CHANGELOG.md: what is in proto/ breaks no client of any state of it that was
# landed since the promise was made. That is the commit that gave what is generated the names that it
# can be published under; nothing was published before.
set -euo pipefail
cd "$(dirname "$0")/.."

buf=${BUF:-$PWD/tests/.venv/bin/buf}
if [ "$(git rev-parse --is-shallow-repository 2>/dev/null)" != false ]; then
  echo "compatibility: NOT CHECKED, the history is not here (git fetch --unshallow)" >&2
  exit 0
fi
promise=$(git log -S'option java_package' --format=%H -- proto | tail -n 1)
if [ -z "$promise" ]; then
  echo "nothing is promised yet"
  exit 0
fi

earlier=$(mktemp -d)
trap 'rm -rf "$earlier"' EXIT
# A state in between, on a branch that was merged, was never served to anybody.
for commit in "$promise" $(git rev-list --first-parent "$promise..HEAD" -- proto); do
  mkdir "$earlier/$commit"
  git archive "$commit" proto | tar -x -C "$earlier/$commit"
  if ! "$buf" breaking proto --against "$earlier/$commit/proto"; then
    echo "proto/ breaks clients of $(git log -1 --format='%h, "%s"' "$commit")" >&2
    exit 1
  fi
done
echo "proto/ breaks no client of $(ls "$earlier" | wc -l) earlier state(s)"

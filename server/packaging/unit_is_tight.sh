#!/usr/bin/env bash
# Whether systemd understands the unit, and whether it is as tight as docs/OPERATIONS.md tells.
set -euo pipefail
cd "$(dirname "$0")/../.."
unit=server/packaging/debian/gestan-account-server.service

told=$(grep -oP 'exposure level .*: \K[0-9]+\.[0-9]+' docs/OPERATIONS.md)
seen=$(systemd-analyze security --offline=true --no-pager "$unit" \
  | grep -oP 'exposure level .*: \K[0-9]+\.[0-9]+')
if [ "$told" != "$seen" ]; then
  echo "docs/OPERATIONS.md tells an exposure of $told, systemd-analyze one of $seen" >&2
  exit 1
fi
# Of everything but the program, which is not installed here.
faults=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F gestan | grep -vF 'is not executable' \
  || true)
if [ -n "$faults" ]; then
  echo "$faults" >&2
  exit 1
fi

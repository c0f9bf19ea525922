#!/usr/bin/env bash
# Generates `gestan.account.v1` from the proto files, with its types, and brings the service config
# and the licences. PYTHON is one that has what requirements.txt names.
set -euo pipefail
cd "$(dirname "$0")"

python=$(command -v "${PYTHON:-python3}")
scripts=$(dirname "$python")
rm -rf src/gestan/account/v1
"$python" -m grpc_tools.protoc --proto_path=../../../proto \
  --plugin=protoc-gen-mypy="$scripts/protoc-gen-mypy" \
  --plugin=protoc-gen-mypy_grpc="$scripts/protoc-gen-mypy_grpc" \
  --python_out=src --mypy_out=quiet:src --grpc_python_out=src --mypy_grpc_out=quiet:src \
  ../../../proto/gestan/account/v1/*.proto
cp ../../../proto/service_config.json src/gestan/account
cp ../../../LICENSE-* .

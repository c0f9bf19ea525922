#!/usr/bin/env bash
# Generates the Python code of the API into ./generated. PYTHON is one that has grpcio-tools.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p generated
"${PYTHON:-python3}" -m grpc_tools.protoc --proto_path=../../../proto \
  --python_out=generated --pyi_out=generated --grpc_python_out=generated \
  ../../../proto/gestan/account/v1/*.proto ../../../proto/gestan/testing/v1/*.proto

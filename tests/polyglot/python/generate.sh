#!/usr/bin/env bash
# Generates the service of testing servers, which the package does not bring, into ./generated.
# PYTHON is one that has grpcio-tools.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf generated && mkdir generated
"${PYTHON:-python3}" -m grpc_tools.protoc --proto_path=../../../proto \
  --python_out=generated --pyi_out=generated --grpc_python_out=generated \
  ../../../proto/gestan/testing/v1/*.proto

"""The way to Gestan's account service, and the details of its refusals.

The messages and stubs in `gestan.account.v1` are generated from the proto files, whose comments
are the reference of the API.
"""

import importlib.metadata
import importlib.resources
import json
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status  # type: ignore[import-untyped]

from gestan.account._timeout import Timeout

__all__ = ["CHANNEL_OPTIONS", "connect", "detail"]

_VERSION = importlib.metadata.version("gestan-account")
_SERVICE_CONFIG = json.loads(importlib.resources.files(__name__).joinpath("service_config.json").read_text())
# grpcio ends a call more than a second before a service config's timeout, and does not tell the server of it
# (grpc/grpc#34547): `Timeout` does it in its place. It is the same for every RPC.
_TIMEOUT = [float(entry.pop("timeout").rstrip("s")) for entry in _SERVICE_CONFIG["methodConfig"]][0]

CHANNEL_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # No other config is looked for in DNS.
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_retries", 1),
    ("grpc.primary_user_agent", f"gestan-account-python/{_VERSION}"),
)
"""What a channel of one's own needs, an asynchronous one for instance: what is repeated by itself, and
the name of this package. Its calls need a timeout each."""


def connect(target: str, ca: bytes | None = None) -> grpc.Channel:
    """A channel to the service, such as `compte.example.fr:443`, with a timeout of 10 s for every call, and
    repeats where the contract makes them harmless.

    TLS is for every server but one's own, `localhost` or `127.0.0.1`; with `ca`, the certificates
    of the authority as PEM, for that one as well. Without, the system's roots are trusted.
    """
    if ca is None and target.startswith(("localhost:", "127.0.0.1:")):
        channel = grpc.insecure_channel(target, options=CHANNEL_OPTIONS)
    else:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(ca), options=CHANNEL_OPTIONS)
    return grpc.intercept_channel(channel, Timeout(_TIMEOUT))


_Detail = TypeVar("_Detail", bound=Message)


def detail(error: grpc.RpcError, kind: type[_Detail]) -> _Detail | None:
    """The detail of this kind that came with a refusal: `ErrorInfo`, `BadRequest`, `RetryInfo` or
    `LocalizedMessage` of `google.rpc.error_details_pb2`; None when there is none."""
    status = rpc_status.from_call(error)
    for each in status.details if status else ():
        message = kind()
        if each.Unpack(message):
            return message
    return None

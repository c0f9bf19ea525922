"""A timeout for every call of a channel. A call's own may be shorter."""

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: Any
    compression: Any


class Timeout(grpc.UnaryUnaryClientInterceptor):  # type: ignore[type-arg]
    def __init__(self, seconds: float):
        self._seconds = seconds

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        seconds = self._seconds if details.timeout is None else min(details.timeout, self._seconds)
        bounded = _Details(
            details.method,
            seconds,
            details.metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )
        return continuation(bounded, request)

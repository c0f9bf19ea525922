"""Calls at about the moment at which the server says goodbye to an idle connection; none may fail."""

import argparse
import random
import threading
import time

import grpc

from gestan.account.v1 import account_service_pb2 as api
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub

CONNECTIONS = 10


def call(server: str, pause: float, calls: int):
    # Channels to one server would share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(server, options=options) as channel:
        stub = AccountServiceStub(channel)
        for _ in range(calls):
            try:
                stub.Get(api.GetRequest(), timeout=30)
            except grpc.RpcError as error:
                # Without a token, which the service says.
                if error.code() != grpc.StatusCode.UNAUTHENTICATED:
                    print("failed:", error.code(), error.details())
            time.sleep(pause + random.uniform(-0.1, 0.1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--pause-ms", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=10)
    options = parser.parse_args()
    arguments = (options.server, options.pause_ms / 1000, options.calls)
    callers = [threading.Thread(target=call, args=arguments) for _ in range(CONNECTIONS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    print(CONNECTIONS * options.calls, "calls")


main()

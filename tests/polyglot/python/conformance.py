"""Makes the calls of ../cases.json and prints what came of them, a line each."""

import argparse
import json
import pathlib
import re
import socket

import grpc
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage, RetryInfo

from gestan.account import connect, detail
from gestan.account.v1 import account_service_pb2, reference_service_pb2
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub
from gestan.account.v1.reference_service_pb2_grpc import ReferenceServiceStub


def fill_in(value, kept: dict[str, str]):
    """Puts what was kept in the place of `${name}`."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda name: kept[name.group(1)], value)
    if isinstance(value, dict):
        return {key: fill_in(inner, kept) for key, inner in value.items()}
    return value


def look_up(answer, path: str) -> str:
    """The value at a path of the answer in protobuf's JSON; `-` when there is none."""
    for name in path.split("."):
        if isinstance(answer, list):
            answer = answer[int(name)] if int(name) < len(answer) else None
        else:
            answer = answer.get(name) if answer else None
    return "-" if answer is None else str(answer).lower() if answer is True else str(answer)


def refusal(error: grpc.RpcError) -> list[str]:
    """Code, reason, violations, retry delay and language of a refusal."""
    reason = violations = retry = locale = "-"
    if info := detail(error, ErrorInfo):
        reason = info.reason
    if bad := detail(error, BadRequest):
        violations = " ".join(sorted(f"{v.field}={v.reason}" for v in bad.field_violations))
    if wait := detail(error, RetryInfo):
        retry = wait.retry_delay.ToJsonString()
    if text := detail(error, LocalizedMessage):
        locale = text.locale
    return [error.code().name, reason, violations, retry, locale]


class Runner:
    def __init__(self, channel: grpc.Channel, control):
        # The messages of each service, and its stub.
        self.services = [
            (account_service_pb2, AccountServiceStub(channel)),
            (reference_service_pb2, ReferenceServiceStub(channel)),
        ]
        self.control, self.kept = control, {}

    def ask(self, line: str) -> str:
        """One line to the test, which moves the clock and reads the mail."""
        self.control.write(line + "\n")
        self.control.flush()
        return self.control.readline().strip()

    def run(self, step: dict) -> None:
        if "advance" in step:
            self.ask(f"advance {step['advance']}")
        elif "mail" in step:
            self.kept[step["keep"]] = self.ask(f"mail {step['mail']}")
        else:
            for _ in range(step.get("times", 1)):
                print("\t".join([step["case"], *self.call(step)]), flush=True)

    def call(self, step: dict) -> list[str]:
        messages, stub = next(each for each in self.services if hasattr(each[1], step["call"]))
        kind = getattr(messages, step["call"] + "Request")
        request = json_format.ParseDict(fill_in(step["request"], self.kept), kind())
        metadata = []
        if "token" in step:
            metadata.append(("authorization", "Bearer " + fill_in(step["token"], self.kept)))
        if "language" in step:
            metadata.append(("accept-language", step["language"]))
        # Rounded up to a millisecond, 0 would be enough for an answer to come.
        deadline = step.get("deadline_ms", 10_000) / 1000 or -1
        try:
            method = getattr(stub, step["call"])
            response = method(request, timeout=deadline, metadata=metadata)
        except grpc.RpcError as error:
            return [*refusal(error), "-"]
        answer = json_format.MessageToDict(response)
        for name, path in step.get("keep", {}).items():
            self.kept[name] = look_up(answer, path)
        shown = [look_up(answer, path) for path in step.get("show", [])]
        return ["OK", "-", "-", "-", "-", "; ".join(shown) or "-"]


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name in ("--server", "--ca", "--control", "--cases"):
        arguments.add_argument(name, required=True)
    options = arguments.parse_args()
    host, port = options.control.split(":")
    roots = pathlib.Path(options.ca).read_bytes()
    steps = json.loads(pathlib.Path(options.cases).read_text())["steps"]
    with (
        connect(options.server, roots) as channel,
        socket.create_connection((host, int(port))) as connection,
    ):
        runner = Runner(channel, connection.makefile("rw"))
        for step in steps:
            runner.run(step)


if __name__ == "__main__":
    main()

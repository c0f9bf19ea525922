"""A customer's way through the account service, from the first mail to the last call.

    ../setup.sh python
    ../../.venv/bin/python example.py --server localhost:50051 --mails ../../../data/mail
"""

import argparse
import math
import pathlib
import re
import time
import uuid

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage, RetryInfo

from gestan.account import connect, detail
from gestan.account.v1 import account_pb2, account_service_pb2 as api
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub
from gestan.account.v1.error_reason_pb2 import ErrorReason, ViolationReason

PASSWORD = "quatre bateaux verts dansent"


class Refusal(Exception):
    """What the service said when it refused a call, as typed values."""

    def __init__(self, error: grpc.RpcError):
        self.code = error.code()
        self.reason = ErrorReason.ERROR_REASON_UNSPECIFIED
        self.text = error.details()
        self.violations: dict[str, int] = {}
        self.retry_delay = None
        info = detail(error, ErrorInfo)
        if info and info.reason in ErrorReason.keys():  # or newer than this client
            self.reason = ErrorReason.Value(info.reason)
        if text := detail(error, LocalizedMessage):
            self.text = text.message
        bad = detail(error, BadRequest)
        for violation in bad.field_violations if bad else ():
            known = violation.reason in ViolationReason.keys()
            reason = ViolationReason.Value(violation.reason) if known else 0
            self.violations[violation.field] = reason
        if wait := detail(error, RetryInfo):
            self.retry_delay = wait.retry_delay.ToTimedelta()
        super().__init__(self.text)


class Service:
    """The stub with what every call has: the language, the link token."""

    def __init__(self, channel: grpc.Channel, link_token: str = ""):
        self.stub = AccountServiceStub(channel)
        self.metadata = [("accept-language", "fr-FR")]
        if link_token:
            self.metadata.append(("authorization", f"Bearer {link_token}"))

    def call(self, rpc: str, request):
        method = getattr(self.stub, rpc)
        try:
            return method(request, metadata=self.metadata)
        except grpc.RpcError as error:
            raise Refusal(error) from error


def code_from_mail(folder: pathlib.Path, email: str) -> str:
    """A person reads the mail; this stands in, with a server that writes its mails to files."""
    for _ in range(300):
        for mail in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)[::-1]:
            text = mail.read_text()
            code = re.search(r"\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b", text)
            if f"To: {email}" in text and code:
                return code.group()
        time.sleep(0.1)
    raise TimeoutError("no mail has come")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--server", default="localhost:50051")
    arguments.add_argument("--ca", type=pathlib.Path, help="a PEM file: the authority to trust")
    arguments.add_argument("--mails", type=pathlib.Path, default="data/mail")
    arguments.add_argument("--email", default="jeanne@exemple.fr")
    options = arguments.parse_args()
    machine = account_pb2.Machine(id=str(uuid.uuid4()), name="Caisse 1")

    with connect(options.server, options.ca and options.ca.read_bytes()) as channel:
        stranger = Service(channel)
        created = stranger.call("Create", api.CreateRequest(
            request_id=str(uuid.uuid4()), email=options.email, machine=machine))
        code = code_from_mail(options.mails, options.email)
        confirmed = stranger.call("Confirm", api.ConfirmRequest(
            challenge_id=created.challenge_id, code=code))
        linked = stranger.call("SetPassword", api.SetPasswordRequest(
            ticket=confirmed.ticket, new_password=PASSWORD))
        print(f"linked to account {linked.account.id}")

        # The machine keeps the token, and sends it with every call from now on.
        caisse = Service(channel, linked.link_token)
        account = caisse.call("Get", api.GetRequest()).account
        change = api.UpdateRequest(
            account=account_pb2.Account(etag=account.etag, city="Nîmes", postal_code="30000"),
            update_mask=FieldMask(paths=["city", "postal_code"]),
            password=PASSWORD)
        account = caisse.call("Update", change).account
        print(f"updated: {account.postal_code} {account.city}")

        change.account.country_code = "FRE"
        change.account.etag = account.etag
        change.update_mask.paths.append("country_code")
        try:
            caisse.call("Update", change)
        except Refusal as refusal:
            assert refusal.reason == ErrorReason.ERROR_REASON_INVALID_REQUEST
            for field, reason in refusal.violations.items():
                print(f"refused: {field} {ViolationReason.Name(reason)}")

        guess = api.RegisterExistingRequest(
            account_id=account.id, secret="un mot de passe faux", machine=machine)
        for _ in range(6):
            try:
                stranger.call("RegisterExisting", guess)
            except Refusal as refusal:
                if refusal.code == grpc.StatusCode.RESOURCE_EXHAUSTED:
                    seconds = math.ceil(refusal.retry_delay.total_seconds())
                    print(f"throttled: {ErrorReason.Name(refusal.reason)}, retry in {seconds} s")

        caisse.call("Unlink", api.UnlinkRequest())
        print("unlinked")


if __name__ == "__main__":
    main()

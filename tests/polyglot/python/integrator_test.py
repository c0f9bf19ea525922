"""A program's own tests of its "Compte client" window, against a testing server. No mailbox.

    ../setup.sh python
    ACCOUNT_SERVER=../../../target/debug/gestan-account-server PYTHONPATH=generated \
        ../../.venv/bin/python -m unittest integrator_test
"""

import os
import subprocess
import unittest
import uuid
from datetime import timedelta

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from gestan.account.v1 import account_pb2, account_service_pb2 as api
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub
from gestan.testing.v1 import testing_service_pb2 as testing_api
from gestan.testing.v1.testing_service_pb2_grpc import TestingServiceStub

DEADLINE = 10  # seconds
PASSWORD = "quatre bateaux verts dansent"


def reason(error: grpc.RpcError) -> str:
    """What the service calls its refusal."""
    details = rpc_status.from_call(error).details
    return next(ErrorInfo.FromString(d.value).reason for d in details if d.Is(ErrorInfo.DESCRIPTOR))


class CompteClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program = [os.environ["ACCOUNT_SERVER"], "serve", "--testing"]
        cls.server = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        # The first line is the URL; an empty one says that the server has ended.
        url = cls.server.stdout.readline().strip()
        assert url, "the server has not started: its log says why"
        channel = grpc.insecure_channel(url.removeprefix("http://"))
        cls.addClassCleanup(channel.close)
        cls.accounts, cls.testing = AccountServiceStub(channel), TestingServiceStub(channel)

    @classmethod
    def stop(cls):
        cls.server.terminate()
        cls.server.wait()
        cls.server.stdout.close()

    def setUp(self):
        self.testing.Reset(testing_api.ResetRequest(), timeout=DEADLINE)

    def create(self, email: str) -> str:
        machine = account_pb2.Machine(id=str(uuid.uuid4()), name="Caisse 1")
        request = api.CreateRequest(request_id=str(uuid.uuid4()), email=email, machine=machine)
        return self.accounts.Create(request, timeout=DEADLINE).challenge_id

    def code(self, email: str) -> testing_api.GetCodeResponse:
        return self.testing.GetCode(testing_api.GetCodeRequest(email=email), timeout=DEADLINE)

    def confirm(self, challenge_id: str, code: str) -> api.ConfirmResponse:
        request = api.ConfirmRequest(challenge_id=challenge_id, code=code)
        return self.accounts.Confirm(request, timeout=DEADLINE)

    def test_a_customer_opens_an_account(self):
        challenge_id = self.create("jeanne@exemple.fr")
        mail = self.code("jeanne@exemple.fr")
        self.assertEqual(mail.kind, testing_api.CODE_KIND_OPEN_ACCOUNT)
        confirmed = self.confirm(challenge_id, mail.code)
        request = api.SetPasswordRequest(ticket=confirmed.ticket, new_password=PASSWORD)
        linked = self.accounts.SetPassword(request, timeout=DEADLINE)
        self.assertGreater(linked.account.id, 0)
        self.create("jeanne@exemple.fr")
        self.assertEqual(self.code("jeanne@exemple.fr").account_id, linked.account.id)

    def test_a_code_of_yesterday_is_refused(self):
        challenge_id = self.create("jeanne@exemple.fr")
        code = self.code("jeanne@exemple.fr").code
        by = Duration()
        by.FromTimedelta(timedelta(hours=25))
        self.testing.AdvanceClock(testing_api.AdvanceClockRequest(by=by), timeout=DEADLINE)
        with self.assertRaises(grpc.RpcError) as refused:
            self.confirm(challenge_id, code)
        self.assertEqual(reason(refused.exception), "ERROR_REASON_CODE_EXPIRED")

    def test_nobody_has_a_code_to_begin_with(self):
        with self.assertRaises(grpc.RpcError) as refused:
            self.code("jeanne@exemple.fr")
        self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    unittest.main()

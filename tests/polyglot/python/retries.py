"""Calls a server that refuses each at first, and says what came of them."""

import argparse

import grpc

from gestan.account import connect
from gestan.account.v1 import account_service_pb2 as api, reference_service_pb2 as lists
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub
from gestan.account.v1.reference_service_pb2_grpc import ReferenceServiceStub


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--server", required=True)
    with connect(arguments.parse_args().server) as channel:
        accounts = AccountServiceStub(channel)
        calls = {
            "Get": lambda: accounts.Get(api.GetRequest()),
            "Create": lambda: accounts.Create(api.CreateRequest()),
            "SetPassword": lambda: accounts.SetPassword(api.SetPasswordRequest()),
            "Update": lambda: accounts.Update(api.UpdateRequest()),
            "Confirm": lambda: accounts.Confirm(api.ConfirmRequest()),
            "ListCountries": lambda: ReferenceServiceStub(channel).ListCountries(lists.ListCountriesRequest()),
        }
        for name, call in calls.items():
            try:
                call()
                print(name, "OK")
            except grpc.RpcError as error:
                print(name, error.code().name)


main()

/** Calls a server that refuses each at first, and says what came of them. */
import { parseArgs } from "node:util";

import { AccountService, ReferenceService, connect, createClient } from "@gestan/account";
import { type ServiceError, status } from "@grpc/grpc-js";

const { values } = parseArgs({ options: { server: { type: "string", default: "" } } });
const channel = connect(values.server);
const accounts = createClient(AccountService, channel);
const lists = createClient(ReferenceService, channel);

const calls = {
  Get: () => accounts.get({}),
  Create: () => accounts.create({}),
  SetPassword: () => accounts.setPassword({}),
  Update: () => accounts.update({}),
  Confirm: () => accounts.confirm({}),
  ListCountries: () => lists.listCountries({}),
};
for (const [name, call] of Object.entries(calls)) {
  try {
    await call();
    console.log(name, "OK");
  } catch (error) {
    console.log(name, status[(error as ServiceError).code]);
  }
}
channel.close();

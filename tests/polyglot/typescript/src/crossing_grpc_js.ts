/**
 * Calls at about the moment at which the server says goodbye to an idle connection; none may fail.
 */
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";

import { Client, Metadata, type ServiceError, credentials, status } from "@grpc/grpc-js";

const CONNECTIONS = 10;

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "localhost:50051" },
    "pause-ms": { type: "string", default: "1000" },
    calls: { type: "string", default: "10" },
  },
});
const pause = Number(values["pause-ms"]);
const calls = Number(values.calls);

/** Without a token, which the service says: an empty message, there and back. */
function get(client: Client): Promise<ServiceError | null> {
  const path = "/gestan.account.v1.AccountService/Get";
  const bytes = (message: Buffer) => message;
  const options = { deadline: Date.now() + 30_000 };
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), new Metadata(), options, resolve);
  });
}

async function call() {
  // Clients of one server would share a connection.
  const client = new Client(values.server, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  for (let number = 0; number < calls; number += 1) {
    const refusal = await get(client);
    if (refusal?.code !== status.UNAUTHENTICATED) {
      console.log("failed:", refusal?.code, refusal?.details);
    }
    await setTimeout(pause - 100 + Math.random() * 200);
  }
  client.close();
}

await Promise.all(Array.from({ length: CONNECTIONS }, call));
console.log(CONNECTIONS * calls, "calls");

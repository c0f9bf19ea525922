/** The table of calls through @grpc/grpc-js. */
import { fromBinary } from "@bufbuild/protobuf";
import { Client, Metadata, type ServiceError, credentials, status } from "@grpc/grpc-js";

import { StatusSchema } from "../generated/google/rpc/status_pb.js";
import { Refused, conformance } from "./conformance.js";
import { unary } from "./unary.js";

await conformance(({ server, ca }) => {
  const client = new Client(server, credentials.createSsl(ca));
  return async (method, request, headers, timeoutMs) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    try {
      return await unary(client, method, request, metadata, { deadline: Date.now() + timeoutMs });
    } catch (thrown) {
      const error = thrown as ServiceError;
      const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
      const details = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
      throw new Refused(status[error.code], details);
    }
  };
});

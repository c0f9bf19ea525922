/** The table of calls through @grpc/grpc-js, as the package connects. */
import { connect, details, unary } from "@gestan/account";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

import { Refused, conformance } from "./conformance.js";

await conformance(({ server, ca }) => {
  const channel = connect(server, ca);
  return async (method, request, headers, timeoutMs) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    try {
      return await unary(channel, method, request, metadata, { deadline: Date.now() + timeoutMs });
    } catch (thrown) {
      throw new Refused(status[(thrown as ServiceError).code], details(thrown));
    }
  };
});

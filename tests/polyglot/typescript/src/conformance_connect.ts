/** The table of calls through Connect's gRPC transport for Node. */
import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { Refused, conformance } from "./conformance.js";

await conformance(({ server, ca }) => {
  const transport = createGrpcTransport({ baseUrl: `https://${server}`, nodeOptions: { ca } });
  return async (method, request, headers, timeoutMs) => {
    // Connect takes 0 for no deadline at all: one that has passed is a signal that was raised.
    const passed = AbortSignal.abort(new ConnectError("", Code.DeadlineExceeded));
    const signal = timeoutMs > 0 ? undefined : passed;
    try {
      return (await transport.unary(method, signal, timeoutMs, headers, request)).message;
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      // As they came over the wire: those that are made on this side have no bytes.
      const details = error.details.flatMap((detail) =>
        "value" in detail && detail.value instanceof Uint8Array && "type" in detail
          ? [create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value })]
          : [],
      );
      throw new Refused(Code[error.code]!.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase(), details);
    }
  };
});

/** What a refusal says beside its code: grpc-js has it as bytes only. */
import { type DescMessage, type MessageShape, fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";

import { StatusSchema } from "./generated/google/rpc/status_pb.js";

/** All details of a refusal; none of an error that is no refusal. */
export function details(error: unknown): Any[] {
  const [bytes] = (error as Partial<ServiceError>)?.metadata?.get("grpc-status-details-bin") ?? [];
  return bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
}

/** The detail of this kind that came with a refusal, such as `ErrorInfoSchema`'s. */
export function detail<D extends DescMessage>(error: unknown, schema: D): MessageShape<D> | undefined {
  return details(error)
    .map((any) => anyUnpack(any, schema))
    .find((message) => message !== undefined);
}

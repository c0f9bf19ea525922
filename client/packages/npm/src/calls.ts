/**
 * Calls through @grpc/grpc-js with the messages of protobuf-es: the descriptor of a method says all
 * that grpc-js asks for, so no second generator is needed.
 */
import {
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
  create,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import { type CallOptions, type Client, Metadata } from "@grpc/grpc-js";

/** A function for each RPC of a service. */
export type ServiceClient<S extends DescService> = {
  [Name in keyof S["method"]]: S["method"][Name] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, metadata?: Metadata, options?: CallOptions) => Promise<MessageShape<O>>
    : never;
};

/** The RPCs of a service as functions, each of which fails with a `ServiceError`. */
export function createClient<S extends DescService>(service: S, channel: Client): ServiceClient<S> {
  const functions = service.methods.map((method) => [
    method.localName,
    (request: MessageInitShape<DescMessage>, metadata?: Metadata, options?: CallOptions) =>
      unary(channel, method as DescMethodUnary, request, metadata, options),
  ]);
  return Object.fromEntries(functions) as ServiceClient<S>;
}

/** One call of a method. */
export function unary<I extends DescMessage, O extends DescMessage>(
  channel: Client,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  metadata: Metadata = new Metadata(),
  options: CallOptions = {},
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    channel.makeUnaryRequest<MessageShape<I>, MessageShape<O>>(
      `/${method.parent.typeName}/${method.name}`,
      (message) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      create(method.input, request),
      metadata,
      options,
      (error, response) => (error ? reject(error) : resolve(response!)),
    );
  });
}

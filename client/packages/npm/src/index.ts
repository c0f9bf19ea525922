/**
 * The client of Gestan's account service: the messages and services that are generated from the proto
 * files, whose comments are the reference, the way to call them with @grpc/grpc-js, and the details of
 * refusals.
 */
export * from "./generated/gestan/account/v1/account_pb.js";
export * from "./generated/gestan/account/v1/account_service_pb.js";
export * from "./generated/gestan/account/v1/error_reason_pb.js";
export * from "./generated/gestan/account/v1/reference_service_pb.js";
export * from "./generated/gestan/account/v1/time_entry_pb.js";
export {
  BadRequestSchema,
  ErrorInfoSchema,
  LocalizedMessageSchema,
  RetryInfoSchema,
} from "./generated/google/rpc/error_details_pb.js";
export { type ServiceClient, createClient, unary } from "./calls.js";
export { CHANNEL_OPTIONS, connect } from "./connect.js";
export { detail, details } from "./details.js";

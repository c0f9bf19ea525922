/**
 * A customer's way through the account service, with @grpc/grpc-js.
 *
 *     npm ci && npm run build
 *     node dist/src/example_grpc_js.js --server localhost:50051 --mails ../../../data/mail
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import {
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
  create,
  fromBinary,
} from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { Client, Metadata, type ServiceError, credentials, status } from "@grpc/grpc-js";

import { MachineSchema } from "../generated/gestan/account/v1/account_pb.js";
import { AccountService } from "../generated/gestan/account/v1/account_service_pb.js";
import { ErrorReason, ErrorReasonSchema, ViolationReasonSchema } from "../generated/gestan/account/v1/error_reason_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../generated/google/rpc/error_details_pb.js";
import { StatusSchema } from "../generated/google/rpc/status_pb.js";
import { codeFromMail } from "./code_from_mail.js";
import { unary } from "./unary.js";

const PASSWORD = "quatre bateaux verts dansent";
/** The server is told, and stops working when nobody waits. */
const DEADLINE_MS = 10_000;

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "localhost:50051" },
    ca: { type: "string" },
    mails: { type: "string", default: "data/mail" },
    email: { type: "string", default: "jeanne@exemple.fr" },
  },
});

/** TLS is for every server but one's own: without `ca`, the system's roots are trusted. */
const own = !values.ca && /^(localhost|127\.0\.0\.1):/.test(values.server);
const roots = values.ca ? readFileSync(values.ca) : null;
const client = new Client(values.server, own ? credentials.createInsecure() : credentials.createSsl(roots));

/** What every call has: a deadline, the language, the link token. */
class Caller {
  readonly #metadata = new Metadata();

  constructor(linkToken?: string) {
    this.#metadata.set("accept-language", "fr-FR");
    if (linkToken) this.#metadata.set("authorization", `Bearer ${linkToken}`);
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    return unary(client, method, request, this.#metadata, { deadline: Date.now() + DEADLINE_MS });
  }
}

/** The detail of this kind that came with an error. */
function detail<D extends DescMessage>(error: ServiceError, schema: D): MessageShape<D> | undefined {
  const bytes = error.metadata.get("grpc-status-details-bin")[0];
  if (!(bytes instanceof Buffer)) return undefined;
  for (const any of fromBinary(StatusSchema, bytes).details) {
    const message = anyUnpack(any, schema);
    if (message) return message;
  }
  return undefined;
}

const { create: createAccount, confirm, setPassword, registerExisting, get, update, unlink } = AccountService.method;
const machine = create(MachineSchema, { id: randomUUID(), name: "Caisse 1" });
const stranger = new Caller();

const created = await stranger.call(createAccount, { requestId: randomUUID(), email: values.email, machine });
const code = await codeFromMail(values.mails, values.email);
const confirmed = await stranger.call(confirm, { challengeId: created.challengeId, code });
const linked = await stranger.call(setPassword, { ticket: confirmed.ticket, newPassword: PASSWORD });
console.log(`linked to account ${linked.account!.id}`);

// The machine keeps the token, and sends it with every call from now on.
const caisse = new Caller(linked.linkToken);
const { account } = await caisse.call(get, {});
const change = {
  account: { etag: account!.etag, city: "Nîmes", postalCode: "30000", countryCode: "" },
  updateMask: { paths: ["city", "postal_code"] },
  password: PASSWORD,
};
const updated = await caisse.call(update, change);
console.log(`updated: ${updated.account!.postalCode} ${updated.account!.city}`);

change.account.etag = updated.account!.etag;
change.account.countryCode = "FRE";
change.updateMask.paths.push("country_code");
try {
  await caisse.call(update, change);
} catch (error) {
  for (const violation of detail(error as ServiceError, BadRequestSchema)?.fieldViolations ?? []) {
    // Undefined for a reason that is newer than this client.
    const reason = ViolationReasonSchema.values.find(({ name }) => name === violation.reason);
    console.log(`refused: ${violation.field} ${reason?.name}`);
  }
}

const guess = { accountId: account!.id, secret: "un mot de passe faux", machine };
for (let tries = 0; tries < 6; tries++) {
  try {
    await stranger.call(registerExisting, guess);
  } catch (error) {
    const refusal = error as ServiceError;
    if (refusal.code !== status.RESOURCE_EXHAUSTED) continue;
    const reason = ErrorReasonSchema.values.find(({ name }) => name === detail(refusal, ErrorInfoSchema)?.reason);
    if (reason?.number === ErrorReason.TOO_MANY_PASSWORD_TRIES) {
      const wait = detail(refusal, RetryInfoSchema)!.retryDelay!;
      console.log(`throttled: ${reason.name}, retry in ${Math.ceil(durationMs(wait) / 1000)} s`);
    }
  }
}

await caisse.call(unlink, {});
console.log("unlinked");
client.close();

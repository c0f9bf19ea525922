/**
 * A customer's way through the account service, with @grpc/grpc-js.
 *
 *     ../setup.sh typescript
 *     node dist/src/example_grpc_js.js --server localhost:50051 --mails ../../../data/mail
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  AccountService,
  BadRequestSchema,
  ErrorInfoSchema,
  ErrorReason,
  ErrorReasonSchema,
  RetryInfoSchema,
  ViolationReasonSchema,
  connect,
  createClient,
  detail,
} from "@gestan/account";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

import { codeFromMail } from "./code_from_mail.js";

const PASSWORD = "quatre bateaux verts dansent";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "localhost:50051" },
    ca: { type: "string" },
    mails: { type: "string", default: "data/mail" },
    email: { type: "string", default: "jeanne@exemple.fr" },
  },
});

const channel = connect(values.server, values.ca ? readFileSync(values.ca) : undefined);
const accounts = createClient(AccountService, channel);

/** What every call has: the language, the link token. */
function caller(linkToken?: string): Metadata {
  const metadata = new Metadata();
  metadata.set("accept-language", "fr-FR");
  if (linkToken) metadata.set("authorization", `Bearer ${linkToken}`);
  return metadata;
}

const machine = { id: randomUUID(), name: "Caisse 1" };
const stranger = caller();

const created = await accounts.create({ requestId: randomUUID(), email: values.email, machine }, stranger);
const code = await codeFromMail(values.mails, values.email);
const confirmed = await accounts.confirm({ challengeId: created.challengeId, code }, stranger);
const linked = await accounts.setPassword({ ticket: confirmed.ticket, newPassword: PASSWORD }, stranger);
console.log(`linked to account ${linked.account!.id}`);

// The machine keeps the token, and sends it with every call from now on.
const caisse = caller(linked.linkToken);
const { account } = await accounts.get({}, caisse);
const change = {
  account: { etag: account!.etag, city: "Nîmes", postalCode: "30000", countryCode: "" },
  updateMask: { paths: ["city", "postal_code"] },
  password: PASSWORD,
};
const updated = await accounts.update(change, caisse);
console.log(`updated: ${updated.account!.postalCode} ${updated.account!.city}`);

change.account.etag = updated.account!.etag;
change.account.countryCode = "FRE";
change.updateMask.paths.push("country_code");
try {
  await accounts.update(change, caisse);
} catch (error) {
  for (const violation of detail(error, BadRequestSchema)?.fieldViolations ?? []) {
    // Undefined for a reason that is newer than this client.
    const reason = ViolationReasonSchema.values.find(({ name }) => name === violation.reason);
    console.log(`refused: ${violation.field} ${reason?.name}`);
  }
}

const guess = { accountId: account!.id, secret: "un mot de passe faux", machine };
for (let tries = 0; tries < 6; tries++) {
  try {
    await accounts.registerExisting(guess, stranger);
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

await accounts.unlink({}, caisse);
console.log("unlinked");
channel.close();

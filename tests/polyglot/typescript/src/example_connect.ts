/**
 * A customer's way through the account service, with Connect's gRPC transport for Node.
 *
 *     ../setup.sh typescript
 *     node dist/src/example_connect.js --server localhost:50051 --mails ../../../data/mail
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import {
  AccountService,
  BadRequestSchema,
  ErrorInfoSchema,
  ErrorReason,
  ErrorReasonSchema,
  RetryInfoSchema,
  ViolationReasonSchema,
} from "@gestan/account";
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

/** TLS is for every server but one's own: without `ca`, the system's roots are trusted. */
const own = !values.ca && /^(localhost|127\.0\.0\.1):/.test(values.server);
const transport = createGrpcTransport({
  baseUrl: `${own ? "http" : "https"}://${values.server}`,
  // The server is told, and stops working when nobody waits.
  defaultTimeoutMs: 10_000,
  interceptors: [
    (next) => (request) => {
      request.header.set("accept-language", "fr-FR");
      return next(request);
    },
  ],
  ...(values.ca && { nodeOptions: { ca: readFileSync(values.ca) } }),
});
const client = createClient(AccountService, transport);
const machine = { id: randomUUID(), name: "Caisse 1" };

const created = await client.create({ requestId: randomUUID(), email: values.email, machine });
const code = await codeFromMail(values.mails, values.email);
const confirmed = await client.confirm({ challengeId: created.challengeId, code });
const linked = await client.setPassword({ ticket: confirmed.ticket, newPassword: PASSWORD });
console.log(`linked to account ${linked.account!.id}`);

// The machine keeps the token, and sends it with every call from now on.
const caisse = { headers: { authorization: `Bearer ${linked.linkToken}` } };
const { account } = await client.get({}, caisse);
const change = {
  account: { etag: account!.etag, city: "Nîmes", postalCode: "30000", countryCode: "" },
  updateMask: { paths: ["city", "postal_code"] },
  password: PASSWORD,
};
const updated = await client.update(change, caisse);
console.log(`updated: ${updated.account!.postalCode} ${updated.account!.city}`);

change.account.etag = updated.account!.etag;
change.account.countryCode = "FRE";
change.updateMask.paths.push("country_code");
try {
  await client.update(change, caisse);
} catch (error) {
  for (const violation of ConnectError.from(error).findDetails(BadRequestSchema)[0]?.fieldViolations ?? []) {
    // Undefined for a reason that is newer than this client.
    const reason = ViolationReasonSchema.values.find(({ name }) => name === violation.reason);
    console.log(`refused: ${violation.field} ${reason?.name}`);
  }
}

const guess = { accountId: account!.id, secret: "un mot de passe faux", machine };
for (let tries = 0; tries < 6; tries++) {
  try {
    await client.registerExisting(guess);
  } catch (error) {
    const refusal = ConnectError.from(error);
    if (refusal.code !== Code.ResourceExhausted) continue;
    const [info] = refusal.findDetails(ErrorInfoSchema);
    const reason = ErrorReasonSchema.values.find(({ name }) => name === info?.reason);
    if (reason?.number === ErrorReason.TOO_MANY_PASSWORD_TRIES) {
      const [retry] = refusal.findDetails(RetryInfoSchema);
      console.log(`throttled: ${reason.name}, retry in ${Math.ceil(durationMs(retry!.retryDelay!) / 1000)} s`);
    }
  }
}

await client.unlink({}, caisse);
console.log("unlinked");

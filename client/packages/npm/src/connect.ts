/** The channel to the service, with what all its calls have. */
import { type ChannelOptions, Client, credentials } from "@grpc/grpc-js";

import { SERVICE_CONFIG, VERSION } from "./generated/brought.js";

/**
 * What a channel of one's own needs: the timeout of every call, what is repeated by itself, and the
 * name of this package. DNS, in which grpc-js would look for another service config, is not asked.
 */
export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.service_config": SERVICE_CONFIG,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_retries": 1,
  "grpc.primary_user_agent": `gestan-account-node/${VERSION}`,
};

/**
 * A channel to the service, such as `compte.example.fr:443`.
 *
 * TLS is for every server but one's own, `localhost` or `127.0.0.1`; with `ca`, the certificates of the
 * authority as PEM, for that one as well. Without, Node's roots are trusted.
 */
export function connect(target: string, ca?: Buffer): Client {
  const own = !ca && /^(localhost|127\.0\.0\.1):/.test(target);
  const trusted = own ? credentials.createInsecure() : credentials.createSsl(ca ?? null);
  return new Client(target, trusted, CHANNEL_OPTIONS);
}

// Brings what the package has from elsewhere: the service config and its own version, as a module, so
// that a bundler takes them along, and the licences.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const serviceConfig = JSON.stringify(JSON.parse(readFileSync(new URL("proto/service_config.json", root), "utf8")));
writeFileSync(
  new URL("src/generated/brought.ts", import.meta.url),
  `export const VERSION = ${JSON.stringify(version)};\nexport const SERVICE_CONFIG = ${JSON.stringify(serviceConfig)};\n`,
);
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  copyFileSync(new URL(licence, root), new URL(licence, import.meta.url));
}

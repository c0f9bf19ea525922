/** Stands in for the person who reads the mail, with a server that writes its mails to files. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

export async function codeFromMail(folder: string, email: string): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".eml"))
      .map((name) => join(folder, name))
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const file of files) {
      const mail = readFileSync(file, "utf8");
      const code = /\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b/.exec(mail);
      if (code && mail.includes(`To: ${email}`)) return code[0];
    }
    await setTimeout(100);
  }
  throw new Error("no mail has come");
}

/** Makes the calls of ../cases.json and prints what came of them, a line each. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type JsonObject,
  type JsonValue,
  type Message,
  type MessageShape,
  fromJson,
  toJson,
} from "@bufbuild/protobuf";
import { type Any, DurationSchema, anyUnpack } from "@bufbuild/protobuf/wkt";

import {
  AccountService,
  BadRequestSchema,
  ErrorInfoSchema,
  LocalizedMessageSchema,
  ReferenceService,
  RetryInfoSchema,
} from "@gestan/account";

/** A call, or a word to the test. */
interface Step {
  advance?: number;
  mail?: string;
  case: string;
  times?: number;
  call: string;
  token?: string;
  language?: string;
  deadline_ms?: number;
  request: JsonObject;
  keep?: string | Record<string, string>;
  show?: string[];
}

/** How a transport says that a call failed. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly details: Any[],
  ) {
    super(code);
  }
}

/** A call through one of the transports, which throws `Refused`. */
export type Call = (
  method: DescMethodUnary,
  request: Message,
  headers: Record<string, string>,
  timeoutMs: number,
) => Promise<Message>;

export interface Options {
  server: string;
  ca: Buffer;
}

export async function conformance(connectTo: (options: Options) => Call): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { server: text, ca: text, control: text, cases: text } });
  const [host, port] = values.control!.split(":");
  const control = connect(Number(port), host);
  await once(control, "connect");
  const answers = createInterface(control)[Symbol.asyncIterator]();
  /** Says one line to the test, which moves the clock and reads the mail. */
  const ask = async (line: string): Promise<string> => {
    control.write(`${line}\n`);
    return (await answers.next()).value as string;
  };
  const call = connectTo({ server: values.server!, ca: readFileSync(values.ca!) });
  const kept: Record<string, string> = {};
  const { steps } = JSON.parse(readFileSync(values.cases!, "utf8")) as { steps: Step[] };
  for (const step of steps) {
    if (step.advance !== undefined) await ask(`advance ${step.advance}`);
    else if (step.mail !== undefined) kept[step.keep as string] = await ask(`mail ${step.mail}`);
    else
      for (let time = 0; time < (step.times ?? 1); time++)
        console.log([step.case, ...(await outcome(step, call, kept))].join("\t"));
  }
  control.end();
}

async function outcome(step: Step, call: Call, kept: Record<string, string>): Promise<string[]> {
  const methods: DescMethod[] = [...AccountService.methods, ...ReferenceService.methods];
  const method = methods.find(({ name }) => name === step.call)!;
  const request = fromJson(method.input, fillIn(step.request, kept));
  const headers: Record<string, string> = {};
  if (step.token) headers["authorization"] = `Bearer ${fillIn(step.token, kept)}`;
  if (step.language) headers["accept-language"] = step.language;
  try {
    const response = await call(method as DescMethodUnary, request, headers, step.deadline_ms ?? 10_000);
    const answer = toJson(method.output, response);
    for (const [name, path] of Object.entries(step.keep ?? {})) kept[name] = lookUp(answer, path);
    const shown = (step.show ?? []).map((path) => lookUp(answer, path));
    return ["OK", "-", "-", "-", "-", shown.join("; ") || "-"];
  } catch (error) {
    if (error instanceof Refused) return [...refusal(error), "-"];
    throw error;
  }
}

/** Code, reason, violations, retry delay and language. */
function refusal({ code, details }: Refused): string[] {
  const find = <D extends DescMessage>(schema: D): MessageShape<D> | undefined =>
    details.map((any) => anyUnpack(any, schema)).find((message) => message !== undefined);
  const info = find(ErrorInfoSchema);
  const bad = find(BadRequestSchema);
  const retry = find(RetryInfoSchema);
  const text = find(LocalizedMessageSchema);
  const violations = bad?.fieldViolations.map(({ field, reason }) => `${field}=${reason}`).sort().join(" ");
  const wait = retry?.retryDelay && (toJson(DurationSchema, retry.retryDelay) as string);
  return [code, info?.reason || "-", violations || "-", wait || "-", text?.locale || "-"];
}

/** Puts what was kept in the place of `${name}`. */
function fillIn<V extends JsonValue>(value: V, kept: Record<string, string>): V {
  const text = JSON.stringify(value).replace(/\$\{(\w+)\}/g, (_, name: string) => kept[name]!);
  return JSON.parse(text) as V;
}

/** The value at a path of the answer in protobuf's JSON; `-` when there is none. */
function lookUp(answer: JsonValue, path: string): string {
  const found = path.split(".").reduce<JsonValue | undefined>(
    (value, name) => (value as JsonObject | undefined)?.[name],
    answer,
  );
  return found === undefined ? "-" : String(found);
}

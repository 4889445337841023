// validator [--media image|audio|video] [--seconds NUMBER] FILE   (the protocol of spec/vectors/README.md)
import { readFileSync } from "fs";
import { error, FileFault, Finding, isObj, Obj, Value } from "./data";
import { calendar, data, form } from "./form";
import { consistency, Told } from "./consistency";
import { parseJson } from "./json";
import { parseToml } from "./toml";

const MAX_BYTES = 4194304;
type Options = Told & { file: string };

/** Stage `file`. ASCII is enough to lower a name: only the letters of `.toml` matter. */
function read(name: string, bytes: Uint8Array): Value {
  if (bytes.length > MAX_BYTES) throw new FileFault("L-FILE-1", "too large");
  const source = decode(bytes);
  if (source.includes("\0")) throw new FileFault("L-FILE-2", "byte 0");
  if (source.startsWith("\ufeff")) throw new FileFault("L-FILE-3", "byte order mark");
  return /\.toml$/i.test(name) ? parseToml(source) : parseJson(source);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FileFault("L-FILE-2", "no UTF-8");
  }
}

/** V-1: a stage with an error ends the work. */
function stages(document: Value, told: Told): Finding[] {
  const list: ReadonlyArray<() => Finding[]> = [
    () => data(document),
    () => form({ is: "record", of: "Label" }, document, ""),
    () => calendar(isObj(document) ? document : new Map()),
    () => consistency(document as Obj, told),
  ];
  const findings: Finding[] = [];
  for (const stage of list) {
    findings.push(...stage());
    if (findings.some(({ level }) => level === "error")) break;
  }
  return findings;
}

export function validate(name: string, bytes: Uint8Array, told: Told): Finding[] {
  try {
    return stages(read(name, bytes), told);
  } catch (fault) {
    if (fault instanceof FileFault) return [error(fault.requirement, "")];
    throw fault;
  }
}

function options(args: string[]): Options {
  const found: Options = { media: null, seconds: null, now: Date.now() / 1000, file: "" };
  const rest = [...args];
  while (rest.length > 1) {
    const [name, value] = rest.splice(0, 2);
    if (name === "--media" && /^(image|audio|video)$/.test(value)) found.media = value;
    else if (name === "--seconds" && value !== "" && Number.isFinite(Number(value))) found.seconds = Number(value);
    else throw new Error(`wrong option ${name} ${value}`);
  }
  if (rest.length !== 1 || rest[0].startsWith("--")) throw new Error("usage: validator [--media M] [--seconds N] FILE");
  return { ...found, file: rest[0] };
}

function main(): void {
  try {
    const told = options(process.argv.slice(2));
    const lines = new Set(validate(told.file, readFileSync(told.file), told).map((finding) => JSON.stringify(finding)));
    for (const line of lines) process.stdout.write(`${line}\n`);
    process.exitCode = [...lines].some((line) => line.startsWith('{"level":"error"')) ? 1 : 0;
  } catch (fault) {
    process.stderr.write(`${String(fault)}\n`);
    process.exitCode = 2;
  }
}

if (require.main === module) main();

// node run-vectors.js FOLDER [--any-file-fault]   judges each entry of FOLDER/vectors.json in this process: a program for each would take minutes.
import { readFileSync } from "fs";
import { Finding } from "./data";
import { validate } from "./validate";

interface Entry { file: string; expect: string; findings: Finding[]; media?: string; seconds?: number; pad_to?: number }

const [, , folder, option] = process.argv;
/** V-2: where a file breaks several requirements of files, any of them may be told. */
const alike = (requirement: string): string => (option === "--any-file-fault" ? requirement.replace(/^L-FILE-.*/, "L-FILE") : requirement);

function bytesOf(entry: Entry): Uint8Array {
  const bytes = readFileSync(`${folder}/${entry.file}`);
  if (entry.pad_to === undefined) return bytes;
  const padded = new Uint8Array(entry.pad_to).fill(0x20);
  padded.set(bytes);
  return padded;
}

const sorted = (findings: Finding[]): string =>
  [...new Set(findings.map(({ level, pointer, requirement }) => `${level} ${pointer} ${alike(requirement)}`))].sort().join(" | ");
const worst = (findings: Finding[]): string =>
  findings.some(({ level }) => level === "error") ? "error" : findings.length > 0 ? "warning" : "valid";

/** What is wrong with the answer for an entry, or nothing. */
function run(entry: Entry): string | null {
  const told = { media: entry.media ?? null, seconds: entry.seconds ?? null, now: Date.now() / 1000 };
  const findings = validate(entry.file, bytesOf(entry), told);
  const [got, wanted] = [sorted(findings), sorted(entry.findings)];
  return got === wanted && worst(findings) === entry.expect ? null : `wanted [${wanted}]\n  got    [${got}]`;
}

const { labels } = JSON.parse(readFileSync(`${folder}/vectors.json`, "utf8")) as { labels: Entry[] };
const faults = labels.map(({ file }, index): [string, string | null] => [file, run(labels[index])]);
const failed = faults.filter(([, fault]) => fault !== null);
for (const [file, fault] of failed) process.stdout.write(`FAILED ${file}\n  ${fault}\n`);
process.stdout.write(`passed ${labels.length - failed.length}, failed ${failed.length}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

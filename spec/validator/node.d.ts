// The few names of Node that are used here; so no package of types is needed.
declare module "fs" {
  export function readFileSync(path: string): Uint8Array;
  export function readFileSync(path: string, encoding: "utf8"): string;
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}
declare const process: {
  argv: string[]; exitCode: number | undefined;
  stdout: { write(text: string): void }; stderr: { write(text: string): void };
};
declare const module: object;
declare const require: { main: object | undefined };

// What JSON and TOML have in common (section 3): values, findings, pointers.

/** A number keeps its exact whole value: a double would round it before L-DATA-3 is judged. */
export class Num {
  constructor(readonly value: number, readonly whole: bigint | null) {}
}
export type Obj = Map<string, Value>;
export type Value = null | boolean | string | Num | Value[] | Obj;

export interface Finding { level: "error" | "warning"; pointer: string; requirement: string }

/** A file that is no document; `requirement` is what it breaks. */
export class FileFault extends Error {
  constructor(readonly requirement: string, message: string) { super(message); }
}

/** V-10: deeper files may be refused at once; it keeps recursion bounded. */
export const MAX_NESTING = 500;

export const isObj = (v: Value | undefined): v is Obj => v instanceof Map;

/** RFC 6901: `~` before `/`, else an escape would be escaped. */
export const child = (pointer: string, part: string | number): string =>
  `${pointer}/${String(part).replace(/~/g, "~0").replace(/\//g, "~1")}`;

export const error = (requirement: string, pointer: string): Finding => ({ level: "error", pointer, requirement });
export const warning = (requirement: string, pointer: string): Finding => ({ level: "warning", pointer, requirement });

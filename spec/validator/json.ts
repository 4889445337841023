// JSON (RFC 8259), stricter than JSON.parse: names that stand twice (L-FILE-4), exact whole numbers (L-DATA-3).
import { FileFault, MAX_NESTING, Num, Obj, Value } from "./data";

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\r\n]*/y;
const WORDS: ReadonlyArray<[string, Value]> = [["null", null], ["true", true], ["false", false]];

export function parseJson(source: string): Value { return new Json(source).document(); }

class Json {
  private at = 0;
  private depth = 0;
  constructor(private readonly source: string) {}

  document(): Value {
    const value = this.value();
    if (this.at < this.source.length) throw this.fault();
    return value;
  }

  private fault(): FileFault { return new FileFault("L-FILE-3", `no JSON at ${this.at}`); }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  private take(text: string): boolean {
    this.match(BLANK);
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    this.match(BLANK);
    return true;
  }

  private expect(text: string): void { if (!this.take(text)) throw this.fault(); }

  private value(): Value {
    if (this.take("{")) return this.nested(() => this.object());
    if (this.take("[")) return this.nested(() => this.list());
    for (const [word, value] of WORDS) if (this.take(word)) return value;
    return this.source[this.at] === '"' ? this.text() : this.number();
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_NESTING) throw new FileFault("L-DATA-1", "too deep");
    const value = read();
    this.depth--;
    return value;
  }

  private object(): Obj {
    const members: Obj = new Map();
    if (this.take("}")) return members;
    do {
      const name = this.text();
      // L-FILE-4 is about names after escapes are undone.
      if (members.has(name)) throw new FileFault("L-FILE-4", `${name} stands twice`);
      this.expect(":");
      members.set(name, this.value());
    } while (this.take(","));
    this.expect("}");
    return members;
  }

  private list(): Value[] {
    const elements: Value[] = [];
    if (this.take("]")) return elements;
    do elements.push(this.value()); while (this.take(","));
    this.expect("]");
    return elements;
  }

  private text(): string {
    const found = this.match(STRING);
    if (!found) throw this.fault();
    this.match(BLANK);
    return JSON.parse(found[0]) as string; // it keeps lone surrogates, as L-DATA-4 needs
  }

  private number(): Num {
    const found = this.match(NUMBER);
    if (!found) throw this.fault();
    this.match(BLANK);
    const whole = found[1] === undefined && found[2] === undefined;
    return new Num(Number(found[0]), whole ? BigInt(found[0]) : null);
  }
}

// TOML 1.0 as values of JSON (section 3.2). Every fault of the language is L-FILE-3.
import { FileFault, MAX_NESTING, Num, Obj, Value, isObj } from "./data";
import { dayExists } from "./form";

// How a table came to be decides what may still be added to it.
type Origin = "implicit" | "header" | "dotted" | "closed";

const BLANK = /[ \t]*/y;
const COMMENT = /#[^\u0000-\u0008\u000a-\u001f\u007f]*/y;
const NEWLINE = /\r?\n/y;
const BARE = /[A-Za-z0-9_-]+/y;
const LITERAL = /'([^'\u0000-\u0008\u000a-\u001f\u007f]*)'/y;
const BASIC = /"((?:[^"\\\u0000-\u0008\u000a-\u001f\u007f]|\\[^\n\r])*)"/y;
// Up to two quotes may stand before the closing three.
const LONG_LITERAL = /'''(?:\r?\n)?((?:'{0,2}(?:[^'\u0000-\u0008\u000b-\u001f\u007f]|\r\n))*'{0,2})'''/y;
const LONG_BASIC = /"""(?:\r?\n)?((?:"{0,2}(?:[^"\\\u0000-\u0008\u000b-\u001f\u007f]|\r\n|\\(?:[^\r]|\r\n)))*"{0,2})"""/y;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([ \t]*\r?\n[ \t\r\n]*)|([\s\S]))/g;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\" };
const DATE = "(\\d{4}-(?:0[1-9]|1[0-2])-\\d\\d)";
const TIME = "((?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d)(?:\\.(\\d+))?";
const DATETIME = new RegExp(`${DATE}(?:[Tt ]${TIME}(Z|z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)?)?|${TIME}`, "y");
const WORD = /[A-Za-z0-9_+.-]+/y;
const DECIMAL = /^[+-]?(?:0|[1-9](?:_?\d)*)$/;
const BASED = /^0(?:x[0-9a-fA-F](?:_?[0-9a-fA-F])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/;
const FLOAT = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true], ["false", false],
  ...["inf", "+inf"].map((word): [string, Value] => [word, new Num(Infinity, null)]),
  ["-inf", new Num(-Infinity, null)],
  ...["nan", "+nan", "-nan"].map((word): [string, Value] => [word, new Num(NaN, null)]),
]);

export function parseToml(source: string): Value { return new Toml(source).document(); }

class Toml {
  private at = 0;
  private depth = 0;
  private readonly origins = new Map<Obj, Origin>();
  private readonly tableLists = new Set<Value>(); // lists made by [[…]]: only these grow
  constructor(private readonly source: string) {}

  document(): Obj {
    const root: Obj = new Map();
    let table = root;
    for (this.skipLines(); this.at < this.source.length; this.skipLines()) {
      table = this.peek("[") ? this.header(root) : (this.pair(table), table);
      this.endOfLine();
    }
    return root;
  }

  private fault(): FileFault { return new FileFault("L-FILE-3", `no TOML at ${this.at}`); }
  private peek(text: string): boolean { return this.source.startsWith(text, this.at); }
  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at = pattern.lastIndex;
    return found;
  }
  private take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }
  private expect(text: string): void { if (!this.take(text)) throw this.fault(); }
  private skipLines(): void { do { this.match(BLANK); this.match(COMMENT); } while (this.match(NEWLINE)); }
  private endOfLine(): void {
    this.match(BLANK);
    this.match(COMMENT);
    if (!this.match(NEWLINE) && this.at < this.source.length) throw this.fault();
  }

  // Keys and tables.
  private key(): string[] {
    const parts: string[] = [];
    do {
      this.match(BLANK);
      parts.push(this.keyPart());
      this.match(BLANK);
    } while (this.take("."));
    return parts;
  }
  private keyPart(): string {
    const bare = this.match(BARE);
    if (bare) return bare[0];
    const literal = this.match(LITERAL);
    if (literal) return literal[1];
    const basic = this.match(BASIC);
    if (basic) return this.unescape(basic[1], false);
    throw this.fault();
  }

  private header(root: Obj): Obj {
    const many = this.take("[[");
    if (!many) this.expect("[");
    const path = this.key();
    this.expect(many ? "]]" : "]");
    const last = path[path.length - 1];
    const parent = path.slice(0, -1).reduce((table, part) => this.into(table, part), root);
    return many ? this.appended(parent, last) : this.opened(parent, last);
  }
  /** A step of a header: it goes into the last element of a list of tables. */
  private into(table: Obj, part: string): Obj {
    const found = table.get(part);
    if (found === undefined) return this.made(table, part, "implicit");
    const inner = Array.isArray(found) && this.tableLists.has(found) ? found[found.length - 1] : found;
    if (!isObj(inner) || this.origins.get(inner) === "closed") throw this.fault();
    return inner;
  }
  private made(table: Obj, part: string, origin: Origin): Obj {
    const inner: Obj = new Map();
    this.origins.set(inner, origin);
    table.set(part, inner);
    return inner;
  }
  private opened(parent: Obj, name: string): Obj {
    const found = parent.get(name);
    if (found === undefined) return this.made(parent, name, "header");
    if (!isObj(found) || this.origins.get(found) !== "implicit") throw this.fault();
    this.origins.set(found, "header");
    return found;
  }
  private appended(parent: Obj, name: string): Obj {
    const found = parent.get(name) ?? this.newList(parent, name);
    if (!Array.isArray(found) || !this.tableLists.has(found)) throw this.fault();
    const element: Obj = new Map();
    this.origins.set(element, "header");
    found.push(element);
    return element;
  }
  private newList(parent: Obj, name: string): Value[] {
    const list: Value[] = [];
    this.tableLists.add(list);
    parent.set(name, list);
    return list;
  }

  private pair(table: Obj): void {
    const path = this.key();
    this.expect("=");
    this.match(BLANK);
    const parent = path.slice(0, -1).reduce((inner, part) => this.dotted(inner, part), table);
    const name = path[path.length - 1];
    if (parent.has(name)) throw this.fault();
    parent.set(name, this.value());
  }
  /** Dotted keys go only into tables that dotted keys made. */
  private dotted(table: Obj, part: string): Obj {
    const found = table.get(part);
    if (found === undefined) return this.made(table, part, "dotted");
    if (!isObj(found) || this.origins.get(found) !== "dotted") throw this.fault();
    return found;
  }

  // Values.
  private value(): Value {
    if (this.peek('"') || this.peek("'")) return this.text();
    if (this.take("[")) return this.nested(() => this.list());
    if (this.take("{")) return this.nested(() => this.inline());
    return this.dateOrTime() ?? this.word();
  }
  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_NESTING) throw new FileFault("L-DATA-1", "too deep");
    const value = read();
    this.depth--;
    return value;
  }
  private list(): Value[] {
    const elements: Value[] = [];
    for (this.skipLines(); !this.take("]"); this.skipLines()) {
      elements.push(this.value());
      this.skipLines();
      if (!this.take(",") && !this.peek("]")) throw this.fault();
    }
    return elements;
  }
  private inline(): Obj {
    const table: Obj = new Map();
    this.match(BLANK);
    if (!this.take("}")) {
      do { this.pair(table); this.match(BLANK); } while (this.take(","));
      this.expect("}");
    }
    this.close(table);
    return table;
  }
  /** An inline table is complete where it ends: nothing may be added to it or to its dotted keys. */
  private close(table: Obj): void {
    this.origins.set(table, "closed");
    for (const inner of table.values()) if (isObj(inner)) this.close(inner);
  }
  private text(): string {
    if (this.peek('"""')) return this.unescape(this.must(LONG_BASIC)[1], true);
    if (this.peek("'''")) return this.must(LONG_LITERAL)[1];
    return this.peek("'") ? this.must(LITERAL)[1] : this.unescape(this.must(BASIC)[1], false);
  }
  private must(pattern: RegExp): RegExpExecArray {
    const found = this.match(pattern);
    if (!found) throw this.fault();
    return found;
  }
  private unescape(text: string, long: boolean): string {
    return text.replace(ESCAPE, (_all, short?: string, full?: string, lines?: string, letter?: string) => {
      if (lines !== undefined && long) return "";
      const code = short ?? full;
      const plain = code === undefined ? ESCAPES[letter ?? ""] : this.scalar(parseInt(code, 16));
      if (plain === undefined) throw this.fault();
      return plain;
    });
  }
  private scalar(code: number): string {
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw this.fault();
    return String.fromCodePoint(code);
  }

  private dateOrTime(): string | null {
    const found = this.match(DATETIME);
    if (!found) return null;
    const [, date, time, fraction, zone, localTime, localFraction] = found;
    if (date !== undefined && !dayExists(date)) throw this.fault();
    if (date === undefined) return localTime + this.micro(localFraction);
    if (time === undefined) return date;
    return `${date}T${time}${this.micro(fraction)}${this.offset(zone)}`;
  }
  private micro(fraction = ""): string {
    const six = fraction.slice(0, 6).padEnd(6, "0");
    return six === "000000" ? "" : `.${six}`;
  }
  private offset(zone = ""): string { return /^([zZ]|[+-]00:00)$/.test(zone) ? "Z" : zone; }

  private word(): Value {
    const word = this.must(WORD)[0];
    const plain = word.replace(/_/g, "");
    if (WORDS.has(word)) return WORDS.get(word) ?? null;
    if (DECIMAL.test(word) || BASED.test(word)) return this.whole(plain.replace(/^\+/, ""));
    if (FLOAT.test(word)) return new Num(Number(plain), null);
    throw this.fault();
  }
  private whole(digits: string): Num { return new Num(Number(digits), BigInt(digits)); }
}

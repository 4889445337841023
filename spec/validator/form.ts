// Stages `data`, `form` and `calendar` (2.1): what can be judged value by value.
import { child, error, Finding, isObj, Num, Obj, Value } from "./data";
import { RECORDS, TEXTS, Type, VOCABULARIES } from "./schema";

const MAX_DEPTH = 32;
const LONE = /[\ud800-\udfff]/u; // with the flag u, halves of a pair do not match
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

export function data(value: Value, pointer = "", depth = 0): Finding[] {
  if (depth > MAX_DEPTH) return [error("L-DATA-1", pointer)];
  if (typeof value === "string") return LONE.test(value) ? [error("L-DATA-4", pointer)] : [];
  if (value instanceof Num) return dataOfNumber(value, pointer);
  const names = isObj(value) && [...value.keys()].some((name) => LONE.test(name)) ? [error("L-DATA-4", pointer)] : [];
  return [...names, ...members(value).flatMap(([name, inner]) => data(inner, child(pointer, name), depth + 1))];
}

function dataOfNumber(number: Num, pointer: string): Finding[] {
  // A whole number too large for a double breaks L-DATA-3 alone: it is exact here, so it is finite.
  if (number.whole !== null) return number.whole < SMALLEST || number.whole > LARGEST ? [error("L-DATA-3", pointer)] : [];
  return Number.isFinite(number.value) ? [] : [error("L-DATA-2", pointer)];
}

export function members(value: Value): Array<[string | number, Value]> {
  if (Array.isArray(value)) return value.map((inner, index) => [index, inner]);
  return isObj(value) ? [...value] : [];
}

type Judge<K> = (type: Extract<Type, { is: K }>, value: Value, pointer: string) => Finding[];
const JUDGES: { [K in Type["is"]]: Judge<K> } = {
  text: (type, value, at) => {
    if (typeof value !== "string") return wrongType(at);
    const { pattern, min, max } = TEXTS[type.of];
    const length = [...value].length; // code points, not UTF-16 units (L-FORM-6)
    return [
      ...(pattern === null || pattern.test(value) ? [] : [error("L-FORM-5", at)]),
      ...(length < min || length > max ? [error("L-FORM-6", at)] : []),
    ];
  },
  term: (type, value, at) => (typeof value === "string" && VOCABULARIES[type.of].has(value) ? [] : [error("L-FORM-4", at)]),
  number: (type, value, at) => {
    if (!(value instanceof Num)) return wrongType(at);
    return value.value < type.min || value.value > type.max ? [error("L-FORM-7", at)] : [];
  },
  boolean: (_type, value, at) => (typeof value === "boolean" ? [] : wrongType(at)),
  list: (type, value, at) => {
    if (!Array.isArray(value)) return wrongType(at);
    const length = value.length > type.max ? [error("L-FORM-8", at)] : [];
    return [...length, ...value.flatMap((element, index) => form(type.of, element, child(at, index)))];
  },
  map: (type, value, at) =>
    isObj(value) ? [...value].flatMap(([name, inner]) => form(type.of, inner, child(at, name))) : wrongType(at),
  record: (type, value, at) => (isObj(value) ? formOfRecord(type.of, value, at) : wrongType(at)),
  anything: (_type, value, at) => (isObj(value) ? [] : wrongType(at)),
};

const wrongType = (pointer: string): Finding[] => [error("L-FORM-1", pointer)];

export function form(type: Type, value: Value, pointer: string): Finding[] {
  const judge = JUDGES[type.is] as Judge<Type["is"]>;
  return judge(type, value, pointer);
}

function formOfRecord(name: string, record: Obj, pointer: string): Finding[] {
  const { required, optional } = RECORDS[name];
  const types = new Map(Object.entries({ ...required, ...optional })); // a Map: `__proto__` is a name like any other
  const missing = Object.keys(required).some((field) => !record.has(field)) ? [error("L-FORM-2", pointer)] : [];
  const inner = [...record].flatMap(([field, value]) => {
    const type = types.get(field);
    return type === undefined ? [error("L-FORM-3", child(pointer, field))] : form(type, value, child(pointer, field));
  });
  return [...missing, ...inner];
}

export function calendar(label: Obj): Finding[] {
  return ["event_time", "event_end"]
    .filter((field) => label.has(field) && !dayExists(String(label.get(field))))
    .map((field) => error("L-TIME-1", child("", field)));
}

export function dayExists(time: string): boolean {
  const [year, month, day] = time.slice(0, 10).split("-").map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

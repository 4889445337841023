// Stage `consistency` (section 7). The label has passed the stage `form`, so fields have the types of the tables.
import { child, error, Finding, isObj, Num, Obj, Value, warning } from "./data";
import { members } from "./form";
import { SCHEMES } from "./identifiers";
import { KINDS, PARTS_NOT_IN } from "./schema";

export interface Told { media: string | null; seconds: number | null; now: number }
interface Context { label: Obj; told: Told }
type Rule = (context: Context) => Finding[];

interface Located { at: string; obj: Obj }
const str = (obj: Obj, field: string): string | undefined => {
  const value = obj.get(field);
  return typeof value === "string" ? value : undefined;
};
const num = (obj: Obj, field: string): number | undefined => {
  const value = obj.get(field);
  return value instanceof Num ? value.value : undefined;
};
function list(parent: Obj, field: string, pointer = ""): Located[] {
  const value = parent.get(field);
  if (!Array.isArray(value)) return [];
  return value.flatMap((obj, index) => (isObj(obj) ? [{ at: child(child(pointer, field), index), obj }] : []));
}
const when = (fault: boolean, finding: Finding): Finding[] => (fault ? [finding] : []);
const kindOf = (label: Obj): string => str(label, "kind") ?? "";

/** Most rules look at each element of one list, and report it or one field of it. */
function each(field: string, requirement: string, at: string, fault: (obj: Obj, context: Context) => boolean): Rule {
  return (context) =>
    list(context.label, field).filter(({ obj }) => fault(obj, context)).map((found) => error(requirement, found.at + at));
}

function inner(field: "span" | "region", requirement: string, at: string, fault: (obj: Obj, context: Context) => boolean): Rule {
  return each("contributions", requirement, `/${field}${at}`, (contribution, context) => {
    const obj = contribution.get(field);
    return isObj(obj) && fault(obj, context);
  });
}

// Identifiers.
function identifiersOf(label: Obj): Located[] {
  return [...list(label, "identifiers"), ...list(label, "people").flatMap(({ at, obj }) => list(obj, "identifiers", at))];
}
function identifier({ at, obj }: Located): Finding[] {
  const [type, value] = [str(obj, "type") ?? "", str(obj, "value") ?? ""];
  const plain = SCHEMES[type](value);
  if (plain === null) return [error(`L-ID-${type.toUpperCase()}`, `${at}/value`)];
  return when(plain !== value, warning("L-ID-PLAIN", `${at}/value`));
}

// References within the label.
const names = (label: Obj, field: string, key: string): Set<string | undefined> =>
  new Set(list(label, field).map(({ obj }) => str(obj, key)));
const unknown = (field: string, of: string, key: string) => (obj: Obj, { label }: Context): boolean =>
  obj.has(field) && !names(label, of, key).has(str(obj, field));
const twice = (field: string, key: string): Rule => ({ label }) => {
  const all = list(label, field);
  const first = (name: string | undefined): number => all.findIndex(({ obj }) => str(obj, key) === name);
  return all.filter(({ obj }, index) => first(str(obj, key)) !== index).map(({ at }) => error("L-REF-3", at));
};
const promptWriter: Rule = (context) => {
  const prompt = context.label.get("prompt");
  return when(isObj(prompt) && unknown("writer", "people", "id")(prompt, context), error("L-REF-2", "/prompt/writer"));
};

// Regions.
const NEEDED: Readonly<Record<string, readonly string[]>> = { rectangle: ["x", "y", "width", "height"], circle: ["x", "y", "width"], polygon: [] };
const NUMBERS = ["x", "y", "width", "height"];
const large = (obj: Obj): boolean => NUMBERS.some((field) => (num(obj, field) ?? 0) > 100);
const beyondPercent = (region: Obj): boolean =>
  (str(region, "unit") ?? "percent") === "percent" && (large(region) || list(region, "points").some(({ obj }) => large(obj)));

// Times.
/** Seconds since 1970; L-TIME-3: fractions are cut, second 60 counts as 59. */
function moment(time: string): number {
  const [, year, month, day, hour, minute, second, sign, zoneHour, zoneMinute] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/.exec(time) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day)); // Date.UTC reads the years 0 to 99 as 1900 to 1999
  const offset = sign === undefined ? 0 : (sign === "-" ? -60 : 60) * (Number(zoneHour) * 60 + Number(zoneMinute));
  return date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Math.min(Number(second), 59) - offset;
}
const DAY = 24 * 3600;
const times: Rule = ({ label, told }) => {
  const [begin, end] = [str(label, "event_time"), str(label, "event_end")];
  const late = (time: string | undefined): boolean => time !== undefined && moment(time) > told.now + DAY;
  return [
    ...when(end !== undefined && begin === undefined, error("L-TIME-2", "/event_end")),
    ...when(end !== undefined && begin !== undefined && moment(end) < moment(begin), error("L-TIME-3", "/event_end")),
    ...when(late(begin), warning("L-TIME-4", "/event_time")),
    ...when(late(end), warning("L-TIME-4", "/event_end")),
  ];
};

// Parts and kinds.
const TECHNICAL = ["mixing", "mastering"];
const counted = (obj: Obj, label: Obj): boolean =>
  kindOf(label) !== "ai_assisted_technical" || !TECHNICAL.includes(str(obj, "part") ?? "");
const containsAi = (label: Obj): string | null => KINDS[kindOf(label)].containsAi;
const extentMustBe = (extent: "All" | "None") => (obj: Obj, { label }: Context): boolean =>
  containsAi(label) === extent && counted(obj, label) && str(obj, "extent") !== extent;
const partly: Rule = ({ label }) => {
  const all = list(label, "contributions").filter(({ obj }) => counted(obj, label)).map(({ obj }) => obj);
  if (containsAi(label) !== "Partly" || all.length === 0) return [];
  return [
    ...when(all.every((obj) => str(obj, "extent") === "None"), error("L-PART-5", "/kind")),
    ...when(all.every((obj) => str(obj, "part") === "whole" && str(obj, "extent") === "All"), error("L-PART-6", "/kind")),
  ];
};
const kinds: Rule = ({ label }) => {
  const kind = KINDS[kindOf(label)];
  const systems = list(label, "systems").length;
  const oversight = str(label, "oversight");
  return [
    ...when(kindOf(label) === "human_made" && systems > 0, error("L-KIND-3", "/systems")),
    ...when(kind.ai && systems === 0, warning("L-KIND-4", "/systems")),
    ...when(kindOf(label) === "ai_modified" && str(label, "origin") === "created", error("L-KIND-5", "/origin")),
    ...when(oversight !== undefined && kind.pairs.length > 0 && !kind.pairs.includes(oversight), warning("L-KIND-6", "/oversight")),
  ];
};
const noAi = (label: Obj): boolean => !KINDS[kindOf(label)].ai;

// Warnings about what a label leaves out or doubts.
const MINOR = ["converted", "enhanced", "transcoded"]; // L-OP-2
const ADDING = ["addedText", "drawing", "dubbed", "translated"]; // L-OP-3
const operations: Rule = ({ label }) =>
  list(label, "operations").flatMap(({ at, obj }) => {
    const name = str(obj, "operation") ?? "";
    const adds = kindOf(label) === "ai_assisted_technical" && str(obj, "by") === "ai" && ADDING.includes(name);
    return [
      ...when(!noAi(label) && !obj.has("by") && !MINOR.includes(name), warning("L-OP-2", `${at}/by`)),
      ...when(adds, warning("L-OP-3", at)),
    ];
  });
const modifiedByPeople: Rule = ({ label }) => {
  const all = list(label, "operations");
  const saysAi = list(label, "contributions").some(({ obj }) => str(obj, "extent") !== "None")
    || list(label, "likeness").some(({ obj }) => obj.get("synthetic") === true);
  const byPeople = all.length > 0 && all.every(({ obj }) => str(obj, "by") === "human");
  return when(kindOf(label) === "ai_modified" && byPeople && !saysAi, warning("L-KIND-7", "/operations"));
};
const deepFake: Rule = ({ label }) => {
  const judgements = label.get("judgements");
  const stated = isObj(judgements) ? judgements.get("deep_fake") : undefined;
  const synthetic = list(label, "likeness").some(({ obj }) => obj.get("synthetic") === true);
  return [
    ...when(stated === false && synthetic, warning("L-JUDGE-1", "/judgements/deep_fake")),
    ...when(stated === true && noAi(label), warning("L-JUDGE-2", "/judgements/deep_fake")),
  ];
};
const PLAIN_CODE = /^[\x21-\x5b\x5d-\x7e]*$/; // L-CHINA-1: no backslash
const china: Rule = ({ label }) => {
  const codes = label.get("china");
  if (!isObj(codes)) return [];
  const odd = [...codes.keys()].filter((field) => !PLAIN_CODE.test(str(codes, field) ?? ""));
  return [
    ...odd.map((field) => warning("L-CHINA-1", child("/china", field))),
    ...when(codes.has("propagator") !== codes.has("propagate_id"), warning("L-CHINA-2", "/china")),
  ];
};

// Privacy (7.1). With the flag u, `\S{6,}` counts code points, as the rest of the specification does.
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}/u;
const TELEPHONE = /(?<![\w.-])\+?\d{1,3}[ /-]\(?\d{2,5}\)?[ /-]\d{3,}[\d -]*(?![\w.-])/u;
const SECRET = /AKIA[0-9A-Z]{16}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]{10,}|\b(?:password|passwd|secret|api[_-]?key|token)\s*[:=]\s*\S{6,}/iu;
const NOT_LOOKED_AT = /^(\/\$schema|\/people\/\d+\/(identifiers|name)|\/prompt\/text|\/carriers\/\d+\/personal_values)(\/|$)/;

function* systemTexts(value: Value, pointer = ""): Generator<[string, string]> {
  if (NOT_LOOKED_AT.test(pointer)) return;
  if (typeof value === "string") yield [pointer, value];
  for (const [name, innerValue] of members(value)) yield* systemTexts(innerValue, child(pointer, name));
}
const privacy: Rule = ({ label }) => {
  const people = list(label, "people").flatMap(({ obj }) => str(obj, "name") ?? []);
  return [...systemTexts(label)].flatMap(([at, text]) => [
    ...when(EMAIL.test(text), error("L-PRIV-1", at)),
    ...when(TELEPHONE.test(text), error("L-PRIV-2", at)),
    ...when(people.some((name) => text.includes(name)), warning("L-PRIV-3", at)),
  ]);
};
const secrets: Rule = ({ label }) => {
  const prompt = label.get("prompt");
  return when(isObj(prompt) && SECRET.test(str(prompt, "text") ?? ""), error("L-PRIV-4", "/prompt/text"));
};

const RULES: readonly Rule[] = [
  ({ label }) => identifiersOf(label).flatMap(identifier),
  each("contributions", "L-REF-1", "/system", unknown("system", "systems", "name")),
  each("operations", "L-REF-1", "/system", unknown("system", "systems", "name")),
  each("contributions", "L-REF-2", "/person", unknown("person", "people", "id")),
  each("likeness", "L-REF-2", "/person", unknown("person", "people", "id")),
  promptWriter,
  twice("systems", "name"),
  twice("people", "id"),
  inner("span", "L-SPAN-1", "", (span) => (num(span, "end") ?? 0) <= (num(span, "start") ?? 0)),
  inner("span", "L-SPAN-2", "/end", (span, { told }) => told.seconds !== null && (num(span, "end") ?? 0) > told.seconds + 0.5),
  inner("region", "L-REGION-1", "", (region) => NEEDED[str(region, "shape") ?? ""].some((field) => !region.has(field))),
  inner("region", "L-REGION-2", "", (region) => str(region, "shape") === "polygon" && list(region, "points").length < 3),
  inner("region", "L-REGION-3", "", beyondPercent),
  times,
  each("contributions", "L-PART-1", "/extent", (c) => str(c, "by") === "human" && str(c, "extent") === "All"),
  each("contributions", "L-PART-2", "/extent", (c) => str(c, "by") === "ai" && str(c, "extent") === "None"),
  each("contributions", "L-PART-3", "/extent", extentMustBe("All")),
  each("contributions", "L-PART-4", "/extent", extentMustBe("None")),
  partly,
  each("contributions", "L-PART-7", "/part", (c, { told }) => told.media !== null && PARTS_NOT_IN[told.media].has(str(c, "part") ?? "")),
  each("operations", "L-KIND-1", "", (o, { label }) => noAi(label) && kindOf(label) !== "ai_assisted_technical" && str(o, "by") === "ai"),
  each("likeness", "L-KIND-2", "", (l, { label }) => noAi(label) && l.get("synthetic") === true),
  kinds,
  each("operations", "L-OP-1", "", (o) => str(o, "operation") === "translated" && !(o.has("source_language") && o.has("target_language"))),
  each("likeness", "L-LIKE-1", "/consent", (l) => l.get("synthetic") === true && l.get("real_person") === true && !l.has("consent")),
  ({ label }) => when(list(label, "carriers").length > 0, warning("L-CARR-1", "/carriers")),
  operations,
  modifiedByPeople,
  deepFake,
  china,
  privacy,
  secrets,
];

export const consistency = (label: Obj, told: Told): Finding[] => RULES.flatMap((rule) => rule({ label, told }));

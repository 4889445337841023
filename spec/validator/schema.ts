// Tables of sections 4 and 5. A change of the specification is a change here.

interface Text { readonly pattern: RegExp | null; readonly min: number; readonly max: number }
const ANY = { min: 0, max: Infinity };
const LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/u;
export const TEXTS = {
  line: { pattern: LINE, min: 1, max: 200 },
  sentence: { pattern: LINE, min: 1, max: 2000 },
  code: { pattern: LINE, min: 1, max: 500 },
  ascii: { pattern: /^[\x21-\x7e]+$/u, min: 1, max: 500 },
  id: { pattern: /^[A-Za-z0-9_.-]{1,40}$/u, ...ANY },
  url: { pattern: /^https?:\/\/[\x21-\x7e]+$/u, min: 0, max: 500 },
  language: { pattern: /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/u, min: 0, max: 35 },
  time: { pattern: /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$/u, ...ANY },
  sha256: { pattern: /^[0-9a-f]{64}$/u, ...ANY },
  any: { pattern: null, ...ANY } as Text,
};
export type TextName = keyof typeof TEXTS;

interface Kind { readonly ai: boolean; readonly containsAi: "All" | "Partly" | "None" | null; readonly pairs: readonly string[] }
export const KINDS: Readonly<Record<string, Kind>> = {
  ai_generated: { ai: true, containsAi: "All", pairs: ["fully_autonomous", "prompt_guided"] },
  ai_modified: { ai: true, containsAi: "Partly", pairs: ["human_validated"] },
  ai_partly_created: { ai: true, containsAi: "Partly", pairs: ["human_validated"] },
  composite_synthetic: { ai: true, containsAi: "Partly", pairs: [] },
  may_contain_ai: { ai: true, containsAi: null, pairs: [] },
  ai_assisted_technical: { ai: false, containsAi: "None", pairs: [] },
  algorithmic_not_trained: { ai: false, containsAi: "None", pairs: [] },
  human_made: { ai: false, containsAi: "None", pairs: [] },
};

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
export const VOCABULARIES = {
  schema: words("label-v1"),
  kind: words(Object.keys(KINDS).join(" ")),
  origin: words("altered created"),
  oversight: words("fully_autonomous human_validated prompt_guided"),
  identifier: words("c2pa grid guid isrc iswc upc url"),
  promptMode: words("clear hash omit"),
  reference: words("dataset model reference seed"),
  part: words("arrangement artwork composition image_region instrumental lyrics mastering mixing motion_artwork narration production sound_design text translation video vocals whole"),
  extent: words("All None Partly"),
  agent: words("ai human"),
  role: words("Adapter Arranger BackgroundVocalist Composer ComposerLyricist CoverDesigner Designer GraphicDesigner LeadVocalist Lyricist MasteringEngineer Mixer MixingEngineer Musician Narrator Photographer Programmer RemixingEngineer SoundDesigner StudioMusician StudioProducer Translator VideoProducer Vocalist VoiceActor"),
  operation: words("addedText adjustedColor changedSpeed converted cropped deleted drawing dubbed edited enhanced filtered mastered mixed orientation remixed resized transcoded translated trimmed"),
  depiction: words("image voice voice_and_image"),
  use: words("allowed constrained notAllowed"),
  disclosure: words("audio icon text"),
  mark: words("fingerprint watermark"),
  shape: words("circle polygon rectangle"),
  unit: words("percent pixel"),
  personIdentifier: words("ipi ipn isni url"),
};

/** Section 5: parts that a medium does not have (L-PART-7). */
export const PARTS_NOT_IN: Readonly<Record<string, ReadonlySet<string>>> = {
  image: words("arrangement instrumental mastering mixing narration sound_design vocals"),
  audio: words("artwork image_region motion_artwork video"),
  video: new Set(),
};

export type Type =
  | { is: "text"; of: TextName }
  | { is: "term"; of: keyof typeof VOCABULARIES }
  | { is: "number"; min: number; max: number }
  | { is: "boolean" }
  | { is: "record"; of: string }
  | { is: "list"; of: Type; max: number }
  | { is: "map"; of: Type }
  | { is: "anything" };

const text = (of: TextName): Type => ({ is: "text", of });
const term = (of: keyof typeof VOCABULARIES): Type => ({ is: "term", of });
const record = (of: string): Type => ({ is: "record", of });
const list = (of: Type, max: number): Type => ({ is: "list", of, max });
const [line, sentence, code, ascii, id, url, language, time, sha256] =
  (["line", "sentence", "code", "ascii", "id", "url", "language", "time", "sha256"] as const).map(text);
const number: Type = { is: "number", min: 0, max: 1e6 };
const boolean: Type = { is: "boolean" };
const digests: Type = { is: "map", of: sha256 };

type Fields = Readonly<Record<string, Type>>;
interface Shape { readonly required: Fields; readonly optional: Fields }
export const RECORDS: Readonly<Record<string, Shape>> = {
  Label: {
    required: { kind: term("kind") },
    optional: {
      $schema: text("any"), schema: term("schema"), origin: term("origin"), title: line, provider: record("Provider"), systems: list(record("System"), 50),
      event_time: time, event_end: time, identifiers: list(record("Identifier"), 50), oversight: term("oversight"), prompt: record("Prompt"),
      references: list(record("Reference"), 50), contributions: list(record("Contribution"), 200), operations: list(record("Operation"), 200),
      people: list(record("Person"), 100), likeness: list(record("Likeness"), 50), permissions: record("Permissions"), rights: record("Rights"),
      correction: line, judgements: record("Judgements"), disclosure: list(record("Disclosure"), 20), marks: list(record("Mark"), 20),
      detector_url: url, china: record("China"), carriers: list(record("CarrierValues"), 10), extra: { is: "anything" },
    },
  },
  Provider: { required: { name: line }, optional: { url } },
  System: { required: { name: line }, optional: { version: line, model_type: ascii, identifier: ascii } },
  Identifier: { required: { type: term("identifier"), value: ascii }, optional: {} },
  Prompt: { required: {}, optional: { text: text("any"), mode: term("promptMode"), writer: id, sha256 } },
  Reference: { required: { type: term("reference") }, optional: { title: line, value: line, url, sha256 } },
  Contribution: {
    required: { part: term("part"), extent: term("extent"), by: term("agent") },
    optional: { system: line, person: id, role: term("role"), region: record("Region"), span: record("Span"), stem: line, description: sentence },
  },
  Operation: {
    required: { operation: term("operation") },
    optional: { technique: line, source_language: language, target_language: language, by: term("agent"), system: line },
  },
  Person: { required: { id }, optional: { roles: list(term("role"), 25), name: line, identifiers: list(record("PersonIdentifier"), 10) } },
  Likeness: { required: { depicts: term("depiction"), synthetic: boolean, real_person: boolean }, optional: { person: id, consent: line } },
  Permissions: {
    required: {},
    optional: { mining: term("use"), ai_training: term("use"), generative_training: term("use"), inference: term("use"), constraint: sentence, constraint_url: url },
  },
  Rights: { required: {}, optional: { notice: sentence, holder: line, licence_url: url } },
  Judgements: { required: {}, optional: { deep_fake: boolean, artistic: boolean, advertising: boolean, promotes_expressive_work: boolean, substantial_change: boolean, code_signatory: boolean } },
  Disclosure: { required: { kind: term("disclosure") }, optional: { text: sentence, language, place: line, alternative: sentence } },
  Mark: { required: { type: term("mark"), algorithm: ascii }, optional: { value: ascii } },
  China: { required: { producer: code, produce_id: code }, optional: { propagator: code, propagate_id: code } },
  CarrierValues: { required: { id, values: digests }, optional: { personal_values: digests } },
  Region: {
    required: { shape: term("shape") },
    optional: { unit: term("unit"), x: number, y: number, width: number, height: number, points: list(record("Point"), 100) },
  },
  Span: { required: { start: number, end: number }, optional: {} },
  PersonIdentifier: { required: { type: term("personIdentifier"), value: ascii }, optional: {} },
  Point: { required: { x: number, y: number }, optional: {} },
};

"""Write what is made from the code: schemas/*.json and the tables in docs/. Tests hold both against drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provlabel.carriers.tags import TAGGERS
from provlabel.carriers.vocabularies import PROJECTIONS, Field, Fields
from provlabel.carriers.vocabularies.marks import MARKS
from provlabel.label import Identifier, Label, Prompt, System
from provlabel.label.records import China, Contribution, Permissions, Person, Rights
from provlabel.label.vocabularies import AI_KINDS, KINDS
from provlabel.law import LAWS, load_laws
from provlabel.law.checks import CHECKS
from provlabel.law.conditions import CONDITIONS
from provlabel.law.records import LawRule
from provlabel.media.formats import FORMATS
from provlabel.report.renderers.json import to_json
from provlabel.report.renderers.text import STATES
from provlabel.report.rules import RULES
from provlabel.schemas import SCHEMAS

ROOT = Path(__file__).parents[1]


def rules() -> str:
    """The table of rules as Markdown."""
    rows = [f"| `{row.code}` | {row.level} | {row.meaning} | {row.hint} |" for row in RULES.values()]
    head = [
        "# Rules",
        "",
        "Every finding names one of these, or a rule of a law ([law.md](law.md)); `provlabel rules` prints both.",
        "",
    ]
    return "\n".join([*head, "| rule | level | meaning | what to do |", "|---|---|---|---|", *rows, ""])


LAW_HEAD = """# Laws as dated rules

`provlabel verify FILE --law eu,us-ca` holds a file against rules that are drawn from laws, and `provlabel lint LABEL
--law eu` a label before it is signed. **This is no legal advice.** A rule is a reading of a source by the people who
wrote provlabel, on the day that stands beside the law. Certainty says how the source was read: P the primary text, S
a secondary source that quotes it, W a weak one, then how sure the reading is.

| outcome | what it means | finding |
|---|---|---|
| held | what the rule asks for is there, or the signer states it | none |
| not held | it is not there | error: the file does not pass |
| needs a human judgement | no program can say; the reason says what about | warning |
| not applicable | the rule is not about this content, or not in force on that day | none |
| outside the file | no file can show it: a tool, a licence, a fine, a duty of platforms | note |

Every outcome has its reason. The code of a rule can be lowered, raised or excepted by a policy like any other:
`"law.eu.3" = "warning"`; a level holds for whatever the rule comes to. All results, also those that are held, stand
in the JSON and HTML reports.

**Judgements are not guessed.** Whether something is a deep fake, a work of art, an advertisement or a substantial
change, the signer states in `judgements` of the label, who is seen or heard in `likeness`, and marks that people see
or hear in `disclosure`. What is stated decides, and the reason says so; what is not stated, and matters, needs a
human judgement. A watermark that is stated is not looked for.

**Dates.** A rule counts from its first day on, and no more from the day after the dash on, in UTC. Content is judged
by the law of its event date (`event_end`, else `event_time`), which is what the signer claims. A trusted timestamp
proves only that it was not later. So all wordings count that were in force between that day and the timestamp, or the
day of judgement where there is none: where they come to different outcomes, each is reported with its era, and the
worst one counts. Nobody chooses a law by choosing a date. Without an event date the proven time counts, else the day
of judgement. That the event was not *earlier* than claimed, nothing proves.

**A label that is not signed yet** is judged by what it says. What comes with signing (the signature, the history,
other carriers) is outside of that file; verify the labeled one. What is read from carriers (XMP, `AIGC`) is read
from the file and signed by nobody, unless the label has its digest.

Numbers are those of the map of standards that the rules were written from (EU-1, CA-5); letters behind a number
(KR-2a, UT-1b) and PL-1 to PL-5 are ours.
"""

#: What no file of rules is about, and why.
LAW_LEFT_OUT = (
    "Connecticut SB 5 §15: final status not verified (W)",
    "Tennessee ELVIS Act: consent for voice and likeness; `provlabel lint` asks for `likeness.consent`",
    "NO FAKES 2026: not law. TAKE IT DOWN: a duty of takedown, no field of a label. Ohio HB 813: pending",
    "Spain, Italy, Denmark, Vietnam, Japan: bills, or not verified; no further field is known (W)",
)


def law() -> str:
    """The page of laws: how they are judged, then every rule."""
    lines = [LAW_HEAD]
    for found in load_laws(LAWS):
        lines += [f"## `{found.law}`: {found.title}", "", f"As of {found.as_of.isoformat()}.", ""]
        lines += [f"- {part.number}: {part.title} ({part.source}; {part.certainty})" for part in found.scope]
        lines += [""] if found.scope else []
        lines += ["| rule | id | what has to be so | from – to | applies | must hold | where | source | certainty |"]
        lines += ["|---|---|---|---|---|---|---|---|---|"]
        lines += [*map(_law_row, found.rule), ""]
        lines += [f"Left out: {'; '.join(found.left_out)}.", ""] if found.left_out else []
    conditions = (f"| `{name}` | {_first_line(function)} |" for name, function in CONDITIONS.items())
    checks = (f"| `{name}` | {_first_line(function)} |" for name, function in CHECKS.items())
    lines += ["## What is left out altogether", "", *(f"- {text}" for text in LAW_LEFT_OUT), ""]
    lines += ["## Conditions", "", "All that a rule names have to be so.", "", "| applies | when |", "|---|---|"]
    lines += [*conditions, "", "## Checks", "", "| must hold | what it is |", "|---|---|", *checks, ""]
    return "\n".join(lines)


def _law_row(row: LawRule) -> str:
    days = f"{row.start or ''} – {row.end or ''}".strip() if row.start or row.end else "always"
    applies = ", ".join(f"`{name}`" for name in row.applies) or "always"
    cells = (row.number, f"`{row.id}`", row.title, days, applies)
    return _row(*cells, f"`{row.holds}`{_given(row)}", row.carrier, row.source, row.certainty)


def _given(row: LawRule) -> str:
    """The parameters of a check that tell what it looks for."""
    told = [row.given.why] if row.given.why else [", ".join(f"`{name}`" for name in row.given.fields)]
    told += ["/".join(group) for group in row.given.words]
    return "".join(f": {text}" for text in [" and ".join(filter(None, told))] if text)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").split("\n")[0].replace("``", "`")


def kinds() -> str:
    """The table of kinds as Markdown."""
    rows = [
        f"| `{name}` | {facts.words} | {facts.origin} | `{facts.digital_source_type.rpartition('/')[2]}` |"
        for name, facts in KINDS.items()
    ]
    head = ["# Kinds", "", "What `kind` may say, and the IPTC digital source type other tools will read.", ""]
    return "\n".join(
        [*head, "| kind | this file is … | created or altered | source type |", "|---|---|---|---|", *rows, ""]
    )


def states() -> str:
    """The table of states as Markdown."""
    rows = [f"| `{name}` | {words} |" for name, (_, words) in STATES.items()]
    return "\n".join(["# States", "", "| state | what it means |", "|---|---|", *rows, ""])


LABEL_HEAD = """# The label, field by field

A label says, about one picture or sound: was AI at work, how far, which system, who provides it, when, and who
made which part. You write it as a JSON or TOML file, or with the options of `provlabel label`; only `kind` is
required. `provlabel lint` finds every fault, `provlabel schema label` prints the same as a JSON Schema.

Fields marked **personal** are about people. They are left out of what is signed unless you ask for them
(`--personal`, `--prompt-mode clear`), go into an assertion of their own, are shown only with `show --personal`, and
can be taken out again (`provlabel redact`). All other fields are public once the file is.

## Examples to start from

| label | what it says |
|---|---|
"""


def examples() -> list[str]:
    """A row for each example label: its file, and the sentence that it begins with."""
    rows = []
    for path in sorted((ROOT / "samples" / "labels").glob("*.toml")):
        sentence = path.read_text().splitlines()[0].removeprefix("# ")
        rows.append(f"| [{path.stem}](../samples/labels/{path.name}) | {sentence} |")
    return rows


def label() -> str:
    """The documentation page of the label, made from its schema."""
    records = SCHEMAS["label"]()["$defs"]
    names = ["Label", *sorted(name for name in records if name != "Label")]
    lines = [LABEL_HEAD + "\n".join(examples()), ""]
    for name in names:
        lines += [
            f"## {name}",
            "",
            records[name]["description"],
            "",
            "| field | what | example | |",
            "|---|---|---|---|",
        ]
        required = records[name].get("required", [])
        lines += [_field(field, node, field in required) for field, node in records[name]["properties"].items()]
        lines.append("")
    return "\n".join(lines)


def _field(field: str, node: dict[str, Any], required: bool) -> str:
    below = node.get("items", node)
    target = below.get("$ref", "").rpartition("/")[2]
    about = [node["description"]]
    if target:
        about.append(f"{'A list of' if 'items' in node else 'A'} [{target}](#{target.lower()}).")
    if "enum" in below and len(below["enum"]) > 1:
        about.append("One of " + ", ".join(f"`{term}`" for term in below["enum"]) + ".")
    notes = [word for word, held in (("required", required), ("personal", node["x-privacy"] == "personal")) if held]
    notes += [f"in {node['x-unit']}"] if "x-unit" in node else []
    example = json.dumps(node["examples"][0], ensure_ascii=False)
    return f"| `{field}` | {' '.join(about)} | `{example}` | {', '.join(f'**{note}**' for note in notes)} |"


CARRIERS_HEAD = """# Carriers: the same story beside the manifest

A manifest is what counts: it is signed. But many programs and platforms read tags alone, so `provlabel label` repeats
the label in them *before* it signs, lists in the label which fields it wrote with a digest of each, and `provlabel
verify` compares.

- `--carriers` chooses: `xmp` (pictures), `tags` (sounds), `aigc` (China's AIGC object, needs the codes under `china`
  in the label), or `none`. Without it: XMP in pictures and tags in sounds, where the format can hold them; one that
  cannot be written is a warning then, and an error when you named it. A manifest beside the file (`--detached`, Ogg,
  AIFF …) leaves the file as it is.
- **What is read besides**: EXIF of pictures, text chunks of PNG, ID3v2 in front of FLAC, XMP in WAV, M4A and MP4. **Not
  read**: ID3v1 and APE tags, XMP within ID3v2, EXIF or the blocks of Photoshop, and what lies behind the end of a file.
- **What is there is kept.** Only bytes of the fields below change, and what says how long their surroundings are; the
  engine itself writes ID3v2 tags anew, with the same values. A statement about AI that contradicts the label is
  replaced, and the receipt says what it said; an identifier that does (another ISRC) belongs to another work, so the
  label is refused; names and rights are never replaced. A contradiction in a carrier that is not written refuses the
  label too.
- **Names of people and prompts** are written as they are signed: only with `--personal` and `--prompt-mode clear`.
  `provlabel redact` takes them out of the tags again. `verify` shows them on request alone.
- `verify` reports `carrier.missing`, `carrier.changed`, `carrier.contradicts` (with both values), `carrier.doubled`
  (two AIGC objects) and `carrier.unreadable`. Others' manifests are held against the tags in the same way.
- **Tags of a file without a manifest are claims**: shown, never believed. `provlabel label FILE --from-carriers`
  makes a draft of a label of them, for a person to finish. Marks of generators that are known: MARKS.

Certainty: P the primary text was read, S a secondary source quotes it, W weak or convention, N looked for and not
found.

"""

EXAMPLE = Label(
    kind="ai_partly_created",
    systems=(System(name="AcmeSynth", version="2.1"), System(name="AcmeMaster")),
    identifiers=(
        Identifier(type="isrc", value="GBAYE2600001"),
        Identifier(type="iswc", value="T0345246801"),
        Identifier(type="upc", value="036000291452"),
        Identifier(type="guid", value="0f8fad5b-d9cb-469f-a165-70867728950e"),
    ),
    people=(Person(id="ada", name="Ada Example", roles=("LeadVocalist", "ComposerLyricist", "StudioProducer")),),
    contributions=(Contribution(part="instrumental", extent="All", by="ai", system="AcmeSynth"),),
    permissions=Permissions(generative_training="constrained", constraint="By licence only"),
    rights=Rights(notice="© 2026 Acme", holder="Acme", licence_url="https://acme.example/licence"),
    prompt=Prompt(text="drums", writer="ada"),
    china=China(producer="001191110102MACQD9K64010000", produce_id="20261122-0001"),
)


def carriers() -> str:
    """The page of carriers: which format holds which, and what a label looks like in each."""
    marks = ", ".join(dict.fromkeys(f"{mark.words} ({mark.certainty})" for mark in MARKS))
    lines = [
        CARRIERS_HEAD.replace("MARKS", marks) + "## Formats",
        "",
        "| format | written | read only |",
        "|---|---|---|",
    ]
    for row in FORMATS:
        written = TAGGERS[row.name].carriers if row.name in TAGGERS and row.embed else ()
        why = "" if row.name in TAGGERS else "not read"
        if row.name in TAGGERS and not written:
            why = "what is there"
        lines.append(f"| {row.name} | {', '.join(written) or '–'} | {why} |")
    lines += [
        "",
        "## Fields, with the values of one label",
        "",
        "| carrier | field | it is | value | source | certainty |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for projection in PROJECTIONS:
        said = projection.dump(EXAMPLE)
        lines += [_field_row(projection.carrier, field, said) for field in projection.fields.values()]
    lines += [
        "",
        "## Kinds",
        "",
        "| kind | `Iptc4xmpExt:DigitalSourceType` | `PROVLABEL_KIND` | AIGC `Label` | DDEX `ContainsAI` |",
    ]
    lines.append("|---|---|---|---|---|")
    for name, facts in KINDS.items():
        aigc = "2, from a platform alone" if name == "may_contain_ai" else "1" if name in AI_KINDS else "no object"
        source_type = facts.digital_source_type.rpartition("/")[2]
        lines.append(f"| `{name}` | `{source_type}` | `{name}` | {aigc} | {facts.contains_ai or 'cannot be said'} |")
    return "\n".join([*lines, ""])


def _field_row(carrier: str, field: Field, said: Fields) -> str:
    values = "<br>".join(f"`{value}`" for value in said.get(field.name, ())).replace("|", "\\|")
    what = f"{field.role}, personal" if field.personal else field.role
    written = values if carrier not in ("exif", "text") else "read, never written"
    return f"| {carrier} | `{field.name}` | {what} | {written} | {field.source} | {field.certainty} |"


def generated() -> dict[Path, str]:
    """Return every generated file and its content."""
    made = {ROOT / "schemas" / f"{name}-v1.json": to_json(schema()) for name, schema in SCHEMAS.items()}
    made |= {
        ROOT / "docs" / "label.md": label(),
        ROOT / "docs" / "carriers.md": carriers(),
        ROOT / "docs" / "rules.md": rules(),
        ROOT / "docs" / "kinds.md": kinds(),
        ROOT / "docs" / "law.md": law(),
        ROOT / "docs" / "states.md": states(),
    }
    return made


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content)

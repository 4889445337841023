"""Write what is made from the code: schemas/*.json and the tables in docs/. Tests hold both against drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provlabel.formats import FORMATS
from provlabel.label import Identifier, Label, Prompt, System
from provlabel.label.records import China, Contribution, Permissions, Person, Rights
from provlabel.label.vocabularies import AI_KINDS, KINDS
from provlabel.mappings import PROJECTIONS, Field, Fields
from provlabel.mappings.marks import MARKS
from provlabel.renderers.json import to_json
from provlabel.renderers.text import STATES
from provlabel.rules import RULES
from provlabel.schemas import SCHEMAS
from provlabel.tags import TAGGERS

ROOT = Path(__file__).parents[1]


def rules() -> str:
    """The table of rules as Markdown."""
    rows = [f"| `{row.code}` | {row.level} | {row.meaning} | {row.mend} |" for row in RULES.values()]
    head = ["# Rules", "", "Every finding names one of these; `provlabel rules` prints the same table.", ""]
    return "\n".join([*head, "| rule | level | meaning | what to do |", "|---|---|---|---|", *rows, ""])


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
- **What is there is kept.** Only bytes of the fields below change. A statement about AI that contradicts the label is
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
        ROOT / "docs" / "states.md": states(),
    }
    return made


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content)

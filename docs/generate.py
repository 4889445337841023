"""Write what is made from the code: schemas/*.json and the tables in docs/. Tests hold both against drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provlabel.label.vocabularies import KINDS
from provlabel.renderers.json import to_json
from provlabel.renderers.text import STATES
from provlabel.rules import RULES
from provlabel.schemas import SCHEMAS

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


def generated() -> dict[Path, str]:
    """Return every generated file and its content."""
    made = {ROOT / "schemas" / f"{name}-v1.json": to_json(schema()) for name, schema in SCHEMAS.items()}
    made |= {
        ROOT / "docs" / "label.md": label(),
        ROOT / "docs" / "rules.md": rules(),
        ROOT / "docs" / "kinds.md": kinds(),
        ROOT / "docs" / "states.md": states(),
    }
    return made


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content)

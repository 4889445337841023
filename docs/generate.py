"""Write what is made from the code: schemas/*.json and the tables in docs/. Tests hold both against drift."""

from __future__ import annotations

from pathlib import Path

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


def generated() -> dict[Path, str]:
    """Return every generated file and its content."""
    made = {ROOT / "schemas" / f"{name}-v1.json": to_json(schema()) for name, schema in SCHEMAS.items()}
    made |= {
        ROOT / "docs" / "rules.md": rules(),
        ROOT / "docs" / "kinds.md": kinds(),
        ROOT / "docs" / "states.md": states(),
    }
    return made


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content)

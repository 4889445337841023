"""Make ``docs/spec/label-v1.md``: the text of ``template.md`` here, with tables from the code in place of ``{{names}}``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import label_fields as fields
import label_mappings as mappings
from label_requirements import STAGES, Requirement
from provlabel.carriers.tags.xmp import NAMESPACES
from provlabel.carriers.vocabularies import PROJECTIONS, Field, aigc, music
from provlabel.exchange import ddex
from provlabel.exchange.ern import USE_TYPES
from provlabel.label import lint, signed
from provlabel.label.identifiers import CANONICAL
from provlabel.label.records import PERSONAL
from provlabel.label.vocabularies import AI_KINDS, CAWG_USES, IPTC, KINDS, NOT_IN
from provlabel.manifest import write
from spec_words import OF_STANDARDS, SCHEMES, TAGS, TERMS, VOCABULARIES, XMP, looked_up

TEMPLATE = Path(__file__).parent / "template.md"
DUET = Path(__file__).parent / "duet.toml"
EXAMPLE = Path(__file__).parents[1] / "samples" / "labels" / "ai-assisted-track.toml"


def specification() -> str:
    """Return the whole page."""
    return re.sub(r"\{\{([\w:]+)\}\}", lambda found: PARTS[found[1]](), TEMPLATE.read_text())


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    names = head.split("|")
    lines = ["| " + " | ".join(name.strip() for name in names) + " |", "|---" * len(names) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)])


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- requirements ----------------------------------------------------------------------------------

_WHAT = {
    "file": "the bytes of the file, and whether they are a document",
    "data": "whether every program reads the same data",
    "form": "types, required and unknown fields, terms, forms and bounds",
    "calendar": "whether the days of times exist",
    "consistency": "whether the label contradicts itself",
}


def _stages() -> str:
    return "\n".join(
        f"| {number}. `{name}` | {_WHAT[name]} | {_span([row.id for row in rows])} |"
        for number, (name, rows) in enumerate(STAGES.items(), 1)
    )


def _span(ids: list[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}" if len(ids) < 10 else "those of section 7"


def _rules(rows: tuple[Requirement, ...]) -> str:
    cells = ((f"**{row.id}**", row.level, _pointer(row.pointer), row.text) for row in rows)
    return _table("id | level | reported at | requirement", cells)


def _pointer(text: str) -> str:
    return "the empty pointer" if not text else "the value" if text == "*" else _code(text.split(", "))


# --- data model ------------------------------------------------------------------------------------


def _types() -> str:
    rows = ((f"`{named.name}`", named.words, _bounds(node)) for named, node in fields.TEXT_TYPES)
    patterns = (f"{named.name}\n{node['pattern']}" for named, node in fields.TEXT_TYPES if "pattern" in node)
    return _table("type | what | length", rows) + "\n\n```\n" + "\n\n".join(patterns) + "\n```"


def _bounds(node: dict[str, Any]) -> str:
    low, high = node.get("minLength", 0), node.get("maxLength")
    return f"{low} to {high}" if high else "any"


def _records() -> str:
    return "\n\n".join(_one_record(name) for name in fields.PATHS)


def _one_record(name: str) -> str:
    record = fields.RECORDS[name]
    where = fields.pointer(*("N" if part == "0" else part for part in fields.PATHS[name]))
    at = f"\n\nFirst at `{where}`." if where else ""
    rows = (
        _field_row(field, node, field in record.get("required", ())) for field, node in record["properties"].items()
    )
    return f"#### {name}\n\n{record['description']}{at}\n\n" + _table(
        "field | type | cardinality | privacy | meaning", rows
    )


def _field_row(field: str, node: dict[str, Any], required: bool) -> tuple[str, ...]:
    many = f"0..{node['maxItems']}" if "maxItems" in node else "0..n"
    counted = "1" if required else many if "items" in node else "0..1"
    example = json.dumps(node["examples"][0], ensure_ascii=False)
    default = f" Default `{node['default']}`." if isinstance(node.get("default"), str) else ""
    meaning = f"{node['description']}{default} Example: `{example}`"
    return f"`{field}`", _type(node), counted, node["x-privacy"], meaning


def _type(node: dict[str, Any]) -> str:
    below = node.get("items", node)
    kind = _single(below)
    return f"list of {kind}" if "items" in node else kind


def _single(node: dict[str, Any]) -> str:
    if target := fields.target_of(node):
        return f"record [{target}](#{target.lower()})"
    if "enum" in node:
        return f"vocabulary *{_vocabulary_of(node['enum'])}*"
    if node.get("type") == "string":
        return f"`{fields.text_type(node).name}`"
    if node.get("type") == "number":
        return f"number, {node.get('minimum', '…'):g} to {node.get('maximum', '…'):g}"
    if (
        node.get("type") == "object"
        and isinstance(node.get("additionalProperties"), dict)
        and node["additionalProperties"]
    ):
        return f"map of {_single(node['additionalProperties'])}"
    return "object of anything" if node.get("type") == "object" else str(node["type"])


def _vocabulary_of(terms: list[str]) -> str:
    first = next(name for name, known in fields.vocabularies() if known == terms)
    return VOCABULARIES[first][0] if first in VOCABULARIES else _no_vocabulary(first)


def _no_vocabulary(first: str) -> str:
    raise LookupError(
        f"the vocabulary of {first} has no name: add a row to VOCABULARIES and its terms to TERMS in spec/spec_words.py"
    )


# --- vocabularies ----------------------------------------------------------------------------------


def _vocabularies() -> str:
    return "\n\n".join(_vocabulary(first, terms) for first, terms in fields.vocabularies() if first != "Label.kind")


def _vocabulary(first: str, terms: list[str]) -> str:
    name, about = VOCABULARIES[first] if first in VOCABULARIES else (_no_vocabulary(first), "")
    head = f"### Vocabulary {name}\n\n{about}\n\n"
    if name in OF_STANDARDS:
        return head + f"{_code(terms)}."
    known = TERMS.get(name, {})
    rows = ((f"`{term}`", looked_up(known, term, f"TERMS[{name!r}]")) for term in terms)
    return head + _table("term | meaning", rows)


def _kinds() -> str:
    rows = (
        (
            f"`{name}`",
            facts.words,
            f"`{facts.origin}`",
            f"`{facts.digital_source_type.removeprefix(IPTC)}`",
            "yes" if facts.trained else "no",
            facts.contains_ai or "–",
            _code(sorted(facts.oversight)) or "–",
        )
        for name, facts in KINDS.items()
    )
    return _table("kind | this file is … | origin | source type | trained | ContainsAI | pairs", rows)


def _not_in() -> str:
    rows = ((f"`{media}`", _code(sorted(parts))) for media, parts in NOT_IN.items())
    return _table("medium | parts", [*rows, ("`video`", "none: a video has all parts")])


def _identifiers() -> str:
    people = set(fields.RECORDS["PersonIdentifier"]["properties"]["type"]["enum"])
    content = set(fields.RECORDS["Identifier"]["properties"]["type"]["enum"])
    rows = (
        (
            f"**L-ID-{scheme.upper()}**",
            f"`{scheme}`",
            " and ".join(word for word, terms in (("content", content), ("people", people)) if scheme in terms),
            looked_up(SCHEMES, scheme, "SCHEMES"),
        )
        for scheme in CANONICAL
    )
    return _table("id | type | of | rule", rows)


def _patterns() -> str:
    named = dict(zip(("email", "telephone"), (pattern for _, pattern in lint._PERSONAL_DATA), strict=True))
    named["secret"] = lint._SECRETS
    return "```\n" + "\n\n".join(f"{name}\n{pattern.pattern}" for name, pattern in named.items()) + "\n```"


def _personal() -> str:
    return "\n".join("- `" + "".join(f"/{'N' if step == '*' else step}" for step in path) + "`" for path in PERSONAL)


# --- mappings --------------------------------------------------------------------------------------


def _xmp() -> str:
    rows = next(row.fields for row in PROJECTIONS if row.carrier == "xmp" and row.name == "iptc")
    cells = ((f"`{name}`", looked_up(XMP, name, "XMP"), *_about(field)) for name, field in rows.items())
    return _table("field | value | privacy | source | certainty", cells)


def _namespaces() -> str:
    used = dict.fromkeys(name.partition(":")[0] for name in (*XMP, aigc.PLACES["xmp"]))
    return _table("prefix | namespace", ((f"`{prefix}`", f"`{NAMESPACES[prefix]}`") for prefix in used))


def _about(field: Field) -> tuple[str, ...]:
    return "personal" if field.personal else "system", field.source, field.certainty


def _tags() -> str:
    roles = {name: _code(terms) for name, terms in music._ROLES.items()}
    carriers = ("id3", "vorbis", "mp4", "riff")
    rows = []
    for name, places in music._PLACES.items():
        rule = looked_up(TAGS, name, "TAGS")
        for field, terms in roles.items():
            rule = rule.replace(f"{{{field}}}", terms)
        about = _about(music.fields(next(iter(places)))[next(iter(places.values()))])
        rows.append((f"`{name}`", *(f"`{places[item]}`" if item in places else "–" for item in carriers), rule, *about))
    return _table("name | ID3 | Vorbis | MP4 | RIFF | value | privacy | source | certainty", rows)


def _aigc_places() -> str:
    read_only = ("exif", "text")
    rows = (
        (
            carrier,
            f"`{name}`",
            "read, never written" if carrier in read_only else "written",
            aigc.FIELDS[carrier].certainty,
        )
        for carrier, name in aigc.PLACES.items()
    )
    return _table("carrier | field | use | certainty", rows)


def _ddex() -> str:
    rows = ((f"`{row.element}`", row.field, row.source, row.certainty) for row in ddex.ELEMENTS)
    return _table("element | field of the label | source | certainty", rows)


def _ddex_order() -> str:
    return _table("element | children", ((f"`{name}`", _code(children)) for name, children in ddex._ORDER.items()))


def _ddex_roles() -> str:
    return _table(
        "part | roles; the first one is written where the label has none",
        ((f"`{part}`", _code(roles)) for part, roles in ddex._PARTS.items()),
    )


def _losses() -> str:
    found = [*mappings.carried()]
    kept = {name for name, _, columns in found if columns}
    rows = ((f"`{name}.{field}`", *_marks(columns)) for name, field, columns in found if name in kept)
    gone = [name for name in fields.PATHS if name not in kept and any(row[0] == name for row in found)]
    table = _table(f"field | {' | '.join(mappings.COLUMNS)}", rows)
    return f"{table}\n\nNothing is carried of {', '.join(gone)}; C2PA has them in the assertion `org.provlabel.label` alone."


def _marks(columns: list[str]) -> tuple[str, ...]:
    first = "inputs" if "inputs" in columns else "yes" if "C2PA" in columns else ""
    return first, *("yes" if name in columns else "" for name in mappings.COLUMNS[1:])


PARTS: dict[str, Callable[[], str]] = {
    "stages": _stages,
    **{f"rules:{name}": lambda rows=rows: _rules(rows) for name, rows in STAGES.items()},
    "types": _types,
    "example": lambda: f"```toml\n{EXAMPLE.read_text()}```",
    "duet": lambda: f"```toml\n{DUET.read_text()}```",
    "records": _records,
    "vocabularies": _vocabularies,
    "kinds": _kinds,
    "ai_kinds": lambda: _code(name for name in KINDS if name in AI_KINDS),
    "not_in": _not_in,
    "identifiers": _identifiers,
    "patterns": _patterns,
    "personal": _personal,
    "salt_bytes": lambda: str(signed.SALT_BYTES),
    "max_clear": lambda: str(signed.MAX_CLEAR),
    "cawg": lambda: _table("permission | entry", ((f"`{name}`", f"`{entry}`") for name, entry in CAWG_USES.items())),
    "work_fields": lambda: _code(write._WORK),
    "about_ai_fields": lambda: _code(write._ABOUT_AI),
    "urns": lambda: (
        _table("identifier | prefix", ((f"`{name}`", f"`{urn}`") for name, urn in write._URN.items()))
        + "\n\nOther identifiers have none."
    ),
    "xmp": _xmp,
    "namespaces": _namespaces,
    "tags": _tags,
    "aigc_keys": lambda: _code(aigc.KEYS),
    "aigc_places": _aigc_places,
    "ddex": _ddex,
    "use_types": lambda: _table("permission | UseType", ((f"`{name}`", f"`{use}`") for name, use in USE_TYPES.items())),
    "ddex_order": _ddex_order,
    "ddex_roles": _ddex_roles,
    "losses": _losses,
}

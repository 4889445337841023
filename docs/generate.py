"""Write the files made from the code: schemas/*.json and the tables in docs/. A test fails when one is out of date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from provlabel.carriers.tags import TAGGERS
from provlabel.carriers.vocabularies import PROJECTIONS, Field, Fields
from provlabel.carriers.vocabularies.aigc import ELSEWHERE
from provlabel.carriers.vocabularies.marks import MARKS
from provlabel.exchange.shops import Question, load_shops
from provlabel.label import Identifier, Label, Prompt, System
from provlabel.label.guide import CASES, GUIDE
from provlabel.label.records import China, Contribution, Permissions, Person, Rights
from provlabel.label.vocabularies import AI_KINDS, KINDS
from provlabel.law import LAWS, load_laws
from provlabel.law.checks import CHECKS
from provlabel.law.conditions import CONDITIONS, MINOR
from provlabel.law.records import LawRule
from provlabel.media.formats import FORMATS
from provlabel.report.renderers.json import to_json
from provlabel.report.renderers.words import STATES
from provlabel.report.rules import RULES
from provlabel.schemas import SCHEMAS

ROOT = Path(__file__).parents[1]


def rules() -> str:
    """The table of rules as Markdown."""
    rows = [f"| `{row.code}` | {row.level} | {row.meaning} | {row.hint} |" for row in RULES.values()]
    head = [
        "# Rules",
        "",
        "Every finding names one of these rules, or a rule of a law ([law.md](law.md)). `provlabel rules` prints both.",
        "",
    ]
    return "\n".join([*head, "| rule | level | meaning | what to do |", "|---|---|---|---|", *rows, ""])


LAW_HEAD = """# Laws as dated rules

`provlabel verify FILE --law eu,us-ca` checks a file against rules that are drawn from laws. `provlabel lint LABEL
--law eu` checks a label before it is signed. **This is no legal advice.** A rule is a reading of a source by the people
who wrote provlabel, on the date given for the law. The certainty of a rule states what was read (P: the primary text,
S: a secondary source that quotes it, W: a weak source), and then how sure the reading is.

| outcome | what it means | finding |
|---|---|---|
| held | the file has what the rule requires, or the signer states it | none |
| not held | it is missing | error: the file does not pass |
| needs a human judgement | a program cannot decide it; the reason states what to judge | warning |
| not applicable | the rule does not cover this content, or was not in force on that day | none |
| outside the file | a file cannot show it: a tool, a licence, a fine, a duty of platforms | note |

Every outcome has a reason. A policy can lower, raise or except the code of a rule, like any other:
`"law.eu.3" = "warning"`. Such a level applies to every outcome of the rule that leads to a finding. All results,
also those that are held, are in the JSON and HTML reports.

**provlabel does not guess judgements.** In `judgements` of the label, the signer states whether something is a deep
fake, a work of art, an advertisement, one for an expressive work, or a substantial change, and whether the EU's Code
of Practice was signed; in `likeness`, who is seen or heard; in `disclosure`, which marks people see or hear. What is
stated decides, and the reason names it. What is not stated, but matters, needs a human judgement. provlabel does not
look for a watermark that the label states.

**Dates.** A rule applies from the first date in its row until the day before the second date, in UTC. Content is
judged by the law of its event date (`event_end`, else `event_time`), which is a claim of the signer. A trusted
timestamp proves only that the event was not later. So every wording counts that was in force between the event date
and the timestamp, or the day of judgement if there is no timestamp. If these wordings lead to different outcomes, each
is reported with its era, and the worst one counts. So nobody can choose a law by claiming a date. Without an event
date, the proven time counts, else the day of judgement. Nothing proves that the event was not *earlier* than claimed.
A timestamp of the old kind (`claim-proven`) counts alike: the claim that it is over holds the hash of the content.

`provlabel law list` prints all rules, and `provlabel law show EU-3` one of them in full, with its source.

`--as-of 2027-02-02` asks what the law of that day alone says, whatever the day of the content: a rule that is to come,
or one that was. The report names the day as one that was asked for. `--at` is about certificates and timestamps, and
says nothing of it.

**What only the history says.** Where the file itself says nothing about AI, and an earlier version or a part does, no
rule says that nothing tells: the reason quotes who says what, and whether that makes the file as it is now AI content,
or marks it, needs a human judgement. The same holds for what the signer only passes on (a gathered assertion). Label
the file to settle it.

**A label that is not signed yet** is judged by its content. The signature, the history and other carriers do not exist
yet, so `lint` cannot judge them; verify the labeled file. Values from carriers (XMP, `AIGC`) are read from the file.
They are signed only if the label has their digest.

The numbers are those of the map of standards from which the rules were written (EU-1, CA-5). Numbers with a letter
(KR-2a, UT-1b, CA-8a), EU-0, EU-10 to EU-14, CA-14, CT-1, VN-1, VN-2 and PL-1 to PL-5 are provlabel's own. What a
source only encourages is never an error: what is missing needs a human judgement.
"""

#: Laws without a file of rules, and why.
LAW_LEFT_OUT = (
    "Tennessee ELVIS Act: consent for voice and likeness; `provlabel lint` asks for `likeness.consent`",
    "Colorado SB 26-189 (decisions about people), Texas TRAIGA: no duty to mark content (S)",
    "NO FAKES Act S.4591: on the calendar of the Senate, not law. Ohio HB 813: pending",
    "TAKE IT DOWN Act: a duty of takedown, without a field of a label",
    "Denmark's bill on likeness, Spain, Italy, Japan: bills, or not verified; no further field is known (W)",
)


def law() -> str:
    """The page of laws: how they are judged, then every rule."""
    lines = [LAW_HEAD]
    for found in load_laws(LAWS):
        lines += [f"## `{found.law}`: {found.title}", "", f"As of {found.as_of.isoformat()}.", ""]
        lines += [f"- {part.number}: {part.title} ({part.source}; {part.certainty})" for part in found.scope]
        lines += [""] if found.scope else []
        if found.removal is not None:
            stated = found.removal
            lines += [f"Taking a mark out: {stated.words} ({stated.source}; {stated.certainty}).", ""]
        lines += ["| rule | id | requirement | from – to | applies | must hold | where | source | certainty |"]
        lines += ["|---|---|---|---|---|---|---|---|---|"]
        lines += [*map(_law_row, found.rule), ""]
        lines += [f"Left out: {'; '.join(found.left_out)}.", ""] if found.left_out else []
    conditions = (f"| `{name}` | {_first_line(function)} |" for name, function in CONDITIONS.items())
    checks = (f"| `{name}` | {_first_line(function)} |" for name, function in CHECKS.items())
    lines += ["## Laws without rules", "", *(f"- {text}" for text in LAW_LEFT_OUT), ""]
    lines += ["## Conditions", "", "A rule applies if all its conditions are met.", ""]
    lines += ["| applies | when |", "|---|---|", *conditions]
    exempt = (f"| `{name}` | {_first_line(function)} |" for name, function in MINOR.items())
    lines += ["", "", "## Small changes", "", "`ai-content` exempts small changes in one of these ways.", ""]
    lines += ["| exempt | which |", "|---|---|", *exempt]
    lines += ["", "", "## Checks", "", "| must hold | what it is |", "|---|---|", *checks, ""]
    return "\n".join(lines)


def _law_row(row: LawRule) -> str:
    days = f"{row.start or ''} – {row.end or ''}".strip() if row.start or row.end else "always"
    exempt = {"ai-content": f" (exempt: `{row.given.minor}`)"}
    applies = ", ".join(f"`{name}`{exempt.get(name, '')}" for name in row.applies) or "always"
    cells = (row.number, f"`{row.id}`", row.title, days, applies)
    return _row(*cells, f"`{row.holds}`{_given(row)}", row.carrier, row.source, row.certainty)


def _given(row: LawRule) -> str:
    """The parameters of a check that name what it looks for."""
    parts = [row.given.why] if row.given.why else [", ".join(f"`{name}`" for name in row.given.fields)]
    parts += ["/".join(group) for group in row.given.words]
    return "".join(f": {text}" for text in [" and ".join(filter(None, parts))] if text)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").split("\n")[0].replace("``", "`")


def kinds() -> str:
    """The page of kinds as Markdown: which to choose, and what they are in the standards."""
    words = [f"| `{name}` | {row.answer} | {row.music} | {row.picture} |" for name, row in GUIDE.items()]
    cases = [f"| {case.made} | `{case.kind}` |" for case in CASES]
    standards = [
        f"| `{name}` | {facts.words} | {facts.origin} | `{facts.digital_source_type.rpartition('/')[2]}` | "
        f"{facts.contains_ai or 'no value'} |"
        for name, facts in ((name, KINDS[name]) for name in GUIDE)
    ]
    return "\n".join(
        [
            *("# Kinds", "", "The values of `kind`: how far AI made the content. `provlabel kinds` prints this page,"),
            *("`provlabel kinds NAME` explains one, and `provlabel init` asks and writes a label.", ""),
            *("| kind | what AI did | music | picture |", "|---|---|---|---|", *words, ""),
            *("## Which one?", "", "| you made | kind |", "|---|---|", *cases, ""),
            *("## In the standards", "", "The source type of IPTC is what other tools read; `ContainsAI` is DDEX.", ""),
            "| kind | this file is … | created or altered | source type | `ContainsAI` |",
            *("|---|---|---|---|---|", *standards, ""),
        ]
    )


def states() -> str:
    """The table of states as Markdown."""
    rows = [f"| `{name}` | {words} |" for name, (_, words) in STATES.items()]
    return "\n".join(["# States", "", "| state | what it means |", "|---|---|", *rows, ""])


LABEL_HEAD = """# The label, field by field

A label describes one picture or sound: whether and how far AI made it, with which system, who provides the system,
when, and who made which part. Write it as a JSON or TOML file, or with the options of `provlabel label`. Only `kind` is
required. `provlabel lint` reports every fault. `provlabel schema label` prints this page as a JSON Schema.

Fields marked **personal** are about people. By default they are not signed: `--personal` and `--prompt-mode clear`
include them. They are signed in a separate assertion, shown only with `show --personal`, and can be removed later
(`provlabel redact`). All other fields are public once the file is public.

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
    notes = [word for word, so in (("required", required), ("personal", node["x-privacy"] == "personal")) if so]
    notes += [f"in {node['x-unit']}"] if "x-unit" in node else []
    example = json.dumps(node["examples"][0], ensure_ascii=False)
    return f"| `{field}` | {' '.join(about)} | `{example}` | {', '.join(f'**{note}**' for note in notes)} |"


CARRIERS_HEAD = """# Carriers: the label in XMP and tags

The signed manifest decides what a file states. But many programs and platforms read only tags. So `provlabel label`
also writes the label into tags *before* it signs. The signed label lists each field that was written, with a digest of
its value, and `provlabel verify` compares.

- **`--carriers` chooses what is written**: `xmp` (pictures), `tags` (sounds), `aigc` (China's AIGC object; needs the
  codes under `china` in the label; where no distributor is named there, the object names the producer again, as the
  standard wants it at the first writing), or `none`. The default is XMP in pictures and tags in sounds, where the
  format supports them. A carrier that cannot be written is a warning by default, and an error if you named it. With a
  manifest beside the file (`--detached`, Ogg, AIFF …), the file is not changed.
- **The AIGC object is read in all forms that generators give it**: bare, or wrapped in `{"AIGC": …}`; its keys in any
  order or case; in a field AIGC of any XMP namespace, in a comment of EXIF, a segment of JPEG, `LIST INFO` of WAV, an
  item of M4A and MP4 with or without a name; and in any other field that holds a whole object. What its form breaks
  of the standard is a matter of [`--law cn`](law.md). A file has one: where one stands at another place
  already, none is written beside it.
- **Also read**: EXIF of pictures, text chunks of PNG, ID3v2 in front of FLAC, XMP in WAV, M4A and MP4,
  ID3v1 in an MP3 that has no ID3v2. **Not read**: APE tags, XMP within ID3v2, within EXIF or within Photoshop blocks,
  and bytes after the end of a file.
- **Existing tags are kept.** Only the bytes of the fields below change, and the lengths of the structures that contain
  them. ID3 tags of MP3 that are not plain ID3v2.4 become that, and lose nothing:
  - **ID3v1 alone**: the new ID3v2 tag says the same, as players do not read ID3v1 beside it. The old tag stays too.
  - **ID3v2.2 and 2.3**: frames get their new names. Year, day and time become one `TDRC`; a part that is no date, and
    other texts that v2.4 has no frame for (`TRDA`, `TSIZ`), become `TXXX` with the old name. `RVA`, `RVAD`, `EQUA` and
    frames that nobody defined stay whole in a `PRIV` frame (`ID3v2.3 RVAD`): no standard says what their numbers
    count, so no `RVA2`, which is in decibels, follows from them.
  - **Special forms of ID3v2** (unsynchronised, with an extended header or a footer, sizes of old versions of iTunes)
    become plain ones. A tag ends with padding. Only for a manifest with an identity does the engine write the tag
    itself, and then without padding.
  - A tag in which a frame ends after its tag cannot hold a manifest that others find: use `--detached`.
- **Titles** are read and compared with the label ([conversions.md](conversions.md)), and never written or judged.
- **Prompts** that others left are named, and taken out with `--strip-prompt`. Texts of EXIF are emptied in their
  place; nothing else of EXIF is ever written.
- **What contradicts the label:**
  - A statement about AI that contradicts the label is replaced; the receipt has the old value.
  - An identifier that contradicts the label (another ISRC) belongs to another work, so provlabel refuses to label.
  - Names and rights are never replaced.
  - If a tag in a carrier that provlabel does not write contradicts the label, provlabel refuses to label, because
    the file would fail its own verification.
- **Names of people and prompts** are written to tags only if they are signed in clear: with `--personal` and
  `--prompt-mode clear`. `provlabel redact` removes them from the tags again. `verify` shows them only on request.
- **After a copy by ffmpeg** (`-c copy`) the manifest is gone, and tags are all that is left. MP3 and FLAC keep every
  field below. ffmpeg drops the `id3 ` and `AIGC` chunks of WAV, and the items of M4A that have names of their own. So
  there the `PROVLABEL_` fields stand among the keywords too (`IKEY`, `keyw`), as `NAME=value` with `; ` between; in a
  value `%25` is `%` and `%3B` is `;`. Keywords of others stay in front. The comment, which survives as well, is the
  artist's. Identifiers (ISRC, BARCODE, ISWC) have no field there that survives, nor has the AIGC object, whose place
  the standard fixes. One WAV is left out: ffmpeg reads an ID3v2 tag only where there is no `LIST INFO`, so that none is
  begun beside an ID3v2 tag of others.
- **`provlabel unlabel`** takes a tag out if the label lists it and it still has that value. Names, rights and
  identifiers may be older than the label; they stay, unless `--names` is given. What stood in a tag before the label
  is not known.
- **Findings**: `carrier.missing`, `carrier.changed`, `carrier.contradicts` (with both values), `carrier.doubled` (two
  AIGC objects) and `carrier.unreadable`. Manifests by other programs are compared with the tags in the same way.
- **Tags of a file without a manifest are claims**: reported, but never trusted. `provlabel init FILE`
  drafts a label from them, for a person to complete. Known marks of generators: MARKS.

Certainty: P: the primary text was read. S: a secondary source quotes it. W: a weak source, or a convention. N: a source
was looked for and not found.

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
    """The page of carriers: which format has which, and what a label looks like in each."""
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
            why = "existing tags"
        lines.append(f"| {row.name} | {', '.join(written) or '–'} | {why} |")
    lines += [
        "",
        "## Fields, with the values of one label",
        "",
        "| carrier | field | it is | value | source | certainty |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for projection in PROJECTIONS:
        fields = projection.dump(EXAMPLE)
        lines += [_field_row(projection.carrier, field, fields) for field in projection.fields.values()]
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
        lines.append(f"| `{name}` | `{source_type}` | `{name}` | {aigc} | {facts.contains_ai or 'no value'} |")
    return "\n".join([*lines, ""])


SHOPS_HEAD = """# Shops: what they ask about AI

`provlabel export --to dsp=NAME` answers these questions from labels ([delivery sheets](sheets.md)). Each shop is one
file in `src/provlabel/exchange/shops/`. ***unverified***: no outside source was found that confirms that the shop asks
this.
"""

_FOLLOWS = {
    "any": "AI made any of it",
    "whole": "AI made all of it",
    "material": "AI made a material part of it; a person judges what is partly by AI",
    "extent": "how far AI made it: all, a part, nothing",
    "realistic": "AI made it, and the signer says that it could be taken for real",
    "credit": "the roles that AI filled wholly",
    "tools": "`systems` and `provider`",
    "describe": "titles, parts and systems, as a text",
    "person": "nothing in a label: a person has to say",
}


def shops() -> str:
    """The page of shops: what each asks, and from what the answer follows."""
    lines = [SHOPS_HEAD]
    for shop in load_shops("all"):
        lines += [
            f"## `{shop.name}`: {shop.title}",
            "",
            f"{_sentence(shop.where)} As of {shop.as_of.isoformat()}. Source: {shop.source}.",
            "",
        ]
        lines += [
            "| question | about | words | follows from | parts | answers | certainty |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_question_row(row) for row in shop.question]
        lines += [
            "",
            *(f"- {note.words}{_unverified(note.certainty)}" for note in shop.note),
            *([""] if shop.note else []),
        ]
    return "\n".join(lines)


def _question_row(row: Question) -> str:
    parts = ", ".join(row.parts) if row.rule not in ("tools", "person", "describe") else ""
    parts += f"; if named: {', '.join(row.also)}" if row.also else ""
    parts += f"; a person judges: {', '.join(row.perhaps)}" if row.perhaps else ""
    asked = {"any": " (asked if AI made any of it)", "whole": " (asked if AI made all of it)"}.get(row.only, "")
    words = row.wording + asked + ("" if row.typed else " (nothing to type)")
    sure = "*unverified*" if row.certainty == "unverified" else "verified"
    sure += f": {row.source}" if row.source else ""
    return _row(f"`{row.id}`", row.about, words, _FOLLOWS[row.rule], parts, " / ".join(row.answers.values()), sure)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _unverified(certainty: str) -> str:
    return " (*unverified*)" if certainty == "unverified" else ""


def _field_row(carrier: str, field: Field, fields: Fields) -> str:
    values = "<br>".join(f"`{value}`" for value in fields.get(field.name, ())).replace("|", "\\|")
    what = f"{field.role}, personal" if field.personal else field.role
    read_only = carrier in ("exif", "text") or field.name in ELSEWHERE.get(carrier, ())
    written = "read, never written" if read_only else values
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
        ROOT / "docs" / "shops.md": shops(),
        ROOT / "docs" / "states.md": states(),
        ROOT / "docs" / "spec" / "label-v1.md": specification(),
    }
    return made


def specification() -> str:
    """The specification of the label; its text, its tables and the vectors that go with it are made in ``spec/``."""
    sys.path.insert(0, str(ROOT / "spec"))
    from spec_page import specification

    return specification()


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content)
    from label_vectors import write

    write()

"""Tags of sound: people, identifiers and rights where each carrier has a field, and a set of ours for what none has.

No tag standard has a field about AI (ID3v2.4, Vorbis comments, iTunes atoms, RIFF INFO: looked for, and not
found).  So the set of ours is written, documented in ``docs/carriers.md``: ``PROVLABEL_KIND`` (a kind of
the label), ``PROVLABEL_SYSTEMS`` (``NAME@VERSION``, one value each), ``PROVLABEL_CONTRIBUTIONS`` (one
contribution of the label each, as JSON).  Where a copy by ffmpeg drops fields of names that it does not know (WAV,
M4A), they stand among the keywords too, beside those of others: ``PROVLABEL_KIND=ai_generated; …``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from msgspec import UNSET, convert, to_builtins

from provlabel._support.types import ready
from provlabel.carriers.vocabularies._base import CarrierId, Field, FieldRole, Fields, first, gathered
from provlabel.carriers.vocabularies._people import credits_of, people_named
from provlabel.label import Label
from provlabel.label.records import Contribution, System
from provlabel.label.vocabularies import KINDS, Role

PREFIX = "PROVLABEL_"
KIND, SYSTEMS, CONTRIBUTIONS = f"{PREFIX}KIND", f"{PREFIX}SYSTEMS", f"{PREFIX}CONTRIBUTIONS"
KEYWORDS = "KEYWORDS"
_ITUNES = "----:com.apple.iTunes:"
_CONVENTION = "convention of taggers"
_NAMES = "field names of ID3v2.4, Xiph, iTunes and RIFF INFO, as taggers use them"
_PLACES: dict[str, dict[CarrierId, str]] = {
    KIND: {"id3": f"TXXX:{KIND}", "vorbis": KIND, "mp4": _ITUNES + KIND},
    SYSTEMS: {"id3": f"TXXX:{SYSTEMS}", "vorbis": SYSTEMS, "mp4": _ITUNES + SYSTEMS},
    CONTRIBUTIONS: {"id3": f"TXXX:{CONTRIBUTIONS}", "vorbis": CONTRIBUTIONS, "mp4": _ITUNES + CONTRIBUTIONS},
    KEYWORDS: {"mp4": "keyw", "riff": "INFO:IKEY"},
    "ARTIST": {"id3": "TPE1", "vorbis": "ARTIST", "mp4": "©ART", "riff": "INFO:IART"},
    "COMPOSER": {"id3": "TCOM", "vorbis": "COMPOSER", "mp4": "©wrt"},
    "LYRICIST": {"id3": "TEXT", "vorbis": "LYRICIST", "mp4": f"{_ITUNES}LYRICIST"},
    "PERFORMERS": {"id3": "TMCL"},
    "INVOLVED": {"id3": "TIPL"},
    "ISRC": {"id3": "TSRC", "vorbis": "ISRC", "mp4": f"{_ITUNES}ISRC"},
    "BARCODE": {"id3": "TXXX:BARCODE", "vorbis": "BARCODE", "mp4": f"{_ITUNES}BARCODE"},
    "ISWC": {"id3": "TXXX:ISWC", "vorbis": "ISWC", "mp4": f"{_ITUNES}ISWC"},
    "COPYRIGHT": {"id3": "TCOP", "vorbis": "COPYRIGHT", "mp4": "cprt", "riff": "INFO:ICOP"},
}
_ABOUT: dict[str, tuple[FieldRole, bool, str, str]] = {
    KIND: ("statement", False, "ours: no standard has a field", "N"),
    SYSTEMS: ("statement", False, "ours: no standard has a field", "N"),
    CONTRIBUTIONS: ("statement", False, "ours: no standard has a field", "N"),
    KEYWORDS: ("statement", False, "the field: as below; the words in it: ours", "N"),
    "ARTIST": ("credit", True, _NAMES, "S"),
    "COMPOSER": ("credit", True, _NAMES, "S"),
    "LYRICIST": ("credit", True, _NAMES, "S"),
    "PERFORMERS": ("credit", True, _NAMES, "S"),
    "INVOLVED": ("credit", True, _NAMES, "S"),
    "ISRC": ("identifier", False, _NAMES, "S"),
    "BARCODE": ("identifier", False, _CONVENTION, "S"),
    "ISWC": ("identifier", False, _CONVENTION, "W"),
    "COPYRIGHT": ("credit", False, _NAMES, "S"),
}
_IDENTIFIERS = {"isrc": "ISRC", "upc": "BARCODE", "iswc": "ISWC"}

#: DDEX roles by the field that credits them; a role that is not here stands in TIPL.
_ROLES = {
    "ARTIST": ("LeadVocalist", "Vocalist", "Musician"),
    "COMPOSER": ("Composer", "ComposerLyricist"),
    "LYRICIST": ("Lyricist", "ComposerLyricist"),
    "PERFORMERS": (
        "BackgroundVocalist",
        "LeadVocalist",
        "Musician",
        "Narrator",
        "Programmer",
        "StudioMusician",
        "Vocalist",
        "VoiceActor",
    ),
}
_KNOWN_ROLES = frozenset(get_args(Role))
_CREDITED = frozenset(role for roles in _ROLES.values() for role in roles)
#: The role that a name in a field of one role gets when it is read.
_READ_AS = {"COMPOSER": "Composer", "LYRICIST": "Lyricist", "ARTIST": ""}


def fields(carrier: CarrierId) -> dict[str, Field]:
    """Return the fields that ``carrier`` has for what is mapped here."""
    rows = ((name, places[carrier]) for name, places in _PLACES.items() if carrier in places)
    return {place: Field(place, *_ABOUT[name], shared=name == KEYWORDS) for name, place in rows}


def dump(label: Label, carrier: CarrierId) -> dict[str, tuple[str, ...]]:
    """Return the tags that state what ``label`` states, as far as ``carrier`` has a place for it."""
    stated = ((_PLACES[name].get(carrier), value) for name, value in _neutral(label))
    places = (*stated, (_PLACES[KEYWORDS].get(carrier), _keywords(label)))
    return gathered((place, value) for place, value in places if place is not None)


def _neutral(label: Label) -> Iterator[tuple[str, Any]]:
    yield from _ours(label)
    yield from _credited(label)
    yield from ((_IDENTIFIERS[item.type], item.value) for item in label.identifiers if item.type in _IDENTIFIERS)
    if label.rights is not UNSET:
        yield "COPYRIGHT", label.rights.notice


def _ours(label: Label) -> Iterator[tuple[str, str]]:
    yield KIND, label.kind
    yield from ((SYSTEMS, _named(item)) for item in label.systems)
    yield from ((CONTRIBUTIONS, _json(to_builtins(item))) for item in label.contributions)


def _keywords(label: Label) -> str:
    return "; ".join(f"{name}={value.replace('%', '%25').replace(';', '%3B')}" for name, value in _ours(label))


def stated_in_keywords(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what keywords say in fields of ours; those of others say nothing."""
    pairs = (word.split("=", 1) for text in texts for word in _words(text) if _is_ours(word))
    return gathered((name, value.replace("%3B", ";").replace("%25", "%")) for name, value in pairs)


def beside_keywords(old: Iterable[str], ours: Iterable[str]) -> tuple[str, ...]:
    """Return the keywords of others, and ours behind them in place of such as were there; always one text."""
    others = [word.rstrip() for text in old for word in _words(text) if not _is_ours(word)]
    return ("; ".join((*others, *ours)),)


def _words(text: str) -> list[str]:
    return [word.lstrip() for word in text.split(";") if word.strip()]


def _is_ours(word: str) -> bool:
    return word.partition("=")[0] in (KIND, SYSTEMS, CONTRIBUTIONS) and "=" in word


def _credited(label: Label) -> Iterator[tuple[str, Any]]:
    pairs = tuple(credits_of(label))
    yield from (("ARTIST", name) for name in _without_role(label))
    for field in ("ARTIST", "COMPOSER", "LYRICIST"):
        yield from ((field, name) for name in dict.fromkeys(name for role, name in pairs if role in _ROLES[field]))
    for role, name in pairs:
        if role in _ROLES["PERFORMERS"] or role not in _CREDITED:
            yield from (("PERFORMERS" if role in _CREDITED else "INVOLVED", text) for text in (role, name))


def _without_role(label: Label) -> Iterator[str]:
    """Yield who is credited, and not as what; not who is only seen or heard, or wrote the prompt."""
    others = {item.person for item in label.contributions} | {item.person for item in label.likeness}
    if label.prompt is not UNSET:
        others.add(label.prompt.writer)
    for person in label.people:
        if person.name is not UNSET and not person.roles and person.id not in others:
            yield person.name


def _named(system: System) -> str:
    """Write a system as ``--system`` takes it: a name keeps its ``@`` by an empty version, a version escapes it."""
    if system.version is not UNSET:
        return f"{system.name}@{system.version.replace('%', '%25').replace('@', '%40')}"
    return f"{system.name}@" if "@" in system.name else system.name


def system_named(text: str) -> dict[str, str]:
    """Read ``NAME`` or ``NAME@VERSION`` as a system of a plain label."""
    name, _, version = text.rpartition("@") if "@" in text else (text, "", "")
    return {"name": name} | ({"version": version} if version else {})


def _unescaped(system: dict[str, str]) -> dict[str, str]:
    plain = {key: text.replace("%40", "@").replace("%25", "%") for key, text in system.items() if key == "version"}
    return system | plain


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- and back --------------------------------------------------------------------------------------


def load(fields: Fields, carrier: CarrierId) -> dict[str, Any]:
    """Return what tags say, as part of a plain label."""
    values = {name: fields.get(places.get(carrier, ""), ()) for name, places in _PLACES.items()}
    for name, stated in stated_in_keywords(values[KEYWORDS]).items():
        values[name] = values[name] or stated
    label: dict[str, Any] = {}
    if first(values, KIND) in KINDS:
        label["kind"] = first(values, KIND)
    if values[SYSTEMS]:
        label["systems"] = [_unescaped(system_named(text)) for text in values[SYSTEMS]]
    if parts := [part for text in values[CONTRIBUTIONS] if (part := _contribution(text))]:
        label["contributions"] = parts
    identifiers = [{"type": scheme, "value": value} for scheme, name in _IDENTIFIERS.items() for value in values[name]]
    if identifiers:
        label["identifiers"] = identifiers
    if people := _people(values, parts):
        label["people"] = people
    if notice := first(values, "COPYRIGHT"):
        label["rights"] = {"notice": notice}
    return label


def _people(values: Fields, parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return who is credited under the id that a contribution of that role has, and whom only a contribution names."""
    ids = {part["role"]: part["person"] for part in parts if "role" in part and "person" in part}
    people, used = people_named(_credits(values)), set[str]()
    for person in people:
        known = next((ids[role] for role in person.get("roles", ()) if role in ids and ids[role] not in used), None)
        person["id"] = known if known is not None else person["id"]
        used.add(person["id"])
    named = dict.fromkeys(str(part["person"]) for part in parts if "person" in part)
    return [*people, *({"id": person} for person in named if person not in used)]


def _credits(values: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for field in ("PERFORMERS", "INVOLVED"):
        texts = values[field]  # roles in any words; those of DDEX are what a label has
        pairs = zip(texts[::2], texts[1::2], strict=False)
        yield from ((name, role if role in _KNOWN_ROLES else "") for role, name in pairs)
    for field, role in _READ_AS.items():
        yield from ((name, role) for name in values[field])


def _contribution(text: str) -> dict[str, Any]:
    """Return a contribution of a plain label; nothing for what is none, which anybody may write there."""
    try:
        value = json.loads(text)
        convert(value, ready(Contribution))
    except (ValueError, RecursionError):
        return {}
    return dict(value)

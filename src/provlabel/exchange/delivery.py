"""A delivery against its message: which file is which resource, and where the two disagree.

A file is the resource that has its hash, else its ISRC, else its GRid, else its name.  Each disagreement is a
finding of the file; a resource of which there is no file gets an entry of its own.  What a file says of itself is
its label; whether that label can be believed is judged beside this, and not here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from provlabel._support.files import digests_of, open_regular
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import InputError
from provlabel.exchange.ddex import parts_of, role_of
from provlabel.exchange.ern import MEDIA, USE_TYPES, DeliveredFile, Hash, Message, Resource, plain, read_message
from provlabel.label import Label, label_from_dict
from provlabel.label.identifiers import CANONICAL
from provlabel.label.vocabularies import KINDS
from provlabel.report import Axes, FileReport, Finding, Named, finding

#: Extents by which AI took part.
_AI = frozenset({"All", "Partly"})
#: Identifiers that labels and messages have alike; the first two also identify the resource that a file is.
_SCHEMES = ("isrc", "grid", "iswc", "upc")
#: Digests of a file by the names of :mod:`hashlib`, of those that were asked for.
Digests = Callable[[str, frozenset[str]], Mapping[str, str]]
#: What leads to a resource: the name of a hash, ``isrc``, ``grid`` or ``name``; and its value.
_Key = tuple[str, str]


class _JudgedFile(NamedTuple):
    """What is known of one judged file."""

    path: str
    digests: Mapping[str, str]
    identifiers: Mapping[str, frozenset[str]]  #: by scheme, in their one right form

    @property
    def name(self) -> str:
        return Path(self.path).name


class Delivery:
    """One message, and which of its resources were found so far: one for each run.

    Args:
        message: what the message says.
        source: its name, for people.
        digests: how digests of a file are had; by default it is read once more.
    """

    def __init__(self, message: Message, source: str, digests: Digests | None = None) -> None:
        self.message, self.source = message, source
        self._media = tuple(item for item in message.resources if item.type in MEDIA)
        self._digests = digests or _digests_at
        named = {hashed.computed for item in self._media for file in item.files for hashed in file.hashes}
        self._algorithms = frozenset(named - {""})
        self._places = _places(self._media)
        self._taken: dict[int, dict[str, str]] = {}  # resource -> files that are it, and the entry of each

    @classmethod
    def of(cls, path: Path) -> Delivery:
        """Read the message at ``path``.

        Raises:
            InputError: it cannot be read.
            ConfigError: it is no message of a known version of ERN.
        """
        return cls(message_at(path), printable(str(path)))

    @property
    def named(self) -> Named:
        """What a report says of the message."""
        return Named(self.source, self.message.sha256)

    def findings(self, file: FileReport, _evidence: object = None, _verdict: object = None) -> tuple[Finding, ...]:
        """Return where ``file`` and the message disagree, and remember which resource it is."""
        label = file.label.value if file.label is not None else {}
        judged = self._judged_file(file, label)
        if isinstance(judged, Finding):
            return (judged,)
        place = self._place_of(judged)
        if place is None:
            return (finding("delivery.unlisted", self.source),)
        resource = self._media[place]
        at = f"{self.source}:{resource.line}"
        records = _label(label)
        found = [*self._taking(place, judged), *_hashes(resource, judged), *self._swapped(place, judged)]
        found += _identifiers(resource, judged)
        if self.message.speaks_of_ai:
            found += [*_contains_ai(resource, label), *_permissions(resource, label)]
            found += _contributions(resource, records) if records is not None else []
            found += [finding("delivery.unknown-value", fault) for fault in resource.faults]
        else:
            found.append(finding("delivery.no-ai-fields", f"ERN {self.message.version}"))
        return tuple(msgspec.structs.replace(item, at=at) for item in found)

    def missing(self) -> Iterator[FileReport]:
        """Yield an entry for each file that should be in the delivery and that was not judged."""
        for place, resource in enumerate(self._media):
            taken = self._taken.get(place, {})
            wanted = dict.fromkeys(file.uri for file in resource.files if file.provided) or {resource.reference: None}
            left = [uri for uri in wanted if uri not in taken.values()]
            for uri in left[: max(len(wanted) - len(taken), 0)] if resource.provided else ():
                words = resource.shown if len(wanted) == 1 else f"{resource.shown}: {printable(uri)}"
                found = finding("delivery.missing", words, at=f"{self.source}:{resource.line}")
                yield _entry(f"{self.source}#{printable(uri)}", found)

    def _taking(self, place: int, judged: _JudgedFile) -> Iterator[Finding]:
        """Remember which resource a file is; a resource is no more files than the message lists for it."""
        resource, taken = self._media[place], self._taken.setdefault(place, {})
        entries, path = _entries(resource, judged), os.path.realpath(judged.path)
        if path in taken:
            return
        if resource.files and len(taken) >= len({file.uri for file in resource.files}):
            yield finding("delivery.unlisted", f"{resource.shown} is {printable(next(iter(taken)))} already")
        taken[path] = next((file.uri for file in entries if file.uri not in taken.values()), "")

    def _swapped(self, place: int, judged: _JudgedFile) -> Iterator[Finding]:
        """Say where the message has this name for another resource, with another hash."""
        name = plain(judged.name)
        if any(name in file.names for file in self._media[place].files):
            return
        for other in self._places.get(("name", name), ()):
            resource = self._media[other]
            if any(_wrong_hashes(file, judged) for file in resource.files if name in file.names):
                yield finding("delivery.hash", f"{printable(judged.name)} is {resource.shown} there")

    def _judged_file(self, file: FileReport, label: Mapping[str, Any]) -> _JudgedFile | Finding:
        digests: dict[str, str] = {"sha256": file.sha256} if file.sha256 else {}
        if self._algorithms - set(digests):
            try:
                digests |= self._digests(file.path, self._algorithms | {"sha256"})
            except InputError as exc:
                return finding("delivery.unread", str(exc))
            if digests.get("sha256") != file.sha256:
                return finding("delivery.unread", "the file changed after it was judged")
        return _JudgedFile(file.path, digests, {scheme: frozenset(_values(label, scheme)) for scheme in _SCHEMES})

    def _place_of(self, judged: _JudgedFile) -> int | None:
        """Return the resource by the first of hash, ISRC, GRid and name that leads to any; of several, the best."""
        keys: tuple[Iterable[_Key], ...] = (
            judged.digests.items(),
            *([(scheme, value) for value in judged.identifiers[scheme]] for scheme in ("isrc", "grid")),
            [("name", plain(judged.name))],
        )
        for group in keys:
            fitting = sorted({place for key in group for place in self._places.get(key, ())})
            if fitting:
                return min(fitting, key=lambda place: (-_nearness(self._media[place], judged), place in self._taken))
        return None


def _places(media: Sequence[Resource]) -> dict[_Key, list[int]]:
    """Return where each hash, identifier and name of a file stands in the message."""
    found: dict[_Key, list[int]] = {}
    for place, item in enumerate(media):
        keys: list[_Key] = [(one.computed, one.value) for file in item.files for one in file.hashes if one.computed]
        keys += [("isrc", value) for value in _canonical("isrc", item.isrcs)]
        keys += [("grid", value) for value in _canonical("grid", item.grids)]
        keys += [("name", name) for file in item.files for name in file.names]
        for key in dict.fromkeys(keys):
            found.setdefault(key, []).append(place)
    return found


def _nearness(resource: Resource, judged: _JudgedFile) -> int:
    """Return how many parts of the path, from its end, a file of ``resource`` has in common with this one."""
    ours = plain(judged.path).split("/")[::-1]
    same = (takewhile(lambda pair: pair[0] == pair[1], zip(ours, file.parts, strict=False)) for file in resource.files)
    return max((sum(1 for _ in pairs) for pairs in same), default=0)


def message_at(path: Path) -> Message:
    """Read the message at ``path``.

    Raises:
        InputError: it cannot be read.
        ConfigError: it is no message of a known version of ERN.
    """
    from provlabel._support.xml import MAX_BYTES

    with open_regular(path) as stream:
        return read_message(stream.read(MAX_BYTES + 1), printable(str(path)))


def _digests_at(path: str, algorithms: frozenset[str]) -> dict[str, str]:
    """Return digests of a file in hex, in one pass.

    Raises:
        InputError: it cannot be read.
    """
    with open_regular(path_of(path)) as stream:
        return digests_of(stream, algorithms)


def _entry(path: str, found: Finding) -> FileReport:
    nothing = Axes(
        content="unreadable",
        label=("none",),
        signer="not-applicable",
        time="none",
        revocation="not-checked",
        history="none",
        identity="none",
    )
    return FileReport(
        path=path,
        passed=False,
        outcome="failed",
        state="unreadable",
        engine_state=None,
        axes=nothing,
        findings=(found,),
    )


# --- which file it is ------------------------------------------------------------------------------


def _values(label: Mapping[str, Any], scheme: str) -> Iterator[str]:
    """Yield the identifiers that a label states; whatever a label holds, this does not fail."""
    listed = label.get("identifiers")
    for item in listed if isinstance(listed, (list, tuple)) else ():
        if isinstance(item, Mapping) and item.get("type") == scheme and isinstance(item.get("value"), str):
            yield from _canonical(scheme, (item["value"],))


def _canonical(scheme: str, values: Iterable[str]) -> Iterator[str]:
    plainly = (CANONICAL[scheme](value) or value for value in values)
    return (value.zfill(13) for value in plainly) if scheme == "upc" else plainly  # a UPC is an EAN that begins with 0


def _same_hash(file: DeliveredFile, judged: _JudgedFile) -> bool:
    return any(judged.digests.get(item.computed) == item.value for item in file.hashes)


def _hashes(resource: Resource, judged: _JudgedFile) -> Iterator[Finding]:
    """Compare a file with the entries that it may be: every hash of one of them has to be its own."""
    entries = _entries(resource, judged)
    wrong = [_wrong_hashes(file, judged) for file in entries]
    fits = any(not bad and _same_hash(file, judged) for file, bad in zip(entries, wrong, strict=True))
    for item in [] if fits else next((bad for bad in wrong if bad), [])[:1]:
        ours = judged.digests.get(item.computed, "")
        words = f"{printable(item.algorithm, 20)} is {ours}, and the message has {printable(item.value, 128)}"
        yield finding("delivery.hash", words)
    sums = [item for file in entries for item in file.hashes]
    if sums and not any(item.computed for item in sums):
        yield finding("delivery.hash-not-checked", _shown(item.algorithm or "none" for item in sums))
    names = {name for file in entries for name in file.names}
    if names and plain(judged.name) not in names:
        yield finding("delivery.file-name", f"{printable(judged.name)}, and the message has {_shown(names)}")


def _entries(resource: Resource, judged: _JudgedFile) -> tuple[DeliveredFile, ...]:
    """Return the files of a resource that have a hash of this one, else its name; else it may be any of them."""
    same = tuple(file for file in resource.files if _same_hash(file, judged))
    return same or tuple(file for file in resource.files if plain(judged.name) in file.names) or resource.files


def _wrong_hashes(file: DeliveredFile, judged: _JudgedFile) -> list[Hash]:
    return [item for item in file.hashes if item.computed and judged.digests.get(item.computed) != item.value]


def _identifiers(resource: Resource, judged: _JudgedFile) -> Iterator[Finding]:
    theirs = {"isrc": resource.isrcs, "grid": resource.grids, "iswc": resource.iswcs, "upc": resource.icpns}
    for scheme in _SCHEMES:
        ours, stated = judged.identifiers[scheme], frozenset(_canonical(scheme, theirs[scheme]))
        if ours and stated and not ours & stated:
            words = f"{scheme.upper()} {_shown(ours)} in the label, and {_shown(stated)} in the message"
            yield finding("delivery.identifier", words)


def _shown(texts: Iterable[str]) -> str:
    return ", ".join(printable(text, 80) for text in sorted(texts)[:5])


# --- what label and message say of it --------------------------------------------------------------


def _contains_ai(resource: Resource, label: Mapping[str, Any]) -> Iterator[Finding]:
    kind, theirs = label.get("kind"), resource.contains_ai
    facts = KINDS.get(kind) if isinstance(kind, str) else None
    ours = facts.contains_ai if facts else None
    if ours is not None and theirs is not None:
        if ours != theirs:
            yield finding("delivery.contains-ai", f"{kind} in the label is {ours}, and the message says {theirs}")
    elif theirs in _AI and facts is None:
        yield finding("delivery.undisclosed", f"ContainsAI is {theirs}, and the label does not say")
    elif facts is not None and ours is None and theirs != "Partly":
        yield finding("delivery.undisclosed", f"{kind} in the label, and ContainsAI is {theirs or 'not there'}")
    elif ours in _AI:
        yield finding("delivery.undisclosed", f"{kind} in the label, and the message has no ContainsAI")


def _permissions(resource: Resource, label: Mapping[str, Any]) -> Iterator[Finding]:
    stated = label.get("permissions")
    for name, granted in resource.uses.items():
        use = stated.get(name) if isinstance(stated, Mapping) else None
        if use == "notAllowed" or (use == "constrained" and granted == "allowed"):
            terms = "" if granted == "allowed" else " under terms"
            yield finding(
                "delivery.permission", f"{name} is {use} in the label, and a deal grants {USE_TYPES[name]}{terms}"
            )


def _label(value: Mapping[str, Any]) -> Label | None:
    """Return the label as records; one of others, or of a later schema, may be none of ours."""
    from provlabel.errors import LabelError

    try:
        return label_from_dict(dict(value))
    except LabelError:
        return None


def _contributions(resource: Resource, label: Label) -> Iterator[Finding]:
    """Compare how far AI made each part, where both name it, and where one says that AI did.

    A role says its part: labels and messages need not choose the same one of several words for it.
    """
    theirs: dict[str, set[str]] = {}
    for item in resource.contributors:
        for role in (item.roles or ("",)) if item.extent is not None else ():
            for part in parts_of(role):
                theirs.setdefault(part, set()).add(str(item.extent))
    ours: dict[str, set[str]] = {}
    for one in label.contributions:
        for part in parts_of(role_of(one)):
            ours.setdefault(part, set()).add(one.extent)
    if not ours or not theirs:
        yield from _one_sided(resource, label, ours, theirs)
        return
    for part in sorted(ours.keys() | theirs.keys()):
        labeled, messaged = ours.get(part, set()), theirs.get(part, set())
        if labeled != messaged and ((labeled and messaged) or (labeled | messaged) & _AI):
            yield finding(
                "delivery.contribution",
                f"{printable(part, 60)}: {_extents(labeled)} in the label, and {_extents(messaged)} in the message",
            )


def _one_sided(
    resource: Resource, label: Label, ours: Mapping[str, set[str]], theirs: Mapping[str, set[str]]
) -> Iterator[Finding]:
    """Where one side has no contributions, its kind, or the credits without ``AiContribution``, still say something."""
    by_ai = {part: extents & _AI for part, extents in theirs.items() if extents & _AI}
    if by_ai and KINDS[label.kind].contains_ai == "None":
        words = "; ".join(f"{printable(part, 60)} {_extents(extents)}" for part, extents in sorted(by_ai.items())[:5])
        yield finding("delivery.contribution", f"{label.kind} in the label, and the message has {words}")
    made = sorted(part for part, extents in ours.items() if extents & _AI)
    if made and resource.contributors:
        words = f"{', '.join(made)} in the label, and no contributor of the message has AiContribution"
        yield finding("delivery.undisclosed", words)


def _extents(extents: set[str]) -> str:
    return " and ".join(sorted(extents)) or "nothing"

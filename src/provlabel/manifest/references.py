"""References between boxes of a store: hashed URIs (C2PA 2.4 §8.4.2, §15.10.3.3), and what actions name.

The engine hashes what a claim lists, and the manifests of ingredients.  It follows few of the references within
assertions, and holds none of their hashes against what they lead to; and of what an action names it compares the label
alone, whichever manifest that lies in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from provlabel.evidence import Code, base_name, mapping
from provlabel.manifest import jumbf

_MISSING, _MISMATCH, _UNSUPPORTED = "hashedURI.missing", "hashedURI.mismatch", "algorithm.unsupported"
_INGREDIENT_MISMATCH, _REDACTED = "assertion.action.ingredientMismatch", "redacted_assertions"
_ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})  # C2PA 2.4 §13.1; no other was ever allowed
_WITHIN, _ANYWHERE = "self#jumbf=", ("http://", "https://")
_ASSERTIONS = "c2pa.assertions"

#: The fields in which the standard assertions have hashed URIs; in another field one is known by its shape alone.
_FIELDS = frozenset({"ingredient", "ingredients", "icon", "thumbnail", "reference", "hashAssertion"})
#: What the engine judges itself, where a redaction excuses a hash (§15.11.3); and URIs of results, which have none.
_OTHERS = frozenset({"activeManifest", "c2pa_manifest", "claimSignature", "validationResults", "validationStatus"})
#: Hashes of the content refer to no box, but for the one of several parts; they can be long.
_CONTENT_HASH, _OF_PARTS = "c2pa.hash.", "c2pa.hash.multi-asset"

Path = tuple[str, ...]  #: labels of boxes, from that of the store on


class _Reference(NamedTuple):
    """One hashed URI."""

    field: str
    stated: Mapping[str, Any]
    algorithm: str  #: of the nearest structure around it that names one, or of the claim


class _Store:
    """The boxes of a store by their paths, and their digests, each made once."""

    def __init__(self, store: bytes) -> None:
        self._data = memoryview(store)
        self._boxes: dict[Path, jumbf.JumbfBox | None] = {}
        self._digests: dict[tuple[int, str], bytes] = {}
        root = next(jumbf.boxes(self._data), None)
        if root is not None and root.kind == jumbf.SUPERBOX:
            self._take(root, ())

    def _take(self, box: jumbf.JumbfBox, above: Path) -> None:
        description, start = jumbf.described(self._data, box)
        path = (*above, description.label.decode("latin-1"))
        self._boxes[path] = None if path in self._boxes else box  # of two with one name none is meant
        for inside in jumbf.boxes(self._data, start, box.end):
            if inside.kind == jumbf.SUPERBOX:
                self._take(inside, path)

    def has(self, path: Path) -> bool:
        """Does the path lead to one box?"""
        return self._boxes.get(path) is not None

    def digests(self, path: Path, algorithm: str, *, old: bool) -> Iterator[bytes]:
        """Yield the digest of a box without its head (C2PA 2.4 §8.4.2.3).

        Generators of old claims also hashed what is in the last box inside alone: the content without its description.
        """
        box = self._boxes[path]
        assert box is not None  # noqa: S101 - every caller has asked
        yield self._digest(box, algorithm)
        if old:
            _, start = jumbf.described(self._data, box)
            for inside in list(jumbf.boxes(self._data, start, box.end))[-1:]:
                yield self._digest(inside, algorithm)

    def _digest(self, box: jumbf.JumbfBox, algorithm: str) -> bytes:
        key = box.body, algorithm
        if key not in self._digests:
            self._digests[key] = hashlib.new(algorithm, self._data[box.body : box.end]).digest()
        return self._digests[key]


def faults(manifests: Sequence[Mapping[str, Any]], store: bytes) -> dict[str, tuple[Code, ...]]:
    """Return what is wrong with the references of each manifest, by its name.

    Args:
        manifests: those of a crJSON document.
        store: the store from which it was made, without compression, within the limits of
            :mod:`provlabel.manifest.limits`.  Each box is hashed at most once with each algorithm.

    A reference to an assertion that another manifest redacts is excused, as is that assertion (§15.10.3.1).  Claims of
    version 1 may also name what was removed where C2PA 1.3 (§16.7.3) looks for it: in their own manifest.

    Raises:
        ContainerError: what the engine took for a store is none to us.
    """
    boxes = _Store(store)
    redacted = frozenset(_redacted(manifests))
    known = {str(one["label"]): mapping(one["assertions"]) for one in manifests}
    return {str(one["label"]): tuple(dict.fromkeys(_faults(one, boxes, known, redacted))) for one in manifests}


def _redacted(manifests: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    """Yield the assertions that other manifests than their own redact."""
    for one in manifests:
        for uri in _list(_claim(one).get(_REDACTED)):
            path = _path(str(uri), str(one["label"]))
            if path[1:2] != (one["label"],):
                yield path


def _faults(
    manifest: Mapping[str, Any], boxes: _Store, known: Mapping[str, Mapping[str, Any]], redacted: frozenset[Path]
) -> Iterator[Code]:
    urn, claim, old = str(manifest["label"]), _claim(manifest), "claim.v2" not in manifest
    algorithm = str(claim.get("alg", ""))
    about_claim = {name: claim.get(name) for name in ("claim_generator_info", "metadata")}
    for name, data in (("", about_claim), *mapping(manifest["assertions"]).items()):
        if name and not _is_standard(name):
            continue
        at = f"{_WITHIN}/c2pa/{urn}/{f'{_ASSERTIONS}/{name}' if name else 'c2pa.claim'}"
        for reference in _references(data, algorithm, ""):
            if (path := _target(reference.stated, urn)) not in redacted:
                yield from _broken(reference, path, boxes, old, at)
        if base_name(name) == "c2pa.actions":
            yield from _misnamed(data, manifest, known, redacted, at)


def _is_standard(name: str) -> bool:
    base = base_name(name)
    return base.startswith("c2pa.") and (not base.startswith(_CONTENT_HASH) or base == _OF_PARTS)


def _claim(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(manifest.get("claim.v2") or manifest.get("claim"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _references(value: Any, algorithm: str, field: str) -> Iterator[_Reference]:
    """Yield the hashed URIs in a value, at any depth; fields of others, which have a dot, are theirs."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one, algorithm, field)
    elif isinstance(value, Mapping):
        if _is_reference(value, field):
            yield _Reference(field, value, str(value.get("alg") or algorithm))
            return
        around = value.get("alg")  # a soft binding has one of its own, which is of no hash
        algorithm = around if isinstance(around, str) and around in _ALGORITHMS else algorithm
        for name, inside in value.items():
            if name not in _OTHERS and "." not in name:
                yield from _references(inside, algorithm, name)


def _is_reference(value: Mapping[str, Any], field: str) -> bool:
    url = value.get("url")
    if isinstance(url, str) and url.startswith(_ANYWHERE):
        return False  # an external one, which nobody fetches
    if field in _FIELDS:
        return "url" in value or "hash" in value
    return "hash" in value and isinstance(url, str) and url.startswith(_WITHIN)


def _target(reference: Mapping[str, Any], urn: str) -> Path:
    return _path(str(reference.get("url", "")), urn)


def _path(uri: str, urn: str) -> Path:
    """Return where a JUMBF URI of the manifest ``urn`` leads: from the store on, or from that manifest on."""
    if not uri.startswith(_WITHIN):
        return ()
    labels = tuple(uri[len(_WITHIN) :].lstrip("/").split("/"))
    return labels if labels[0] == "c2pa" else ("c2pa", urn, *labels)


def _broken(reference: _Reference, path: Path, boxes: _Store, old: bool, at: str) -> Iterator[Code]:
    """Say what is wrong with a hashed URI (C2PA 2.4 §15.10.3.3)."""
    what = f"{reference.field} refers to {'/'.join(path[2:]) or 'nothing'}"
    if not boxes.has(path):
        yield Code(_MISSING, "failure", at, f"{what}, which is not there")
    elif reference.algorithm not in _ALGORITHMS:
        yield Code(_UNSUPPORTED, "failure", at, f"{what} by a hash of an algorithm that C2PA does not have")
    elif str(reference.stated.get("hash")) not in map(_as_text, boxes.digests(path, reference.algorithm, old=old)):
        yield Code(_MISMATCH, "failure", at, f"{what}, and not by the hash of what is there")


def _as_text(digest: bytes) -> str:
    """Write bytes as crJSON does."""
    return f"b64'{base64.b64encode(digest).decode()}'"


# --- what actions name -----------------------------------------------------------------------------


class _Named(NamedTuple):
    """What an action has to name (C2PA 2.4 §15.10.3.2.3)."""

    relationship: str
    place: str = "its own manifest"


_ELSEWHERE = "another manifest"
_REMOVED = "c2pa.removed"
_NAMED = {
    "c2pa.opened": _Named("parentOf"),
    "c2pa.placed": _Named("componentOf"),
    _REMOVED: _Named("componentOf", _ELSEWHERE),
    "c2pa.transcoded": _Named("parentOf"),
    "c2pa.repackaged": _Named("parentOf"),
}
#: The engine's words where it looks for what was removed in the manifest that removes it.
_WRONG_PLACE = f"('{_REMOVED}') must have valid ingredient"


def is_misjudged(code: Code) -> bool:
    """Does the engine refuse what an action removes for lying in another manifest, where it belongs?

    :func:`faults` judges these actions.
    """
    return code.code == _INGREDIENT_MISMATCH and _WRONG_PLACE in code.text


def _misnamed(
    data: Any, manifest: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], redacted: frozenset[Path], at: str
) -> Iterator[Code]:
    """Say which actions name another ingredient than they have to."""
    urn, old = str(manifest["label"]), "claim.v2" not in manifest
    for entry in map(mapping, _list(mapping(data).get("actions"))):
        action = str(entry.get("action"))
        if action not in _NAMED or (old and action != _REMOVED):
            continue  # of an old claim the engine judges the rest
        wanted = _NAMED[action]
        parameters = mapping(entry.get("parameters"))
        listed = [mapping(one) for one in (*_list(parameters.get("ingredients")), parameters.get("ingredient")) if one]
        named = [_target(one, urn) for one in listed]
        for path in named or ([()] if action == _REMOVED else []):
            if path not in redacted and not _fits(path, urn, known, wanted, anywhere=old):
                text = f"{action} has to name a {wanted.relationship} of {wanted.place}"
                yield Code(_INGREDIENT_MISMATCH, "failure", at, text)


def _fits(path: Path, urn: str, known: Mapping[str, Mapping[str, Any]], wanted: _Named, *, anywhere: bool) -> bool:
    if len(path) != 4 or path[2] != _ASSERTIONS or base_name(path[3]) != "c2pa.ingredient":
        return False
    ingredient = mapping(known.get(path[1], {}).get(path[3]))
    placed = anywhere or (path[1] != urn) == (wanted.place == _ELSEWHERE)
    return placed and ingredient.get("relationship") == wanted.relationship

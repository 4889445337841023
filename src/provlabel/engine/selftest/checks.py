"""Each switch of the engine that matters, shown to have its effect on six small files."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from provlabel import engine
from provlabel.engine import _settings, signing
from provlabel.engine.credential import EngineCredential
from provlabel.errors import EngineError, SignerError
from provlabel.manifest.write import Definition
from provlabel.trust.anchors import AnchorList, TrustStore

_PNG = "image/png"
_HERE = Path(__file__).parent
_ACTIONS = "c2pa.actions.v2"
_NOBODY = TrustStore()


def failures() -> tuple[str, ...]:
    """Return what the engine that is installed does not do; empty when it can be relied on.

    Raises:
        UnfitEngineError: it does not even load, or is of another version.
    """
    engine.binding()
    return tuple(what for what, check in CHECKS.items() if not _shown(check))


def _shown(check: Callable[[], bool]) -> bool:
    """An engine that cannot do one of these at all has not shown it."""
    try:
        return check()
    except (EngineError, SignerError, OSError, LookupError, ValueError):
        return False


def _anchors_count() -> bool:
    state, codes = _judged_file("signed.png", _anchors())
    return state == "Trusted" and "signingCredential.trusted" in codes["success"]


def _strangers_are_not_trusted() -> bool:
    state, codes = _judged_file("signed.png", _NOBODY)
    return state == "Valid" and "signingCredential.untrusted" in codes["failure"]


def _content_is_hashed() -> bool:
    content = bytearray(_file("signed.png"))
    content[content.rindex(b"IDAT") + 8] ^= 1
    state, codes = _judged(bytes(content), _anchors())
    return state == "Invalid" and "assertion.dataHash.mismatch" in codes["failure"]


def _nothing_is_fetched() -> bool:
    try:
        engine.read(io.BytesIO(_file("remote.png")), _PNG, _NOBODY)
    except engine.RemoteManifest as exc:
        return exc.url == REMOTE
    return False


def _no_host_is_allowed() -> bool:
    given = _settings.settings()
    given["verify"]["remote_manifest_fetch"] = True
    return "not permitted" in engine.objection(io.BytesIO(_file("remote.png")), _PNG, given)


def _no_responder_is_asked() -> bool:
    _, codes = _judged_file("signed.png", _anchors())
    return "signingCredential.ocsp.skipped" in codes["informational"]


def _identities_are_left_to_us() -> bool:
    """A damaged one says nothing about the file, and is bad when it is asked about by itself."""
    state, _ = _judged_file("identity.png", _anchors())
    return state == "Trusted" and _judged_file("identity.png", _anchors(), identities=True)[0] == "Invalid"


def _time_authorities_need_anchors() -> bool:
    _, strange = _judged_file("stamped.png", _anchors())
    _, known = _judged_file("stamped.png", _anchors() + _anchors("clock.pem", "timestamp"))
    return "timeStamp.untrusted" in strange["informational"] and "timeStamp.trusted" in known["success"]


def _foreign_signatures_do_not_hold() -> bool:
    """What was signed by another key than the certificate's is refused when it is read back."""
    state, codes = _judged(_signed(_PNG, _file("signed.png")), _anchors())
    return state == "Invalid" and "claimSignature.mismatch" in codes["failure"]


def _nothing_is_drawn() -> bool:
    return b"c2pa.thumbnail" not in _signed(_PNG, _file("signed.png"))


def _ingredients_are_vouched_for() -> bool:
    reading = _read(_signed(_PNG, _file("signed.png")), _anchors())
    created = reading.crjson["manifests"][0]["claim.v2"]["created_assertions"]
    return any("c2pa.ingredient" in entry["url"] for entry in created)


def _all_boxes_are_hashed() -> bool:
    store = _signed("video/mp4", _EMPTY_MOVIE)
    return b"c2pa.hash.bmff" in store and b"/free" not in store and b"/skip" not in store


#: What the engine has to do, as a refusal names it, and what shows it.
CHECKS: dict[str, Callable[[], bool]] = {
    "trust whom our anchors vouch for": _anchors_count,
    "trust nobody else": _strangers_are_not_trusted,
    "hash the content": _content_is_hashed,
    "refuse a signature by another key": _foreign_signatures_do_not_hold,
    "judge time authorities by their anchors": _time_authorities_need_anchors,
    "leave identities to a reading of their own": _identities_are_left_to_us,
    "fetch no manifest": _nothing_is_fetched,
    "ask no host": _no_host_is_allowed,
    "ask no responder": _no_responder_is_asked,
    "make no thumbnail": _nothing_is_drawn,
    "vouch for ingredients": _ingredients_are_vouched_for,
    "hash free and skip boxes": _all_boxes_are_hashed,
}


#: Where ``remote.png`` says that its manifest lies; nobody listens there.
REMOTE = "http://127.0.0.1:9/manifest.c2pa"


_EMPTY_MOVIE = bytes.fromhex(
    "000000146674797069736f6d0000020069736f6d"  # ftyp
    "000000746d6f6f760000006c6d766864" + "00" * 100 + "000000096d64617400"  # moov with mvhd, mdat
)


def _file(name: str) -> bytes:
    return (_HERE / name).read_bytes()


def _anchors(name: str = "root.pem", purpose: Any = "manifest") -> TrustStore:
    pem = _file(name)
    return TrustStore((AnchorList("self-test", pem.decode(), hashlib.sha256(pem).hexdigest(), purpose=purpose),))


def _judged_file(name: str, trust: TrustStore, *, identities: bool = False) -> tuple[str, dict[str, set[str]]]:
    return _judged(_file(name), trust, identities=identities)


def _judged(content: bytes, trust: TrustStore, *, identities: bool = False) -> tuple[str, dict[str, set[str]]]:
    """Return the engine's one word, and its codes for the active manifest by kind."""
    reading = _read(content, trust, identities=identities)
    results = reading.crjson["manifests"][0]["validationResults"]
    kinds = ("success", "informational", "failure")
    return reading.state, {kind: {entry["code"] for entry in results[kind]} for kind in kinds}


@functools.cache
def _read(content: bytes, trust: TrustStore, *, identities: bool = False) -> engine.Reading:
    """Several checks look at the same reading."""
    reading = engine.read(io.BytesIO(content), _PNG, trust, identities=identities)
    if reading is None:
        raise ValueError("no manifest")
    return reading


@functools.cache
def _signed(mime: str, content: bytes) -> bytes:
    """Sign with a key of nobody, and a signed file as an ingredient."""
    made = Definition(
        {
            "claim_generator_info": [{"name": "provlabel"}],
            "assertions": [
                {
                    "label": _ACTIONS,
                    "created": True,
                    "data": {
                        "actions": [
                            {"action": "c2pa.created", "digitalSourceType": _SOURCE},
                            {"action": "c2pa.placed", "parameters": {"ingredientIds": ["one"]}},
                        ]
                    },
                }
            ],
        },
        {},
    )
    placed = {"relationship": "componentOf", "label": "one", "title": "one"}
    dest = io.BytesIO()
    credential = EngineCredential.stand_in(_file("chain.pem").decode())
    ingredient = signing.IngredientFile(io.BytesIO(_file("signed.png")), _PNG, placed)
    signing.sign(made, io.BytesIO(content), dest, mime, credential, [ingredient])
    return dest.getvalue()


_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

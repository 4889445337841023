"""Hostile manifests: well-formed stores, correctly hashed and signed by a key trusted here, with values that lie.

A :class:`Plan` is a manifest before it is built.  Each function of :data:`CHANGES` makes it worse by chance; what
then no longer holds (a hash, a signature) is noted in it, so that whoever judges the file knows what must not pass.
"""

from __future__ import annotations

import copy
import hashlib
import random
import struct
from collections.abc import Callable
from typing import Any

import seeds
from boxes import Raw, box, cbor, encoded, hashed_uri, store, superbox
from mutating import ODD, changed_tree, mutated
from provlabel.manifest import cose

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LABEL = {"schema": "label-v1", "kind": "ai_generated", "title": "Dawn", "systems": [{"name": "AcmeSynth"}]}


class Plan:
    """A manifest to be: its assertions in order, its claim, its signature, the manifests below it."""

    def __init__(self, chance: random.Random, urn: str = "") -> None:
        self.urn = urn or f"urn:c2pa:{chance.getrandbits(128):032x}"
        action = {"action": "c2pa.created", "digitalSourceType": _IPTC + "trainedAlgorithmicMedia"}
        self.assertions: list[list[Any]] = [
            ["c2pa.actions.v2", "cbor", {"actions": [action], "allActionsIncluded": True}],
            ["org.provlabel.label", "cbor", copy.deepcopy(LABEL)],
        ]
        self.claim: dict[str, Any] = {
            "instanceID": "xmp.iid:1",
            "claim_generator_info": {"name": "fuzz", "version": "1"},
            "dc:title": "Dawn",
            "alg": "sha256",
        }
        self.version = 2
        self.below: list[Plan] = []
        self.links: list[tuple[Plan | str, str]] = []  #: ingredients: a plan or a name, and the relationship
        self.claim_changes: list[Callable[[dict[str, Any]], None]] = []
        self.box_changes: list[Callable[[list[bytes]], list[bytes]]] = []
        self.protected: dict[Any, Any] = {1: -7}
        self.unprotected: dict[Any, Any] = {}
        self.chain: Any = None  #: certificates, when not those of the signer
        self.key: Any = None  #: when not that of the signer
        self.whole_signature: Callable[[bytes], bytes] = lambda raw: raw
        self.hard: Callable[[dict[str, Any]], Any] = lambda honest: honest
        self._done: set[str] = set()
        self.lies: set[str] = set()  #: what cannot hold any more
        self.odd_label = False  #: the label is no plain label any more

    def once(self, what: str) -> bool:
        """Tell whether this is the first change of ``what``: a second one would undo what the first did."""
        first = what not in self._done
        self._done.add(what)
        return first

    def build(self, binding: tuple[str, Any] | None) -> bytes:
        """Return the manifest's box; ``binding`` is the hash of the content, for the active one."""
        made = [(name, _assertion(name, kind, value)) for name, kind, value in self.assertions]
        for index, (target, relationship) in enumerate(self.links):
            made.append(self._ingredient(index, target, relationship))
        if binding is not None:
            made.append((binding[0], _assertion(binding[0], "cbor", self.hard(binding[1]))))
        refs = [hashed_uri(f"self#jumbf=c2pa.assertions/{name}", whole) for name, whole in made]
        claim = {**copy.deepcopy(self.claim), "signature": f"self#jumbf=/c2pa/{self.urn}/c2pa.signature"}
        if self.version == 2:
            claim |= {"created_assertions": refs}
        else:
            claim |= {"assertions": refs, "claim_generator": "fuzz/1", "dc:format": "image/png"}
            claim.pop("claim_generator_info", None)
        for change in self.claim_changes:
            change(claim)
        said = encoded(claim)
        parts = [
            superbox(b"c2as", b"c2pa.assertions", *(whole for _, whole in made)),
            superbox(b"c2cl", b"c2pa.claim.v2" if self.version == 2 else b"c2pa.claim", cbor(said)),
            superbox(b"c2cs", b"c2pa.signature", cbor(self.whole_signature(self._signed(said)))),
        ]
        for turned in self.box_changes:
            parts = turned(parts)
        return superbox(b"c2ma", _name(self.urn), *parts)

    def _ingredient(self, index: int, target: Plan | str, relationship: str) -> tuple[str, bytes]:
        name = "c2pa.ingredient.v3" + (f"__{index}" if index else "")
        value: dict[str, Any] = {"relationship": relationship, "dc:title": "below", "dc:format": "image/png"}
        if isinstance(target, Plan):
            whole = target.built
            claim_at = f"self#jumbf=/c2pa/{target.urn}"
            value |= {
                "activeManifest": hashed_uri(claim_at, whole),
                "claimSignature": {"url": f"{claim_at}/c2pa.signature", "hash": hashlib.sha256(b"x").digest()},
                "validationResults": {"activeManifest": {"success": [], "informational": [], "failure": []}},
            }
        elif target:
            value["activeManifest"] = {"url": target, "hash": bytes(32)}
        return name, _assertion(name, "cbor", value)

    built = b""  #: the box of a manifest below another one

    def _signed(self, claim: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        issued = seeds.issued()[1]
        chain = seeds._der(issued) if self.chain is None else self.chain
        protected = self.protected if 33 in self.protected or self.chain == b"" else {**self.protected, 33: chain}
        raw = encoded(protected)
        key = self.key or issued.key
        value = cose.raw_ecdsa("es256", key.sign(cose.to_be_signed(raw, claim), ec.ECDSA(hashes.SHA256())))
        return encoded_tag(18, [raw, self.unprotected, None, value])


def encoded_tag(number: int, value: Any) -> bytes:
    """Return a tagged value."""
    head = bytes([0xC0 | number]) if number < 24 else b"\xd8" + bytes([number])
    return head + encoded(value)


def _name(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _assertion(name: str, kind: str, value: Any) -> bytes:
    if kind == "json":
        return superbox(b"json", _name(name), box(b"json", value))
    return superbox(b"cbor", _name(name), cbor(encoded(value)))


# --- values ----------------------------------------------------------------------------------------


def _nested(depth: int, head: int = 0x81) -> Raw:
    return Raw(bytes([head]) * depth + b"\x01")


#: Values that CBOR can hold and nobody expects, some of which are no CBOR at all.
CBOR_ODD: tuple[Callable[[], Any], ...] = (
    *ODD,
    lambda: Raw(b"\xf7"),  # undefined
    lambda: Raw(b"\xe0"),  # a simple value that nobody assigned
    lambda: Raw(b"\xf9\x7e\x00"),  # not a number
    lambda: Raw(b"\xfa\x7f\x80\x00\x00"),  # infinity
    lambda: Raw(b"\x1b" + b"\xff" * 8),
    lambda: Raw(b"\x3b" + b"\xff" * 8),
    lambda: Raw(b"\xc2\x58\x40" + b"\xff" * 64),  # a number of 512 bits
    lambda: Raw(b"\xa2\x61a\x01\x61a\x02"),  # a key twice
    lambda: Raw(b"\xbf\x61a\x01\xff"),  # without a declared length
    lambda: Raw(b"\x9f\x01\x9f\xff\xff"),
    lambda: Raw(b"\x7f\x61a\x61b\xff"),
    lambda: Raw(b"\x5f\x41a\x41b\xff"),
    lambda: Raw(b"\xa1\x01\x02"),  # a number as a key
    lambda: Raw(b"\xa1\xa1\x01\x02\x03"),  # a map as a key
    lambda: Raw(b"\x18\x01"),  # longer than it needs to be
    lambda: Raw(b"\x78\x03abc"),
    lambda: Raw(b"\x63\xff\xfe\xfd"),  # text that is none
    lambda: Raw(b"\xc0\x6a2026-99-99"),
    lambda: Raw(b"\xc1\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
    lambda: Raw(b"\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
    lambda: Raw(b"\xd9\xd9\xf7\x01"),
    lambda: Raw(b"\xc4\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x01"),  # a decimal with a huge exponent
    lambda: _nested(30),
    lambda: _nested(60, 0xC6),
    lambda: b"\x00" * 5_000,
    lambda: Raw(b"\x40"),
    lambda: "\u00e9" * 50,
    lambda: "x" * 60_000,
    lambda: list(range(300)),
    lambda: [1.5, -1, 256],
    lambda: {str(index): index for index in range(100)},
)
#: And those by which the pre-scan refuses the file, which costs a new worker: seldom.
REFUSED: tuple[Callable[[], Any], ...] = (
    lambda: Raw(b"\x5b\x00\x00\x00\x00\xff\xff\xff\xff"),
    lambda: Raw(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
    lambda: Raw(b"\xbb\x00\x00\x00\x00\x10\x00\x00\x00"),
    lambda: _nested(70),
    lambda: bytes(1_000_000),
)


def _value(chance: random.Random, plan: Plan) -> None:
    row = chance.choice(plan.assertions)
    if row[1] != "cbor":
        return
    row[2] = changed_tree(chance, row[2], chance.randint(1, 4), CBOR_ODD)
    plan.odd_label |= row[0].startswith("org.provlabel")


def _refused_value(chance: random.Random, plan: Plan) -> None:
    plan.assertions.append([f"org.example.x{chance.randrange(9)}", "cbor", {"a": chance.choice(REFUSED)()}])


def _claim(chance: random.Random, plan: Plan) -> None:
    def change(claim: dict[str, Any]) -> None:
        changed = changed_tree(chance, claim, chance.randint(1, 3), CBOR_ODD)
        claim.clear()
        claim.update(changed if isinstance(changed, dict) else {"claim": changed})

    plan.claim_changes.append(change)


_ODD_LABELS = (
    "", ".", "a/b", "x" * 500, "org.provlabel.label__1", "org.provlabel.label.v9", "c2pa.actions", "c2pa.hash.data",
    "__1", "c2pa.ingredient.v3__1", "cawg.identity__0", "a b\tc", "%2e%2e", "..", "c2pa.claim.v2", "1", "\x01",
    "ORG.PROVLABEL.LABEL", "org.provlabel.label\u0301", "\u00e9", "c2pa.thumbnail.claim.jpeg", "c2pa.assertions",
)  # fmt: skip


def _rename(chance: random.Random, plan: Plan) -> None:
    row = chance.choice(plan.assertions)
    plan.odd_label |= row[0].startswith("org.provlabel")
    row[0] = chance.choice(_ODD_LABELS[:-4] if chance.random() < 0.95 else _ODD_LABELS)
    plan.odd_label |= "provlabel" in row[0].lower()


def _double(chance: random.Random, plan: Plan) -> None:
    row = copy.deepcopy(chance.choice(plan.assertions))
    if chance.random() < 0.7:
        row[0] += f"__{chance.choice((1, 2, 9, 0))}"
    plan.odd_label |= row[0].startswith("org.provlabel")
    plan.assertions.insert(chance.randrange(len(plan.assertions) + 1), row)


_URIS = (
    "self#jumbf=/c2pa/{urn}/c2pa.assertions/{name}", "self#jumbf=c2pa.assertions/", "self#jumbf=", "", "{name}",
    "self#jumbf=/c2pa/urn:c2pa:other/c2pa.assertions/{name}", "self#jumbf=/c2pa/../{urn}/{name}",
    "http://127.0.0.1:9/x",
    "self#jumbf=c2pa.assertions/%6frg.provlabel.label", "self#jumbf=c2pa.assertions/{name}/", "file:///etc/passwd",
    "self#jumbf=c2pa.assertions/{name}__1", "self#jumbf=/c2pa/{urn}", "self#jumbf=c2pa.signature", "\u202e",
    "x" * 5_000,
)  # fmt: skip


def _uri(chance: random.Random, plan: Plan) -> None:
    form = chance.choice(_URIS)

    def change(claim: dict[str, Any]) -> None:
        refs = claim.get("created_assertions") or claim.get("assertions")
        if isinstance(refs, list) and refs and isinstance(refs[-1], dict):
            ref = chance.choice([one for one in refs if isinstance(one, dict)])
            name = str(ref.get("url", "")).rpartition("/")[2]
            ref["url"] = form.replace("{urn}", plan.urn).replace("{name}", name)

    plan.claim_changes.append(change)


def _refs(chance: random.Random, plan: Plan) -> None:
    how = chance.randrange(5)

    def change(claim: dict[str, Any]) -> None:
        key = "created_assertions" if "created_assertions" in claim else "assertions"
        refs = claim.get(key)
        if not isinstance(refs, list) or not refs:
            return
        one = chance.randrange(len(refs))
        if how == 0:
            refs.append(copy.deepcopy(refs[one]))
        elif how == 1:
            del refs[one]
        elif how == 2:
            claim["gathered_assertions"] = [refs.pop(one)]
        elif how == 3:
            chance.shuffle(refs)
        elif isinstance(refs[one], dict):
            refs[one]["hash"] = chance.choice((bytes(32), b"", b"x" * 31, "text", None, bytes(5_000)))
            plan.lies.add("hash of an assertion")

    plan.claim_changes.append(change)


_EXTRA: tuple[tuple[str, Any], ...] = (
    ("cawg.identity", {
        "signer_payload": {"sig_type": "cawg.x509.cose", "role": ["cawg.creator"], "referenced_assertions": []},
        "signature": bytes(64), "pad1": bytes(10),
    }),
    ("cawg.identity", {"signer_payload": {"sig_type": "cawg.identity_claims_aggregation"}, "signature": b"\xd2\x84"}),
    ("org.provlabel.personal", {"schema": "label-v1", "people": [{"id": "p", "name": "Ann"}]}),
    ("c2pa.metadata", {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:title": "x"}),
    ("cawg.metadata", {"@context": {}, "dc:rights": "CC0"}),
    ("c2pa.soft-binding", {"alg": "x", "blocks": [{"scope": {}, "value": b"y"}], "pad": b""}),
    ("c2pa.ai-disclosure", {"modelName": "M", "modelType": "t", "contentProfile": {"humanOversightLevel": "x"}}),
    ("cawg.training-mining", {"entries": {"cawg.ai_training": {"use": "notAllowed", "constraint_info": "x"}}}),
    ("c2pa.training-mining", {"entries": {"c2pa.ai_training": {"use": "allowed"}}}),
    ("c2pa.thumbnail.claim", {"format": "image/png", "data": b"x"}),
    ("c2pa.time-stamp", {"urn:c2pa:x": bytes(100)}),
    ("c2pa.certificate-status", {"ocspVals": [bytes(100)]}),
    ("c2pa.cloud-data", {"label": "c2pa.x", "size": 9, "location": {"url": "http://127.0.0.1:9/", "hash": b"x"}}),
    ("c2pa.external-reference", {"location": {"url": "http://127.0.0.1:9/", "hash": b"x"}}),
    ("c2pa.asset-ref", {"references": [{"reference": {"uri": "http://127.0.0.1:9/"}}]}),
    ("c2pa.ingredient.v2", {"dc:title": "x", "dc:format": "image/png", "instanceID": "y", "relationship": "inputTo"}),
    ("c2pa.ingredient", {"dc:title": "x", "relationship": "parentOf", "c2pa_manifest": {"url": "x", "hash": b""}}),
    ("c2pa.hash.boxes", {"boxes": [{"names": ["IHDR"], "hash": bytes(32), "pad": b""}]}),
    ("c2pa.hash.bmff.v3", {"exclusions": [{"xpath": "/uuid"}], "alg": "sha256", "hash": bytes(32), "merkle": [
        {"uniqueId": 1, "localId": 1, "count": 1 << 40, "alg": "sha256", "initHash": b"", "hashes": [bytes(32)]}]}),
    ("c2pa.hash.collection.data", {"uris": [{"uri": "../../etc/passwd", "hash": bytes(32)}], "alg": "sha256"}),
    ("c2pa.actions", {"actions": [{"action": "c2pa.opened", "parameters": {"ingredients": [{"url": "x"}]}}]}),
    ("c2pa.actions.v2", {"actions": [{"action": "c2pa.redacted", "parameters": {"redacted": "x"}}]}),
    ("stds.schema-org.CreativeWork", {"@context": "https://schema.org", "@type": "CreativeWork"}),
)  # fmt: skip


def _extra(chance: random.Random, plan: Plan) -> None:
    name, value = chance.choice(_EXTRA)
    if chance.random() < 0.7:
        value = changed_tree(chance, value, chance.randint(0, 3), CBOR_ODD)
    plan.assertions.insert(chance.randrange(len(plan.assertions) + 1), [name, "cbor", copy.deepcopy(value)])


_JSON = (
    b'{"schema":"label-v1","kind":"ai_generated","extra":%s}', b"[" * 2_000, b'{"a":1,"a":2}', b"\xff\xfe", b"null",
    b"",
    b'{"kind":"human_made","title":"\\ud800"}', b'{"schema":"label-v99","kind":1e999}', b'"' + b"x" * 90_000 + b'"',
)  # fmt: skip


def _as_json(chance: random.Random, plan: Plan) -> None:
    name = chance.choice(("org.provlabel.label", "org.provlabel.personal", "c2pa.metadata", "org.example.json"))
    plan.odd_label |= name.startswith("org.provlabel")
    plan.assertions.append([name, "json", chance.choice(_JSON).replace(b"%s", b"[" * 200 + b"]" * 200)])


_LABELS: tuple[dict[str, Any], ...] = (
    {"schema": "label-v2"}, {"schema": None}, {"kind": "human_made"}, {"kind": ["ai_generated"]}, {"kind": ""},
    {"title": "\x1b[2J\u202e<script>"}, {"title": 5}, {"systems": "x"}, {"systems": [{"name": None}]},
    {"event_time": "2026-99-99T00:00:00Z"}, {"china": {"producer": "x" * 9_000, "produce_id": 1}},
    {"carriers": [{"id": "xmp", "values": {"dc:title": "00" * 32}}]}, {"carriers": [{"id": "xmp", "values": 7}]},
    {"prompt": {"mode": "digest", "sha256": "00" * 32, "salt": "00"}}, {"extra": {"a" * 300: 1}},
    {"contributions": [{"part": "image_region", "extent": "All", "by": "ai", "region": {"shape": "polygon",
     "unit": "percent", "points": [{"x": 1e308, "y": -1e308}] * 50}}]},
    {"contributions": [{"part": "whole", "extent": "All", "by": "ai", "span": {"start": float("inf"), "end": -1}}] * 9},
    {"likeness": [{"depicts": "person", "person": "nobody"}] * 200}, {"oversight": {"a": 1}},
)  # fmt: skip


def _label(chance: random.Random, plan: Plan) -> None:
    for row in plan.assertions:
        if row[0].startswith("org.provlabel.label") and isinstance(row[2], dict):
            row[2] = {**row[2], **copy.deepcopy(chance.choice(_LABELS))}
            plan.odd_label = True


def _many(chance: random.Random, plan: Plan) -> None:
    count = chance.choice((20, 50, 100, 400))
    plan.assertions += [[f"org.example.m{index}", "cbor", index] for index in range(count)]


# --- bindings --------------------------------------------------------------------------------------

_RANGES: tuple[Any, ...] = (
    [], [{"start": 0, "length": 1 << 40}], [{"start": 1 << 62, "length": 1}], [{"start": -1, "length": 5}], None, "x",
    [{"start": 5, "length": 0}], [{"start": 0, "length": 9}, {"start": 3, "length": 9}], [{"start": 0}], [[1, 2]],
    [{"start": (1 << 64) - 1, "length": (1 << 64) - 1}], [{"start": index * 2, "length": 1} for index in range(2_000)],
)  # fmt: skip
_ALGORITHMS = ("sha512", "sha384", "md5", "SHA256", "", None, 5, "sha256\x00", "sha1")


def _binding(chance: random.Random, plan: Plan) -> None:
    how = chance.randrange(6)
    ranges, algorithm = chance.choice(_RANGES), chance.choice(_ALGORITHMS)

    def change(honest: dict[str, Any]) -> Any:
        if how == 0:
            return {**honest, "exclusions": ranges}
        if how == 1:
            return {**honest, "alg": algorithm}
        if how == 2:
            return {**honest, "hash": chance.choice((bytes(32), b"", "x", honest.get("hash", b"")[:-1]))}
        if how == 3:
            return {**honest, "pad": Raw(b"\x40"), "pad2": bytes(chance.randrange(300))}
        if how == 4:
            return {**honest, "exclusions": [*(honest.get("exclusions") or []), *(ranges or [])]}
        return changed_tree(chance, honest, chance.randint(1, 3), CBOR_ODD)

    plan.hard = change  # the last one counts
    plan.lies.discard("hash of the content")
    # A range too many leaves the bytes out that it names; all else cannot fit the content.
    if how in (0, 2) and not isinstance(ranges, str):
        plan.lies.add("hash of the content")


# --- signatures ------------------------------------------------------------------------------------


def _stranger(chance: random.Random, plan: Plan) -> None:
    """Signed by a key that is in no certificate here, or by nobody's of a certificate of the same name."""
    if not plan.once("signer"):
        return
    import pki

    if chance.random() < 0.5:
        plan.key = _strangers_key()
        plan.lies.add("signature")
    else:
        other = _stranger_of_that_name(pki)
        plan.key, plan.chain = other.key, seeds._der(other)
        plan.lies.add("trust")


_kept: dict[str, Any] = {}


def _strangers_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return _kept.setdefault("key", ec.generate_private_key(ec.SECP256R1()))


def _stranger_of_that_name(pki: Any) -> Any:
    if "name" not in _kept:
        _kept["name"] = pki.leaf(pki.root("Fuzz Root"), common="Fuzz Signer")
    return _kept["name"]


def _headers(chance: random.Random, plan: Plan) -> None:
    if not plan.once("signer"):
        return
    der = seeds._der(seeds.issued()[1])
    good: tuple[tuple[dict[Any, Any], dict[Any, Any]], ...] = (
        ({1: -7, "x5chain": der}, {}),
        ({1: -7, 33: [der]}, {}),
        ({1: -7, 33: der}, {33: der}),
        ({1: -7}, {33: der}),
        ({1: -37, 33: der}, {}),
        ({1: -8, 33: der}, {}),
        ({1: "ES256", 33: der}, {}),
        ({33: der}, {1: -7}),
        ({1: -7, 33: [der] * 12}, {}),
        ({1: -7, 33: [der, b"", der]}, {}),
        ({1: -7, 33: []}, {}),
        ({1: -7, 33: 5}, {}),
        ({1: -7, 33: {"a": der}}, {}),
        ({1: -7, 33: der, 2: ["x"], 3: "text/plain", 16: 1}, {}),
        ({1: -7, 33: der}, {"pad": bytes(20_000)}),
        ({1: -7, 33: der}, {"sigTst": {"tstTokens": [{"val": mutated(chance, seeds.reply())}]}}),
        ({1: -7, 33: der}, {"sigTst2": {"tstTokens": [{"val": mutated(chance, seeds.reply()[9:])}]}}),
        ({1: -7, 33: der}, {"sigTst2": {"tstTokens": [{"val": chance.choice((5, b"", "x"))}] * 3}}),
        ({1: -7, 33: der}, {"rVals": {"ocspVals": [mutated(chance, seeds.answers()[0])]}}),
        ({1: -7, 33: der}, {"rVals": chance.choice((5, [], {"ocspVals": 5}, {"ocspVals": [bytes(9_000)]}))}),
        ({1: -7, 33: der}, {Raw(b"\x01"): 1, "temp": None}),
    )
    plan.protected, plan.unprotected = copy.deepcopy(chance.choice(good))
    if not plan.protected.keys() & {33, "x5chain"}:
        plan.chain = b""
    plan.unprotected = {key: value for key, value in plan.unprotected.items() if not isinstance(key, Raw)}


def _certificate(chance: random.Random, plan: Plan) -> None:
    """Another certificate than the one that is trusted: damaged DER of it."""
    if not plan.once("signer"):
        return
    der = mutated(chance, seeds._der(seeds.issued()[1]), seeds.chain())
    plan.chain = der
    plan.protected = {1: -7}
    # What the CA signed is the first part alone; the engine does not mind what stands around it.
    good = seeds._der(seeds.issued()[1])
    if der[4 : 8 + int.from_bytes(good[6:8], "big")] != good[4 : 8 + int.from_bytes(good[6:8], "big")]:
        plan.lies.add("trust")


def _envelope(chance: random.Random, plan: Plan) -> None:
    if not plan.once("envelope"):
        return
    how = chance.randrange(6)

    def change(raw: bytes) -> bytes:
        if how == 0:
            return raw[1:]  # no tag
        if how == 1:
            return b"\xd9\xd9\xf7" + raw
        if how == 2:
            return raw + b"\x00" * 50
        if how == 3:
            return b"\xc6" * 30 + raw
        if how == 4:
            return raw.replace(b"\xf6\x58\x40", b"\x41x\x58\x40")  # a content inside
        changed = bytearray(raw)
        changed[-chance.randrange(1, 64)] ^= 1 << chance.randrange(8)
        return bytes(changed)

    plan.whole_signature = change
    if how == 5:
        plan.lies.add("signature")


# --- boxes -----------------------------------------------------------------------------------------


def _turned_bit(chance: random.Random, whole: bytes) -> bytes:
    changed = bytearray(whole)
    changed[16 + chance.randrange(25)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _long(whole: bytes) -> bytes:
    """The same box, with a length of 64 bits."""
    return b"\0\0\0\1" + whole[4:8] + struct.pack(">Q", len(whole) + 8) + whole[8:]


def _deep(chance: random.Random) -> bytes:
    nested = superbox(b"c2as", b"x", b"")
    for _ in range(chance.choice((3, 20, 28))):
        nested = superbox(b"c2as", b"x", nested)
    return nested


_CREDENTIALS = superbox(b"c2vc", b"c2pa.credentials", superbox(b"json", b"x", box(b"json", b"{}")))
_DATABOXES = superbox(b"c2db", b"c2pa.databoxes", superbox(b"cbor", b"c2pa.data", cbor(b"\xa0")))
#: What becomes of the boxes of a manifest, one of which is meant.
_OF_BOXES: tuple[Callable[[random.Random, list[bytes], int], list[bytes]], ...] = (
    lambda _, parts, one: parts[:one] + parts[one + 1 :],
    lambda _, parts, one: [*parts, parts[one]],
    lambda _, parts, __: parts[::-1],
    lambda _, parts, __: [*parts, box(b"free", bytes(20)), box(b"\0\0\0\0", b"")],
    lambda chance, parts, one: [*parts[:one], _turned_bit(chance, parts[one]), *parts[one + 1 :]],
    lambda _, parts, one: [*parts[:one], _long(parts[one]), *parts[one + 1 :]],
    lambda _, parts, __: [_CREDENTIALS, *parts],
    lambda _, parts, __: [_DATABOXES, *parts],
    lambda chance, parts, __: [*parts, _deep(chance)],
)


def _boxes(chance: random.Random, plan: Plan) -> None:
    how = chance.choice(_OF_BOXES)
    plan.box_changes.append(lambda parts: how(chance, parts, chance.randrange(len(parts))))


# --- ingredients -----------------------------------------------------------------------------------

_RELATIONS = ("parentOf", "parentOf", "componentOf", "inputTo", "", "bogus")


def _of_nothing(chance: random.Random, plan: Plan) -> None:
    plan.links.append((chance.choice(("self#jumbf=/c2pa/urn:c2pa:none", "", "x", plan.urn)), "parentOf"))


def _of_itself(chance: random.Random, plan: Plan) -> None:
    """As far as a hash can say so."""
    plan.links.append((f"self#jumbf=/c2pa/{plan.urn}", chance.choice(_RELATIONS)))


def _cycle(chance: random.Random, plan: Plan) -> None:
    """Two that name each other."""
    one, two = Plan(chance), Plan(chance)
    one.links.append((f"self#jumbf=/c2pa/{two.urn}", "parentOf"))
    _finish(one)
    two.links.append((one, "parentOf"))
    _finish(two)
    plan.below += [one, two]
    plan.links += [(one, "parentOf"), (two, "componentOf")]


def _chain(chance: random.Random, plan: Plan) -> None:
    last = Plan(chance)
    _finish(last)
    chain = [last]
    for _ in range(chance.choice((1, 2, 5, 25))):
        upper = Plan(chance)
        upper.links.append((chain[-1], "parentOf"))
        _finish(upper)
        chain.append(upper)
    plan.below += chain
    plan.links.append((chain[-1], chance.choice(_RELATIONS)))


def _diamond(chance: random.Random, plan: Plan) -> None:
    bottom, left, right = Plan(chance), Plan(chance), Plan(chance)
    _finish(bottom)
    for side in (left, right):
        side.links += [(bottom, "componentOf")] * chance.choice((1, 1, 3))
        _finish(side)
    plan.below += [bottom, left, right]
    plan.links += [(left, "componentOf"), (right, "componentOf"), (bottom, "parentOf")]


def _hostile_one(chance: random.Random, plan: Plan) -> None:
    inner = Plan(chance)
    for _ in range(chance.randint(1, 3)):
        chance.choice(_INNER)(chance, inner)
    _finish(inner)
    plan.below.append(inner)
    plan.links.append((inner, "parentOf"))
    if chance.random() < 0.3:
        inner.built = mutated(chance, inner.built)


_GRAPHS = (_of_nothing, _of_itself, _cycle, _chain, _diamond, _hostile_one, _hostile_one)


def _below(chance: random.Random, plan: Plan) -> None:
    """Put manifests below: honest ones, hostile ones, chains, diamonds, cycles, and names of nothing."""
    chance.choice(_GRAPHS)(chance, plan)
    if chance.random() < 0.5:
        _opened(plan)


def _opened(plan: Plan) -> None:
    for row in plan.assertions:
        if row[0] == "c2pa.actions.v2" and isinstance(row[2], dict):
            ref = {"url": "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash": bytes(32)}
            row[2] = {"actions": [{"action": "c2pa.opened", "parameters": {"ingredients": [ref]}}]}


def _finish(plan: Plan) -> None:
    plan.built = plan.build(("c2pa.hash.data", {"alg": "sha256", "hash": bytes(32), "exclusions": [], "pad": b""}))


def _version(_: random.Random, plan: Plan) -> None:
    plan.version = 1
    for row in plan.assertions:
        if row[0] == "c2pa.actions.v2":
            row[0] = "c2pa.actions"


#: One of these makes a manifest worse.
_INNER: tuple[Callable[[random.Random, Plan], None], ...] = (
    _value, _value, _claim, _rename, _double, _uri, _refs, _extra, _extra, _as_json, _label, _headers, _certificate,
    _envelope, _boxes, _stranger, _version,
)  # fmt: skip
CHANGES: tuple[Callable[[random.Random, Plan], None], ...] = (
    *_INNER, _value, _binding, _binding, _below, _below, _extra,
)  # fmt: skip
SELDOM: tuple[Callable[[random.Random, Plan], None], ...] = (_many, _refused_value)


def worsened(chance: random.Random) -> Plan:
    """Return a manifest with one to four faults."""
    plan = Plan(chance)
    for _ in range(chance.choice((1, 1, 2, 2, 3, 4))):
        chance.choice(CHANGES if chance.random() < 0.99 else SELDOM)(chance, plan)
    return plan


def whole_store(chance: random.Random, plan: Plan, binding: tuple[str, Any] | None) -> bytes:
    """Return the store: manifests below, then the active one, seldom with something else between them."""
    manifests = [one.built for one in plan.below]
    if manifests and chance.random() < 0.1:
        chance.shuffle(manifests)
    if manifests and chance.random() < 0.05:
        manifests.append(manifests[0])
    return store(*manifests, plan.build(binding))

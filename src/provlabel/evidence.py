"""What was found in one file, without any verdict.

The sandbox returns an :class:`Evidence`; it is built from the engine's crJSON (C2PA 2.4 crJSON, the one
form of its output that is faithful: ``json()`` turns arrays of numbers into base64) by a pure
function, so that a stored crJSON can be judged again at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from provlabel.label.prompts import holds_prompt
from provlabel.label.vocabularies import SOURCE_TYPES, plain_uri
from provlabel.trust.chains.records import ClaimStamp, Credential, Examined, PathState
from provlabel.trust.issuers import Sealed

LABEL = "org.provlabel.label"
PERSONAL = "org.provlabel.personal"
#: The digest of all in a file but texts in its tags.
MEDIA_DIGEST = "org.provlabel.media-digest"
_IDENTITY = "cawg.identity"
_INGREDIENT = "c2pa.ingredient"
_ACTIONS = "c2pa.actions"

#: Assertions beside ours that are kept: others say in them what a label says.
_KEPT_ASSERTIONS = (
    "c2pa.ai-disclosure",
    "cawg.training-mining",
    "c2pa.training-mining",
    "c2pa.soft-binding",
)
#: The end of the name of any metadata assertion, whoever's (C2PA 2.4 §18.17); those of C2PA 1 have names of their own.
_METADATA = ".metadata"
_OLD_METADATA = ("stds.iptc", "stds.iptc.photo-metadata", "stds.exif", "stds.schema-org.CreativeWork")

CodeKind = Literal["success", "informational", "failure"]
TroubleKind = Literal["malformed", "refused", "unsupported", "died", "too-costly", "io"]


class Code(Struct, frozen=True):
    """One status code of the engine: what it says, about what, and in its own words."""

    code: str
    kind: CodeKind
    url: str = ""
    text: str = ""


class Signing(Struct, frozen=True):
    """The credential of one manifest as its certificate states it; all of it is a claim until trusted."""

    algorithm: str
    subject: dict[str, str]
    issuer: dict[str, str]
    serial: str  #: hex
    not_before: str  #: RFC 3339
    not_after: str  #: RFC 3339
    stamped: str = ""  #: time in the RFC 3161 token, proven or not; RFC 3339
    sealed: bool = False  #: the token covers the signature itself, without which it proves nothing about it
    claim_stamp: ClaimStamp | None = None  #: what tokens over the claim alone are worth (``sigTst``), if there are any

    @property
    def name(self) -> str:
        """The organization that signed; the name in the certificate where it names none."""
        return self.subject.get("O") or self.subject.get("CN", "")


class Action(Struct, frozen=True):
    """One entry of a C2PA actions assertion."""

    action: str
    source_type: str = ""  #: as its vocabulary writes it; what no vocabulary has, as it stands
    spelled: str = ""  #: the source type as it stands, where that is another way to write it
    when: str = ""
    agent: str = ""
    agent_version: str = ""
    vouched: bool = True  #: the signer lists the assertion as created, not merely gathered
    parameters: dict[str, Any] = {}
    changes: tuple[dict[str, Any], ...] = ()


class Ingredient(Struct, frozen=True):
    """One ingredient of a manifest and what was recorded about it when it was added."""

    relationship: str
    title: str = ""
    format: str = ""
    manifest: str = ""  #: label of its manifest in the same store; empty when it had none
    assertion: str = ""  #: its own label in the manifest that has it
    recorded: tuple[Code, ...] = ()


class Exclusion(Struct, frozen=True):
    """What the content hash leaves out: a range of bytes or, with ``xpath``, boxes; and what lies there."""

    start: int = 0
    length: int = 0
    role: str = "unknown"
    xpath: str = ""
    usertype: str = ""  #: of the ``uuid`` boxes that are meant, in hex; all of them when empty

    @property
    def path(self) -> str:
        """``xpath`` without the numbers of boxes."""
        return plain_path(self.xpath)


_NUMBERED = re.compile(r"\[\d+\]")


def plain_path(xpath: str) -> str:
    """Return a path of boxes without their numbers."""
    return _NUMBERED.sub("", xpath)


class Coverage(Struct, frozen=True):
    """What of the file lies in no content hash, by our own look; the engine does not ask."""

    missing: tuple[str, ...] = ()  #: in words for people
    checked: tuple[str, ...] = ()  #: paths of boxes that the hash leaves out, and that we held against what is hashed
    gaps: int = 0  #: bytes of the media that nothing refers to, where the hash leaves out what refers to them
    loose: bool = False  #: all that is played is hashed, and which part of it belongs to which track or item is not
    by_blocks: bool = (
        False  #: ``mdat``, which the hash of the file leaves out, is hashed block by block, and completely
    )
    notes: tuple[str, ...] = ()  #: what no hash of this kind covers, and what that changes


class Account(Struct, frozen=True):
    """By what somebody is known to one provider, as the issuer of an identity says."""

    type: str = ""  #: how it was verified: ``cawg.social_media`` and the like
    provider: str = ""
    name: str = ""
    username: str = ""
    uri: str = ""
    verified_at: str = ""  #: RFC 3339, as it stands


#: The kind of identity in which an issuer says who somebody is to others (CAWG identity 1.2 §8.1).
AGGREGATED = "cawg.identity_claims_aggregation"


class Identity(Struct, frozen=True):
    """One CAWG identity assertion: who stands for the file beside its signer, and as what."""

    assertion: str  #: its label
    name: str = ""  #: common name of the certificate
    organization: str = ""
    roles: tuple[str, ...] = ()
    issuer: str = ""  #: of the certificate, by its name; or of the claims, by a DID
    about: tuple[str, ...] = ()  #: names of the assertions that it vouches for
    kind: str = ""  #: by what it is signed: ``cawg.x509.cose``, :data:`AGGREGATED`
    accounts: tuple[Account, ...] = ()  #: of claims by an issuer
    sealed: Sealed | None = None  #: where the issuer's key has to be fetched, and may be


class Manifest(Struct, frozen=True):
    """One manifest of the store."""

    urn: str
    claim_version: int = 2
    generator: str = ""
    title: str = ""
    update: bool = False
    signing: Signing | None = None
    codes: tuple[Code, ...] = ()
    actions: tuple[Action, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    label: Any = None  #: data of ``org.provlabel.label`` as it stands
    label_vouched: bool = False
    labels: int = 0  #: how many label assertions there are; more than one contradict each other
    personal: Any = None
    identities: tuple[Identity, ...] = ()
    assertions: dict[str, Any] = {}  #: data of the standard assertions that a label can be read from
    gathered: tuple[str, ...] = ()  #: of those, what the signer only passes on and does not stand for
    thumbnail: str = ""  #: media type of its small picture, if there is one
    prompts: tuple[str, ...] = ()  #: the assertions, of any kind, in which a prompt can be read
    media_digest: Any = None  #: data of ``org.provlabel.media-digest``, where the signer stands for it


def bound(manifests: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    """Return the manifests that speak about the content as it is now, the active one first.

    An update manifest has no content hash of its own (C2PA 2.4 §11.3): its parent's counts.
    """
    by_urn = {manifest.urn: manifest for manifest in manifests}
    chain = [manifests[0]]
    while chain[-1].update and len(chain) <= len(manifests):
        parents = (by_urn.get(part.manifest) for part in chain[-1].ingredients if part.relationship == "parentOf")
        parent = next((found for found in parents if found), None)
        if parent is None:
            break
        chain.append(parent)
    return tuple(chain)


class Trouble(Struct, frozen=True):
    """Why a file could not be read as far as needed."""

    kind: TroubleKind
    text: str


class Carrier(Struct, frozen=True):
    """What one carrier in the file says: tags beside the manifest, which any program can read."""

    id: str  #: xmp, exif, text, id3, vorbis, mp4, riff
    place: str  #: where in the file, for people
    fields: dict[str, tuple[str, ...]] = {}  #: name as the carrier has it -> its values in order
    faults: tuple[str, ...] = ()  #: why it, or a part of it, could not be read


class Opinion(Struct, frozen=True, kw_only=True):
    """The opinion of a second verifier about the same bytes, in our words."""

    verifier: str = "encypher-c2pa"
    version: str = ""
    why: str = ""  #: why there is none; empty when it was given
    present: bool | None = None  #: is there a manifest?  ``None`` where it cannot read the file
    content: Literal["intact", "altered", "not-fully-bound", "unreadable", "not-applicable"] = "not-applicable"
    signature: Literal["good", "bad", "not-applicable"] = "not-applicable"
    trust: Literal["trusted", "untrusted", "not-judged"] = "not-judged"
    reasons: tuple[Code, ...] = ()  #: its failures


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything that was found in one file."""

    sha256: str = ""
    size: int = 0  #: bytes
    fingerprint: str = ""  #: of the file on disk, to notice that it changed after it was read
    format: str | None = None  #: name in the table of formats
    source: Literal["none", "embedded", "sidecar", "remote"] = "none"
    remote_url: str = ""
    sidecar_sha256: str = ""  #: of what lies beside the file as its manifest, if anything does
    carriers: tuple[Carrier, ...] | None = None  #: those that have something to say; None where they are not read
    sidecar_differs: bool = False  #: an embedded manifest was read and another one lies beside the file
    engine: str = ""  #: version of the native engine
    engine_state: str | None = None  #: its one word, shown and never decided on
    spec_version: str = ""
    manifests: tuple[Manifest, ...] = ()  #: the active one first
    obstacle: str = ""  #: why the engine must not embed into just this file
    seconds: float | None = None  #: how long it plays, where the container states it
    credential: Credential | None = None  #: of the active manifest, where it was asked for
    examined: Examined | None = None  #: our own judgement of that credential
    unaided: PathState | None = None  #: that of its chain without a timestamp over the claim alone, where one counts
    as_of: str = ""  #: the moment for which it was examined, when that was not the present; RFC 3339
    elsewhere: tuple[str, ...] = ()  #: what is seen or heard and lies in other files, or is made by scripts
    coverage: Coverage = Coverage()
    media_as_signed: bool = False  #: the content hash does not fit, and the digest of all but texts in tags does
    damage: str = ""  #: what is missing from the content, or why its parts cannot be followed; no manifest goes into it
    streamed: bool = False  #: its header holds placeholders for sizes; a label sets them
    trouble: Trouble | None = None
    second: Opinion | None = None  #: of another verifier, where it was asked for
    crjson: dict[str, Any] | None = None  #: the active manifest as the engine tells it, where it was asked for


def manifests_from_crjson(data: Mapping[str, Any]) -> tuple[Manifest, ...]:
    """Return the manifests of a crJSON document, the active one first.

    Raises:
        ValueError: the document does not have the shape of crJSON, or its first manifest is an
            ingredient of another one and so cannot be the active one.
    """
    try:
        found = tuple(_manifest(item) for item in data["manifests"])
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"unexpected shape of crJSON: {exc!r}") from exc
    if not found:
        raise ValueError("crJSON without manifests")
    if any(part.manifest == found[0].urn for manifest in found for part in manifest.ingredients):
        raise ValueError("the first manifest of the crJSON is an ingredient of another")
    return found


def _manifest(item: Mapping[str, Any]) -> Manifest:
    if not isinstance(item["label"], str):
        raise TypeError("a manifest without a name")
    claim, version = (item["claim.v2"], 2) if "claim.v2" in item else (item["claim"], 1)
    assertions: Mapping[str, Any] = item["assertions"]
    vouched = _vouched(claim, version)
    labels = [name for name in assertions if base_name(name) == LABEL]
    return Manifest(
        urn=item["label"],
        claim_version=version,
        generator=_generator(claim),
        title=str(claim.get("dc:title", "")),
        update=bool(item.get("isUpdateManifest")),
        signing=_signing(item.get("signature") or {}),
        codes=tuple(_codes(item["validationResults"])),
        actions=tuple(_actions(assertions, vouched)),
        ingredients=tuple(_ingredient(name, data) for name, data in assertions.items() if _is_ingredient(name)),
        exclusions=tuple(_exclusions(assertions)),
        label=assertions[labels[0]] if labels else None,
        label_vouched=bool(labels) and labels[0] in vouched,
        labels=len(labels),
        personal=assertions.get(PERSONAL),
        identities=tuple(_identity(name, data) for name, data in assertions.items() if base_name(name) == _IDENTITY),
        assertions={name: data for name, data in assertions.items() if _is_kept(name)},
        gathered=tuple(name for name in assertions if _is_kept(name) and name not in vouched),
        thumbnail=_thumbnail(assertions),
        prompts=tuple(name for name, data in assertions.items() if holds_prompt(data) or _brings_prompt(data)),
        media_digest=assertions.get(MEDIA_DIGEST) if MEDIA_DIGEST in vouched else None,
    )


def _brings_prompt(data: Any) -> bool:
    """Is it an ingredient whose bytes are a prompt (C2PA 2.4 §10.3)?  Ours name one, and bring no bytes."""
    data = mapping(data)
    types = data.get("dataTypes") or data.get("data_types") or ()
    is_prompt = isinstance(types, (list, tuple)) and any(
        mapping(item).get("type") == "c2pa.types.generator.prompt" for item in types
    )
    return is_prompt and bool(data.get("data"))


def _thumbnail(assertions: Mapping[str, Any]) -> str:
    """Return the media type of the claim's thumbnail; version 1 wrote it into the label as well."""
    found = next((data for name, data in assertions.items() if name.startswith("c2pa.thumbnail.claim")), None)
    return "" if found is None else str(mapping(found).get("format") or "unknown")


def _identity(name: str, data: Any) -> Identity:
    """Read who is named; what is not understood is left empty, and the engine judges it all the same."""
    data = mapping(data)
    payload = mapping(data.get("signer_payload"))
    kind, roles, about = (payload.get(key) for key in ("sig_type", "role", "referenced_assertions"))
    # A certificate beside claims of an issuer vouches for nothing.
    certificate = mapping(mapping(data.get("signature")).get("certificateInfo")) if kind != AGGREGATED else {}
    subject, issuer = mapping(certificate.get("subject")), mapping(certificate.get("issuer"))
    return Identity(
        name,
        str(subject.get("CN", "")),
        str(subject.get("O", "")),
        tuple(map(str, roles)) if isinstance(roles, list) else (),
        str(issuer.get("CN", "") or issuer.get("O", "")),
        tuple(str(mapping(one).get("url")).rpartition("/")[2] for one in about) if isinstance(about, list) else (),
        str(kind or ""),
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping, else an empty one: statements of others have any shape."""
    return value if isinstance(value, Mapping) else {}


_VERSION = re.compile(r"(?:\.v[0-9]+)?(?:__[0-9]+)?")


def base_name(name: str) -> str:
    """Return the name of an assertion without its version and its number among several, as in ``label.v2__1``."""
    head, dot, version = name.rpartition(".")
    if dot and _VERSION.fullmatch(dot + version):
        return head
    return name.partition("__")[0]


def is_metadata(name: str) -> bool:
    """Is it an assertion of metadata in JSON-LD, whoever's?"""
    base = base_name(name)
    return base.endswith(_METADATA) or base in _OLD_METADATA


def _is_kept(name: str) -> bool:
    return base_name(name) in _KEPT_ASSERTIONS or is_metadata(name)


def _is_ingredient(name: str) -> bool:
    return base_name(name) == _INGREDIENT


def _vouched(claim: Mapping[str, Any], version: int) -> frozenset[str]:
    """Names of the assertions the signer stands for; a v1 claim stands for all of them."""
    listed = claim.get("created_assertions" if version == 2 else "assertions") or ()
    return frozenset(str(entry["url"]).rpartition("/")[2] for entry in listed)


def _generator(claim: Mapping[str, Any]) -> str:
    info = claim.get("claim_generator_info")
    first = info[0] if isinstance(info, list) and info else info
    if isinstance(first, Mapping):
        return " ".join(str(first[key]) for key in ("name", "version") if first.get(key))
    return str(claim.get("claim_generator", ""))


def _signing(signature: Mapping[str, Any]) -> Signing | None:
    info = signature.get("certificateInfo")
    if not info:
        return None
    validity = info.get("validity") or {}
    stamp = signature.get("timeStampInfo") or {}
    return Signing(
        algorithm=str(signature.get("algorithm", "")),
        subject={str(key): str(value) for key, value in (info.get("subject") or {}).items()},
        issuer={str(key): str(value) for key, value in (info.get("issuer") or {}).items()},
        serial=str(info.get("serialNumber", "")),
        not_before=str(validity.get("notBefore", "")),
        not_after=str(validity.get("notAfter", "")),
        stamped=str(stamp.get("timestamp", "")),
    )


_KINDS: tuple[CodeKind, ...] = ("success", "informational", "failure")


def _codes(results: Mapping[str, Any]) -> Iterator[Code]:
    for kind in _KINDS:
        for entry in results.get(kind) or ():
            yield Code(str(entry["code"]), kind, str(entry.get("url") or ""), str(entry.get("explanation") or ""))


def _actions(assertions: Mapping[str, Any], vouched: frozenset[str]) -> Iterator[Action]:
    for name, data in assertions.items():
        if base_name(name) != _ACTIONS:
            continue
        for entry in _entries(data):
            source_type, spelled = _source_type(str(entry.get("digitalSourceType") or ""))
            stated: Any = entry.get("softwareAgent") or ""
            agent: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {"name": stated}
            yield Action(
                action=str(entry.get("action", "")),
                source_type=source_type,
                spelled=spelled,
                when=str(entry.get("when") or ""),
                agent=str(agent.get("name", "")),
                agent_version=str(agent.get("version", "")),
                vouched=name in vouched,
                parameters=dict(entry.get("parameters") or {}),
                changes=tuple(change for change in entry.get("changes") or () if isinstance(change, dict)),
            )


def _source_type(stated: str) -> tuple[str, str]:
    """Return a source type as its vocabulary writes it and, where that is another way, as it stands."""
    uri = plain_uri(stated)
    return (uri, stated) if uri != stated and uri in SOURCE_TYPES else (stated, "")


def _entries(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the actions of an assertion and those related to them, each with what its template says (§18.15)."""
    templates = {str(one.get("action")): one for one in data.get("templates") or ()}
    waiting = list(data.get("actions") or ())
    for entry in waiting:
        yield {**templates.get("*", {}), **templates.get(str(entry.get("action")), {}), **entry}
        waiting += entry.get("related") or ()


def _ingredient(name: str, data: Mapping[str, Any]) -> Ingredient:
    target = data.get("activeManifest") or data.get("c2pa_manifest") or {}
    return Ingredient(
        relationship=str(data.get("relationship", "")),
        title=str(data.get("dc:title") or ""),
        format=str(data.get("dc:format") or ""),
        manifest=_manifest_at(str(target.get("url", ""))),
        assertion=name,
        recorded=tuple(_recorded(data)),
    )


_IN_STORE = re.compile(r"(?:^|[=/])c2pa/([^/]+)")


def _manifest_at(url: str) -> str:
    """Return the name of the manifest that a JUMBF URI leads to, also where it goes on to a box inside, as some do."""
    named = _IN_STORE.search(url)
    return named[1] if named else url.rpartition("/")[2]


def _recorded(data: Mapping[str, Any]) -> Iterator[Code]:
    """Codes stored with an ingredient: results and deltas (v3), or a flat list of status (v1, v2)."""
    results = data.get("validationResults") or {}
    yield from _codes(results.get("activeManifest") or {})
    for delta in results.get("ingredientDeltas") or ():
        yield from _codes(delta.get("validationDeltas") or {})
    for entry in data.get("validationStatus") or ():
        kind: CodeKind = "success" if entry.get("success") else "failure"
        yield Code(str(entry["code"]), kind, str(entry.get("url") or ""), str(entry.get("explanation") or ""))


_USERTYPE_AT = 8  # bytes from the start of a uuid box to its type


def _exclusions(assertions: Mapping[str, Any]) -> Iterator[Exclusion]:
    for name, data in assertions.items():
        if base_name(name) == "c2pa.hash.data":
            for entry in data.get("exclusions") or ():
                yield Exclusion(int(entry["start"]), int(entry["length"]))
        elif base_name(name) == "c2pa.hash.bmff":
            for entry in data.get("exclusions") or ():
                yield Exclusion(xpath=str(entry["xpath"]), usertype=_usertype(entry))


def _usertype(entry: Mapping[str, Any]) -> str:
    """Return the type that an exclusion asks of a box (C2PA 2.4 §A.5.6), empty when it asks for none."""
    for part in entry.get("data") or ():
        value = part.get("value")
        if part.get("offset") == _USERTYPE_AT and isinstance(value, list) and len(value) == 16:
            return "".join(f"{int(byte) & 0xFF:02x}" for byte in value)
    return ""

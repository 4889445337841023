"""The policy as records: what stands in ``provlabel.toml``, published as ``schemas/policy-v1.json``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from provlabel.label.vocabularies import Kind
from provlabel.report.rules import Level
from provlabel.trust.purposes import MAX_LENGTH, PATTERN

POLICY_SCHEMA = "policy-v1"

#: States that a policy may accept; what is tampered or cannot be read passes by an exception alone.
Acceptable = Literal["trusted", "valid", "unsigned", "remote"]
MediaKind = Literal["image", "audio", "video"]
#: Names of the laws that ship with provlabel; a test compares.
LawName = Literal["eu", "us-ca", "cn", "us-wa", "us-ut", "us-ct", "us-ny", "in", "kr", "vn", "platforms"]
Forbidden = Literal["unsigned-carrier", "human-made-by-generator", "clear-prompt"]

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 as 64 lower-case hexadecimal digits.")]
Words = Annotated[str, Meta(min_length=1, max_length=500)]
Glob = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="As in .gitignore: from the root, or at any depth without a slash; **, *, ?, [a-z].",
    ),
]


class FileRef(Struct, frozen=True, forbid_unknown_fields=True):
    """A file by its path, relative to the policy that names it, and what it has to hold."""

    path: Words
    sha256: Sha256 | UnsetType = UNSET


#: What becomes of a file that is not judged: the run fails by it, or it is only named.
Unjudged = Literal["error", "note"]
#: The ending of a name, as in ``txt``; empty for a name without any.
Ending = Annotated[str, Meta(max_length=100, pattern=r"^[^./\x00]*$")]


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which media files the policy is about, and what becomes of those that it is not about."""

    include: Annotated[tuple[Glob, ...], Meta(min_length=1, description="Without regard to case.")] = ("**",)
    media: Annotated[tuple[MediaKind, ...], Meta(min_length=1, description="By the tracks that a file has.")] = (
        "image",
        "audio",
        "video",
    )
    tracked: Annotated[bool, Meta(description="Only files that git tracks, also in submodules.")] = False
    outside: Annotated[Unjudged, Meta(description="What becomes of media that the policy is not about.")] = "note"
    others: Annotated[Unjudged, Meta(description="What becomes of files that are no media we know.")] = "note"
    allow: Annotated[
        tuple[Ending, ...], Meta(description='With others = "error": endings that are let pass; "" for none.')
    ] = ()


class AcceptedSigner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signer by names or keys; all that is said has to fit, and the certificate has to be trusted.

    A name is what some CA was asked to write: whoever else is trusted may write it too.  A digest is of one key.
    """

    issuer: Annotated[Words | UnsetType, Meta(description="Common name of the issuer.")] = UNSET
    issuer_organization: Annotated[Words | UnsetType, Meta(description="Organization of the issuer.")] = UNSET
    issuer_sha256: Annotated[Sha256 | UnsetType, Meta(description="SHA-256 of the certificate of the issuer, DER.")] = (
        UNSET
    )
    spki_sha256: Annotated[
        Sha256 | UnsetType, Meta(description="SHA-256 of the public key of the signer, SubjectPublicKeyInfo in DER.")
    ] = UNSET
    name: Annotated[Words | UnsetType, Meta(description="Common name of the certificate.")] = UNSET
    organization: Annotated[Words | UnsetType, Meta(description="Organization in the certificate.")] = UNSET
    kinds: Annotated[
        Annotated[tuple[Kind, ...], Meta(min_length=1)] | UnsetType,
        Meta(description="Kinds that it may state; any without."),
    ] = UNSET
    generator: Annotated[bool, Meta(description="The key is in the hands of a program that makes AI content.")] = False

    @property
    def is_pinned(self) -> bool:
        """Does it name a key?"""
        return self.issuer_sha256 is not UNSET or self.spki_sha256 is not UNSET


class TimeRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which timestamps count."""

    v1: Annotated[
        Literal["accept", "refuse"],
        Meta(description="Those over the claim alone, of claims of version 1, where a certificate has ended since."),
    ] = "accept"


class LabelRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the label has to be; written ``label = true`` or ``label = false`` where nothing but that is asked."""

    required: Annotated[bool, Meta(description="A file has to carry a label.")] = True
    inherited: Annotated[bool, Meta(description="What an earlier version says about AI counts as a label.")] = True
    corrections_by: Annotated[
        tuple[AcceptedSigner, ...],
        Meta(description="Whose labels may correct what earlier labels and marks say about AI, with a signed reason."),
    ] = ()


class Exemption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding that does not count, for some files, for a reason, until a day."""

    rule: Annotated[Words, Meta(description="Code of a rule, or a family such as policy.*")]
    reason: Words
    owner: Annotated[Words, Meta(description="Who answers for it.")]
    expires: Annotated[dt.date, Meta(description="Last day on which it counts, in UTC.")]
    path: Glob | UnsetType = UNSET
    sha256: Sha256 | UnsetType = UNSET
    sidecar_sha256: Annotated[
        Sha256 | UnsetType, Meta(description="With sha256: of the manifest that lies beside the file, if one does.")
    ] = UNSET


#: An extended key usage, as a dotted object identifier.
Usage = Annotated[str, Meta(pattern=PATTERN, max_length=MAX_LENGTH)]


class Anchors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PEM files of certificates whose signatures count, what else those may be for, and issuers of identities."""

    anchors: tuple[str | FileRef, ...] = ()
    leaves: tuple[str | FileRef, ...] = ()
    timestamp: tuple[str | FileRef, ...] = ()
    identity: tuple[str | FileRef, ...] = ()
    ekus: Annotated[
        tuple[Usage, ...],
        Meta(description="Extended key usages that signers' certificates may have too, as --eku names them."),
    ] = ()
    issuers: Annotated[tuple[Words, ...], Meta(description="DIDs of whose claims about CAWG identities count.")] = ()


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file must be to pass; by default a trusted file, with a label, without a finding of level error."""

    schema: Annotated[Literal["policy-v1"], Meta(description="The version of this schema.")] = "policy-v1"
    name: Annotated[Words, Meta(description="How reports name the policy.")] = "default"
    extends: Annotated[tuple[str | FileRef, ...], Meta(description="Policies that this one adds to or changes.")] = ()
    states: Annotated[tuple[Acceptable, ...], Meta(min_length=1)] = ("trusted",)
    label: Annotated[bool | LabelRules, Meta(description="A file has to carry a label, and who may correct one.")] = (
        True
    )
    time: TimeRules = TimeRules()
    revocation: Annotated[bool, Meta(description="An answer has to say that the certificate was not revoked.")] = False
    fields: Annotated[tuple[Words, ...], Meta(description="Fields that a label has to have: systems.version.")] = ()
    forbid: tuple[Forbidden, ...] = ()
    laws: Annotated[tuple[LawName, ...], Meta(description="Laws to hold each file against, as --law does.")] = ()
    files: Files = Files()
    levels: Annotated[dict[str, Level], Meta(description="Other levels for rules.")] = {}
    signers: Annotated[
        tuple[AcceptedSigner, ...], Meta(description="Who may have signed; anybody trusted if none.")
    ] = ()
    exceptions: tuple[Exemption, ...] = ()
    trust: Anchors = Anchors()

    @property
    def about_label(self) -> LabelRules:
        """What is asked of the label, however it is written."""
        return self.label if isinstance(self.label, LabelRules) else LabelRules(required=self.label)

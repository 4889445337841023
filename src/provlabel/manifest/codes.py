"""Every status code of the engine that we understand, and what it means for a verdict.

Sources: C2PA 2.4 §15.10.3 (validation status codes), CAWG identity 1.3 §7 and §8, and the strings of the
native library of c2pa-rs 0.91.3.  A code that is not in this table is never ignored: a failure counts by its
name space, and anything else is told as a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from provlabel.evidence import Code
from provlabel.trust.anchors import Purpose, TrustStore

Effect = Literal[
    "ok",  # says that a check passed; changes nothing by itself
    "bound",  # the content is what was signed
    "altered",  # content or a signed statement is not what was signed
    "unbound",  # the binding is not acceptable: missing, doubled, or covering too little
    "rule-broken",  # signed as it stands, but against a rule of the specification
    "excluded",  # the hash leaves out more than the manifest; look at what
    "bad-signature",
    "wrong-purpose",  # the certificate is for something that is not accepted, and not looked at further
    "out-of-validity",  # the certificate was not valid at the time that counts
    "trusted",
    "untrusted",
    "revoked",
    "not-revoked",
    "time-proven",
    "time-unproven",
    "no-history",  # an ingredient came without a manifest
    "identity-ok",
    "identity-bad",
    "identity-unknown",  # signed well, by somebody whom no list of anchors vouches for
    "identity-held",  # signed well by an issuer of identity claims, whom the user may have named
    "identity-unresolved",  # the key of such an issuer lies on the network, and was not fetched
    "note",  # a check that was not made, or a remark
    "unknown-failure",  # of a check that nobody here knows
]

_BY_EFFECT: dict[Effect, str] = {
    "ok": """
        claimSignature.insideValidity claimSignature.validated assertion.hashedURI.match
        assertion.accessible ingredient.manifest.validated ingredient.claimSignature.validated
        timeStamp.validated timeOfSigning.insideValidity cawg.identity.well-formed
        cawg.x509.signature.validated cawg.ica.time_stamp.validated
        """,
    "bound": """
        assertion.dataHash.match assertion.bmffHash.match assertion.boxesHash.match
        assertion.collectionHash.match assertion.multiAssetHash.match
        """,
    "altered": """
        assertion.dataHash.mismatch assertion.bmffHash.mismatch assertion.boxesHash.mismatch
        assertion.collectionHash.mismatch assertion.multiAssetHash.mismatch
        assertion.hashedURI.mismatch assertion.missing assertion.inaccessible assertion.outsideManifest
        assertion.undeclared assertion.dataHash.malformed hashedURI.missing hashedURI.mismatch
        assertion.cloud-data.malformed assertion.cloud-data.hardBinding assertion.cloud-data.actions
        ingredient.manifest.missing ingredient.manifest.mismatch ingredient.hashedURI.mismatch
        """,
    "unbound": """
        claim.hardBindings.missing assertion.multipleHardBindings assertion.hardBinding.redacted
        assertion.dataHash.redacted
        assertion.bmffHash.malformed assertion.boxesHash.malformed assertion.boxesHash.unknownBox
        assertion.collectionHash.malformed assertion.collectionHash.incorrectFileCount
        assertion.collectionHash.invalidURI assertion.multiAssetHash.malformed
        """,
    "rule-broken": """
        assertion.action.ingredientMismatch assertion.action.malformed assertion.action.redacted
        assertion.action.redactionMismatch assertion.action.softBindingMissing assertion.cbor.invalid
        assertion.external-reference.created assertion.external-reference.malformed
        assertion.ingredient.malformed assertion.json.invalid assertion.metadata.disallowed
        assertion.notRedacted assertion.required.missing assertion.selfRedacted
        assertion.timestamp.malformed claim.malformed claim.missing claim.multiple claim.required.missing
        claim.cbor.invalid manifest.multipleParents manifest.update.invalid manifest.update.wrongParents
        manifest.inaccessible manifest.missing manifest.timestamp.invalid manifest.timestamp.wrongParents
        manifest.compressed.invalid manifest.unreferenced general.error com.adobe.prerelease
        """,
    "excluded": """
        assertion.dataHash.additionalExclusionsPresent assertion.bmffHash.additionalExclusionsPresent
        assertion.boxesHash.additionalExclusionsPresent
        """,
    "bad-signature": """
        claimSignature.mismatch claimSignature.missing algorithm.unsupported signingCredential.invalid
        ingredient.claimSignature.mismatch ingredient.claimSignature.missing
        """,
    "out-of-validity": "claimSignature.outsideValidity signingCredential.expired",
    "trusted": "signingCredential.trusted",
    "untrusted": "signingCredential.untrusted",
    "revoked": "signingCredential.ocsp.revoked signingCredential.revoked",
    "not-revoked": "signingCredential.ocsp.notRevoked",
    "time-proven": "timeStamp.trusted",
    "time-unproven": """
        timeStamp.malformed timeStamp.mismatch timeStamp.outsideValidity timeStamp.untrusted
        timeStamp.credentialInvalid timeOfSigning.outsideValidity
        """,
    "no-history": "ingredient.unknownProvenance manifest.unknownProvenance",
    "identity-ok": "cawg.x509.credential.trusted",
    "identity-bad": """
        cawg.identity.assertion.duplicate cawg.identity.assertion.mismatch cawg.identity.cbor.invalid
        cawg.identity.hard_binding_missing cawg.identity.pad.invalid cawg.identity.sig_type.unknown
        cawg.x509.algorithm.unsupported cawg.x509.credential.invalid cawg.x509.signature.mismatch
        cawg.x509.signature.outside_validity cawg.ica.invalid_alg cawg.ica.invalid_content_type
        cawg.ica.invalid_cose_sign1 cawg.ica.invalid_did_document cawg.ica.invalid_issuer
        cawg.ica.invalid_verifiable_credential cawg.ica.signature_mismatch cawg.ica.signer_payload.mismatch
        cawg.ica.time_stamp.invalid cawg.ica.valid_from.invalid cawg.ica.valid_from.missing
        cawg.ica.valid_until.invalid
        """,
    "identity-unknown": "cawg.x509.credential.untrusted",
    "identity-held": "cawg.ica.credential_valid cawg.ica.untrusted_issuer",
    "identity-unresolved": "cawg.ica.did_unavailable",
    "note": """
        signingCredential.ocsp.skipped signingCredential.ocsp.inaccessible signingCredential.ocsp.unknown
        algorithm.deprecated
        """,
}

#: The bytes of the file are not those that the hash of the content is over.
MISMATCHES = frozenset({"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"})

EFFECTS: dict[str, Effect] = {code: effect for effect, codes in _BY_EFFECT.items() for code in codes.split()}


#: What a failure means whose code is not in the table, by how that begins; the first row that fits.
_BY_NAMESPACE: tuple[tuple[str, Effect], ...] = (
    ("cawg.", "identity-bad"),
    ("assertion.", "unbound"),
    ("claim.", "unbound"),
    ("hashedURI.", "unbound"),
    ("manifest.", "unbound"),
    ("", "unknown-failure"),
)
_IDENTITY_FAILURES: frozenset[Effect] = frozenset({"identity-bad", "identity-unknown", "identity-unresolved"})


# The engine has one code for all that it finds wrong with a certificate; these words are about its purpose alone.
_CREDENTIAL_INVALID, _NO_ACCEPTED_USAGE = "signingCredential.invalid", "certificate missing required EKU"


def effect_of(code: Code) -> Effect:
    """Return what a code means for the manifest that the engine gave it to.

    A failure that is not in the table is never good: C2PA 2.4 §15.2 lets anybody have codes of their own, but the
    engine is the only one who speaks of this manifest, and a newer one fails by what this version does not know.
    """
    if code.code == _CREDENTIAL_INVALID and code.text == _NO_ACCEPTED_USAGE:
        return "wrong-purpose"
    known = EFFECTS.get(code.code)
    if code.kind != "failure":
        return known or "note"
    about_identity = code.code.startswith("cawg.") and known not in _IDENTITY_FAILURES
    if known is not None and not about_identity:
        return known
    return next(effect for start, effect in _BY_NAMESPACE if code.code.startswith(start))


def effects_of(codes: Collection[Code]) -> dict[Effect, list[Code]]:
    """Return the codes of a manifest by what they mean."""
    found: dict[Effect, list[Code]] = {}
    for code in codes:
        found.setdefault(effect_of(code), []).append(code)
    return found


def in_words(code: Code) -> str:
    """The code, and the engine's own words where they say more than it."""
    plain = not code.text or (EFFECTS.get(code.code) == "altered" and code.code.endswith(".mismatch"))
    return code.code if plain else f"{code.code}, {code.text}"


def vouched_for(codes: Iterable[Code], trust: TrustStore, purpose: Purpose) -> bool:
    """Was it a list for this purpose that vouched?  The engine takes any, and names it only in its explanation."""
    return any(trust.vouching(code.text, purpose) for code in codes)

"""Every status code of the engine that we understand, and what it means for a verdict.

Sources: C2PA 2.4 §15.10.3 (validation status codes), CAWG identity 1.3 §7, and the strings of the
native library of c2pa-rs 0.91.3.  A code that is not in this table is never ignored: the verdict
turns it into a finding of level error.
"""

from __future__ import annotations

from typing import Literal

Effect = Literal[
    "ok",  # says that a check passed; changes nothing by itself
    "bound",  # the content is what was signed
    "altered",  # content or a signed statement is not what was signed
    "unbound",  # the binding is not acceptable: missing, doubled, or covering too little
    "rule-broken",  # signed as it stands, but against a rule of the specification
    "excluded",  # the hash leaves out more than the manifest; look at what
    "bad-signature",
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
    "note",  # a check that was not made, or a remark
]

_BY_EFFECT: dict[Effect, str] = {
    "ok": """
        claimSignature.insideValidity claimSignature.validated assertion.hashedURI.match
        assertion.accessible ingredient.manifest.validated ingredient.claimSignature.validated
        timeStamp.validated timeOfSigning.insideValidity cawg.identity.well-formed
        cawg.x509.signature.validated
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
    "identity-ok": "cawg.x509.credential.trusted cawg.ica.credential_valid",
    "identity-bad": """
        cawg.identity.assertion.duplicate cawg.identity.assertion.mismatch cawg.identity.cbor.invalid
        cawg.identity.hard_binding_missing cawg.identity.pad.invalid cawg.identity.sig_type.unknown
        cawg.x509.credential.invalid cawg.x509.signature.mismatch
        cawg.x509.signature.outside_validity
        """,
    "identity-unknown": "cawg.x509.credential.untrusted",
    "note": """
        signingCredential.ocsp.skipped signingCredential.ocsp.inaccessible signingCredential.ocsp.unknown
        algorithm.deprecated cawg.ica.did_unavailable
        """,
}

EFFECTS: dict[str, Effect] = {code: effect for effect, codes in _BY_EFFECT.items() for code in codes.split()}

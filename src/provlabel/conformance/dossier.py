"""What provlabel itself can fill into C2PA's template of a security architecture document, as Markdown.

The template is “C2PA Generator Product Security Architecture Document Template” of the Conformance Program 0.2
(github.com/c2pa-org/conformance-public, docs/v0.2).  Whatever depends on the product, its keys and its hosts is left
open, in words that no reader takes for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from provlabel._version import __version__
from provlabel.conformance.traits import RUBRIC, RUBRIC_VERSION, TRAITS
from provlabel.engine.loading import version
from provlabel.label.vocabularies import OperationName
from provlabel.manifest.write import SPEC_VERSION
from provlabel.media.formats import FORMATS
from provlabel.signers import SIGNERS, Algorithm

OPEN = "**OPEN: yours to fill in.**"
PROGRAMME = "0.2"
#: Media types that the template (section 1.9) writes in another way.
_TEMPLATE_TYPES = {"image/dng": "image/x-adobe-dng"}
#: Of each signer: where the private key is.
KEYS = {
    "file": "in a PEM file of mode 0600, encrypted only under a pass phrase, and in memory while it signs",
    "pkcs11": "in the token or HSM; provlabel gets signatures alone",
    "awskms": "in AWS KMS; provlabel gets signatures alone",
    "cmd": "wherever your program keeps it; provlabel gets signatures alone",
    "https": "at the signing service; provlabel gets signatures alone",
    "test": "a throw-away credential for trials, never for a product",
}
#: Actions that are written whatever the label lists as operations.
_ALWAYS = ("created", "opened", "edited.metadata", "placed")


def dossier() -> str:
    """Return the template as far as provlabel can fill it in, as Markdown.

    Raises:
        UnfitEngineError: there is no engine whose version could be told.
    """
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Generator Product Security Architecture Document: what provlabel fills in"
    yield ""
    yield (
        f"A draft along C2PA's template of Conformance Program {PROGRAMME}, with the facts of provlabel {__version__}. "
        "It is no application and no certification. Your product applies, not provlabel; check each line, and fill in "
        "what is open, in C2PA's own template."
    )
    for title, rows in _sections():
        yield from ("", f"## {title}", "")
        yield from (f"- **{name}** {said}" for name, said in rows)


def _sections() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield (
        "1. Generator Product information",
        [
            ("1.1 Applicant:", OPEN),
            ("1.2 Conformance Program version:", PROGRAMME),
            ("1.3 Specification version:", f"2.4; `specVersion` of every manifest is {SPEC_VERSION}"),
            ("1.4 Distinguished name:", f"{OPEN} CN, O and C must be those of the certificate and of the list"),
            ("1.5 Product:", f"{OPEN} The claim generator in it: provlabel {__version__}, engine c2pa-rs {version()}"),
            ("1.6 Target of evaluation:", f"{OPEN} It includes whoever or whatever fills in the label"),
            ("1.7 Implementation class:", f"{OPEN} Edge where it signs on the user's machine, Backend on a server"),
            ("1.8 Target max assurance level:", OPEN),
            ("1.9 Media types, generated:", ", ".join(f"`{name}`" for name in media_types())),
            (
                "1.9 Media types, validated:",
                "the same, where your product takes in manifests of others",
            ),
        ],
    )
    yield "Manifests", [*_about_manifests()]
    yield (
        "2.1 [O.1] Certificate enrollment",
        [("Enrollment:", f"{OPEN} provlabel writes the request (`key csr`) and checks the answer; it does not enroll")],
    )
    keys = [(f"Key of `{name}:`", KEYS[name]) for name in SIGNERS]
    rotation = "a signer is named for each run; no key is kept by provlabel. Who changes it, and when: " + OPEN
    yield "2.2 [O.2] The signing key", [("Algorithms:", ", ".join(get_args(Algorithm))), *keys, ("Rotation:", rotation)]
    yield (
        "2.3 [O.3], 2.4 [O.4] Claim generator, assets and assertions",
        [
            (
                "Bill of materials:",
                "beside each release; dependencies are locked by hash. Scans and deadlines: " + OPEN,
            ),
            (
                "Hostile input:",
                "is read in a child process with limits on memory and time, without keys, environment and connections; "
                "parsers are fuzzed; the engine shows by a self-test that its switches have their effect",
            ),
            ("Countermeasures, static analysis, isolation by users of the system, attestation:", OPEN),
        ],
    )
    yield (
        "2.5 [O.5] Traffic, 2.6 [O.6] Hosting",
        [
            (
                "Traffic:",
                "without `--tsa`, a remote signer or `--online` there is none. TLS 1.3 and its settings: " + OPEN,
            ),
            ("Hosting environment:", OPEN),
        ],
    )


def media_types() -> tuple[str, ...]:
    """Return the media types that are labeled in the file itself, as the template writes them."""
    return tuple(dict.fromkeys(_TEMPLATE_TYPES.get(row.mime, row.mime) for row in FORMATS if row.embed))


def _about_manifests() -> Iterator[tuple[str, str]]:
    names = sorted({*_ALWAYS, *get_args(OperationName)})
    yield "Actions:", ", ".join(f"`c2pa.{name}`" for name in names) + "; `allActionsIncluded` is always true"
    yield "Source types:", "in every action but `c2pa.opened` and those for which the programme asks none"
    yield "Content:", "hashed with SHA-256; all assertions of provlabel are created assertions"
    yield "Timestamps:", "RFC 3161, over the signature, from the authority that `--tsa` names; none without"
    yield "Samples:", f"hold each against {RUBRIC} {RUBRIC_VERSION} ({len(TRAITS)} traits): `provlabel conform FILE…`"

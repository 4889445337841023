"""What the engine says in words of ours: each kind of its failures as a sentence, its own words behind."""

from __future__ import annotations

from provlabel._support.text import printable

#: The kinds of the binding's errors; a test compares.
KINDS = {
    "Assertion": "a statement in the manifest is not as its kind has to be",
    "AssertionNotFound": "the manifest lists a statement that is not there",
    "Decoding": "a part of the manifest cannot be decoded",
    "Encoding": "a part of the manifest cannot be encoded",
    "FileNotFound": "a file that the engine needs is not there",
    "Io": "the engine could not read or write the file",
    "Json": "the engine was given something that it cannot read as JSON",
    "Manifest": "the manifest is not as it has to be",
    "ManifestNotFound": "there is a manifest in it that the engine does not find",
    "NotSupported": "the engine does not support this",
    "Other": "the engine cannot read this file, or its manifest",
    "RemoteManifest": "the manifest lies on the network, and is not fetched",
    "ResourceNotFound": "the manifest refers to something that is not in it",
    "Signature": "the signature or its certificate cannot be used",
    "UntrackedPointer": "the engine was asked for something that it has let go of",
    "Verify": "what is signed does not hold",
    "WrongPointerType": "the engine was asked for something of another kind",
}
_UNKNOWN = "the engine failed"
#: Where the engine adds nothing that helps.
_ENOUGH = frozenset({"ManifestNotFound", "RemoteManifest"})
#: How its own words begin where that says nothing.
_EMPTY = ("asset could not be parsed: ", "other error: ", "internal error: ")
#: Its words -> ours, where we know what it means.
_MEANINGS = {
    "XML bad base64 encoding": "the manifest in the SVG is not written as base64 without line breaks",
    "Could not parse BMFF": "its boxes cannot be followed",
    "Bad BMFF": "its boxes cannot be followed",
    "Invalid UTF8": "a text in it is not UTF-8",
}


def in_words(kind: str, text: str) -> str:
    """Return a failure of the engine for people: ours first, and what it says itself where that helps."""
    ours = KINDS.get(kind, _UNKNOWN)
    own = text.removeprefix(f"{kind}: ").strip()
    for beginning in _EMPTY:
        own = own.removeprefix(beginning)
    own = next((meaning for words, meaning in _MEANINGS.items() if words in own), own)
    return f"{ours}: {printable(own, 300)}" if own and own != kind and kind not in _ENOUGH else ours

"""What tags of a file say about AI where nothing signs it: shown, never believed.

Looked for are the two marks that laws and platforms name: an IPTC digital source type that speaks of
AI, and the ``AIGC`` object of GB 45438-2025.  Only their names are looked for, in the parts of a file
that hold metadata and are not compressed; what they say in full is read with the carriers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.containers import Part, read_exactly
from provlabel.evidence import Claim
from provlabel.label.vocabularies import AI_KINDS, SOURCE_TYPES

MAX_PART = 1 << 20  # bytes of one part that are looked at; an XMP packet has a few thousand
MAX_CLAIMS = 20

_SOURCE_TYPE = re.compile(rb"https?://cv\.iptc\.org/newscodes/digitalsourcetype/\w{1,60}")
# The name of a key; in a text chunk of PNG it stands right behind the type of the chunk.
_AIGC = re.compile(rb"(?:[^A-Za-z0-9]|tEXt|iTXt)AIGC[^A-Za-z0-9]")


def claims_in(stream: BinaryIO, parts: Sequence[Part]) -> tuple[Claim, ...]:
    """Return the claims in the metadata of a file, each once."""
    found: dict[Claim, None] = {}
    for part in parts:
        if part.role == "metadata" and len(found) < MAX_CLAIMS:
            data = read_exactly(stream, part.start, min(part.length, MAX_PART))
            found |= dict.fromkeys(Claim(part.name, value) for value in _claimed(data))
    return tuple(found)


def _claimed(data: bytes) -> Iterator[str]:
    for match in _SOURCE_TYPE.finditer(data):
        uri = match[0].decode("ascii", "replace").replace("https:", "http:", 1)
        if SOURCE_TYPES.get(uri) in AI_KINDS:
            yield f"digital source type {uri.rpartition('/')[2]}"
    if _AIGC.search(data):
        yield "an AIGC object (GB 45438-2025)"

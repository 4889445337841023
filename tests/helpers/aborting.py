"""Pictures with a manifest that makes the engine abort, and the store of a picture."""

from __future__ import annotations

import zlib

from boxes import box, superbox
from project import MEDIA


def in_png(content: bytes) -> bytes:
    """The sample picture with ``content`` as its manifest store."""
    png = (MEDIA / "still.png").read_bytes()
    chunk = b"caBX" + content
    return png[:33] + len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + png[33:]


def store_of(png: bytes) -> bytes:
    at = png.index(b"caBX")
    return png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at], "big")]


ASCII, ABORTS = b"org.provlabel.label", "org.provlabel.\u00e9abe".encode()


def aborting(content: bytes) -> bytes:
    """Rename the label's assertion, in its box and in the claim, to one that makes the engine abort."""
    assert content.count(ASCII) == 2
    assert len(ASCII) == len(ABORTS)
    content = content.replace(ASCII, ABORTS)
    return in_png(store_of(content)) if content.startswith(b"\x89PNG") else content


def compressed(png: bytes) -> bytes:
    """The same picture with its manifest in a ``brob`` box, which the pre-scan does not look into."""
    whole = store_of(png)
    head = 8 + int.from_bytes(whole[8:12], "big")
    inner = whole[head:]
    name = inner[8 + 25 :].split(b"\x00", 1)[0]
    # Brotli (RFC 7932 §9.2): one stored meta-block, then an empty last one.
    stored = ((len(inner) - 1) << 4 | 1 << 20).to_bytes(3, "little") + inner + b"\x03"
    return in_png(box(b"jumb", whole[8:head] + superbox(b"c2cm", name, box(b"brob", stored))))

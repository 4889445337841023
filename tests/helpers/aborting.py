"""Pictures with a manifest that kills the engine, and the store of a picture."""

from __future__ import annotations

import zlib

from project import MEDIA
from stores import Store, packed


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


def costly(png: bytes) -> bytes:
    """The same picture with a label of 7.9 MB: the pre-scan lets it pass, and the engine has too little memory for it.

    It is compressed, so that the file is small and its worker gets no more memory than for any other.
    """
    held = Store(store_of(png)).put(ASCII.decode(), b"\x5a" + (7_900_000).to_bytes(4, "big") + bytes(7_900_000)).seal()
    return in_png(packed(held).dump())

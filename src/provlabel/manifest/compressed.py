"""Compressed manifests (C2PA 2.4 §11.2.4): Brotli, unpacked up to a limit, and nothing else than one manifest inside.

The engine unpacks them too, whatever the type of their box, and passes over what stands behind the first box inside.
"""

from __future__ import annotations

from provlabel.manifest import jumbf
from provlabel.manifest.cbor import Refused
from provlabel.media.containers import ContainerError

#: The type of the box around a compressed manifest begins with it.
KIND = b"c2cm"
_PLAIN = frozenset({b"c2ma", b"c2um"})
_PIECE = 64 << 10  # bytes that are unpacked at once; the decoder gives up to 32 KiB more than it is asked for


def unpacked(store: bytes, room: int) -> bytes:
    """Return ``store`` with each compressed manifest as what it holds; the same bytes when there is none.

    Raises:
        Refused: they hold more than ``room`` bytes together.
        ContainerError: one is not what C2PA says.
    """
    data = memoryview(store)
    made, done = [], 0
    for box, description in jumbf.manifests(data):
        if description.kind == KIND:
            held = manifest_in(data, box, room)
            made += [bytes(data[done : box.start]), held]
            room, done = room - len(held), box.end
    if not made:
        return store
    root = next(jumbf.boxes(data))
    body = b"".join(made)[root.body :] + bytes(data[done : root.end])
    return (8 + len(body)).to_bytes(4, "big") + jumbf.SUPERBOX + body


def names_in(store: bytes) -> frozenset[str]:
    """Return the names of the compressed manifests of a store that was scanned before."""
    return frozenset(said.label.decode() for _, said in jumbf.manifests(memoryview(store)) if said.kind == KIND)


def manifest_in(data: memoryview, box: jumbf.JumbfBox, room: int) -> bytes:
    """Return the manifest that the compressed one at ``box`` holds: one superbox, of the same name.

    Raises:
        Refused: it has more than ``room`` bytes.
        ContainerError: there is something else in it, or it cannot be unpacked.
    """
    description, children = jumbf.described(data, box)
    contents = list(jumbf.boxes(data, children, box.end))
    if [inside.kind for inside in contents] != [jumbf.BROTLI] or contents[0].end != box.end:
        raise ContainerError("a compressed manifest is not the one piece of Brotli that C2PA gives it")
    made = _inflated(bytes(data[contents[0].body : contents[0].end]), room)
    inner = memoryview(made)
    first = next(jumbf.boxes(inner), None)
    if first is None or first.kind != jumbf.SUPERBOX or first.end != len(made):
        raise ContainerError("a compressed manifest holds something else than one manifest")
    held, _ = jumbf.described(inner, first)
    if held.kind not in _PLAIN or held.label != description.label:
        raise ContainerError("a compressed manifest holds something else than the manifest of its name")
    return made


def _inflated(packed: bytes, room: int) -> bytes:
    """Unpack piece by piece, so that no more than ``room`` bytes and one piece are ever made."""
    import brotli

    decoder, made = brotli.Decompressor(), bytearray()
    try:
        made += decoder.process(packed, output_buffer_limit=_PIECE)
        while not decoder.is_finished() and len(made) <= room:
            piece = decoder.process(b"", output_buffer_limit=_PIECE)
            if not piece and not decoder.is_finished():
                raise ContainerError("a compressed manifest is cut off")
            made += piece
    except brotli.error as exc:
        raise ContainerError("a compressed manifest cannot be unpacked") from exc
    if len(made) > room:
        raise Refused(f"a compressed manifest that unfolds to more than the {room:,} bytes that are left to read")
    return bytes(made)

"""Files of every format, labeled, judged and decoded: what tests of all formats share."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageSequence

from project import engine_credential
from provlabel import Label, TrustStore, engine, label_file, verify_bytes
from provlabel.engine import signing
from provlabel.label import signed_label
from provlabel.manifest.write import definition
from provlabel.media.formats import Format
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import FORMAT_OF, ROWS, run

GOOD = ("trusted", "valid")


Make = Callable[[str], Path]


def row_of(path: Path) -> Format:
    return ROWS[FORMAT_OF[path.name]]


def state(content: bytes, trust: TrustStore, sandbox: Sandbox) -> str:
    return verify_bytes(content, trust=trust, sandbox=sandbox).files[0].state


def labeled(source: Path, label: Label, signer: Signer, sandbox: Sandbox) -> bytes:
    dest = source.with_name(f"labeled-{source.name}")
    label_file(source, dest, label, signer, carriers=(), sandbox=sandbox)
    return dest.read_bytes()


def signed_by_engine(content: bytes, mime: str, signer: Signer) -> tuple[bytes, bytes]:
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False)
    dest = io.BytesIO()
    store = signing.sign(made, io.BytesIO(content), dest, mime, engine_credential(signer))
    return dest.getvalue(), store


def decoded(path: Path) -> str:
    """A digest of all that is seen and heard, by whichever program reads the format."""
    ending = path.suffix
    if ending == ".svg":
        return canonical(path)
    if ending in (".heic", ".heif", ".jxl"):
        # heif-convert wants to see the brand that the standard does not ask for.
        source = path.with_suffix(".named.heic" if ending == ".heif" else ending)
        source.write_bytes(path.read_bytes().replace(b"ftypmif1", b"ftypheic", 1))
        run("djxl" if ending == ".jxl" else "heif-convert", source, path.with_suffix(".decoded.png"))
        path = path.with_suffix(".decoded.png")
    if ending in (".wav", ".m4a", ".mp4", ".mov"):
        args = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-f", "md5", "-"]
        return subprocess.run(args, capture_output=True, text=True, check=True).stdout
    with Image.open(path) as image:
        pictures = [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]
    return f"{len(pictures)} {hashlib.sha256(b''.join(pictures)).hexdigest()}"


def canonical(path: Path) -> str:
    """The drawing without the manifest and the element that was made for it."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 - made here
    for holder in root.findall("{http://www.w3.org/2000/svg}metadata"):
        for manifest in holder.findall("{http://c2pa.org/manifest}manifest"):
            holder.remove(manifest)
        if not len(holder):
            root.remove(holder)
    return ElementTree.canonicalize(ElementTree.tostring(root))


def by_default_settings(content: bytes, mime: str, signer: Signer) -> bytes:
    """Sign as the bare engine does, which leaves ``free`` and ``skip`` out of the hash."""
    c2pa = engine.binding()
    base = engine.settings()
    del base["builder"]["bmff_hash_exclude_free_and_skip_boxes"]
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(base)))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), mime, io.BytesIO(content), dest)
    return dest.getvalue()

"""Real files for the rules of laws: for each rule one by which it is held, one by which not, one that it is not about.

A recipe says what a file is made of, how it is labeled, and what happened to it since.  ``CASES`` of each module beside
this one has the recipes of the rules of its laws.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from project import MEDIA, engine_credential
from provlabel import Label, TrustStore, verify_bytes
from provlabel.engine import signing
from provlabel.label import signed_label
from provlabel.labeling.labeler import label_bytes
from provlabel.law.records import LawRule
from provlabel.manifest.write import Definition, definition
from provlabel.report import FileReport, LawOutcome, LawResult
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.trust.timestamps import Timestamper

PICTURE, SOUND = "still.png", "take.wav"
_TYPES = {PICTURE: "image/png", SOUND: "audio/wav"}

#: A label that says all that a provider knows.
FULL: dict[str, Any] = {
    "kind": "ai_generated",
    "provider": {"name": "Acme Imaging Ltd"},
    "systems": [{"name": "AcmePaint", "version": "4.2", "identifier": "pkg:huggingface/acme/paint@4.2"}],
    "event_time": "2026-11-22T10:00:00Z",
}


class Made(NamedTuple):
    """How one real file is made."""

    label: Mapping[str, Any] | None = None  #: ``None`` where nobody signed
    of: str | Callable[[], bytes] = PICTURE  #: the sample, or what makes the file that is labeled
    texts: Mapping[str, str] = {}  #: text chunks of the picture, written before it was signed
    xmp: Mapping[str, str] = {}  #: properties of its XMP, likewise
    parents: tuple[Made, ...] = ()  #: what it was made from
    action: Mapping[str, Any] | None = None  #: signed by another program, with this action and the same label
    also: Mapping[str, Any] | None = None  #: signed by another program, with this assertion too
    options: Mapping[str, Any] = {}  #: of ``label_bytes``
    stamped: bool = False  #: by a time authority
    changed: bool = False  #: after it was signed


def signed(of: str | Callable[[], bytes] = PICTURE, /, **label: Any) -> Made:
    """Label a file with all that a provider knows, changed by ``label``; ``None`` takes a field out."""
    return Made({key: value for key, value in {**FULL, **label}.items() if value is not None}, of)


HUMAN = signed(kind="human_made", systems=None)
UNSIGNED = Made(xmp={"Iptc4xmpExt:DigitalSourceType": "trainedAlgorithmicMedia"})
#: Statements about marks for people, in the words of the label.
ICON = [{"kind": "icon", "place": "lower right corner", "alternative": "made with AI"}]
SPOKEN = [{"kind": "audio", "language": "en", "place": "at the start", "alternative": "in the notes"}]
FAKE = {"deep_fake": True}
NO_FAKE = signed(judgements={"deep_fake": False})


class Three(NamedTuple):
    """Files by which a rule is held, by which it is not, and which it is not about.

    ``held`` is ``None`` for a rule that only people can call held.  ``undecided`` says why what is missing is no
    breach: a person has to judge then.
    """

    held: Made | None
    broken: Made
    aside: Made
    undecided: str = ""


class LawFiles:
    """Makes files and judges them; each file is made once."""

    def __init__(self, signer: Signer, trust: TrustStore, sandbox: Sandbox, clock: Callable[[], Timestamper]) -> None:
        self._signer, self._trust, self._sandbox, self._clock = signer, trust, sandbox, clock
        self._made: dict[str, bytes] = {}

    def content(self, made: Made) -> bytes:
        """Return the bytes of the file."""
        key = repr(made)
        if key not in self._made:
            self._made[key] = self._make(made)
        return self._made[key]

    def _make(self, made: Made) -> bytes:
        content = _source(made)
        if made.label is not None:
            content = self._signed(made, content)
        if made.changed:
            middle = len(content) - 200
            content = content[:middle] + bytes(100) + content[middle + 100 :]
        return content

    def _signed(self, made: Made, content: bytes) -> bytes:
        label = msgspec.convert(made.label, Label)
        if made.action is not None or made.also is not None:
            return self._by_others(made, label, content)
        options = dict(made.options)
        if made.stamped:
            options["timestamper"] = self._clock()
        if made.parents:
            [parent] = made.parents  # the file itself was signed before: that is its parent
            content, options["accept_broken_parent"] = self.content(parent), True
        return label_bytes(content, label, self._signer, sandbox=self._sandbox, **options)[0]

    def _by_others(self, made: Made, label: Label, content: bytes) -> bytes:
        plain = definition(label, signed_label(label), has_parent=False).manifest
        [actions] = [item["data"] for item in plain["assertions"] if item["label"] == "c2pa.actions.v2"]
        if made.action is not None:
            actions["actions"] = [made.action]
        if made.also is not None:
            plain["assertions"].append(made.also)
        out = io.BytesIO()
        signing.sign(Definition(plain), io.BytesIO(content), out, _TYPES[str(made.of)], engine_credential(self._signer))
        return out.getvalue()

    def report(self, made: Made, *laws: str, as_of: dt.date) -> FileReport:
        """Verify the file as anybody does who trusts its signer."""
        options: dict[str, Any] = {"trust": self._trust, "sandbox": self._sandbox, "laws": laws, "as_of": as_of}
        [file] = verify_bytes(self.content(made), **options).files
        return file

    def result(self, row: LawRule, made: Made) -> LawResult:
        """Judge the file on the first day of a wording."""
        day = row.start or dt.date(2026, 12, 1)
        [told] = [item for item in self.report(made, row.id.split(".")[1], as_of=day).law if item.rule == row.id]
        return told

    def outcome(self, row: LawRule, made: Made) -> LawOutcome:
        """Return what :meth:`result` comes to."""
        return self.result(row, made).outcome


def _source(made: Made) -> bytes:
    content = made.of() if callable(made.of) else (MEDIA / made.of).read_bytes()
    if not made.texts and not made.xmp:
        return content
    info, out = PngInfo(), io.BytesIO()
    for keyword, text in made.texts.items():
        info.add_itxt(keyword, text)
    if made.xmp:
        info.add_itxt("XML:com.adobe.xmp", _packet(made.xmp))
    with Image.open(io.BytesIO(content)) as image:
        image.save(out, "PNG", pnginfo=info)
    return out.getvalue()


_NAMESPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


def _packet(properties: Mapping[str, str]) -> str:
    """Write XMP as programs do; a word of IPTC gets its address."""
    from xml.sax.saxutils import escape

    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    fields = "".join(f"<{name}>{escape(_whole(name, value))}</{name}>" for name, value in properties.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces}>{fields}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def _whole(name: str, value: str) -> str:
    is_type = name.endswith(":DigitalSourceType") and ":" not in value
    return f"http://cv.iptc.org/newscodes/digitalsourcetype/{value}" if is_type else value

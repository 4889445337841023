"""What tags of others say about AI: the words of standards, and marks that some generators leave.  Pure.

Nothing signs any of it, so it is shown and never believed.  What generators leave is no standard and may
change at any time; it is read and never written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from provlabel.carriers.vocabularies import aigc, iptc, music
from provlabel.carriers.vocabularies._base import CarrierId, Fields, first
from provlabel.label.prompts import is_prompt
from provlabel.label.vocabularies import AI_KINDS, plain_uri


class GeneratorMark(NamedTuple):
    """What one generator leaves."""

    carrier: CarrierId
    field: str
    pattern: str  #: regular expression, found anywhere in a value
    words: str
    certainty: str = "W"
    prompt: bool = False  #: the prompt stands in it
    system: str = ""  #: name of the generator, where the mark means no other one
    version: str = ""  #: regular expression of its version, in a group
    model: str = ""  #: the same of the model that it ran
    time: str = ""  #: the same of the moment in which it was made, in RFC 3339


#: Where programs put a comment into sounds; ffmpeg, by which many write, knows both names.
_COMMENTS = (
    ("id3", "COMM"),
    ("id3", "TXXX:comment"),
    ("id3", "TXXX:description"),
    ("vorbis", "COMMENT"),
    ("vorbis", "DESCRIPTION"),
    ("mp4", "©cmt"),
    ("mp4", "desc"),
    ("riff", "INFO:ICMT"),
)
_OF_SUNO, _OF_UDIO, _OF_ELEVENLABS = "the comment of Suno", "an address at Udio", "the name of ElevenLabs"
_A1111, _INVOKE, _NOVELAI = "parameters of Stable Diffusion", "parameters of InvokeAI", "parameters of NovelAI"
_FOOOCUS, _COMFY, _MIDJOURNEY = "parameters of Fooocus", "a workflow of ComfyUI", "the description of Midjourney"
# Linear in what stranger's texts hold: no pattern looks further from each place where it could begin.
_STEPS = r"Steps: \d+"
_VERSION, _MODEL = r"\bVersion: (v?[\w.-]{1,40})", r"\bModel: ([^,\n]{1,100})"
_BY_JOB, _BY_V = r"--v \d|Job ID: ", r"--v (\d[\d.]*)"
#: Seen in files and on pages of their makers; none is a promise.
MARKS: tuple[GeneratorMark, ...] = (
    *(
        GeneratorMark(
            *(*place, r"(?i)^made with suno\b", _OF_SUNO, "S"), system="Suno", time=r"\bcreated=([0-9TZ:.+-]{20,35})"
        )
        for place in _COMMENTS
    ),
    GeneratorMark("id3", "WOAS", r"^https://suno\.com/song/", "an address at Suno", "S", system="Suno"),
    *(GeneratorMark(*place, r"\budio\.com/songs/", _OF_UDIO) for place in (*_COMMENTS, ("id3", "WOAS"))),
    *(GeneratorMark(*place, r"(?i)\belevenlabs\b", _OF_ELEVENLABS) for place in (*_COMMENTS, ("id3", "TENC"))),
    GeneratorMark(
        *("text", "parameters", r"\bVersion: Fooocus\b", _FOOOCUS), prompt=True, system="Fooocus",
        version=r"\bVersion: Fooocus v?([\w.-]{1,40})", model=_MODEL,
    ),
    GeneratorMark("text", "parameters", r"\bVersion: ComfyUI\b", _COMFY, prompt=True, system="ComfyUI", model=_MODEL),
    GeneratorMark("text", "fooocus_scheme", r"^(?:fooocus|a1111)$", _FOOOCUS, system="Fooocus"),
    GeneratorMark("exif", "Software", r"^Fooocus\b", _FOOOCUS, system="Fooocus", version=r"^Fooocus v?([\w.-]{1,40})"),
    GeneratorMark(
        *("text", "parameters", r'"sui_image_params"', "parameters of SwarmUI"), prompt=True, system="SwarmUI",
        version=r'"swarm_version": ?"([^"]{1,40})"', model=r'"model": ?"([^"]{1,100})"',
    ),
    GeneratorMark(
        *("text", "parameters", _STEPS, _A1111), prompt=True, system="Stable Diffusion", version=_VERSION, model=_MODEL
    ),
    GeneratorMark("text", "parameters", r'"prompt"', "parameters of a front end of Stable Diffusion", prompt=True),
    GeneratorMark(
        *("exif", "UserComment", _STEPS + ", [A-Z]", _A1111), prompt=True,
        system="Stable Diffusion", version=_VERSION, model=_MODEL,
    ),
    GeneratorMark("exif", "UserComment", r'"(?:prompt|class_type)"', "parameters of a generator", prompt=True),
    GeneratorMark("text", "prompt", r'"class_type"', _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark("text", "workflow", r'"nodes"', _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark("vorbis", "WORKFLOW", r'"nodes"', _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark("id3", "TXXX:workflow", r'"nodes"', _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark("exif", "Make", r"^(?i:workflow|prompt): *\{", _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark("exif", "Model", r"^(?i:workflow|prompt): *\{", _COMFY, prompt=True, system="ComfyUI"),
    GeneratorMark(
        *("text", "invokeai_metadata", r"\{", _INVOKE), prompt=True, system="InvokeAI",
        version=r'"app_version": ?"([^"]{1,40})"', model=r'"(?:model_name|name)": ?"([^"]{1,100})"',
    ),
    GeneratorMark("text", "invokeai_graph", r"\{", _INVOKE, prompt=True, system="InvokeAI"),
    GeneratorMark(
        *("text", "sd-metadata", r"\{", _INVOKE), prompt=True, system="InvokeAI",
        version=r'"app_version": ?"v?([^"]{1,40})"',
    ),
    GeneratorMark("text", "Dream", r"-s *\d+", _INVOKE, prompt=True, system="InvokeAI"),
    GeneratorMark("text", "Software", r"^NovelAI", "the mark of NovelAI", system="NovelAI"),
    GeneratorMark(
        *("text", "Source", r"^NovelAI Diffusion\b", "the model of NovelAI"), system="NovelAI",
        version=r"\b(V\d[\d.]*)", model=r"^(.{1,100})",
    ),
    GeneratorMark("text", "Comment", r'"(?:uncond_scale|v4_prompt|uc)"', _NOVELAI, prompt=True, system="NovelAI"),
    GeneratorMark("text", "Description", _BY_JOB, _MIDJOURNEY, prompt=True, system="Midjourney", version=_BY_V),
    GeneratorMark(
        *("exif", "ImageDescription", r"Job ID: [0-9a-f-]{36}", _MIDJOURNEY), prompt=True, system="Midjourney",
        version=_BY_V,
    ),
    GeneratorMark("exif", "ImageDescription", r"^Signature: [A-Za-z0-9+/=]{32}", "the mark that images of xAI carry"),
    GeneratorMark("xmp", "xmp:CreatorTool", r"^Draw Things\b", "the name of Draw Things", system="Draw Things"),
    GeneratorMark("xmp", "xmp:CreatorTool", r"^Adobe Firefly\b", "the name of Adobe Firefly", system="Adobe Firefly"),
    GeneratorMark(
        *("xmp", "photoshop:Credit", r"(?i)\b(made|edited) with google ai\b", "the credit of Google AI"),
        system="Google AI",
    ),
    GeneratorMark(
        *("xmp", "photoshop:Credit", r"(?i)\bimagined with ai\b", "the credit of Meta AI"), system="Meta AI"
    ),
)  # fmt: skip


class Generator(NamedTuple):
    """What a mark tells about the program that left it; empty where it tells nothing."""

    name: str
    version: str = ""
    model: str = ""
    time: str = ""  #: RFC 3339, as it stands


def generators_in(carrier: CarrierId, fields: Fields) -> Iterator[Generator]:
    """Yield the programs whose marks mean no other one: in each field, that of the first row of the table."""
    rows = [mark for mark in MARKS if mark.system and mark.carrier == carrier]
    for field in dict.fromkeys(mark.field for mark in rows):
        for value in fields.get(field, ()):
            mark = next((mark for mark in rows if mark.field == field and re.search(mark.pattern, value)), None)
            if mark is not None:
                said = (_said(pattern, value) for pattern in (mark.version, mark.model, mark.time))
                yield Generator(mark.system, *said)


def _said(pattern: str, value: str) -> str:
    found = re.search(pattern, value) if pattern else None
    return found[1].strip() if found else ""


def prompts_in(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    """Yield the fields in which a prompt stands: by their names, or by what a generator leaves there."""
    for name, values in fields.items():
        marks = (mark for mark in MARKS if mark.prompt and (mark.carrier, mark.field) == (carrier, name))
        if any(values) and (is_prompt(name) or any(_is_in(mark, values) for mark in marks)):
            yield name


def _is_in(mark: GeneratorMark, values: tuple[str, ...]) -> bool:
    return any(re.search(mark.pattern, value) for value in values)


def claims_in(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    """Yield what the fields of a carrier say about AI, in words that stand by themselves."""
    for speak in _STANDARD:
        yield from speak(carrier, fields)
    yield from marks_in(carrier, fields)


def marks_in(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    """Yield the marks that generators leave in the fields of a carrier, in words."""
    for mark in MARKS:
        if mark.carrier == carrier and _is_in(mark, fields.get(mark.field, ())):
            yield mark.words


def _iptc(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    if carrier != "xmp":
        return
    for uri in fields.get(iptc.SOURCE_TYPE, ()):
        if iptc.kind_of(uri) in AI_KINDS:
            yield f"digital source type {plain_uri(uri).rpartition('/')[2]}"
    if name := first(fields, iptc.SYSTEM):
        yield f"AI system {name} {first(fields, iptc.VERSION)}".rstrip()


def _ours(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    label = music.load(fields, carrier)
    if label.get("kind") in AI_KINDS:
        yield f"{music.KIND} {label['kind']}"
        for system in label.get("systems", ()):
            yield f"AI system {system['name']} {system.get('version', '')}".rstrip()


def _aigc(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    for text in aigc.objects_in(carrier, fields):
        found = aigc.read(text)
        if not any(found.values.values()):
            yield f"an AIGC object (GB 45438-2025) that is not right: {'; '.join((*found.wrong, *found.doubts))}"
            continue
        label, producer = (found.values[key] or "(none)" for key in ("Label", "ContentProducer"))
        yield f"an AIGC object (GB 45438-2025), Label {label}, by {producer}"


_STANDARD: tuple[Callable[[CarrierId, Fields], Iterator[str]], ...] = (_iptc, _ours, _aigc)

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


#: Seen in files and on pages of their makers; none is a promise.
MARKS: tuple[GeneratorMark, ...] = (
    GeneratorMark("text", "parameters", r"Steps: \d+", "parameters of Stable Diffusion", prompt=True),
    GeneratorMark("text", "parameters", r'"prompt"', "parameters of a front end of Stable Diffusion", prompt=True),
    GeneratorMark("exif", "UserComment", r"Steps: \d+.*Sampler", "parameters of Stable Diffusion", prompt=True),
    GeneratorMark("exif", "UserComment", r'"(?:prompt|class_type)"', "parameters of a generator", prompt=True),
    GeneratorMark("text", "prompt", r'"class_type"', "a workflow of ComfyUI", prompt=True),
    GeneratorMark("text", "workflow", r'"nodes"', "a workflow of ComfyUI", prompt=True),
    GeneratorMark("vorbis", "WORKFLOW", r'"nodes"', "a workflow of ComfyUI", prompt=True),
    GeneratorMark("id3", "TXXX:workflow", r'"nodes"', "a workflow of ComfyUI", prompt=True),
    GeneratorMark("exif", "Make", r"^(?i:workflow|prompt): *\{", "a workflow of ComfyUI", prompt=True),
    GeneratorMark("exif", "Model", r"^(?i:workflow|prompt): *\{", "a workflow of ComfyUI", prompt=True),
    GeneratorMark("text", "invokeai_metadata", r"\{", "parameters of InvokeAI", prompt=True),
    GeneratorMark("text", "invokeai_graph", r"\{", "parameters of InvokeAI", prompt=True),
    GeneratorMark("text", "sd-metadata", r"\{", "parameters of InvokeAI", prompt=True),
    GeneratorMark("text", "Dream", r"-s *\d+", "parameters of InvokeAI", prompt=True),
    GeneratorMark("text", "Software", r"^NovelAI", "the mark of NovelAI"),
    GeneratorMark("text", "Comment", r'"(?:uncond_scale|v4_prompt|uc)"', "parameters of NovelAI", prompt=True),
    GeneratorMark("text", "Description", r"--v \d|Job ID: ", "the description of Midjourney", prompt=True),
    GeneratorMark("exif", "ImageDescription", r"^Signature: [A-Za-z0-9+/=]{32}", "the mark that images of xAI carry"),
    GeneratorMark("xmp", "photoshop:Credit", r"(?i)\b(made|edited) with google ai\b", "the credit of Google AI"),
    GeneratorMark("xmp", "photoshop:Credit", r"(?i)\bimagined with ai\b", "the credit of Meta AI"),
)


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

"""What the commands that label share: how a label is written, whatever the file."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel._support.times import rfc3339
from provlabel.cli._shared import KIND, PATH, fields_in, options_of
from provlabel.cli._signing import timestamper_from
from provlabel.errors import LabelError, UsageError

if TYPE_CHECKING:
    from provlabel.labeling.options import LabelOptions

#: The one option that reports repeat.
BROKEN = "--insecure-accept-broken-parent"


class _Carriers(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Names with commas between them; ``none`` for no carrier at all."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from provlabel.carriers.plan import CHOICES

        names = () if value == "none" else tuple(dict.fromkeys(value.split(",")))
        if unknown := [name for name in names if name not in CHOICES]:
            raise UsageError(
                f"--carriers: there is no {', '.join(map(printable, unknown)) or 'empty value'}",
                hint=f"one of: {', '.join(CHOICES)}, or none; ID3, Vorbis and the like are tags",
            )
        return names


def _room(_: click.Context, __: click.Parameter, wanted: bool) -> int:
    from provlabel.trust.timestamps import ROOM

    return ROOM if wanted else 0


#: What a label says, in words of the command line; they win over a label file.
stated_options = options_of(
    click.option("--kind", type=KIND, help="How far AI made it: ai_generated, human_made, … (provlabel kinds)."),
    click.option("--origin", help="created or altered; follows from --kind when not given."),
    click.option("--system", "systems", multiple=True, metavar="NAME[@VERSION]", help="An AI system. Repeatable."),
    click.option("--model-type", help="C2PA asset type of the first system's model."),
    click.option("--model-id", help="URI or package URL of the first system's model."),
    click.option("--provider", help="Legal name of who provides the systems."),
    click.option("--title", help="Title of the work; public."),
    click.option("--event-time", metavar="TIME|now", help="When it was made: RFC 3339 with a zone."),
    click.option("--identifier", "identifiers", multiple=True, metavar="TYPE:VALUE", help="Such as isrc:GBAYE2600001."),
    click.option("--oversight", help="fully_autonomous, prompt_guided or human_validated."),
    click.option("--prompt-file", type=PATH, help="UTF-8 text of the prompt; - for standard input."),
    click.option(
        "--contradict", metavar="REASON", help="Say otherwise than the file does about AI, and sign why: a correction."
    ),
)
in_place_option = click.option("--in-place", is_flag=True, help="Replace each file by its labeled self.")
#: Each has the name of its field of :class:`LabelOptions`.
labeling_options = options_of(
    click.option(
        "--prompt-mode",
        type=click.Choice(["omit", "hash", "clear"]),
        default="omit",
        show_default=True,
        help="Withhold the prompt, sign a salted hash of it, or sign it in clear.",
    ),
    click.option("--personal", is_flag=True, help="Sign names and other personal fields of people too."),
    click.option(
        "--inputs", is_flag=True, help="Write prompt (without text), seeds and references as C2PA inputs too."
    ),
    click.option(
        "--carriers",
        type=_Carriers(),
        help="What else repeats the label: xmp (pictures), tags (sounds), aigc, or none; with commas. "
        "[default: xmp,tags]",
    ),
    click.option("--thumbnail", is_flag=True, help="Put a picture of at most 10 kB into the manifest; needs Pillow."),
    click.option(
        "--stamp-room",
        is_flag=True,
        callback=_room,
        help="Keep room, so that provlabel stamp can add a timestamp later.",
    ),
    click.option("--force", "replace", is_flag=True, help="Replace an output that exists."),
    click.option(
        "--strip-prompt", is_flag=True, help="Take prompts out of tags and other metadata of the copy before signing."
    ),
    click.option(
        "--same-label-for-all",
        is_flag=True,
        help="Sign one label for several files although their tags name other works (title, ISRC, …).",
    ),
    click.option("--detached", is_flag=True, help="Leave the content as it is; write the manifest beside it."),
    click.option("--check-decode", is_flag=True, help="Decode the file to its end with ffmpeg first."),
    click.option(BROKEN, "accept_broken_parent", is_flag=True, help="Go on although the history is broken."),
)


def asked(record: type[LabelOptions], options: dict[str, Any]) -> dict[str, Any]:
    """Return what a command's ``options`` say about the fields of ``record``."""
    return fields_in(record, options) | {"timestamper": timestamper_from(options)}


def stated(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the :data:`stated_options` say, or those of them that a command has, as fields of a plain label.

    Raises:
        LabelError: one of them says nothing that a label can hold.
        InputError: the file of the prompt cannot be read.
    """
    return {key: value for key, value in _stated(options) if value}


def _stated(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((key, options.get(key)) for key in ("kind", "origin", "title", "oversight"))
    yield "correction", options.get("contradict")
    yield "provider", {"name": options["provider"]} if options["provider"] else None
    yield "systems", _systems(options)
    yield "event_time", time_named(options["event_time"])
    yield "identifiers", [identifier_named(item) for item in options["identifiers"]]
    if options.get("prompt_file") is not None:
        yield "prompt", {"text": _prompt(options["prompt_file"])}


def _systems(options: dict[str, Any]) -> list[dict[str, str]]:
    from provlabel.carriers.vocabularies.music import system_named

    systems = [system_named(item) for item in options["systems"]]
    details = {"model_type": options.get("model_type"), "identifier": options.get("model_id")}
    stated = {key: value for key, value in details.items() if value}
    if stated and not systems:
        raise LabelError("--model-type and --model-id describe a system", hint="add --system NAME@VERSION")
    return [systems[0] | stated, *systems[1:]] if systems else []


def time_named(text: str | None) -> str:
    """Return the time that an option names; ``now`` is the present, and nothing is nothing."""
    return rfc3339(dt.datetime.now(dt.timezone.utc)) if text == "now" else text or ""


def identifier_named(item: str) -> dict[str, str]:
    """Read ``TYPE:VALUE`` as an identifier of a plain label.

    Raises:
        LabelError: there is no type.
    """
    scheme, colon, value = item.partition(":")
    if not colon:
        raise LabelError(f"--identifier {printable(item)}: no TYPE:VALUE", hint="such as isrc:GBAYE2600001")
    return {"type": scheme, "value": value}


def _prompt(path: Path) -> str:
    """Read the prompt; the one line break that an editor adds at the end does not belong to it."""
    from provlabel._support.files import open_regular
    from provlabel.label.loading import MAX_FILE

    with sys.stdin.buffer if str(path) == "-" else open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise LabelError(f"{printable(str(path))}: larger than {MAX_FILE:,} bytes")
    try:
        return raw.decode().removesuffix("\n")
    except UnicodeDecodeError as exc:
        raise LabelError(
            f"{printable(str(path))}: is no text in UTF-8, so no prompt", hint="save it as a text file in UTF-8"
        ) from exc

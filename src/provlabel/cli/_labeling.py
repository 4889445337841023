"""What the commands that label share: how a label is written, whatever the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel.cli._shared import fields_in, options_of
from provlabel.cli._signing import timestamper_from
from provlabel.errors import UsageError

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
    click.option(BROKEN, "accept_broken_parent", is_flag=True, help="Go on although the history is broken."),
)


def asked(record: type[LabelOptions], options: dict[str, Any]) -> dict[str, Any]:
    """Return what a command's ``options`` say about the fields of ``record``."""
    return fields_in(record, options) | {"timestamper": timestamper_from(options)}

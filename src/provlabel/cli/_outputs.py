"""``--format NAME[=FILE]``: what a run writes, and where."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import UsageError

#: The names of the table of outputs, which is too heavy to be loaded for ``--help``; a test compares.
OUTPUTS = ("text", "json", "sarif", "junit", "github", "markdown", "html")


class Output(NamedTuple):
    """One output; to standard output when there is no file."""

    name: str
    file: Path | None


class _OutputType(click.ParamType):  # type: ignore[type-arg]
    name = "NAME[=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        if isinstance(value, Output):
            return value
        name, equals, file = str(value).partition("=")
        if name not in OUTPUTS:
            from provlabel._support.faults import nearest

            near = nearest(name, OUTPUTS)
            hint = f"did you mean {near}?" if near else f"one of: {', '.join(OUTPUTS)}"
            raise UsageError(f"--format: there is no {printable(name) or 'empty value'}", hint=hint)
        if equals and not file:
            raise UsageError(f"--format: {name}= names no file", hint=f"--format {name}=FILE, or --format {name}")
        return Output(name, path_of(file) if file else None)


OUTPUT = _OutputType()


def outputs_from(formats: Sequence[Output], output: Path | None) -> tuple[Output, ...]:
    """Return all outputs of a run: those with a file, and one for ``-o`` or the terminal.

    Raises:
        UsageError: two of them would be written to the same place.
    """
    here = [item.name for item in formats if item.file is None]
    if len(here) > 1:
        raise UsageError(
            f"{' and '.join(here)} cannot all be written to one place",
            hint=f"give one a file: --format {here[-1]}=FILE",
        )
    outputs = [item for item in formats if item.file is not None]
    outputs.append(Output(here[0] if here else "text", output))
    files = [os.path.realpath(item.file) for item in outputs if item.file is not None]
    if len(set(files)) < len(files):
        raise UsageError("two outputs would be written to the same file", hint="give each a file of its own")
    return tuple(outputs)

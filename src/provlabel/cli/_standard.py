"""``-``: one file that comes by standard input, and a result that goes to standard output."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from provlabel.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    from provlabel.label import Label
    from provlabel.labeling.labeler import Labeler
    from provlabel.labeling.receipts import Receipt

#: What stands for either stream; a file of this name is ``./-``.
STANDARD = Path("-")
#: What messages, reports and receipts call them.
INPUT, OUTPUT = "standard input", "standard output"


def comes_in(paths: Sequence[Path]) -> bool:
    """Does the file come by standard input?

    Raises:
        UsageError: beside others, or from a terminal.
    """
    if STANDARD not in paths:
        return False
    if len(paths) > 1:
        raise UsageError(f"- is one file, which comes by {INPUT}; there are more", hint="give it alone")
    if sys.stdin.isatty():
        raise UsageError(f"{INPUT} is a terminal", hint="provlabel verify - < FILE; a file of that name is ./-")
    return True


@contextlib.contextmanager
def kept() -> Iterator[Path]:
    """Yield a private file with all that standard input brings, for as long as the block runs.

    Raises:
        InputError: it cannot be read.
        OutputError: there is no room for it.
    """
    from provlabel._support.files import spooled

    with spooled(cast("BinaryIO", _Input())) as path:
        yield path


def labeled(labeler: Labeler, dest: Path, label: Label, *, replace: bool) -> Receipt:
    """Label what comes by standard input, and write it to ``dest``, or to standard output for ``-``."""
    from msgspec.structs import replace as changed

    from provlabel._support.files import atomic_output

    if dest != STANDARD:
        with atomic_output(dest, replace=replace) as scratch:
            receipt = labeler.stream(_Input(), label, scratch.stream, name=INPUT)
        return changed(receipt, output=str(dest))
    out = _Output()
    receipt = labeler.stream(_Input(), label, out, name=INPUT)
    out.flush()
    return changed(receipt, output=OUTPUT)


def require_no_terminal() -> None:
    """Refuse to write a media file to a terminal.

    Raises:
        UsageError: standard output is one.
    """
    if sys.stdout.isatty():
        raise UsageError(f"{OUTPUT} is a terminal, and the labeled file goes there", hint="-o FILE, or > FILE")


class _Input:
    """Standard input as a stream from its beginning: a pipe cannot go back, and nothing of it was read yet."""

    def seek(self, offset: int) -> None:
        """Stay."""

    def read(self, size: int) -> bytes:
        try:
            return sys.stdin.buffer.read(size)
        except OSError as exc:
            raise InputError(f"{INPUT}: {_reason(exc)}") from exc


class _Output:
    """Standard output; whoever closed the pipe wants no more, as with all that we print."""

    def write(self, piece: bytes) -> None:
        with self._wanted():
            sys.stdout.buffer.write(piece)

    def flush(self) -> None:
        with self._wanted():
            sys.stdout.buffer.flush()

    @staticmethod
    @contextlib.contextmanager
    def _wanted() -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            pass
        except OSError as exc:
            raise OutputError(f"{OUTPUT}: {_reason(exc)}") from exc


def _reason(exc: OSError) -> str:
    from provlabel._support.files import reason  # loads what digests files

    return reason(exc)

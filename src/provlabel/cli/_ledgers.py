"""Where ``batch`` keeps its ledger and its receipts: as named, or in the user's folder of state.

Both may hold salts of prompts, so they stay out of what is delivered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provlabel._support.text import printable
from provlabel.cli._shared import state_folder
from provlabel.errors import ConfigError, UsageError

_NAMED = "name both: --ledger FILE --receipts FILE"


def ledger_and_receipts(paths: Sequence[Path], options: dict[str, Any], suffix: str) -> tuple[Path, Path]:
    """Return the files of the ledger and of the receipts; ``suffix`` is what the names of a shard have.

    A ledger that an earlier version left among the outputs is gone on with, and its receipts stay beside it.

    Raises:
        ConfigError: no home folder is known.
        UsageError: nothing says by what the ledger should be known.
    """
    book: Path = options["ledger"] or _of_user(paths, options, suffix)
    receipts = book.parent
    older = _older(options["out_dir"], suffix)
    if options["ledger"] is None and older is not None and not os.path.lexists(book):
        book, receipts = older, options["out_dir"]
        if not options["quiet"]:
            _say_older(book)
    return book, options["receipts"] or receipts / f"receipts{suffix}.jsonl"


def _of_user(paths: Sequence[Path], options: dict[str, Any], suffix: str) -> Path:
    """Return the ledger in the user's folder: one for each folder of outputs, else for the list, or the files in place.

    A folder of outputs that is gone or empty was moved away with what it held; whatever comes there next is another
    batch, or the receipts of the first would be overwritten.
    """
    out_dir, listed = options["out_dir"], options["list_path"]
    if out_dir is None and str(listed) == "-":
        raise UsageError("a list by standard input has no name by which its ledger is known", hint=_NAMED)
    places = sorted(os.path.realpath(path) for path in ([out_dir or listed] if out_dir or listed else paths))
    digest = hashlib.sha256(os.fsencode("\0".join(places))).hexdigest()[:16]
    name = re.sub(r"[^\w.-]+", "_", os.path.basename(places[0]), flags=re.ASCII)[:40]  # noqa: PTH119 - text
    try:
        folder = state_folder() / "batch" / f"{name}-{digest}"
    except ConfigError as exc:
        raise ConfigError(str(exc), hint=_NAMED) from exc
    file = f"ledger{suffix}.sqlite"
    last = max(
        (int(path.parent.name) for path in folder.glob(f"[0-9]*/{file}") if path.parent.name.isdigit()), default=0
    )
    is_next = not last or (out_dir is not None and listed is None and not _holds_anything(out_dir))
    return folder / str(last + is_next) / file


def _holds_anything(folder: Path) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        return next(found, None) is not None
    return False


def _older(out_dir: Path | None, suffix: str) -> Path | None:
    from provlabel.batch.running import FOLDER

    book = out_dir / FOLDER / f"ledger{suffix}.sqlite" if out_dir is not None else None
    return book if book is not None and os.path.lexists(book) else None


def _say_older(book: Path) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(
            f"note: goes on with the ledger that an earlier version left in {printable(str(book.parent))}; it and the "
            "receipts beside may hold salts of prompts, so do not deliver them\n"
        )

"""What is to be done: files below folders, or rows of a list, each with its output and its label."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import msgspec

from provlabel._support.faults import Fault
from provlabel._support.paths import is_address, without_secrets
from provlabel._support.text import printable
from provlabel._support.types import ready
from provlabel.errors import InputError, LabelError, UsageError
from provlabel.exchange.table import MAX_BYTES, MAX_FAULTS, Row, Table, TableFault, load_csv, load_line
from provlabel.label import Label, label_from_dict
from provlabel.label.lint import semantic_faults
from provlabel.label.loading import read_plain
from provlabel.verifying.targets import is_media, targets

ListFormat = Literal["csv", "jsonl"]
#: Columns of a job list beside those of a label.
COLUMNS = ("output", "label")
#: Columns with other files that go into one, and what the library calls them.
USES = {"parent": "parents", "ingredient": "ingredients", "input": "input_files"}
#: Bytes of one line of a list; the largest sensible label is a hundredth of it.
MAX_LINE = 4 << 20


class Wanted(NamedTuple):
    """One file to label, as somebody asks for it."""

    source: str
    output: str
    label: Mapping[str, Any] = {}  #: fields, which win over those of the label file
    label_path: str = ""  #: a label file; without, that of the whole batch
    uses: Mapping[str, tuple[str, ...]] = {}  #: other files that go into it, by the keys of :data:`USES`


class Shard(NamedTuple):
    """One part of a batch; parts are counted from 0."""

    part: int = 0
    parts: int = 1

    def has(self, output: bytes) -> bool:
        """Tell whether the job with this output is in the part; a job is in one part alone, on every machine."""
        return self.parts == 1 or int.from_bytes(hashlib.sha256(output).digest()[:8], "big") % self.parts == self.part

    @property
    def suffix(self) -> str:
        """What the names of its files have: nothing when there is one part."""
        return "" if self.parts == 1 else f"-{self.part}of{self.parts}"


def shard_from(text: str) -> Shard:
    """Read ``i/n``.

    Raises:
        UsageError: it is none.
    """
    part, slash, parts = text.partition("/")
    if slash and all(number.isascii() and number.isdigit() and len(number) < 7 for number in (part, parts)):
        shard = Shard(int(part), int(parts))
        if shard.part < shard.parts:
            return shard
    raise UsageError(f"{printable(text)}: no shard", hint="i/n, with i from 0 to n-1, such as 0/4")


# --- where to look ---------------------------------------------------------------------------------


def wanted_below(
    paths: Iterable[Path | str], out_dir: Path | None, passed_over: Counter[str]
) -> Iterator[Wanted | Fault]:
    """Yield every media file that ``paths`` means; outputs lie below ``out_dir`` as their files lie below their folder.

    ``out_dir`` itself is left out; without one, each file is its own output.  What is passed over is counted by its
    kind.
    """
    inside = os.path.realpath(out_dir) if out_dir is not None else None
    for target in targets(paths):
        path, name = target.path, str(target.path)
        if target.why == "closed":
            yield Fault(at=printable(name), message=target.error, hint="let this user list it, or leave it out")
        elif target.why in ("link", "scratch", "repository"):
            passed_over[target.why] += 1
        elif target.top is not None and inside is not None and _lies_in(path.parent, inside):
            passed_over["output"] += 1
        elif target.why == "found" and not _media(path):
            passed_over[f"not media ({printable(path.suffix.lower() or 'no ending', 20)})"] += 1
        else:
            below = path.relative_to(target.top) if target.top is not None else path.name
            yield Wanted(name, str(out_dir / below) if out_dir is not None else name)


@functools.lru_cache(maxsize=256)
def _lies_in(folder: Path, inside: str) -> bool:
    real = os.path.realpath(folder)
    return real == inside or real.startswith(inside + os.sep)


def _media(path: Path) -> bool:
    try:
        return is_media(path)
    except InputError:
        return True  # it is named as what cannot be read, not passed over


def wanted_in(
    stream: BinaryIO, name: str, form: ListFormat, out_dir: Path | None, *, in_place: bool = False
) -> Iterator[Wanted | Fault]:
    """Yield the jobs of a list; ``name`` is what it is called.  With ``in_place`` each file is its own output.

    CSV has the columns of :mod:`provlabel.exchange.table`, ``output``, ``label`` (a label file) and those of
    :data:`USES`, with semicolons between several files; lines of JSON are ``{"path": …, "output": …, "label": {…} or
    "FILE", "ingredient": [FILE, …]}``; a line that begins with no brace is a path.
    """
    rows = _csv_rows(stream) if form == "csv" else _lines(stream)
    for row in rows:
        if isinstance(row, TableFault):
            place = f", line {row.line}" * bool(row.line) + f", column {row.column}" * bool(row.column)
            yield Fault(at=printable(name) + place, message=row.message, hint=row.hint)
            continue
        if named := next((name for name, text in _paths_in(row) if is_address(text)), ""):
            message = f"{named}: is an address, not a path"
            yield Fault(at=without_secrets(row.path), message=message, hint="name files on this machine")
            continue
        try:
            output = _output_in_place(row) if in_place else _output_of(row, out_dir)
        except UsageError as exc:
            yield Fault(at=printable(row.path), message=str(exc), hint=exc.hint)
            continue
        used = (path for paths in row.several.values() for path in paths)
        if why := next(filter(None, map(_unnameable, (row.path, output, *used))), ""):
            yield Fault(at=printable(row.path), message=why, hint="write names as the system has them")
            continue
        yield Wanted(row.path, output, row.label, row.more.get("label", ""), row.several)


def _paths_in(row: Row) -> Iterator[tuple[str, str]]:
    yield "path", row.path
    yield from ((name, row.more[name]) for name in COLUMNS if name in row.more)
    yield from ((name, path) for name, paths in row.several.items() for path in paths)


def _unnameable(path: str) -> str:
    """Say why no file can have this name, if so: JSON writes halves of characters, which no file system has."""
    try:
        named = os.fsencode(path)
    except UnicodeEncodeError:
        return "half a character (a lone surrogate) in the name of a file"
    return "a zero byte in the name of a file" if b"\0" in named else ""


def _csv_rows(stream: BinaryIO) -> Iterator[Row | TableFault]:
    table: Table = load_csv(stream.read(MAX_BYTES + 1), COLUMNS, tuple(USES))
    yield from table.faults
    yield from table.rows


def _lines(stream: BinaryIO) -> Iterator[Row | TableFault]:
    """Read line by line, so that a list may be as long as it likes."""
    number = faults = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        row = _line(line, number)
        if row is None:
            continue
        yield row
        faults += isinstance(row, TableFault)
        if faults == MAX_FAULTS or len(line) == MAX_LINE:
            return


def _line(line: bytes, number: int) -> Row | TableFault | None:
    if len(line) == MAX_LINE:
        return TableFault(number, 0, f"longer than {MAX_LINE >> 20} MB", "a line for each file")
    plain = line.rstrip(b"\r\n")
    if not plain.strip():
        return None
    if not plain.lstrip().startswith(b"{"):
        return Row(os.fsdecode(plain), {})
    try:
        return load_line(plain.decode(), number, COLUMNS, tuple(USES))
    except UnicodeDecodeError:
        return TableFault(number, 0, "no UTF-8", "save it as UTF-8")


def _output_in_place(row: Row) -> str:
    """Return where a row goes that is labeled where it is.

    Raises:
        UsageError: it names another place.
    """
    if row.more.get("output", row.path) != row.path:
        raise UsageError("has an output, and files are labeled in place", hint="leave the column or --in-place out")
    return row.path


def _output_of(row: Row, out_dir: Path | None) -> str:
    """Return where a row goes: where it says, below the folder of outputs when that is no absolute path.

    Raises:
        UsageError: it would lie outside of that folder, or there is none.
    """
    output = row.more.get("output", "")
    if out_dir is None:
        if not output:
            raise UsageError("has no output", hint="add a column output, or --out-dir")
        return output
    if os.path.isabs(output):  # noqa: PTH117 - text
        return output
    inner = os.path.normpath((output or row.path).lstrip("/"))
    if inner == ".." or inner.startswith("../"):
        raise UsageError("its output would lie outside of the folder for outputs", hint="name it in a column output")
    return str(out_dir / inner)


# --- labels ----------------------------------------------------------------------------------------


class CheckedLabel(NamedTuple):
    """A label, checked, as text; or what is wrong with it."""

    text: str = ""  #: JSON of a :class:`Label`
    faults: tuple[Fault, ...] = ()


_NO_LABEL = CheckedLabel(
    faults=(
        Fault(at="/", message="no label", hint="--label FILE, --kind KIND (provlabel kinds), or a label in each row"),
    )
)


class Labels:
    """Reads the labels of a batch, each distinct one once.

    What says more about one file wins: the fields of its row, its label file, the fields for all, the label for all.

    Args:
        label_path: the label of all files without a label file of their own.
        fields: of all labels.
    """

    def __init__(self, label_path: Path | str | None, fields: Mapping[str, Any]) -> None:
        self._path = str(label_path) if label_path is not None else ""
        self._fields = dict(fields)
        self._of = functools.lru_cache(maxsize=512)(self._made)

    @property
    def shared(self) -> str:
        """The label of jobs that have none of their own, as :meth:`of` returns it; nothing where it is none."""
        return self._of("", "").text

    def of(self, wanted: Wanted) -> CheckedLabel:
        """Return the label of a job; errors are those that ``provlabel lint`` finds."""
        return self._of(wanted.label_path, json.dumps(wanted.label, sort_keys=True) if wanted.label else "")

    def _made(self, path: str, row: str) -> CheckedLabel:
        read = path or self._path
        try:
            base = read_plain(Path(read)) if read else {}
        except (LabelError, InputError) as exc:
            return CheckedLabel(faults=(Fault(at="/", message=str(exc), hint=exc.hint),))
        own = json.loads(row) if row else {}
        if not isinstance(base, dict):
            return _checked(base, read)
        whole = {**self._fields, **base, **own} if path else {**base, **self._fields, **own}
        return _checked(whole, read or "label") if whole or read else _NO_LABEL


def _checked(data: Any, name: str) -> CheckedLabel:
    try:
        label = label_from_dict(data, source=printable(name))
    except LabelError as exc:
        faults = tuple(Fault(at=at or "/", message=what, hint=exc.hint) for at, what in exc.faults)
        return CheckedLabel(faults=faults or (Fault(at="/", message=str(exc), hint=exc.hint),))
    wrong = tuple(fault for fault in semantic_faults(label) if fault.level == "error")
    return CheckedLabel(faults=wrong) if wrong else CheckedLabel(msgspec.json.encode(label).decode())


def label_of(text: str) -> Label:
    """Return the label that :class:`Labels` wrote as ``text``."""
    return msgspec.json.decode(text, type=ready(Label))


# --- places ----------------------------------------------------------------------------------------


def place_of(path: str) -> bytes:
    """Return the absolute, plain path, as the file system has it; symlinks are not followed."""
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100


def folded(place: bytes) -> bytes:
    """Return what is the same for two paths that some file systems cannot tell apart (case, form of accents)."""
    if place.isascii():
        return place.lower()
    return os.fsencode(unicodedata.normalize("NFC", os.fsdecode(place)).casefold())

"""Who labels: a session that keeps its signer and its workers, for one file, many, bytes and streams."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, TypeAlias, cast, overload

from msgspec import structs

from provlabel._support.files import PIECE, make_folder, reason
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.threads import in_order
from provlabel.errors import InputError, OutputError, ProvlabelError, UsageError
from provlabel.label import Label
from provlabel.labeling.label import labeled
from provlabel.labeling.options import FileKeywords, FileOptions, LabelKeywords
from provlabel.labeling.receipts import Receipt
from provlabel.labeling.sources import shown
from provlabel.sandbox.pool import SandboxPool, shared_sandbox
from provlabel.sandbox.requests import AnySandbox
from provlabel.sandbox.sessions import Session

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from provlabel.signers import Signer

_Bytes: TypeAlias = bytes  # in a class with a method of that name


class Readable(Protocol):
    """What a stream needs to be labeled."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""

    def seek(self, offset: int, /) -> object:
        """Go to an offset from the beginning."""


class Writable(Protocol):
    """What a stream needs to get a result."""

    def write(self, piece: bytes, /) -> object:
        """Take all of ``piece``, or, of a raw stream, return how much of it was taken."""


class Labeler(Session):
    """Labels with one signer, from many threads at once, and keeps its workers until it is closed.

    Args:
        signer: who says what labels say, or its URI (:func:`provlabel.open_signer`).
        workers: how many files its own workers read at once; two more than processors without.  With a ``sandbox``
            among the options it has none of its own.
        options: the fields of :class:`~provlabel.labeling.options.FileOptions`, for every call that does not say
            otherwise.

    Raises:
        ConfigError, InputError, SignerError: the signer cannot be opened.
        UsageError: ``workers`` is less than 1.
    """

    def __init__(self, signer: Signer | str, *, workers: int | None = None, **options: Unpack[FileKeywords]) -> None:
        if isinstance(signer, str):
            from provlabel.signers import open_signer

            signer = open_signer(signer)
        self._signer = signer
        how, own = FileOptions(**options), tuple[AnySandbox, ...]()
        if how.sandbox is None:
            from provlabel.sandbox.drawing import drawing_pool

            pool, drawing = SandboxPool(workers), drawing_pool(workers)
            how, own = structs.replace(how, sandbox=pool, drawing=how.drawing or drawing), (pool, drawing)
        self._how = how
        super().__init__(*own)

    def file(
        self, source: Path | str, dest: Path | str | None, label: Label, **options: Unpack[FileKeywords]
    ) -> Receipt:
        """Label the image or sound ``source`` and write the result to ``dest``, as :func:`label_file` does."""
        how = structs.replace(self._how, **options)
        with self._call():
            return labeled(
                path_of(source), path_of(dest) if dest is not None else None, label, self._signer, how, name=how.name
            )

    def bytes(self, content: _Bytes, label: Label, **options: Unpack[FileKeywords]) -> tuple[_Bytes, Receipt]:
        """Label an image or sound held in memory and return it with its receipt, as :func:`label_bytes` does."""
        how = structs.replace(self._how, **options)
        with self._call(), self._in_scratch("bytes", [content], label, how) as (result, receipt):
            return result.read(), receipt

    @overload
    def stream(
        self, source: Readable, label: Label, dest: None = None, **options: Unpack[FileKeywords]
    ) -> tuple[_Bytes, Receipt]: ...

    @overload
    def stream(self, source: Readable, label: Label, dest: Writable, **options: Unpack[FileKeywords]) -> Receipt: ...

    def stream(
        self, source: Readable, label: Label, dest: Writable | None = None, **options: Unpack[FileKeywords]
    ) -> Receipt | tuple[_Bytes, Receipt]:
        """Label what a stream holds, from its first byte to its last, wherever it stands.

        Neither stream is closed.  Of a large one no more than a few megabytes are in memory.

        Args:
            source: an object with ``read`` and ``seek``: an open file, ``io.BytesIO``, a spooled file.
            label: what to say.
            dest: an object with ``write``, which gets the result where it stands, and not a byte before the result is
                whole and read back.  Without, the result is returned as bytes, with the receipt.
            options: as for :func:`label_bytes`.

        Raises:
            InputError: ``source`` cannot be read from its beginning; and as :func:`label_bytes`.
            OutputError: ``dest`` is ``source``, or cannot be written; and as :func:`label_bytes`.
        """
        called = printable(options.get("name") or "stream")
        if cast("object", dest) is source:
            raise OutputError(f"{called}: is the source itself", hint="write the result to another stream")
        how, pieces = structs.replace(self._how, **options), _pieces(source, called)
        with self._call(), self._in_scratch("stream", pieces, label, how) as (result, receipt):
            if dest is None:
                return result.read(), receipt
            try:
                while piece := result.read(PIECE):
                    _write(dest, piece)
            except OSError as exc:
                raise OutputError(f"{called}: cannot write: {reason(exc)}") from exc
            return receipt

    def paths(
        self,
        sources: Iterable[Path | str],
        out_dir: Path | str | None,
        label: Label,
        **options: Unpack[LabelKeywords],
    ) -> Iterator[tuple[Path, Receipt | ProvlabelError]]:
        """Label many files, as many at once as there are workers, and yield what became of each, in their order.

        A file that fails does not stop the others.  Nothing is done before the first result is asked for, and little
        ahead of the one that is; whoever asks for no more stops the rest.

        Args:
            sources: the files.
            out_dir: the folder for the results, each with the name of its source; made where it is missing.  ``None``
                for ``NAME.labeled.EXT`` beside each source.
            label: what to say of all of them.  A file whose tags name another work (title, ISRC, other identifiers) is
                refused with :class:`~provlabel.LabelError`, unless ``same_label_for_all``.
            options: the fields of :class:`~provlabel.labeling.options.LabelOptions`.

        Raises:
            OutputError: the folder cannot be made.
        """
        folder = None if out_dir is None else path_of(out_dir)
        if folder is not None:
            make_folder(folder)

        def outcome(source: Path, dest: Path | None, rival: Path | None) -> Receipt | ProvlabelError:
            try:
                if rival is not None:
                    why = f"{shown(source)}: has the same output as {shown(rival)}"
                    raise UsageError(why, hint="label them into different folders")
                return self.file(source, dest, label, **options, shared=True)
            except ProvlabelError as exc:
                return exc

        width = (self._how.sandbox or shared_sandbox()).width
        targets = _targets(map(path_of, sources), folder)
        for target, result in in_order(targets, lambda target: partial(outcome, *target), width):
            yield target.source, result

    @contextlib.contextmanager
    def _in_scratch(
        self, kind: str, pieces: Iterable[_Bytes], label: Label, how: FileOptions
    ) -> Iterator[tuple[BinaryIO, Receipt]]:
        """Yield a file with the labeled content, and its receipt; all lies in a private folder meanwhile."""
        with contextlib.ExitStack() as stack:
            with _making_room():
                source, dest = _scratch(stack, kind)
                with source.open("xb") as stream:
                    stream.writelines(pieces)
            receipt = labeled(source, dest, label, self._signer, how, name=how.name or "", scratch=True)
            with _making_room():
                result = stack.enter_context(dest.open("rb"))
            yield result, receipt


class _Target(NamedTuple):
    source: Path
    dest: Path | None
    rival: Path | None  #: an earlier source with the same result


def _targets(sources: Iterable[Path], folder: Path | None) -> Iterator[_Target]:
    taken: dict[str, Path] = {}
    for source in sources:
        dest = None if folder is None else folder / source.name
        place = os.path.abspath(dest or source)  # noqa: PTH100 - resolve would follow symlinks
        yield _Target(source, dest, taken.get(place))
        taken.setdefault(place, source)


def _scratch(stack: contextlib.ExitStack, kind: str) -> tuple[Path, Path]:
    """Make a private folder that goes with ``stack``, and return where source and result lie in it."""
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="provlabel-", ignore_cleanup_errors=True)
    place = Path(stack.enter_context(folder))
    return place / kind, place / "labeled"


@contextlib.contextmanager
def _making_room() -> Iterator[None]:
    try:
        yield
    except OSError as exc:  # its own words may hold paths of this machine
        why = os.strerror(exc.errno).lower() if exc.errno else type(exc).__name__
        raise OutputError(f"no room for temporary files: {why}", hint="set TMPDIR to a folder with room") from exc


def _pieces(source: Readable, called: str) -> Iterator[bytes]:
    """Yield all that a stream holds."""
    try:
        source.seek(0)
        while piece := source.read(PIECE):
            yield piece
    except OSError as exc:
        raise InputError(f"{called}: cannot be read: {reason(exc)}", hint="give a stream with read and seek") from exc


def _write(dest: Writable, piece: bytes) -> None:
    done = dest.write(piece)
    while isinstance(dest, io.RawIOBase) and done != len(piece):
        piece = piece[cast("int", done) or 0 :]
        done = dest.write(piece)


# --- one call --------------------------------------------------------------------------------------


def _shared(signer: Signer) -> Labeler:
    """Return a session that uses the workers which all calls of this process share."""
    return Labeler(signer, sandbox=shared_sandbox())


def label_file(
    source: Path | str, dest: Path | str | None, label: Label, signer: Signer, **options: Unpack[FileKeywords]
) -> Receipt:
    """Label the image or sound ``source`` and write the result to ``dest``.

    Args:
        source: the file to label.  If it carries a manifest already, it becomes its own parent.
        dest: where the result goes, written whole or not at all.  The same as ``source`` only
            with ``replace``.  ``None`` for ``NAME.labeled.EXT`` beside the source.
        label: what to say.
        signer: who says it.
        options: the fields of :class:`~provlabel.labeling.options.FileOptions`.

    Raises:
        ConfigError: ``thumbnail`` without Pillow.
        InputError: a file cannot be read, is no format that can be labeled, or is damaged.
        OutputError: ``dest`` exists or cannot be written.  Nothing is left behind.
        SignerError: the key or certificate cannot sign.
        TimestampError: no time authority gave a timestamp that holds, and it is not optional.
        EngineError: the engine refused.
        LabelError: the label cannot be signed as asked.
        UsageError: arguments that contradict each other.
    """
    return _shared(signer).file(source, dest, label, **options)


def label_bytes(content: bytes, label: Label, signer: Signer, **options: Unpack[FileKeywords]) -> tuple[bytes, Receipt]:
    """Label an image or sound held in memory and return it with its receipt.

    A manifest that ``content`` carries already becomes the parent, with ``name`` as its title, or none.  The
    content lies in a private temporary folder meanwhile.  Arguments and errors are those of :func:`label_file`;
    what would leave the manifest beside the file is refused, because there is no place beside a memory.
    """
    return _shared(signer).bytes(content, label, **options)

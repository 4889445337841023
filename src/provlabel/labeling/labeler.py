"""Who labels: a session that keeps its signer and its workers, for one file, many, bytes and streams."""

from __future__ import annotations

import contextlib
import io
import os
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, TypeAlias, TypeVar, cast, overload

from msgspec import structs

from provlabel._support.files import PIECE, make_folder, reason
from provlabel._support.text import printable
from provlabel.errors import InputError, OutputError, ProvlabelError, UsageError
from provlabel.label import Label
from provlabel.labeling.label import labeled
from provlabel.labeling.options import FileKeywords, FileOptions, LabelKeywords
from provlabel.labeling.receipts import Receipt
from provlabel.labeling.sources import shown
from provlabel.sandbox import Sandbox, shared_sandbox
from provlabel.sandbox.pool import SandboxPool

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from provlabel.signers import Signer

_T = TypeVar("_T")
_R = TypeVar("_R")
_Bytes: TypeAlias = bytes  # in a class with a method of that name
#: Files that may wait for the slowest, times the workers.
_AHEAD = 4


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


class Labeler:
    """Labels with one signer, from many threads at once, and keeps its workers until it is closed.

    Args:
        signer: who says what labels say, or its URI (:func:`provlabel.open_signer`).
        workers: how many files its own workers read at once; one for each processor without.  With 0, or with a
            ``sandbox`` among the options, it has none of its own and uses those that all calls of this process share.
        options: the fields of :class:`~provlabel.labeling.options.FileOptions`, for every call that does not say
            otherwise.

    A worker starts when it is needed first.  :meth:`close`, or the end of a ``with`` block, ends all; whoever is still
    labeling then is served to the end, and every later call is refused.

    Raises:
        ConfigError, InputError, SignerError: the signer cannot be opened.
        UsageError: ``workers`` is less than 0.
    """

    def __init__(self, signer: Signer | str, *, workers: int | None = None, **options: Unpack[FileKeywords]) -> None:
        if isinstance(signer, str):
            from provlabel.signers import open_signer

            signer = open_signer(signer)
        self._signer = signer
        self._how = FileOptions(**options)
        self._calls: set[object] = set()
        self._closed = False
        self._own: tuple[Sandbox | SandboxPool, ...] = ()
        if workers is not None and workers < 0:
            raise UsageError(f"{workers} workers: no number of workers", hint="0 or more")
        if workers != 0 and self._how.sandbox is None:
            self._start(workers or os.cpu_count() or 1)

    def _start(self, width: int) -> None:
        from provlabel.sandbox.drawing import drawing_sandbox

        pool, drawing = SandboxPool(width), drawing_sandbox()
        self._how = structs.replace(self._how, sandbox=cast("Sandbox", pool), drawing=self._how.drawing or drawing)
        self._own = (pool, drawing)
        weakref.finalize(self, _end, self._own)  # who is forgotten leaves no process behind either

    def __enter__(self) -> Labeler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Refuse further calls, and end the workers: now, or with the last call that still needs them."""
        self._closed = True
        if not self._calls:
            _end(self._own)

    def file(
        self, source: Path | str, dest: Path | str | None, label: Label, **options: Unpack[FileKeywords]
    ) -> Receipt:
        """Label the image or sound ``source`` and write the result to ``dest``, as :func:`label_file` does."""
        with self._asked(options) as how:
            return labeled(
                Path(source), Path(dest) if dest is not None else None, label, self._signer, how, name=how.name
            )

    def bytes(self, content: _Bytes, label: Label, **options: Unpack[FileKeywords]) -> tuple[_Bytes, Receipt]:
        """Label an image or sound held in memory and return it with its receipt, as :func:`label_bytes` does."""
        with self._asked(options) as how, self._in_scratch("bytes", [content], label, how) as (result, receipt):
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
        pieces = _pieces(source, called)
        with self._asked(options) as how, self._in_scratch("stream", pieces, label, how) as (result, receipt):
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
            label: what to say of all of them.
            options: the fields of :class:`~provlabel.labeling.options.LabelOptions`.

        Raises:
            OutputError: the folder cannot be made.
        """
        folder = None if out_dir is None else Path(out_dir)
        if folder is not None:
            make_folder(folder)

        def outcome(target: _Target) -> Receipt | ProvlabelError:
            source, dest, rival = target
            try:
                if rival is not None:
                    why = f"{shown(source)}: has the same output as {shown(rival)}"
                    raise UsageError(why, hint="label them into different folders")
                return self.file(source, dest, label, **options)
            except ProvlabelError as exc:
                return exc

        sandbox = structs.replace(self._how, **options).sandbox or shared_sandbox()
        for target, result in _in_order(sandbox.width, outcome, _targets(map(Path, sources), folder)):
            yield target.source, result

    @contextlib.contextmanager
    def _asked(self, options: FileKeywords) -> Iterator[FileOptions]:
        """Yield what one call asks for; the last call of a session that was closed meanwhile ends its workers."""
        call = object()
        self._calls.add(call)
        try:
            if self._closed:
                raise UsageError("this Labeler was closed", hint="make a new one")
            yield structs.replace(self._how, **options)
        finally:
            self._calls.discard(call)
            if self._closed and not self._calls:
                _end(self._own)

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


def _in_order(width: int, work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[tuple[_T, _R]]:
    """Yield each of ``items`` with what ``work`` made of it on one of ``width`` threads, in their order."""
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[tuple[_T, Future[_R]]] = deque()
    threads = ThreadPoolExecutor(width)
    try:
        for item in items:
            waiting.append((item, threads.submit(work, item)))
            if len(waiting) >= _AHEAD * width:
                first, made = waiting.popleft()
                yield first, made.result()
        for first, made in waiting:
            yield first, made.result()
    finally:
        threads.shutdown(cancel_futures=True)


def _end(own: Iterable[Sandbox | SandboxPool]) -> None:
    for sandbox in own:
        sandbox.close()


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
    return Labeler(signer, workers=0).file(source, dest, label, **options)


def label_bytes(content: bytes, label: Label, signer: Signer, **options: Unpack[FileKeywords]) -> tuple[bytes, Receipt]:
    """Label an image or sound held in memory and return it with its receipt.

    A manifest that ``content`` carries already becomes the parent, with ``name`` as its title, or none.  The
    content lies in a private temporary folder meanwhile.  Arguments and errors are those of :func:`label_file`;
    what would leave the manifest beside the file is refused, because there is no place beside a memory.
    """
    return Labeler(signer, workers=0).bytes(content, label, **options)

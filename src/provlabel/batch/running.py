"""Label many files: plan, hand out, note, and report; killed at any moment, it goes on where it was."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, structs

from provlabel._support.faults import Fault
from provlabel._support.files import make_folder, sweep
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.batch.jobs import Labels, Shard, Wanted, wanted_below
from provlabel.batch.ledger import Group, Ledger, require_private
from provlabel.batch.planning import Plan, Planned, plan
from provlabel.batch.pool import supervise
from provlabel.batch.work import Job, JobOutcome, Setting, label_chunk, open_tools
from provlabel.errors import ConfigError, OutputError, UsageError
from provlabel.labeling.options import LabelKeywords, LabelOptions
from provlabel.media.previews import require_pillow
from provlabel.sandbox import Sandbox
from provlabel.sandbox.pool import processors
from provlabel.signers import Secrets, require_fit

if TYPE_CHECKING:
    from typing_extensions import Unpack


#: The folder of the ledger among the outputs, for its owner alone, whoever else may write there.
FOLDER = ".provlabel-batch"
#: Files that a worker is given at once, unless there are few of them.
CHUNK = 25
MAX_CHUNK = 500
#: Attempts after the first.
RETRIES = 3
#: Kinds of failures, and of warnings, that a result lists.
MAX_GROUPS = 50
#: Seconds before the second attempt; doubled before each further one, and shaken, so that not all come back at once.
_PAUSE = 1.0


class Progress(NamedTuple):
    """How far a batch is."""

    total: int
    done: int
    failed: int
    seconds: float


class BatchResult(Struct, frozen=True, kw_only=True):
    """What a batch came to."""

    todo: int  #: jobs that were not done before
    done: int
    failed: int
    skipped: int  #: done by an earlier run
    adopted: int  #: of those done: found written by an attempt that was killed
    retried: int  #: tried more than once
    seconds: float
    files_per_second: float
    failures: tuple[Group, ...] = ()
    warnings: tuple[Group, ...] = ()  #: of what was done; all are in the receipts
    notes: tuple[str, ...] = ()  #: outputs that were made again, and why
    passed_over: dict[str, int] = {}  #: what lay below the folders and is no job, by kind
    ledger: str = ""
    receipts: str = ""

    @property
    def passed(self) -> bool:
        """Is everything done?"""
        return not self.failed


def run_batch(
    jobs: Path | str | Iterable[Path | str | Wanted | Fault],
    signer: str,
    *,
    out_dir: Path | str | None = None,
    label: Path | str | None = None,
    ledger: Path | str | None = None,
    receipts: Path | str | None = None,
    fields: Mapping[str, Any] = MappingProxyType({}),
    in_place: bool = False,
    identity: str = "",
    identity_roles: Sequence[str] = (),
    secrets: Secrets | None = None,
    shard: tuple[int, int] = (0, 1),
    retries: int = RETRIES,
    workers: int | None = None,
    chunk: int = CHUNK,
    dry_run: bool = False,
    proofs: Path | None = None,
    passed_over: Counter[str] | None = None,
    planned: Callable[[Planned], None] | None = None,
    told: Callable[[Progress], None] | None = None,
    python: str | os.PathLike[str] | None = None,
    **options: Unpack[LabelKeywords],
) -> BatchResult:
    """Label many files by several processes, and keep a ledger; called again, it goes on where it was.

    What was killed at any moment, by SIGKILL too, is continued by the same call: nothing that is done is done again.

    Args:
        jobs: files, folders with media files anywhere below them, or what :func:`provlabel.batch.jobs.wanted_in`
            reads from a list.
        signer: the URI of a signer (:func:`provlabel.open_signer`), opened once in each worker.
        out_dir: where outputs go, at the same place as below their folder.
        label: a label file, for jobs without a label file of their own; fields of a job win over it.
        fields: fields of all labels; they win over ``label``, and what a job says of itself wins over them.
        in_place: replace each file by its labeled self; without ``out_dir``.
        identity: the URI of a second signer, who vouches for the files beside the first; opened as that is.
        identity_roles: as what.
        ledger: where the ledger is, in a folder that nobody else can write; in ``.provlabel-batch`` in ``out_dir``
            without.
        receipts: where the receipts of all that is done go, a line of JSON each; they may hold salts of prompts.
            ``receipts.jsonl`` in ``out_dir`` without.
        secrets: answers questions of the signer, once, here.
        shard: index and count: do one part of all jobs, the same on every machine.
        retries: how often a job is tried again that failed by what can pass.
        workers: processes; one more than this process may use processors, without: each waits for the disk at times.
        chunk: files that a worker is given at once, at most.
        dry_run: only say what would be done; writes nothing, and does not open the signer.
        proofs: a folder that remembers which engines have passed the self-test; without, each worker runs it once.
        passed_over: where what is no job is counted.
        planned: called with what is done about each job.
        told: called from time to time with how far it is.
        python: the interpreter of the workers, for a host whose ``sys.executable`` is its own program; without, the
            variable ``PROVLABEL_PYTHON``, or else ``sys.executable``.
        options: the fields of :class:`~provlabel.labeling.options.LabelOptions`.  With ``replace``, what is done
            already, and as it should be, is left alone all the same.

    Raises:
        UsageError: the request is wrong, or something stands in the way (``Refused``, with all findings).
        ConfigError: a ledger that is none, or not ours; ``thumbnail`` without Pillow; an interpreter that is not
            Python of our version.
        OutputError: the ledger is another batch's at the moment, or cannot be written.
        InputError, SignerError: the signer cannot be opened.
        UnfitEngineError: the engine cannot be relied on; nothing was done.
    """
    began = time.monotonic()
    part = _shard(shard, workers, chunk, retries)
    how = LabelOptions(**options)
    if how.thumbnail:
        require_pillow()
    labels = Labels(label, fields)
    setting = Setting(
        signer=signer,
        how=how,
        in_place=in_place,
        identity=identity,
        identity_roles=tuple(identity_roles),
        shared=labels.shared,
        proofs=str(proofs or ""),
    )
    _require_sense(setting, out_dir)
    folder = path_of(out_dir) if out_dir is not None else None
    book, kept = _records(folder, ledger, receipts, part)
    counted: Counter[str] = Counter() if passed_over is None else passed_over
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(_copied(book) if dry_run else _opened(book, folder))
        if opened.is_new and not how.replace and os.path.lexists(kept) and os.lstat(kept).st_size:
            raise OutputError(f"{printable(str(kept))}: exists already", hint="name another with --receipts")
        plan_ = plan(
            _wanted([jobs] if isinstance(jobs, str | Path) else jobs, folder, counted, in_place=in_place),
            labels,
            setting,
            opened,
            part,
            folder=str(folder or ""),
            ours=(book, kept),
            planned=planned,
            keep=not dry_run,
        )
        if not dry_run:
            with Sandbox(proofs=proofs, python=python) as sandbox:
                sandbox.prove()
            setting = _with_answers(setting, secrets)
            _swept(plan_, kept)
            try:
                _do(
                    opened,
                    plan_,
                    setting,
                    workers or processors() + 1,
                    chunk,
                    retries,
                    told or (lambda _: None),
                    python,
                )
            finally:
                _swept(plan_, kept)
            opened.write_receipts(kept)
        return _result(opened, plan_, time.monotonic() - began, counted, book, kept)


# --- the request -----------------------------------------------------------------------------------


def _shard(shard: tuple[int, int], workers: int | None, chunk: int, retries: int) -> Shard:
    part = Shard(*shard)
    if not 0 <= part.part < part.parts:
        raise UsageError(f"shard {part.part} of {part.parts}: no shard", hint="i from 0 to n-1")
    if not 1 <= chunk <= MAX_CHUNK or retries < 0 or (workers is not None and workers < 1):
        raise UsageError(f"a chunk has 1 to {MAX_CHUNK} files, retries are 0 or more, workers 1 or more")
    return part


def _require_sense(setting: Setting, out_dir: Path | str | None) -> None:
    """Refuse what contradicts itself.

    Raises:
        UsageError: it does.
    """
    if setting.identity_roles and not setting.identity:
        raise UsageError("a role says as what somebody vouches, and nobody does", hint="name an identity")
    if not setting.in_place:
        return
    if out_dir is not None:
        raise UsageError("files are labeled in place, or into a folder for outputs", hint="give one of them")
    if setting.how.detached:
        raise UsageError("detached manifests and in place exclude each other", hint="give one of them")
    if setting.how.prompt_mode == "hash":  # whoever kills us between a file and its receipt loses the salt
        raise UsageError("the salt of a prompt's hash can be lost in place", hint="name a folder for outputs")


def _records(
    folder: Path | None, ledger: Path | str | None, receipts: Path | str | None, part: Shard
) -> tuple[Path, Path]:
    """Return where ledger and receipts are; each shard has its own.

    Raises:
        UsageError: nothing says where.
    """
    if ledger is None and folder is None:
        raise UsageError("where should the ledger be?", hint="--out-dir FOLDER, or --ledger FILE")
    book = path_of(ledger) if ledger is not None else (folder or Path()) / FOLDER / f"ledger{part.suffix}.sqlite"
    name = f"receipts{part.suffix}.jsonl"
    return book, path_of(receipts) if receipts is not None else (folder or book.parent) / name


def _wanted(
    jobs: Iterable[Path | str | Wanted | Fault], folder: Path | None, passed_over: Counter[str], *, in_place: bool
) -> Iterator[Wanted | Fault]:
    for job in jobs:
        if isinstance(job, Wanted | Fault):
            yield job
        elif folder is None and not in_place:
            raise UsageError("where should the outputs go?", hint="--out-dir FOLDER")
        else:
            yield from wanted_below([job], folder, passed_over)


def _opened(book: Path, folder: Path | None) -> Ledger:
    if folder is not None:
        make_folder(folder)
    return Ledger(book)


@contextlib.contextmanager
def _copied(book: Path) -> Iterator[Ledger]:
    """Open a copy of the ledger, with its log: to open it for reading alone would write beside it."""
    if not os.path.lexists(book):
        with Ledger(None) as ledger:
            yield ledger
        return
    require_private(book)
    with tempfile.TemporaryDirectory(prefix="provlabel-") as name:
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{book}{suffix}", f"{name}/{book.name}{suffix}")
        with Ledger(Path(name, book.name)) as ledger:
            yield ledger


def _with_answers(setting: Setting, secrets: Secrets | None) -> Setting:
    """Open the signer once here, so that a wrong one is found before anything starts, and keep what was answered.

    Raises:
        ConfigError, InputError, SignerError: as :func:`provlabel.open_signer`.
    """
    from provlabel.signers import open_signer

    answers: dict[str, str] = {}

    def answer(question: str) -> str:
        if question not in answers:
            if secrets is None:
                raise ConfigError(f"{question}: nobody can be asked", hint="pass secrets=, a function that answers it")
            answers[question] = secrets(question)
        return answers[question]

    require_fit(open_signer(setting.signer, answer, check=False), trial=True)
    if setting.identity:
        from provlabel.engine.identity import Actor

        Actor(open_signer(setting.identity, answer, check=False), setting.identity_roles)
    return structs.replace(setting, answers=tuple(answers.items()), checked=True)


# --- the work --------------------------------------------------------------------------------------


def _do(
    ledger: Ledger,
    plan: Plan,
    setting: Setting,
    workers: int,
    chunk: int,
    retries: int,
    report: Callable[[Progress], None],
    python: str | os.PathLike[str] | None,
) -> None:
    if not plan.todo:
        return
    began = time.monotonic()
    size = max(1, min(chunk, plan.todo // (workers * 4)))
    done = failed = 0
    running = supervise(
        label_chunk,
        setting,
        _chunks(ledger, size),
        min(workers, plan.todo),
        lost=_lost,
        prepare=open_tools,
        python=python,
    )
    with contextlib.closing(running):  # type: ignore[type-var]
        for outcomes in running:
            if outcomes:
                settled = _with_pauses(ledger, outcomes, retries)
                ledger.settle(settled)
                done += sum(item.state == "done" for item in outcomes)
                failed += sum(item.state == "failed" and due is None for item, due in settled)
            report(Progress(plan.todo, done, failed, time.monotonic() - began))


def _chunks(ledger: Ledger, size: int) -> Iterator[list[Job] | None]:
    """Yield jobs as they are due; they are read from the ledger as they are wanted."""
    while True:
        if jobs := ledger.take(size, time.monotonic()):
            yield jobs
        elif ledger.is_over():
            return
        else:
            yield None


def _with_pauses(ledger: Ledger, outcomes: Sequence[JobOutcome], retries: int) -> list[tuple[JobOutcome, float | None]]:
    """Say of each outcome when its job is tried again, or that it is not."""
    passing = [item.number for item in outcomes if item.state == "failed" and item.may_pass]
    tries = ledger.tries(passing) if passing else {}
    now = time.monotonic()
    return [
        (item, now + pause(tries[item.number]) if 0 < tries.get(item.number, 0) <= retries else None)
        for item in outcomes
    ]


def pause(tries: int) -> float:
    """Return the seconds to wait after so many attempts: 1, 2, 4, …, half as much or half as much again."""
    return float(_PAUSE * 2 ** (tries - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - nothing secret


def _lost(job: Job) -> JobOutcome:
    return JobOutcome(
        number=job.number,
        state="failed",
        error="WorkerDied",
        message="killed its worker twice",
        hint="look at the file, and at the system's log: was memory short?",
    )


def _swept(plan: Plan, receipts: Path) -> None:
    """Remove what killed workers, and a killed driver, left where we write."""
    for folder in {*map(Path, plan.folders), receipts.parent}:
        sweep(folder)


def _result(
    ledger: Ledger, plan: Plan, seconds: float, passed_over: Counter[str], book: Path, receipts: Path
) -> BatchResult:
    counts = ledger.counts()
    return BatchResult(
        todo=plan.todo,
        done=counts["done"],
        failed=counts["failed"],
        skipped=plan.skipped,
        adopted=counts["adopted"],
        retried=counts["retried"],
        seconds=round(seconds, 3),
        files_per_second=round(counts["done"] / seconds, 1) if seconds else 0.0,
        failures=tuple(ledger.failures(MAX_GROUPS)),
        warnings=tuple(ledger.warnings(MAX_GROUPS)),
        notes=plan.notes,
        passed_over=dict(passed_over),
        ledger=str(book),
        receipts=str(receipts),
    )

"""What a worker does: label a chunk of jobs.  A function of its arguments, which any pool or cluster can call."""

from __future__ import annotations

import errno
import gc
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from msgspec import Struct, structs

from provlabel import engine
from provlabel._support.files import open_regular
from provlabel._support.text import printable
from provlabel._support.times import now
from provlabel.batch.jobs import label_of
from provlabel.carriers.compare import story_of
from provlabel.errors import ConfigError, InputError, OutputError, ProvlabelError, SignerError, TimestampError
from provlabel.evidence import Evidence
from provlabel.labeling.labeler import Labeler
from provlabel.labeling.options import LabelOptions
from provlabel.labeling.receipts import Receipt
from provlabel.labeling.sources import shown
from provlabel.media.containers import stores_of
from provlabel.media.formats import BY_NAME
from provlabel.media.sidecar import beside
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork_or_spawn, spawn
from provlabel.sandbox.worker import RARELY
from provlabel.trust.anchors import TrustStore
from provlabel.verdict import judge

if TYPE_CHECKING:
    from provlabel.engine.identity import Actor
    from provlabel.labeling.options import FileKeywords
    from provlabel.signers import Secrets

_NO_TRUST = TrustStore()


class Setting(Struct, frozen=True, kw_only=True):
    """What is the same for all files of a batch."""

    signer: str  #: URI
    answers: tuple[tuple[str, str], ...] = ()  #: questions of the signer (pass phrase, PIN) and what was answered
    how: LabelOptions = LabelOptions()
    in_place: bool = False  #: each file is its own output
    identity: str = ""  #: URI of who vouches for the files beside the signer
    identity_roles: tuple[str, ...] = ()  #: as what
    shared: str = ""  #: JSON of the label of files without one of their own: it belongs to all of them
    proofs: str = ""  #: folder that remembers which engines have passed the self-test
    checked: bool = False  #: whoever hands this out has checked key and certificate against the profile

    def __repr__(self) -> str:  # the answers are secrets
        return f"Setting(signer={printable(self.signer)!r})"


class Job(Struct, frozen=True, kw_only=True):
    """One file; plain data, so that it can be sent anywhere."""

    number: int  #: by which its outcome is known
    source: str
    output: str
    label: str  #: JSON of a :class:`provlabel.Label`
    urn: str  #: the name of the manifest to be
    uses: dict[str, list[str]] = {}  #: other files that go into it, by the argument of the library that takes them


class JobOutcome(Struct, frozen=True, kw_only=True):
    """What became of a job."""

    number: int
    state: Literal["done", "failed"]
    receipt: Receipt | None = None
    adopted: bool = False  #: the output was there: written by an attempt that was killed before it could report it
    error: str = ""  #: class of the exception
    message: str = ""  #: without the name of the file
    hint: str = ""
    may_pass: bool = False  #: another attempt may succeed
    size: int | None = None  #: of the source
    mtime_ns: int | None = None  #: of the source
    written: int | None = None  #: size of the output
    seconds: float = 0.0


class Tools(NamedTuple):
    """What is opened once in a process."""

    sandbox: Sandbox
    labeler: Labeler


def label_chunk(setting: Setting, jobs: Sequence[Job]) -> list[JobOutcome]:
    """Label the files of ``jobs``, and return an outcome for each; a file that fails does not stop the others.

    May be called again with the same jobs, by whoever does not know what became of them: an output that has the
    name of its job's manifest is recognized, and is not made twice (with ``replace`` it is made anew).
    """
    return [_outcome(setting, job) for job in jobs]


def open_tools(setting: Setting) -> Tools:
    """Return sandbox and signer of this process, opened when they are asked for first.

    The sandbox starts before the signer is opened, so that no copy of the key is in it.

    Raises:
        ConfigError, InputError, SignerError: as :func:`provlabel.open_signer`.
    """
    from provlabel.signers import assume_fit, open_signer

    if _kept and _kept[0][:2] == (os.getpid(), setting):
        return _kept[0][2]
    engine.binding()
    gc.set_threshold(*RARELY)
    proofs = Path(setting.proofs) if setting.proofs else None
    sandbox = Sandbox(fork_or_spawn, relaunch=spawn, proofs=proofs)
    sandbox.start()
    answers = dict(setting.answers)

    def answer(question: str) -> str:
        if question in answers:
            return answers[question]
        raise ConfigError(f"{question}: was not asked when the batch began", hint="start it again")

    signer = open_signer(setting.signer, answer, check=False)
    if setting.checked:
        assume_fit(signer)
    labeler = Labeler(signer, sandbox=sandbox, identity=_identity(setting, answer), **structs.asdict(setting.how))
    tools = Tools(sandbox, labeler)
    _kept[:] = [(os.getpid(), setting, tools)]
    return tools


def _identity(setting: Setting, answer: Secrets) -> Actor | None:
    from provlabel.engine.identity import Actor
    from provlabel.signers import open_signer

    if not setting.identity:
        return None
    return Actor(open_signer(setting.identity, answer, check=False), setting.identity_roles)


_kept: list[tuple[int, Setting, Tools]] = []


def _outcome(setting: Setting, job: Job) -> JobOutcome:
    began = time.perf_counter()
    size = mtime_ns = None
    try:
        tools = open_tools(setting)
        if source := _stat(job.source):
            size, mtime_ns = source.st_size, source.st_mtime_ns
        receipt, adopted = _labeled(setting, job, tools)
        written = os.stat(job.output).st_size  # noqa: PTH116
        if setting.in_place and (source := _stat(job.source)):  # as it is now, or the next run finds it changed
            size, mtime_ns = source.st_size, source.st_mtime_ns
    except Exception as exc:  # whatever it is, the next file may be better
        return JobOutcome(
            number=job.number,
            state="failed",
            error=type(exc).__name__,
            message=_without_name(_words(exc), job),
            hint=printable(getattr(exc, "hint", ""), 1000),
            may_pass=may_pass(exc, setting.signer),
            size=size,
            mtime_ns=mtime_ns,
            seconds=time.perf_counter() - began,
        )
    return JobOutcome(
        number=job.number,
        state="done",
        receipt=receipt,
        adopted=adopted,
        size=size,
        mtime_ns=mtime_ns,
        written=written,
        seconds=time.perf_counter() - began,
    )


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - text
    except OSError:
        return None  # whoever reads it says why


def _labeled(setting: Setting, job: Job, tools: Tools) -> tuple[Receipt, bool]:
    output, replace = Path(job.output), setting.how.replace
    if (setting.in_place or not replace) and (there := _there(job, output, tools.sandbox)):
        ours = bool(there.manifests) and there.manifests[0].urn == job.urn
        if not ours and not setting.in_place:
            raise _taken(output, there)
        # The salt of a prompt is in the receipt alone, and that was lost.
        if ours and os.path.lexists(output) and setting.how.prompt_mode != "hash" and judge(there, at=now()).holds:
            return _adopted(setting, job, output, there, tools.sandbox), True
        replace = True
    output.parent.mkdir(parents=True, exist_ok=True)
    shared = job.label == setting.shared
    how = cast("FileKeywords", {**job.uses, "urn": job.urn, "replace": replace, "shared": shared})
    return tools.labeler.file(job.source, output, label_of(job.label), **how), False


def _there(job: Job, output: Path, sandbox: Sandbox) -> Evidence | None:
    """Read what an earlier attempt may have written; a detached manifest may be there without its copy."""
    if os.path.lexists(output):
        return sandbox.read(output, _NO_TRUST, beside(output))
    if os.path.lexists(beside(output)):
        return sandbox.read(Path(job.source), _NO_TRUST, beside(output))
    return None


def _taken(output: Path, there: Evidence) -> OutputError:
    urn = f", with the manifest {printable(there.manifests[0].urn)}" if there.manifests else ""
    return OutputError(
        f"{shown(output)}: exists already{urn}", hint="choose another output, or replace it with --force"
    )


def _adopted(setting: Setting, job: Job, output: Path, there: Evidence, sandbox: Sandbox) -> Receipt:
    """Make the receipt that was lost, from the output and its source, if it is still there."""
    source = None if setting.in_place else sandbox.read(Path(job.source), _NO_TRUST, beside(Path(job.source)))
    active, detached = there.manifests[0], there.source == "sidecar"
    target = beside(output) if detached else output
    with open_regular(target) as stream:
        size = stream.seek(0, os.SEEK_END)
        stores = () if detached else stores_of(BY_NAME[there.format or ""].container, stream, size)
    return Receipt(
        output=str(target),
        format=there.format or "",
        manifest=active.urn,
        manifest_bytes=sum(map(len, stores)) or size,
        source_sha256=(source.sha256 if source else None) or "",
        sha256=(there.sidecar_sha256 if detached else there.sha256) or "",
        parent=next((part.manifest for part in active.ingredients if part.relationship == "parentOf"), None) or None,
        detached=detached,
        time=(active.signing.stamped or None) if active.signing else None,
        carriers={name: sorted(fields) for name, fields in story_of(there.manifests).listed.items()},
        warnings=("written by an attempt that was killed; this receipt was made from the file itself",),
    )


# --- what went wrong -------------------------------------------------------------------------------

#: Errors of the system that are there now and may be gone in a moment.
_PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDQUOT,
        errno.EINTR,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
#: Signers that keep their key elsewhere, and may not be reached for a moment.
_REMOTE = ("awskms", "cmd", "https", "pkcs11")
#: What they say when the hint is to wait.
_BUSY = ("Throttling", "did not answer")


def may_pass(exc: BaseException, signer: str) -> bool:
    """Say whether another attempt may succeed where this one raised ``exc``; ``signer`` is its URI.

    An error of a remote signer that names a hint wants a person first: a permission, another address, another key.
    """
    if isinstance(exc, TimestampError):
        return True
    if isinstance(exc, SignerError):
        remote = signer.partition(":")[0] in _REMOTE
        return remote and (not exc.hint or any(word in str(exc) for word in _BUSY))
    if isinstance(exc, InputError | OutputError) and exc.hint.startswith("try again"):
        return True
    cause = exc if isinstance(exc, OSError) else exc.__cause__
    return isinstance(cause, OSError) and cause.errno in _PASSING


def _words(exc: Exception) -> str:
    """Return what happened; an error that is none of ours is named by its class."""
    text = printable(str(exc), 1000)
    return text if isinstance(exc, ProvlabelError) else f"{type(exc).__name__}: {text}"


def _without_name(text: str, job: Job) -> str:
    """Take the name of the file off, so that equal failures of many files can be reported as one."""
    for path in (job.source, job.output):
        text = text.removeprefix(f"{shown(Path(path))}: ")
    return text

"""Verify files: evidence from the sandbox, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
import functools
import io
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import msgspec

from provlabel._support.files import LARGE, copy_to, open_regular, size_of, spooled
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.threads import in_order
from provlabel._support.times import now
from provlabel.errors import InputError, UsageError
from provlabel.evidence import Evidence
from provlabel.media.sidecar import beside
from provlabel.policy import Enforced, Gate, Policy
from provlabel.report import Failure, Report, Skipped
from provlabel.sandbox.pool import SandboxPool, shared_sandbox
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.sandbox.sessions import Session
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.identities import with_issuer_keys
from provlabel.verifying.options import PathsKeywords, PathsOptions, SessionKeywords, VerifyKeywords, VerifyOptions
from provlabel.verifying.revocation import Revocation, with_answers
from provlabel.verifying.tally import PathResult, Tally, judges_of
from provlabel.verifying.targets import Target, kinds_of, promises_media, tracked_below
from provlabel.verifying.walking import Walk

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from provlabel.exchange.delivery import Delivery
    from provlabel.judges.second import SecondVerifier
    from provlabel.sandbox.cache import EvidenceCache, Key

_NO_TRUST, _DEFAULT = TrustStore(), Policy()
#: Bytes of a file that is hashed and looked up beside others, not in between.
_HASHED_BESIDE = 1 << 20


class Verifier(Session):
    """Verifies images and sounds, one after another or side by side; safe to use from many threads.

        with Verifier(trust, policy) as verifier:
            report = verifier.bytes(upload, name="cover.jpg")

    It has workers of its own.  What a call is given as an option wins over what the session was made with.

    Args:
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what each file must be to pass.
        workers: how many files are read at once; two more than processors without.
        options: the other fields of :class:`~provlabel.verifying.options.VerifyOptions`.

    Raises:
        UsageError: no law has such a name.
        ConfigError: a second opinion is asked for, and there is no other verifier on this machine.
    """

    def __init__(
        self,
        trust: TrustStore = _NO_TRUST,
        policy: Policy | Enforced | Gate = _DEFAULT,
        *,
        workers: int | None = None,
        **options: Unpack[SessionKeywords],
    ) -> None:
        how = PathsOptions(trust=trust, policy=policy, **options)
        self._how = msgspec.structs.replace(how, policy=Gate.of(how.policy), laws=_known(how.laws))
        self._sandbox = how.sandbox or SandboxPool(workers)
        self._second = _second_sandbox(self._sandbox.width) if how.second_opinion else None
        own = (self._sandbox if how.sandbox is None else None, self._second)
        super().__init__(*(sandbox for sandbox in own if sandbox is not None))

    def file(self, path: Path | str, *, name: str | None = None, **options: Unpack[VerifyKeywords]) -> Report:
        """Verify one image or sound, and the detached manifest beside it if there is one.

        Args:
            path: the file; content decides the format, not the name.
            name: what the report and errors call it, in place of its path: of an upload, whose path means nothing.
            options: the fields of :class:`~provlabel.verifying.options.VerifyOptions`.

        Raises:
            InputError: the file is missing, forbidden, or not a regular file.  Bad *content* never
                raises: it is a finding in the report.
            UsageError, ConfigError: as for the session.
        """
        run = self._run(VerifyOptions, options)
        with self._call():
            report = run.report_on([path]) if name is None else run.report_under(name, path_of(path))
        if report.errors:
            failure = report.errors[0]
            raise InputError(failure.message, hint=failure.hint)
        return report

    def bytes(self, content: bytes, *, name: str = "bytes", **options: Unpack[VerifyKeywords]) -> Report:
        """Verify an image or sound held in memory; ``name`` stands for it in the report, the rest is as above."""
        run = self._run(VerifyOptions, options)
        with self._call():
            return run.report_of(name, run.sandbox.read_bytes(content, run.trust, run.check), None, content)

    def stream(self, stream: BinaryIO, *, name: str = "stream", **options: Unpack[VerifyKeywords]) -> Report:
        """Verify what a seekable binary stream holds, from its beginning to its end; ``name`` stands for it.

        A large one lies in a private temporary folder meanwhile, and never in memory as a whole.

        Raises:
            OutputError: there is no room for it.
        """
        if stream.seek(0, os.SEEK_END) < LARGE:
            whole = io.BytesIO()
            copy_to(stream, whole)
            return self.bytes(whole.getvalue(), name=name, **options)
        run = self._run(VerifyOptions, options)
        with self._call(), spooled(stream) as path:
            return run.report_under(name, path)

    def paths(self, paths: Iterable[Path | str], **options: Unpack[PathsKeywords]) -> Report:
        """Verify files and folders.  Every file named is judged, and every media file below a folder.

        The report has them in the order of the paths, and below a folder in that of names.  A path that
        cannot be judged at all is an entry of ``Report.errors``; the rest goes on.

        Args:
            paths: files and folders.
            options: the fields of :class:`~provlabel.verifying.options.PathsOptions`.
        """
        run = self._run(PathsOptions, options)
        with self._call():
            return run.report_on(list(paths))

    def _run(self, kind: type[VerifyOptions], options: Mapping[str, Any]) -> _Run:
        """Put the options of a call, those of ``kind`` alone, over those of the session."""
        kind(**options)  # refuses what it does not know
        how = msgspec.structs.replace(self._how, **options)
        if "laws" in options:
            how = msgspec.structs.replace(how, laws=_known(how.laws))
        second = (self._second or shared_sandbox(_second_sandbox)) if how.second_opinion else None
        return _Run(how, how.sandbox or self._sandbox, second)


def verify_file(path: Path | str, *, name: str | None = None, **options: Unpack[VerifyKeywords]) -> Report:
    """Verify one file by workers that this process shares, as :meth:`Verifier.file` does."""
    return _shared().file(path, name=name, **options)


def verify_bytes(content: bytes, *, name: str = "bytes", **options: Unpack[VerifyKeywords]) -> Report:
    """Verify bytes by workers that this process shares, as :meth:`Verifier.bytes` does."""
    return _shared().bytes(content, name=name, **options)


def verify_paths(paths: Iterable[Path | str], **options: Unpack[PathsKeywords]) -> Report:
    """Verify files and folders by workers that this process shares, as :meth:`Verifier.paths` does."""
    return _shared().paths(paths, **options)


@functools.cache
def _shared() -> Verifier:
    return Verifier(sandbox=shared_sandbox())


def _second_sandbox(width: int | None = None) -> SandboxPool:
    from provlabel.judges.second import second_sandbox

    return second_sandbox(width)


def _known(laws: Iterable[str]) -> tuple[str, ...]:
    """Refuse a name that no law has before anything is read; a run without any does not load them."""
    names = tuple(laws)
    if not names:
        return ()
    from provlabel.law import load_laws

    return tuple(law.law for law in load_laws(names))


class _Run:
    """One call: what is the same for all its files, and the steps that each of them takes."""

    def __init__(self, how: PathsOptions, sandbox: AnySandbox, second: AnySandbox | None) -> None:
        self.trust, self.sandbox, self._how = how.trust, sandbox, how
        self.check = _check(how.at, how.revocation)
        self._gate = Gate.of(how.policy)
        self._second = _second_verifier(second, how.trust, self.check.at) if second is not None else None
        self._silent_hosts = set[str]()
        self._documents = dict[str, bytes]()

    def report_of(self, name: str, evidence: Evidence, path: Path | None, content: bytes = b"") -> Report:
        """Judge the one file that ``evidence`` was seen of."""
        tally = self._tally(self._gate)
        tally.add(name, self._asked(evidence, path, content))
        return tally.report((), _insecure(self._how.revocation))

    def report_under(self, name: str, path: Path) -> Report:
        """Judge the one file at ``path``, which is called ``name``."""
        try:
            return self.report_of(name, self._read(_ToRead(path), None), path)
        except InputError as exc:
            raise InputError(str(exc).replace(printable(str(path)), printable(name)), hint=exc.hint) from exc

    def report_on(self, paths: Sequence[Path | str]) -> Report:
        """Judge files and folders.

        Each path takes these steps: 1 is it to be judged at all, 2 does the cache have its evidence, and where not,
        3 a worker reads it, 4 revocation and the second verifier are asked about; then, in the order of the paths,
        5 the tally judges the evidence by verdict, judges and policy.
        """
        how, gate = self._how, _with_tracked(self._gate)
        # What is kept of a file must not depend on the moment, or on what others answer.
        cache = None if how.second_opinion or self.check.as_of or self.check.revocation else how.cache
        tally, stopped = self._tally(gate, how.against), threading.Event()
        folders = [Path(path) for path in paths if os.path.isdir(path)]  # noqa: PTH112 - unlike Path.is_dir it never raises
        width = self.sandbox.width if folders else min(self.sandbox.width, len(paths))

        def result_of(target: Target) -> PathResult | Callable[[], PathResult]:
            if stopped.is_set():
                return None
            try:
                found = _why_not_judged(target, gate) or _cached(target.path, cache)
            except InputError as exc:
                return Failure(str(target.path), str(exc), exc.hint)
            return functools.partial(by_reading, found) if isinstance(found, _ToRead) else found

        def by_reading(work: _ToRead) -> PathResult:
            if stopped.is_set():
                return None
            try:
                return self._asked(self._read(work, cache), work.path)
            except InputError as exc:
                return Failure(str(work.path), str(exc), exc.hint)

        start = functools.partial(self.sandbox.start, width)
        for count, (target, result) in enumerate(
            in_order(Walk(paths, gate, as_found=how.as_found), result_of, width, start), 1
        ):
            tally.add(target.path, None if stopped.is_set() else result, target.top)
            if how.watch is not None:
                how.watch(count)
            if how.fail_fast and tally.failed:
                stopped.set()
        return tally.report(folders, _insecure(how.revocation))

    def _tally(self, gate: Gate, against: Delivery | None = None) -> Tally:
        how, at = self._how, self.check.at
        judges = judges_of(how, gate, at, self._second, against)
        return Tally(gate, judges, how, at, against)

    def _asked(self, evidence: Evidence, path: Path | None, content: bytes = b"") -> Evidence:
        """Add what others say: who knows about revoked certificates, issuers of identities, the second verifier."""
        online, silent = self._how.revocation, self._silent_hosts
        evidence = with_answers(evidence, self.trust, self.check, online, self.sandbox, silent)
        evidence = with_issuer_keys(evidence, online, self.sandbox, silent, self._documents)
        return self._second.ask(evidence, path, content) if self._second is not None else evidence

    def _read(self, work: _ToRead, cache: EvidenceCache | None) -> Evidence:
        """Have a worker read a file, unless it is a large one that the cache has."""
        path, key = work
        if cache is not None and key is None:
            key = cache.key(path, _sidecar(path))
            cached = cache.get(key) if key is not None else None
            if cached is not None:
                return cached
        evidence = self.sandbox.read(path, self.trust, _sidecar(path), self.check)
        if cache is not None and key is not None:
            cache.keep(key, evidence, self.check)
        return evidence


class _ToRead(NamedTuple):
    """A file that a worker has to read, and where to keep what it sees."""

    path: Path
    key: Key | None = None


def _cached(path: Path, cache: EvidenceCache | None) -> Evidence | _ToRead:
    """Return what the cache has of a file; a large one is hashed later, beside others."""
    if cache is None or size_of(path) > _HASHED_BESIDE:
        return _ToRead(path)
    key = cache.key(path, _sidecar(path))
    return (cache.get(key) if key is not None else None) or _ToRead(path, key)


def _sidecar(path: Path) -> Path:
    """Return where the detached manifest of a file lies: of a link, beside what it leads to if not beside itself."""
    own = beside(path)
    if not os.path.islink(path) or os.path.lexists(own):  # noqa: PTH114 - unlike Path.is_symlink it never raises
        return own
    return beside(Path(os.path.realpath(path)))


def _why_not_judged(target: Target, gate: Gate) -> Skipped | None:
    """Say why a target is not to be judged, or nothing when it is."""
    path = target.path
    if target.why == "closed":
        raise InputError(target.error, hint="let this user list it, name what it leads to as well, or leave it out")
    if target.why in ("scratch", "repository"):
        return Skipped(str(path), target.why)
    if target.why == "link":
        broken = target.error.startswith("leads nowhere")
        return Skipped(str(path), "link", broken and not gate.forgives_other(str(path)), target.error)
    kinds = None  # not looked at yet
    if target.why == "found" and not promises_media(path):
        kinds = kinds_of(path)
        if not kinds:
            return Skipped(str(path), "not media", not gate.forgives_other(str(path)))
    scope = gate.scope(str(path), lambda: kinds_of(path) if kinds is None else kinds)
    if scope == "inside":
        return None
    if target.why == "named":
        open_regular(path).close()  # a name that is misspelt, or a folder that is gone, is not "outside"
    fails = target.why == "named" or (scope == "outside" and not gate.forgives_outside())
    return Skipped(str(path), scope, fails)


def _second_verifier(sandbox: AnySandbox, trust: TrustStore, at: dt.datetime) -> SecondVerifier:
    from provlabel.judges.second import SecondVerifier

    return SecondVerifier(sandbox, trust, at)


def _with_tracked(gate: Gate) -> Gate:
    """Ask git what it tracks, where the policy is about that alone."""
    if not gate.first.policy.files.tracked or gate.tracked is not None:
        return gate
    return gate.tracking(tracked_below(gate.root or Path.cwd()))


def _insecure(revocation: Revocation) -> tuple[str, ...]:
    return ("--insecure-private-hosts",) if revocation.online and revocation.private_hosts else ()


def _check(at: dt.datetime | None, revocation: Revocation) -> Check:
    if at is not None and at.tzinfo is None:
        raise UsageError(f"{at.isoformat()}: has no time zone", hint="write it with Z or an offset")
    wanted = revocation.online or (revocation.cache is not None and revocation.cache.is_dir())
    return Check(
        at=at or now(), as_of=at is not None, revocation=wanted, nonce=os.urandom(16) if revocation.online else b""
    )


# --- the second opinion ----------------------------------------------------------------------------

"""Verify files: evidence from the sandbox, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import msgspec

from provlabel._support.files import open_regular, size_of
from provlabel._support.times import now
from provlabel.errors import InputError, UsageError
from provlabel.evidence import Evidence
from provlabel.media.sidecar import beside
from provlabel.policy import Gate
from provlabel.report import Failure, Report, SkippedWhy
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.options import PathsKeywords, PathsOptions, VerifyKeywords, VerifyOptions
from provlabel.verifying.revocation import Revocation, with_answers
from provlabel.verifying.second import second_verifier, with_opinion
from provlabel.verifying.tally import PathResult, Tally
from provlabel.verifying.targets import Target, is_media, media_of, targets, tracked_below

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from typing_extensions import Unpack

    from provlabel.sandbox.cache import EvidenceCache, Key

_Options = TypeVar("_Options", bound=VerifyOptions)
#: Bytes of a file that is hashed and looked up beside others, not in between.
_LARGE = 1 << 20
#: Results that may wait for the slowest file, times the workers: enough to keep all busy, and few to hold in memory.
_AHEAD = 8


def verify_file(path: Path | str, **options: Unpack[VerifyKeywords]) -> Report:
    """Verify one image or sound, and the detached manifest beside it if there is one.

    Args:
        path: the file; content decides the format, not the name.
        options: the fields of :class:`~provlabel.verifying.options.VerifyOptions`.

    Raises:
        InputError: the file is missing, forbidden, or not a regular file.  Bad *content* never
            raises: it is a finding in the report.
        UsageError: no law has such a name.
        ConfigError: there is no other verifier on this machine.
    """
    report = verify_paths([path], **options)
    if report.errors:
        failure = report.errors[0]
        raise InputError(failure.message, hint=failure.hint)
    return report


def verify_bytes(content: bytes, *, name: str = "bytes", **options: Unpack[VerifyKeywords]) -> Report:
    """Verify an image or sound held in memory; ``name`` stands for it in the report, the rest is as above."""
    how = _with_laws(VerifyOptions(**options))
    sandbox, check, gate = how.sandbox or shared_sandbox(), _check(how.at, how.revocation), Gate.of(how.policy)
    evidence = sandbox.read_bytes(content, how.trust, check)
    evidence = with_answers(evidence, how.trust, check, how.revocation, sandbox, set())
    if how.second_opinion:
        with second_verifier(1) as second:
            evidence = with_opinion(evidence, second, None, how.trust, check, content)
    tally = Tally(gate, how, check.at)
    tally.add(name, evidence)
    return tally.report((), _insecure(how.revocation))


def verify_paths(paths: Iterable[Path | str], **options: Unpack[PathsKeywords]) -> Report:
    """Verify files and folders.  Every file named is judged, and every media file below a folder.

    The report has them in the order of the paths, and below a folder in that of names.  A path that
    cannot be judged at all is an entry of ``Report.errors``; the rest goes on.

    Args:
        paths: files and folders.
        options: the fields of :class:`~provlabel.verifying.options.PathsOptions`.
    """
    how = _with_laws(PathsOptions(**options))
    sandbox, trust, revocation = how.sandbox or shared_sandbox(), how.trust, how.revocation
    check, gate = _check(how.at, revocation), _with_tracked(Gate.of(how.policy))
    # What is kept of a file must not depend on the moment, or on what others answer.
    cache = None if how.second_opinion or check.as_of or check.revocation else how.cache
    tally = Tally(gate, how, check.at, how.against)
    silent_hosts, stopped = set[str](), threading.Event()
    paths = list(paths)
    folders = [Path(path) for path in paths if os.path.isdir(path)]  # noqa: PTH112 - unlike Path.is_dir it never raises

    # Each path takes these steps: 1 is it to be judged at all, 2 does the cache have its evidence, and where not,
    # 3 a worker reads it, 4 revocation is asked about, 5 the second verifier is asked; then, in the order of the
    # paths, 6 the tally judges the evidence by verdict, policy and laws.
    def without_reading(target: Target) -> PathResult | _ToRead:
        if stopped.is_set():
            return None
        try:
            return _why_not_judged(target, gate) or _cached(target.path, cache)
        except InputError as exc:
            return Failure(str(target.path), str(exc), exc.hint)

    def by_reading(work: _ToRead) -> PathResult:
        if stopped.is_set():
            return None
        try:
            evidence = _read(work, sandbox, trust, check, cache)
            evidence = with_answers(evidence, trust, check, revocation, sandbox, silent_hosts)
            return with_opinion(evidence, second, work.path, trust, check)
        except InputError as exc:
            return Failure(str(work.path), str(exc), exc.hint)

    with second_verifier(sandbox.width if how.second_opinion else 0) as second:
        for count, (target, result) in enumerate(_in_order(sandbox, without_reading, by_reading, targets(paths)), 1):
            tally.add(target.path, None if stopped.is_set() else result, target.top)
            if how.watch is not None:
                how.watch(count)
            if how.fail_fast and tally.failed:
                stopped.set()
    return tally.report(folders, _insecure(revocation))


def _with_laws(how: _Options) -> _Options:
    """Refuse a name that no law has before anything is read; a run without any does not load them."""
    names = tuple(how.laws)
    if not names:
        return how
    from provlabel.law import load_laws

    return msgspec.structs.replace(how, laws=tuple(law.law for law in load_laws(names)))


class _ToRead(NamedTuple):
    """A file that a worker has to read, and where to keep what it sees."""

    path: Path
    key: Key | None = None


def _in_order(
    sandbox: AnySandbox,
    without_reading: Callable[[Target], PathResult | _ToRead],
    by_reading: Callable[[_ToRead], PathResult],
    found: Iterable[Target],
) -> Iterator[tuple[Target, PathResult]]:
    """Yield every target with its result, in their order; a few wait for the slowest at most.

    What has no result without reading is read on as many threads as there are workers; they start with the first
    such file, so that a run over known files starts none.
    """
    if sandbox.width == 1:
        for target in found:
            result = without_reading(target)
            yield target, by_reading(result) if isinstance(result, _ToRead) else result
        return
    pool: ThreadPoolExecutor | None = None
    waiting: deque[tuple[Target, Callable[[], PathResult]]] = deque()
    try:
        for target in found:
            result = without_reading(target)
            if isinstance(result, _ToRead):
                pool = pool or _threads(sandbox)
                waiting.append((target, pool.submit(by_reading, result).result))
            else:
                waiting.append((target, lambda result=result: result))  # type: ignore[misc]
            if len(waiting) >= _AHEAD * sandbox.width:
                earlier, wait = waiting.popleft()
                yield earlier, wait()
        for earlier, wait in waiting:
            yield earlier, wait()
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _threads(sandbox: AnySandbox) -> ThreadPoolExecutor:
    """Start the workers, and then the threads that wait for them."""
    from concurrent.futures import ThreadPoolExecutor

    sandbox.start()
    return ThreadPoolExecutor(sandbox.width)


def _cached(path: Path, cache: EvidenceCache | None) -> Evidence | _ToRead:
    """Return what the cache has of a file; a large one is hashed later, beside others."""
    if cache is None or size_of(path) > _LARGE:
        return _ToRead(path)
    key = cache.key(path, beside(path))
    return (cache.get(key) if key is not None else None) or _ToRead(path, key)


def _read(work: _ToRead, sandbox: AnySandbox, trust: TrustStore, check: Check, cache: EvidenceCache | None) -> Evidence:
    """Have a worker read a file, unless it is a large one that the cache has."""
    path, key = work
    if cache is None:
        return sandbox.read(path, trust, beside(path), check)
    if key is None:
        key = cache.key(path, beside(path))
        cached = cache.get(key) if key is not None else None
        if cached is not None:
            return cached
    evidence = sandbox.read(path, trust, beside(path), check)
    if key is not None:
        cache.keep(key, evidence, check)
    return evidence


def _why_not_judged(target: Target, gate: Gate) -> Literal["not media"] | SkippedWhy | None:
    """Say why a target is not to be judged, or nothing when it is."""
    if target.why == "closed":
        raise InputError(target.error)
    if target.why in ("link", "scratch", "repository"):
        return target.why
    path = target.path
    if target.why == "found" and not is_media(path):
        return "not media"
    scope = gate.scope(str(path), lambda: media_of(path))
    if scope == "inside":
        return None
    if target.why == "named":
        open_regular(path).close()  # a name that is misspelt, or a folder that is gone, is not "outside"
    return scope


def _with_tracked(gate: Gate) -> Gate:
    """Ask git what it tracks, where the policy is about that alone."""
    if not gate.first.policy.files.tracked or gate.tracked is not None:
        return gate
    return msgspec.structs.replace(gate, tracked=tracked_below(gate.root or Path.cwd()))


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

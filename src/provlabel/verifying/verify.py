"""Verify files: evidence from the sandbox, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from provlabel._support.files import open_regular
from provlabel._support.times import now
from provlabel.errors import InputError, UsageError
from provlabel.evidence import Evidence
from provlabel.media.sidecar import beside
from provlabel.policy import Enforced, Gate, Policy
from provlabel.report import Failure, Report, SkippedWhy
from provlabel.sandbox import Sandbox, shared_sandbox
from provlabel.sandbox.pool import SandboxPool
from provlabel.sandbox.protocol import Check
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.revocation import OFFLINE, Revocation, with_answers
from provlabel.verifying.second import second_verifier, with_opinion
from provlabel.verifying.tally import PathResult, Tally
from provlabel.verifying.targets import Target, is_media, media_of, targets, tracked_below

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from provlabel.exchange.delivery import Delivery
    from provlabel.sandbox.cache import EvidenceCache, Key

_NO_TRUST = TrustStore()
_DEFAULT = Policy()
#: Bytes of a file that is hashed and looked up beside others, not in between.
_LARGE = 1 << 20
#: Results that may wait for the slowest file, times the workers: enough to keep all busy, and few to hold in memory.
_AHEAD = 8


def verify_file(
    path: Path | str,
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy | Enforced | Gate = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = OFFLINE,
    laws: Iterable[str] = (),
    second_opinion: bool = False,
    sandbox: Sandbox | None = None,
) -> Report:
    """Verify one image or sound, and the detached manifest beside it if there is one.

    Args:
        path: the file; content decides the format, not the name.
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what the file must be to pass.
        personal: show the fields marked personal, if the label holds any.
        at: judge as of this time, which has a zone; the present when not given.
        revocation: where answers about revoked certificates may come from.
        laws: names of laws to hold it against, as ``provlabel verify --law`` takes them.
        second_opinion: have another verifier judge too (``docs/differences.md``).
        sandbox: where untrusted bytes are read; by default one worker shared by this process.

    Raises:
        InputError: the file is missing, forbidden, or not a regular file.  Bad *content* never
            raises: it is a finding in the report.
        UsageError: no law has such a name.
        ConfigError: there is no other verifier on this machine.
    """
    report = verify_paths(
        [path],
        trust=trust,
        policy=policy,
        personal=personal,
        at=at,
        revocation=revocation,
        laws=laws,
        second_opinion=second_opinion,
        sandbox=sandbox,
    )
    if report.errors:
        failure = report.errors[0]
        raise InputError(failure.message, hint=failure.hint)
    return report


def verify_bytes(
    content: bytes,
    *,
    name: str = "bytes",
    trust: TrustStore = _NO_TRUST,
    policy: Policy | Enforced | Gate = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = OFFLINE,
    laws: Iterable[str] = (),
    second_opinion: bool = False,
    sandbox: Sandbox | None = None,
) -> Report:
    """Verify an image or sound held in memory; ``name`` stands for it in the report."""
    sandbox, check, gate = sandbox or shared_sandbox(), _check(at, revocation), Gate.of(policy)
    evidence = with_answers(sandbox.read_bytes(content, trust, check), trust, check, revocation, sandbox, set())
    if second_opinion:
        with second_verifier(1) as second:
            evidence = with_opinion(evidence, second, None, trust, check, content)
    tally = Tally(gate, trust, check.at, personal, _laws(laws))
    tally.add(name, evidence)
    return tally.report((), _insecure(revocation))


def verify_paths(
    paths: Iterable[Path | str],
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy | Enforced | Gate = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = OFFLINE,
    laws: Iterable[str] = (),
    second_opinion: bool = False,
    sandbox: Sandbox | SandboxPool | None = None,
    cache: EvidenceCache | None = None,
    fail_fast: bool = False,
    watch: Callable[[int], None] | None = None,
    against: Delivery | None = None,
) -> Report:
    """Verify files and folders.  Every file named is judged, and every media file below a folder.

    The report has them in the order of the paths, and below a folder in that of names.  A path that
    cannot be judged at all is an entry of ``Report.errors``; the rest goes on.

    Args:
        paths: files and folders.
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what each file must be to pass.
        personal: show the fields marked personal, if a label holds any.
        at: judge as of this time, which has a zone; the present when not given.
        revocation: where answers about revoked certificates may come from.
        laws: names of laws to hold it against, as ``provlabel verify --law`` takes them.
        second_opinion: have another verifier judge too (``docs/differences.md``).
        sandbox: where untrusted bytes are read; :class:`~provlabel.sandbox.SandboxPool` read several files at once.
        cache: evidence of earlier runs, for the same ``trust``.
        fail_fast: stop at the first file that fails, and count what was not reached.
        watch: is told after each path how many are done.
        against: the message that says what these files are; one for each run.
    """
    sandbox, check, gate = sandbox or shared_sandbox(), _check(at, revocation), _with_tracked(Gate.of(policy))
    cache = None if second_opinion else _lasting(cache, check)
    tally = Tally(gate, trust, check.at, personal, _laws(laws), against)
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

    with second_verifier(sandbox.width if second_opinion else 0) as second:
        for count, (target, result) in enumerate(_in_order(sandbox, without_reading, by_reading, targets(paths)), 1):
            tally.add(target.path, None if stopped.is_set() else result, target.top)
            if watch is not None:
                watch(count)
            if fail_fast and tally.failed:
                stopped.set()
    return tally.report(folders, _insecure(revocation))


def _laws(names: Iterable[str]) -> tuple[str, ...]:
    """Refuse a name that no law has before anything is read; a run without any does not pay for them."""
    names = tuple(names)
    if not names:
        return ()
    from provlabel.law import load_laws

    return tuple(law.law for law in load_laws(names))


class _ToRead(NamedTuple):
    """A file that a worker has to read, and where to keep what it sees."""

    path: Path
    key: Key | None = None


def _in_order(
    sandbox: Sandbox | SandboxPool,
    without_reading: Callable[[Target], PathResult | _ToRead],
    by_reading: Callable[[_ToRead], PathResult],
    found: Iterable[Target],
) -> Iterator[tuple[Target, PathResult]]:
    """Yield every target with its result, in their order; a few wait for the slowest at most.

    What has no result without reading is read on as many threads as there are workers; they start with the first
    such file, so that a run over known files starts none.
    """
    if isinstance(sandbox, Sandbox) or sandbox.width == 1:
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
                waiting.append((target, functools.partial(_as_it_is, result)))
            if len(waiting) >= _AHEAD * sandbox.width:
                earlier, wait = waiting.popleft()
                yield earlier, wait()
        for earlier, wait in waiting:
            yield earlier, wait()
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _threads(sandbox: SandboxPool) -> ThreadPoolExecutor:
    """Start the workers, and then the threads that wait for them."""
    from concurrent.futures import ThreadPoolExecutor

    sandbox.start()
    return ThreadPoolExecutor(sandbox.width)


def _as_it_is(result: PathResult) -> PathResult:
    return result


def _lasting(cache: EvidenceCache | None, check: Check) -> EvidenceCache | None:
    """Return the cache, unless what is seen depends on the moment, or on what others answer."""
    return None if check.as_of or check.revocation else cache


def _cached(path: Path, cache: EvidenceCache | None) -> Evidence | _ToRead:
    """Return what the cache has of a file; a large one is hashed later, beside others."""
    if cache is None or _size(path) > _LARGE:
        return _ToRead(path)
    key = cache.key(path, beside(path))
    return (cache.get(key) if key is not None else None) or _ToRead(path, key)


def _read(
    work: _ToRead, sandbox: Sandbox | SandboxPool, trust: TrustStore, check: Check, cache: EvidenceCache | None
) -> Evidence:
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


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0  # the worker says what is wrong with it


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

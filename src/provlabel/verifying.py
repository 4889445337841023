"""Verify files: evidence from the cage, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Struct

from provlabel import cage as cages
from provlabel._text import printable
from provlabel._times import rfc3339
from provlabel._version import __version__
from provlabel._worker import Check
from provlabel.credentials import Answers, Examined
from provlabel.errors import InputError, UsageError
from provlabel.evidence import Evidence
from provlabel.policy import Policy
from provlabel.report import (
    Engine,
    Failure,
    FileReport,
    Report,
    Skipped,
    Summary,
    Tool,
)
from provlabel.reporting import file_report
from provlabel.targets import Target, is_media, targets
from provlabel.trust import TrustStore
from provlabel.verdict import proven_time

#: Detached manifest of ``song.ogg``: ``song.ogg.c2pa``.
SIDECAR = ".c2pa"
_NO_TRUST = TrustStore()
_DEFAULT = Policy()


class Revocation(Struct, frozen=True, kw_only=True):
    """Where answers about revoked certificates may come from, besides those that are stapled to a file.

    Args:
        online: ask OCSP responders and fetch CRLs, where nothing at hand settles it.
        cache: a folder of answers that were fetched earlier; new ones are kept there.
        seconds: for all questions about one file together.
        private_hosts: also ask hosts that are not on the public internet.
    """

    online: bool = False
    cache: Path | None = None
    seconds: float = 20.0
    private_hosts: bool = False


_OFFLINE = Revocation()


def verify_file(
    path: Path | str,
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = _OFFLINE,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify one image or sound, and the detached manifest beside it if there is one.

    Args:
        path: the file; content decides the format, not the name.
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what the file must be to pass.
        personal: show the fields marked personal, if the label holds any.
        at: judge as of this time, which has a zone; the present when not given.
        revocation: where answers about revoked certificates may come from.
        cage: where untrusted bytes are read; by default one worker shared by this process.

    Raises:
        InputError: the file is missing, forbidden, or not a regular file.  Bad *content* never
            raises: it is a finding in the report.
    """
    report = verify_paths(
        [path], trust=trust, policy=policy, personal=personal, at=at, revocation=revocation, cage=cage
    )
    if report.errors:
        failure = report.errors[0]
        raise InputError(failure.message, mend=failure.mend)
    return report


def verify_bytes(
    content: bytes,
    *,
    name: str = "bytes",
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = _OFFLINE,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify an image or sound held in memory; ``name`` stands for it in the report."""
    cage, check = cage or cages.shared(), _check(at, revocation)
    evidence = _with_answers(cage.read_bytes(content, trust, check), trust, check, revocation, cage, set())
    judged = file_report(name, evidence, trust=trust, policy=policy, at=check.at, personal=personal)
    return _report([judged], evidence, trust, policy, check.at, insecure=_insecure(revocation))


def verify_paths(
    paths: Iterable[Path | str],
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    at: dt.datetime | None = None,
    revocation: Revocation = _OFFLINE,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify files and folders.  Every file named is judged, and every media file below a folder.

    A path that cannot be judged at all is an entry of ``Report.errors``; the rest goes on.
    """
    cage, check, silent = cage or cages.shared(), _check(at, revocation), set[str]()
    files: list[FileReport] = []
    failures: list[Failure] = []
    seen = Evidence()
    skipped: list[Skipped] = []
    others: Counter[str] = Counter()
    paths = list(paths)
    for target in targets(paths):
        path = target.path
        try:
            if not _to_be_judged(target):
                if target.why == "found":
                    others[path.suffix.lower()] += 1
                else:
                    skipped.append(Skipped(str(path), target.why))  # type: ignore[arg-type]
                continue
            evidence = cage.read(path, trust, beside(path), check)
            evidence = _with_answers(evidence, trust, check, revocation, cage, silent)
        except InputError as exc:
            failures.append(Failure(str(path), str(exc), exc.mend))
            continue
        seen = evidence if evidence.engine else seen
        files.append(file_report(str(path), evidence, trust=trust, policy=policy, at=check.at, personal=personal))
    folders = sum(os.path.isdir(path) for path in paths)  # noqa: PTH112 - unlike Path.is_dir it never raises
    return _report(files, seen, trust, policy, check.at, failures, skipped, others, folders, _insecure(revocation))


def _insecure(revocation: Revocation) -> tuple[str, ...]:
    return ("--insecure-private-hosts",) if revocation.online and revocation.private_hosts else ()


# --- answers about revocation ----------------------------------------------------------------------


def _check(at: dt.datetime | None, revocation: Revocation) -> Check:
    if at is not None and at.tzinfo is None:
        raise UsageError(f"{at.isoformat()}: has no time zone", mend="write it with Z or an offset")
    wanted = revocation.online or (revocation.cache is not None and revocation.cache.is_dir())
    return Check(
        at=at or now(), as_of=at is not None, revocation=wanted, nonce=os.urandom(16) if revocation.online else b""
    )


def _with_answers(
    evidence: Evidence, trust: TrustStore, check: Check, revocation: Revocation, cage: cages.Cage, silent: set[str]
) -> Evidence:
    """Settle what is open about revocation: by what was kept from earlier, then by asking.

    ``silent`` holds the hosts of this run that did not answer in time.
    """
    if evidence.examined is None or evidence.credential is None or not check.revocation:
        return evidence
    replace = msgspec.structs.replace
    check = replace(check, moment=proven_time(evidence, trust, check.at))
    for answers, nonce, why in _sources(evidence.examined, revocation, check.nonce, silent):
        examined = cage.examine(evidence.credential, trust, replace(check, answers=answers, nonce=nonce))
        if examined is None:
            evidence = replace(
                evidence, examined=replace(evidence.examined, revocation_why="the answers are too costly")
            )
            continue
        if examined.revocation != "not-checked":
            return replace(evidence, examined=examined)
        if why:
            evidence = replace(evidence, examined=replace(examined, revocation_why=why))
    return evidence


def _sources(
    examined: Examined, revocation: Revocation, nonce: bytes, silent: set[str]
) -> Iterator[tuple[Answers, bytes, str]]:
    """Yield answers, the nonce that they have to carry, and why there are none."""
    if examined.revocation != "not-checked":
        return
    if not examined.requests and examined.path == "trusted":
        yield Answers(), b"", "the certificate names nobody who could be asked"
    if not examined.requests:
        return
    from provlabel import online

    if revocation.cache is not None:
        yield online.cached(examined.requests, revocation.cache), b"", ""
    if revocation.online:
        fetched = online.fetch(
            examined.requests,
            cache=revocation.cache,
            seconds=revocation.seconds,
            allow_private=revocation.private_hosts,
            silent=silent,
        )
        yield fetched.answers, nonce, "; ".join(fetched.failures)


def _to_be_judged(target: Target) -> bool:
    if target.why == "closed":
        raise InputError(target.error)
    return target.why == "named" or (target.why == "found" and is_media(target.path))


def beside(path: Path) -> Path:
    """Return where the detached manifest of ``path`` would lie."""
    return path.parent / f"{path.name}{SIDECAR}"


def now() -> dt.datetime:
    """Return the time of judgement, in UTC."""
    return dt.datetime.now(dt.timezone.utc)


# --- the whole -------------------------------------------------------------------------------------


def _report(
    files: list[FileReport],
    seen: Evidence,
    trust: TrustStore,
    policy: Policy,
    at: dt.datetime,
    failures: Sequence[Failure] = (),
    skipped: Sequence[Skipped] = (),
    others: Mapping[str, int] = MappingProxyType({}),
    folders: int = 0,
    insecure: tuple[str, ...] = (),
) -> Report:
    outcomes = Counter(item.outcome for item in files)
    why = Counter(item.why for item in skipped)
    return Report(
        tool=Tool("provlabel", __version__),
        engine=Engine("c2pa-rs", printable(seen.engine), seen.spec_version),
        at=rfc3339(at),
        policy=(policy.named(),),
        anchors=trust.named(at),
        files=tuple(files),
        errors=tuple(failures),
        skipped=tuple(skipped),
        insecure=insecure,
        summary=Summary(
            files=len(files),
            passed=outcomes["passed"],
            excepted=outcomes["excepted"],
            known=outcomes["known"],
            failed=outcomes["failed"],
            errors=len(failures),
            folders=folders,
            not_media=sum(others.values()),
            links=why["link"],
            scratch=why["scratch"],
            repositories=why["repository"],
            outside=why["outside"],
            untracked=why["untracked"],
            not_reached=why["not reached"],
            states=dict(sorted(Counter(item.state for item in files).items())),
            other_types=dict(sorted(others.items())),
        ),
    )

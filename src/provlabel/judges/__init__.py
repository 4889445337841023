"""Who judges a file besides the verdict: laws, a delivery, another verifier, policies, and checks of one's own.

All of them are a :class:`Judge`.  A check of one's own is one as well: an object with one method, in ten lines.

    class Loud:
        def findings(self, file, evidence, verdict):
            if file.format == "WAV" and file.size > 500_000_000:
                yield Finding("own.too-large", "error", "is larger than 500 MB", "deliver it as FLAC")

    verify_paths(["release"], trust=anchors, judges=[Loud()])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from msgspec.structs import replace

from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.evidence import Evidence
from provlabel.report import FileReport, Finding, LawResult, SecondOpinion, finding
from provlabel.report.rules import OWN
from provlabel.verdict import Verdict

#: What a judge tells of a file; a check of one's own tells findings alone.
Told = Finding | LawResult | SecondOpinion
#: The entry points by which a package offers a check, under the name that ``provlabel verify --judge`` takes.
GROUP = "provlabel.judges"
_T = TypeVar("_T")


class Judge(Protocol):
    """Adds findings to files; what others found stays."""

    def findings(self, file: FileReport, evidence: Evidence, verdict: Verdict, /) -> Iterable[Told]:
        """Yield what is to be told of one file.

        Args:
            file: what the report says of it so far, with the findings of the judges before this one.
            evidence: what was seen of it in the sandbox.
            verdict: how that was judged: axes, state and findings.
        """
        ...


def heard(file: FileReport, evidence: Evidence, verdict: Verdict, judges: Iterable[Judge]) -> FileReport:
    """Return ``file`` with all that ``judges`` tell of it, one after another."""
    for judge in judges:
        told = tuple(judge.findings(file, evidence, verdict))
        if told:
            file = replace(
                file,
                findings=(*file.findings, *_of(Finding, told)),
                law=(*file.law, *_of(LawResult, told)),
                second=next(_of(SecondOpinion, told), file.second),
            )
    return file


def _of(kind: type[_T], told: Iterable[object]) -> Iterator[_T]:
    return (item for item in told if isinstance(item, kind))


class OwnCheck:
    """A check of somebody else's: it may only add findings under names of its own, and where it fails, the file does.

    Args:
        judge: the check.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._name = printable(type(judge).__name__)

    def findings(self, file: FileReport, evidence: Evidence, verdict: Verdict) -> Iterator[Finding]:
        """Yield what it finds, or why nobody knows what it would have found."""
        try:
            told = tuple(self._judge.findings(file, evidence, verdict))
        except Exception as exc:  # whatever it is: the file was not checked as was asked
            yield self._failed(f"{type(exc).__name__}: {printable(str(exc), 300)}")
            return
        for item in told:
            if not isinstance(item, Finding):
                yield self._failed(f"{type(item).__name__} is no Finding")
            elif not item.rule.startswith(OWN):
                yield self._failed(f"{printable(item.rule)} does not begin with {OWN}")
            else:
                yield replace(item, excuse=None)

    def _failed(self, why: str) -> Finding:
        return finding("judge.failed", f"{self._name}: {why}")


def load_judges(names: Iterable[str]) -> tuple[Judge, ...]:
    """Return the checks that installed packages offer under ``names``, as entry points of ``provlabel.judges``.

    Nothing is loaded that is not named here: an installed package does not judge by being installed.  An entry point
    names a judge, or a class that is made without arguments.

    Raises:
        ConfigError: no package, or more than one, offers such a check, or it cannot be loaded.
    """
    return tuple(_loaded(name) for name in names)


def _loaded(name: str) -> Judge:
    from importlib.metadata import entry_points

    found = {item.value: item for item in entry_points(group=GROUP, name=name)}
    if len(found) != 1:
        offers = ", ".join(sorted({item.name for item in entry_points(group=GROUP)})) or "none"
        many = f"several packages offer it: {', '.join(sorted(found))}" if found else "no installed package offers it"
        raise ConfigError(f"judge {printable(name)}: {many}", hint=f"installed judges: {printable(offers, 500)}")
    [(value, entry)] = found.items()
    try:
        loaded = entry.load()
        judge: Judge = loaded() if isinstance(loaded, type) else loaded
    except Exception as exc:
        why = f"{type(exc).__name__}: {printable(str(exc), 300)}"
        raise ConfigError(f"judge {printable(name)}: {printable(value)} cannot be loaded: {why}") from exc
    if not callable(getattr(judge, "findings", None)):
        raise ConfigError(f"judge {printable(name)}: {printable(value)} has no method findings")
    return judge

"""Files on their way into a label: read in the sandbox first, and still the same bytes when they are used."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from msgspec import UNSET, Struct

from provlabel._support.files import fingerprint, open_regular, reason
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.times import now
from provlabel.carriers.vocabularies.works import named_otherwise
from provlabel.errors import InputError, LabelError, UsageError
from provlabel.evidence import Carrier, Evidence
from provlabel.label import Label
from provlabel.label.vocabularies import NOT_AI
from provlabel.media.containers import ContainerError
from provlabel.media.formats import BY_NAME, Format
from provlabel.media.sidecar import beside
from provlabel.report import Finding
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.verdict import judge
from provlabel.verdict.ai import MOST, said_in

_NO_TRUST = TrustStore()
_Procedure = TypeVar("_Procedure", bound=Callable[..., Any])


class Source(Struct, frozen=True):
    """A file that the sandbox has read, and that may therefore meet the engine and a key."""

    path: Path
    fmt: Format
    evidence: Evidence
    name: str | None = None  #: what it is called in place of its path, if that means nothing; empty where nobody said

    @property
    def shown(self) -> str:
        """What messages call it."""
        return _called(self.path, self.name)

    @property
    def title(self) -> str:
        """Its title as an ingredient, if it has one; a manifest holds UTF-8, a file system any bytes."""
        return os.fsencode(self.path.name).decode("utf-8", "replace") if self.name is None else self.name

    @property
    def why_beside(self) -> str:
        """Why no manifest is ever put into it; empty where one can be."""
        return self.fmt.why_beside(self.title)

    @property
    def manifest(self) -> str | None:
        """URN of its active manifest."""
        return self.evidence.manifests[0].urn if self.evidence.manifests else None


def shown(path: Path) -> str:
    """Return a path as it can be printed."""
    return printable(str(path))


def _called(path: Path, name: str | None) -> str:
    """Return what messages call a file; scratch without a name is called by what it holds: bytes, or a stream."""
    return shown(path) if name is None else printable(name or path.name)


@contextlib.contextmanager
def naming(path: Path, called: str) -> Iterator[None]:
    """Let what cannot read ``path`` call it otherwise: whoever gets only a path knows no better name.

    Raises:
        InputError, UsageError: as they came, with that name.
    """
    try:
        yield
    except (InputError, UsageError) as exc:
        text = str(exc)
        known = text.removeprefix(shown(path))
        if called == shown(path) or known == text:
            raise
        raise type(exc)(called + known, hint=exc.hint) from exc


def naming_its_source(procedure: _Procedure) -> _Procedure:
    """Let ``procedure`` name its argument ``source`` where the system stops it; outputs are named by who writes them.

    Raises:
        InputError: in place of an :class:`OSError`.
    """

    @functools.wraps(procedure)
    def named(source: Path | str, *args: Any, **kwargs: Any) -> Any:
        try:
            return procedure(source, *args, **kwargs)
        except OSError as exc:
            raise InputError(f"{_called(Path(source), kwargs.get('name'))}: {reason(exc)}") from exc

    return cast("_Procedure", named)


def read_source(
    path: Path,
    sandbox: AnySandbox,
    accept_broken: bool,
    *,
    digest: bool = False,
    name: str | None = None,
    detached: bool = False,
) -> Source:
    """Read ``path`` in the sandbox; what the sandbox refuses is never signed.  ``name``: of :class:`Source`.

    The SHA-256 of a large file is empty without ``digest``: whoever copies it hashes it on the way.  With ``detached``
    it is signed as it is, though it be damaged.

    Raises:
        InputError: it cannot be read or labeled; says why.
    """
    called = _called(path, name)
    with naming(path, called):
        evidence = sandbox.read(path, _NO_TRUST, beside(path), Check(at=now()), digest=digest)
    if evidence.damage and not detached:
        how = f"{_again(evidence)}; or use --detached, which signs the file as it is"
        raise InputError(f"{called}: no manifest can be put into it: {printable(evidence.damage)}", hint=how)
    if evidence.trouble is not None and not evidence.damage:
        verdict = judge(evidence, at=now())
        why = verdict.findings[0]
        raise InputError(f"{called}: {why.message}", hint=_owners_hint(why, evidence))
    if evidence.elsewhere:
        places = printable("; ".join(evidence.elsewhere), 300)
        raise InputError(
            f"{called}: a part of what is seen or heard lies elsewhere: {places}",
            hint="put it into the file itself (in an SVG as data:), and take scripts out: nothing else is signed",
        )
    if evidence.source == "remote":
        raise InputError(
            f"{called}: its manifest lies on the network, and labeling it here would lose its history",
            hint=f"fetch {printable(evidence.remote_url)} and save it as {printable(beside(path).name)} beside it",
        )
    if evidence.source == "sidecar":
        raise InputError(
            f"{called}: its manifest is detached; labeling it again is not possible yet without losing its history",
            hint="label the file from which it was made, or remove the detached manifest first",
        )
    if evidence.manifests and not accept_broken:
        _require_unbroken(evidence, called)
    assert evidence.format is not None  # noqa: S101 - no trouble, or damage, means a known format
    return Source(path, BY_NAME[evidence.format], evidence, name)


#: What whoever has the original can do: verifying has other hints (``report/rules.py``), for who got the file.
_OWNERS_HINTS = {
    "content.refused": "export it again, simpler or in another format; no honest file of its kind needs as much",
    "content.worker-died": "export it again, and report the file if that does not help",
    "content.too-costly": "export it again, or in another format",
    "content.unread": "try again; the disk or the network drive may be at fault",
}


def _owners_hint(why: Finding, evidence: Evidence) -> str:
    if why.rule == "content.malformed":
        return _again(evidence)
    return _OWNERS_HINTS.get(why.rule, why.hint)


def _again(evidence: Evidence) -> str:
    """Say how a file that others may still show or play becomes a sound one."""
    fmt = BY_NAME.get(evidence.format or "")
    if fmt is None or fmt.media == "image":
        return "export it again, or open it and save it anew; a manifest that it holds is lost by that"
    how = "write it anew, where ffmpeg can read it: ffmpeg -i FILE -c copy NEW, or export it again"
    return f"{how}; a manifest that it holds is lost by that"


def read_tags(path: Path, sandbox: AnySandbox) -> tuple[Carrier, ...]:
    """Return what the carriers of a file say, whatever its manifest; nothing of it is believed.

    Raises:
        InputError: it cannot be read, or the tags of its format are not read.
    """
    evidence = sandbox.read(path, _NO_TRUST, beside(path))
    if evidence.carriers is None:
        why = evidence.trouble.text if evidence.trouble else f"tags of {evidence.format} are not read"
        raise InputError(f"{shown(path)}: {printable(why)}", hint="write the label yourself: provlabel init")
    return evidence.carriers


def _require_unbroken(evidence: Evidence, name: str) -> None:
    if why := broken_by(evidence):
        raise InputError(
            f"{name}: carries a broken manifest: {printable(why, 500)}",
            hint="start from an intact file, or, to keep the break visible for ever, --insecure-accept-broken-parent",
        )


def broken_by(evidence: Evidence) -> str:
    """Say what would break the history of whatever is made from this file; nothing when it is sound.

    An expired or unknown signer breaks nothing: it stays visible as what it is.
    """
    if not evidence.manifests:
        return ""
    verdict = judge(evidence, at=now())
    axes = verdict.axes
    sound = axes.content == "intact" and axes.signer not in ("bad-signature", "revoked") and axes.history != "broken"
    return "" if sound and not verdict.unknown_failure else verdict.why


def parent_of(
    checked: Source, parents: Sequence[Path | str], sandbox: AnySandbox, accept_broken: bool
) -> Source | None:
    """Return what the file was made from: what was given, or itself when it carries a manifest.

    Raises:
        UsageError: more than one, or one beside its own manifest.
        InputError: it cannot be read, or is broken.
    """
    if len(parents) > 1:
        raise UsageError("a file has one parent at most", hint="give what was placed into it with --ingredient")
    if not parents:
        return checked if checked.manifest else None
    if checked.manifest:
        raise UsageError(
            f"{checked.shown}: carries a manifest, so it is its own parent",
            hint="leave --parent away, or give the other file with --ingredient",
        )
    return read_source(path_of(parents[0]), sandbox, accept_broken)


def require_agreement(
    label: Label, checked: Source, parent: Source | None, placed: Sequence[Source]
) -> tuple[str, ...]:
    """Refuse a label of no AI on a file that says otherwise, or that is made of what does; return the warnings.

    A label that gives a reason (``correction``) is signed all the same: whether that counts is for verifiers to say.

    Raises:
        LabelError: with all that says otherwise.
    """
    if label.kind not in (*NOT_AI, "may_contain_ai"):
        return ()
    used = {id(item): item for item in (checked, parent, *placed) if item is not None}.values()
    said = [
        f"{item.shown}: {', '.join(map(printable, found))}" for item in used if (found := list(said_in(item.evidence)))
    ]
    if not said:
        return ()
    shown = "; ".join(said[:MOST]) + (f"; and {len(said) - MOST} more" if len(said) > MOST else "")
    if label.kind == "may_contain_ai":
        return (f"label: says that it may contain AI, and it does: {shown}",)
    if label.correction is UNSET:
        raise LabelError(
            f"the label says {label.kind}, and the file says otherwise: {shown}",
            hint="another kind; or what only went into a model as --input; or, to correct what was said before, "
            "--contradict REASON, which is signed",
        )
    return (f"label: signed as a correction of what else is said: {shown}",)


def require_one_work(label: Label, checked: Source, *, shared: bool) -> tuple[str, ...]:
    """Refuse a label that several files share where tags name another work; return warnings where none do.

    Raises:
        LabelError: with all that differs.
    """
    found = tuple(map(printable, named_otherwise(label, checked.evidence.carriers or ())))
    if found and shared:
        raise LabelError(
            f"{checked.shown}: one label for several files, and {'; '.join(found)}",
            hint="give it a label of its own; or, if this one is meant for all of them, --same-label-for-all",
        )
    return tuple(f"{checked.shown}: {words}" for words in found)


@contextlib.contextmanager
def reopened(checked: Source) -> Iterator[BinaryIO]:
    """Open a file again that the sandbox has read; it must still be the same bytes."""
    with open_regular(checked.path, checked.shown) as stream:
        _require_same(checked, stream)
        try:
            yield stream
        except ContainerError:  # it was found sound before, so somebody may be at it
            _require_same(checked, stream)
            raise
        _require_same(checked, stream)


def _require_same(checked: Source, stream: BinaryIO) -> None:
    if fingerprint(stream) != checked.evidence.fingerprint:
        raise InputError(f"{checked.shown}: changed while it was read", hint="try again when it is at rest")

"""How proofs call the library from many threads.  What is kept between calls is in one place, so that it can change."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from hosts import children
from provlabel import InputError, Label, Labeler, SandboxPool, System, TrustStore, Verifier
from provlabel.sandbox.limits import Limits
from provlabel.signers.test import ROOT


class Answer(NamedTuple):
    """What a call came to, as far as it can be compared with what it has to be."""

    state: str  #: of a file, or ``labeled``, or ``error``
    title: str = ""  #: of its label
    source: str = ""  #: SHA-256 of what was labeled or verified
    content: bytes = b""  #: what was labeled
    message: str = ""  #: of an error


class Calls:
    """Labels and verifies pictures in memory, by workers that all threads share.

    Args:
        folder: where the credential is.
        width: workers.
        limits: what one picture may cost.
    """

    def __init__(self, folder: Path, width: int, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        self._sandbox = SandboxPool(width, limits=limits)
        self._labeler = Labeler(f"test:{folder}", sandbox=self._sandbox)
        self._verifier = Verifier(TrustStore.load(folder / ROOT, test=True), sandbox=self._sandbox)

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self._sandbox.close()

    def label(self, content: bytes, name: str) -> Answer:
        """Label a picture with its name as the title."""
        label = Label(kind="ai_generated", title=name, systems=(System(name="AcmeSynth", version="2.1"),))
        try:
            made, receipt = self._labeler.bytes(content, label, name=name)
        except InputError as exc:
            return Answer("error", message=str(exc))
        return Answer("labeled", name, receipt.source_sha256, made)

    def verify(self, content: bytes, name: str) -> Answer:
        """Verify a picture; that it killed its worker, or took too long, is an error about it."""
        [file] = self._verifier.bytes(content, name=name).files
        if file.state == "unreadable":
            return Answer("error", message=f"{file.path}: {'; '.join(found.message for found in file.findings)}")
        value = file.label.value if file.label else None
        return Answer(file.state, str((value or {}).get("title", "")), file.sha256 or "")

    def workers(self) -> set[int]:
        """Return the processes in which pictures are read now."""
        return children()

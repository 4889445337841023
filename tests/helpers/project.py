"""What all tests share: where the project lies, its sample files, small tools.  Fixtures are in ``conftest.py``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provlabel.engine.credential import EngineCredential
from provlabel.signers import LocalKey

if TYPE_CHECKING:
    import subprocess

    from provlabel.signers import Signer

#: The folder of the project.
ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "samples" / "media"
EXAMPLE_LABELS = ROOT / "samples" / "labels"
DOCS = ROOT / "docs"
SAMPLES = ("cover.jpg", "still.png", "take.wav", "take.mp3", "take.flac")
MIMES = {".jpg": "image/jpeg", ".png": "image/png", ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac"}

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
Under = Callable[..., "subprocess.CompletedProcess[str]"]


def needs(program: str) -> pytest.MarkDecorator:
    """Skip with a reason where a program is missing; ``.ci/run`` fails when that happens there."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def engine_credential(signer: Signer) -> EngineCredential:
    """What the engine itself signs with, for tests that look at the engine."""
    assert isinstance(signer, LocalKey)
    return EngineCredential(signer.algorithm, signer.chain_pem, signer.private_key_pem())


def besides_time(warnings: Sequence[str]) -> list[str]:
    """The warnings of a receipt but for the one that every label without a timestamp gets."""
    return [text for text in warnings if not text.startswith("no timestamp: this label is trusted until")]


def corpus_of_others(name: str = "c2pa-python") -> Path:
    """A folder of media that others made, where it lies beside the checkout; else skip."""
    folder = ROOT.parent / "shared" / "corpus" / name
    if not folder.is_dir():
        pytest.skip("the corpus of others' media is not beside this checkout")
    return folder

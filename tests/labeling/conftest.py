"""A signer whose key never enters the engine, and its root."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

import pki
from remote_signers import Remote


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return pki.root()


@pytest.fixture(scope="module")
def remote(root: pki.Issued) -> Remote:
    issued = pki.leaf(root)
    return Remote(issued.key, issued.pem)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, to see that none stays."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder

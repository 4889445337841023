"""A labeled picture whose signer's certificates name a responder."""

from __future__ import annotations

from pathlib import Path

import pytest

import pki
from pki_answers import Scene, scene
from provlabel import Label, TrustStore, label_file, open_signer
from provlabel.sandbox import Sandbox
from sites import Site


def signer_of(folder: Path, chain: Scene) -> str:
    uri = pki.write(folder, chain.leaf)
    (folder / "chain.pem").write_text(chain.leaf.pem + chain.middle.pem)
    (folder / "root.pem").write_text(chain.root.pem)
    return uri


@pytest.fixture
def here(site: Site) -> Scene:
    return scene(site.url)


@pytest.fixture
def labeled(here: Scene, media: Path, tmp_path: Path, label: Label, sandbox: Sandbox) -> Path:
    """A labeled picture with room in its signature, by a leaf that names a responder."""
    out = media / "out.jpg"
    signer = open_signer(signer_of(tmp_path / "key", here))
    label_file(media / "cover.jpg", out, label, signer, stamp_room=8192, sandbox=sandbox)
    return out


@pytest.fixture
def anchors(labeled: Path, tmp_path: Path) -> TrustStore:
    return TrustStore.load(tmp_path / "key" / "root.pem")

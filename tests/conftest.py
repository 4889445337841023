"""Fixtures shared by all tests: real sample files, a throw-away credential, and the real command line."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import pki
from project import MEDIA, Cli, Under, corpus_of_others
from provlabel import Label, Provider, System, TrustStore, open_signer
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.signers.test import ROOT
from warm import WarmCli, fits

if TYPE_CHECKING:
    from format_files import Make
    from signer_matrix import Backends
    from sites import Site


#: Where files are in memory, and how much of it has to be free: a run writes about a gigabyte.
MEMORY, FREE = Path("/dev/shm"), 4 << 30  # noqa: S108 - pytest makes folders of its own in it


#: Fixtures that start a process, or sign with the engine.
STARTING = {"backends", "bound", "cli", "sandbox", "signer", "trust", "under"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pure", action="store_true", help="only tests that start no worker and no command line")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--pure"):
        starting = [item for item in items if STARTING & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=starting)
        items[:] = [item for item in items if item not in set(starting)]


def pytest_configure() -> None:
    """Let tests write to memory where there is enough: they sync files to the disk by the thousand, and wait for it.

    ``TMPDIR`` and ``--basetemp`` say otherwise.
    """
    settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")  # how long a machine takes is no fault of what it runs
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK):
        at = os.statvfs(MEMORY)
        if at.f_bavail * at.f_frsize > FREE and not at.f_flag & getattr(os, "ST_NOEXEC", 0):
            tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own: nothing of the developer's reaches a test."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def credential(home: Path) -> Path:
    """The folder of the test credential that ``--signer test`` uses."""
    folder = home / ".config" / "provlabel" / "test"
    open_signer(f"test:{folder}")
    return folder


@pytest.fixture(scope="session")
def signer(credential: Path) -> Signer:
    return open_signer(f"test:{credential}")


@pytest.fixture(scope="session")
def trust(credential: Path) -> TrustStore:
    return TrustStore.load(credential / ROOT, test=True)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as shared:
        yield shared


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """Every signer with every algorithm, started when it is asked for."""
    from signer_matrix import Backends

    with contextlib.ExitStack() as stack:
        yield Backends(tmp_path_factory.mktemp("backends"), stack)


@pytest.fixture
def label() -> Label:
    return Label(
        kind="ai_generated",
        systems=(System(name="AcmeSynth", version="2.1.0", model_type="c2pa.types.model.pytorch"),),
        provider=Provider(name="Acme Audio Ltd"),
        event_time="2026-11-22T10:00:00Z",
        oversight="prompt_guided",
    )


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with a fresh copy of every sample."""
    folder = tmp_path / "media"
    shutil.copytree(MEDIA, folder)
    return folder


def _environment(home: Path, env: Mapping[str, str]) -> dict[str, str]:
    """What ``provlabel`` finds around it: nothing of the developer's, but the way to Python and its libraries."""
    keep = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "COVERAGE_PROCESS_CONFIG")}
    return {**keep, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path), **env}


@pytest.fixture
def under(home: Path, credential: Path, tmp_path: Path) -> Under:
    """Run ``provlabel`` in a fresh process, behind another program: a shell, ``setpriv``, a terminal, or none."""

    def run(
        prefix: tuple[str, ...], *args: str | Path, stdin: str | None = None, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, sys.executable, "-m", "provlabel", *map(str, args)],
            cwd=cwd or tmp_path,
            env=_environment(home, env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def warm_cli(home: Path) -> Iterator[WarmCli]:
    with contextlib.closing(WarmCli(_environment(home, {}))) as made:
        yield made


@pytest.fixture
def cli(under: Under, home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Cli:
    """Run ``provlabel`` as a user does, in an empty folder: by a copy of a warm process (``helpers/warm.py``).

    A test or module that is marked ``fresh`` gets a process that starts from nothing.
    """
    if request.node.get_closest_marker("fresh") or "COVERAGE_PROCESS_CONFIG" in os.environ:
        return functools.partial(under, ())
    warm: WarmCli = request.getfixturevalue("warm_cli")

    def run(
        *args: str | Path, stdin: str | None = None, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        if not fits(env) or not warm.lock.acquire(blocking=False):
            return under((), *args, stdin=stdin, cwd=cwd, **env)
        try:
            return warm.run([*map(str, args)], _environment(home, env), cwd or tmp_path, stdin, 120)
        finally:
            warm.lock.release()

    return run


@pytest.fixture
def bound(tmp_path: Path) -> tuple[str, ...]:
    """A prefix under which permission bits count; root is first stripped of the right to pass over them."""
    prefix = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    probe = tmp_path / "probe"
    probe.touch(mode=0)
    if prefix and not shutil.which("setpriv"):
        pytest.skip("runs as root, to whom permission bits do not apply, and setpriv is not installed")
    if subprocess.run([*prefix, "cat", probe], capture_output=True, check=False).returncode == 0:
        pytest.skip("permission bits do not apply here")
    probe.unlink()
    return prefix


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Media that others made, where it lies beside the checkout; see its own README."""
    return corpus_of_others()


@pytest.fixture
def site() -> Iterator[Site]:
    from sites import Site

    made = Site()
    yield made
    made.close()


@pytest.fixture
def victim() -> tuple[pki.Issued, pki.Issued]:
    root = pki.root("Trusted Root")
    return root, pki.leaf(root, common="Victim")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


@pytest.fixture
def make(workshop: Path, tmp_path: Path) -> Make:
    """Return a fresh copy of a file of the table, made once."""

    from sample_files import MAKERS

    def make_one(name: str) -> Path:
        kept, copy = workshop / name, tmp_path / name
        if not kept.exists():
            MAKERS[name](kept)
        copy.write_bytes(kept.read_bytes())
        return copy

    return make_one

"""Connections that nobody asked for: every command over samples, hostile files and those of others, by ``strace``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from proving import CORPUS, ROOT, Figure

HOSTILE_BYTES = 50_000
#: Each command of one file is run over one file in so many: a run under ``strace`` takes half a second.
EVERY = 4
#: Commands for a folder of media, and for single files; ``{}`` is the folder, ``{file}`` each file of it.
FOLDER = (
    ("verify", "{}", "--format", "json", "--no-cache"),
    ("verify", "{}", "--format", "html", "-O", "page.html", "--trust", "test"),
    ("batch", "{}", "--out-dir", "made", "--label", "label.json", "--signer", "test", "--workers", "2"),
    ("export", "{}", "--to", "csv"),
)
EACH = (
    ("show", "{file}", "--format", "json"),
    ("diff", "{file}", "first.png"),
    ("label", "{file}", "-o", "one.out", "--force", "--kind", "ai_generated", "--signer", "test"),
    ("redact", "{file}", "--personal", "-o", "two.out", "--force", "--signer", "test"),
)
PLAIN = (
    ("lint", "label.json"),
    ("rules",),
    ("formats",),
    ("schema", "label"),
    ("samples", "some"),
    ("trust", "show", "--trust", "test"),
    ("key", "init", "key"),
    ("--version",),
)


def prove(scale: float, seed: int) -> Iterator[Figure]:
    from tracing import traced

    if shutil.which("strace") is None:
        yield Figure("connections by default", "0", "strace is not installed", False)
        return
    runs = files = 0
    calls: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        media = here / "media"
        media.mkdir()
        count = _gathered(media, scale)
        shutil.copy(ROOT / "samples" / "media" / "still.png", here / "first.png")
        (here / "label.json").write_text('{"kind": "ai_generated"}')
        env = {"HOME": folder, "PATH": os.environ["PATH"]}
        _credential(here, env)
        singles = sorted(media.iterdir())[:: max(EVERY, int(EVERY / max(scale, 0.01)))]
        for command in (*PLAIN, *FOLDER):
            found = traced([part.replace("{}", str(media)) for part in command], cwd=here, env=env)
            runs, files = runs + 1, files + (count if "{}" in command else 0)
            calls += [f"{command[0]}: {line}" for line in found.calls]
        for command in EACH:
            for path in singles:
                found = traced([part.replace("{file}", str(path)) for part in command], cwd=here, env=env)
                runs, files = runs + 1, files + 1
                calls += [f"{command[0]} {path.name}: {line}" for line in found.calls]
        least = 1000 if scale >= 1 else 1
        yield Figure("files that commands were run over", f"≥ {least}", str(files), files >= least)
        told = "; ".join(calls[:5])
        yield Figure(
            f"connections, lookups or datagrams by default in {runs} runs", "0", str(len(calls)), not calls, told
        )
        seen = _control(here, env)
        yield Figure("connections seen where one is asked for (--tsa)", "≥ 1", str(seen), seen > 0)


def _gathered(media: Path, scale: float) -> int:
    """Put samples, hostile files and, where they are, files of others into one folder."""
    from hostile_files import HOSTILE

    for path in (ROOT / "samples" / "media").iterdir():
        shutil.copy(path, media / path.name)
    for number, kind in enumerate(HOSTILE.values()):
        if scale >= 1 or number % 10 == 0:
            (media / f"hostile{number}{kind.suffix}").write_bytes(kind.make(HOSTILE_BYTES)[:10_000_000])
    for number, path in enumerate(sorted(CORPUS.rglob("*")) if CORPUS.is_dir() else ()):
        if path.is_file() and path.suffix != ".md" and (scale >= 1 or number % 10 == 0):
            shutil.copyfile(path, media / f"other{number}-{path.name}")
    return len(list(media.iterdir()))


def _credential(here: Path, env: dict[str, str]) -> None:
    """Make the test credential, and the first labeled file, without being watched."""
    command = ("label", "first.png", "--in-place", "--kind", "ai_generated", "--signer", "test")
    given = {**env, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", "provlabel", *command], cwd=here, env=given, check=True, capture_output=True)


def _control(here: Path, env: dict[str, str]) -> int:
    """Ask for a connection, to a port of this machine where nobody listens."""
    from tracing import traced

    command = ("label", "first.png", "-o", "stamped.png", "--kind", "ai_generated", "--signer", "test")
    return len(traced([*command, "--tsa", "http://127.0.0.1:9/"], cwd=here, env=env).calls)

"""Scratch repositories with real git, and a ``provlabel`` to be found in their PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

Done = subprocess.CompletedProcess[str]


def put_provlabel(folder: Path) -> Path:
    """Put the command of this checkout into ``folder``, as pip would: the working directory is no place for modules."""
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "provlabel"
    paths = [path for path in sys.path if path]
    lines = (
        f"#!{sys.executable}",
        "import sys",
        f"sys.path[1:1] = {paths!r}",
        "from provlabel.cli import main",
        "main()",
    )
    command.write_text("\n".join(lines) + "\n")
    command.chmod(0o755)
    return command


class Repository:
    """A git repository, untouched by the developer's own settings."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.bin = folder, folder.parent / f"{folder.name}-bin"
        put_provlabel(self.bin)
        self.env = {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PRE_COMMIT_HOME": str(folder.parent / f"{folder.name}-hooks"),
        }
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.settle()

    def settle(self) -> None:
        for name, value in (("name", "Test"), ("email", "test@example.invalid")):
            self.git("config", f"user.{name}", value)
        self.git("config", "commit.gpgsign", "false")

    def run(self, *args: str, **env: str) -> Done:
        return subprocess.run(
            args, cwd=self.folder, env={**self.env, **env}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    def git(self, *args: str) -> str:
        done = self.run("git", *args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def clone(self, name: str) -> Repository:
        """What a runner checks out: all branches of this one as ``origin/…``."""
        other = Repository(self.folder.parent / name, Path(self.env["HOME"]))
        other.git("remote", "add", "origin", str(self.folder))
        other.git("fetch", "-q", "origin")
        return other

"""Another user of the machine, and folders that both can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Only root can be two users at once.
needs_another_user = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user too")


def as_another_user(act: Callable[[], object]) -> None:
    """Have the user ``nobody`` do ``act`` in a copy of this process; fails if that raises."""
    other = pwd.getpwnam("nobody")
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(other.pw_gid)
            os.setuid(other.pw_uid)
            act()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0, "the other user could not do it"


def shared_folder(mode: int = 0o777) -> Iterator[Path]:
    """Yield a folder that everybody can reach, of this mode, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="users-"))
    try:
        folder.chmod(mode)
        yield folder
    finally:
        shutil.rmtree(folder)

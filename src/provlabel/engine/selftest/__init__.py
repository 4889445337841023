"""Does this build of the engine heed our settings?  Shown on small signed files before it judges or signs anything.

The engine ignores settings that it does not know: a release that renames one would switch a protection off in
silence.  Each row of ``checks.CHECKS`` has one switch show its effect, with our settings as they are.  The files
beside this module are made by ``samples/make_selftest.py``, with keys that were thrown away.  This module remembers
which builds have passed; :mod:`checks` is loaded where one has to.

Not shown here is the limit on what a compressed manifest unfolds to: that takes 40 ms, the sandbox limits memory
anyway, and ``tests/engine/test_engine.py`` shows it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from provlabel import engine
from provlabel._support.private import leave, marked
from provlabel._version import __version__
from provlabel.engine import _settings


def subject() -> str:
    """Return what a passed self-test is about: this build of the engine, this provlabel, these settings; hexadecimal.

    Raises:
        UnfitEngineError: there is no engine.
    """
    ours = (Path(engine.__file__), Path(__file__))
    lines = [engine.build(), __version__, json.dumps(_settings.settings(), sort_keys=True)]
    lines += [f"{path}:{at.st_size}:{at.st_mtime_ns}" for path, at in ((path, path.stat()) for path in ours)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def remembered(folder: Path, what: str) -> bool:
    """Was ``what`` shown before?  What others could have written there does not count."""
    return marked(folder / what) is not None


def remember(folder: Path, what: str) -> None:
    """Leave a mark; a user without a writable folder has the test run again, no more."""
    leave(folder / what)

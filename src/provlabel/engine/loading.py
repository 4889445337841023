"""The C2PA engine, loaded: one library, by its absolute path, of a version that was measured."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.machinery
import os
import re
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provlabel._support.text import printable
from provlabel.errors import UnfitEngineError

_LIBRARIES = {"linux": "libc2pa_c.so", "darwin": "libc2pa_c.dylib"}


#: Versions that may run, from the first to before the second: of c2pa-python, as in pyproject.toml, and of what it
#: loads.  Below, a manifest beside a file whose excluded range was overwritten is trusted; above, nothing was measured.
BINDINGS = (0, 38, 1), (0, 39, 0)


NATIVE = (0, 91, 3), (0, 92, 0)


@functools.cache
def binding() -> Any:
    """Import c2pa-python once, with its native library taken from the package and nowhere else.

    Left to itself the binding looks in the current directory first, which in CI is somebody else's checkout, or where
    the environment says, which is the host's: it neither leads us nor is changed.  The package's own ``__init__`` is
    passed over: it does nothing but import ``importlib.metadata`` for a version string, which is half of the time that
    the import takes.

    Raises:
        UnfitEngineError: the platform has no engine, c2pa-python is not installed, or it or its library is of another
            version than those that were measured.
    """
    folder, library = _place()
    _require_version("c2pa-python", _installed_version(folder), BINDINGS)
    with _loading:
        try:
            loaded = _loaded(folder.resolve(), library)
        except (OSError, RuntimeError, ImportError, AttributeError) as exc:
            raise UnfitEngineError(f"the C2PA engine does not load: {exc}", hint="reinstall c2pa-python") from exc
    _require_version("its library c2pa-rs", str(loaded.sdk_version()), NATIVE)
    return loaded


#: Several threads may be the first.
_loading = threading.Lock()


def _loaded(folder: Path, library: Path) -> Any:
    """Import the binding while its loader, whatever it is asked for, loads ``library``."""
    with _hollow_package(folder):
        loader: Any = importlib.import_module("c2pa.lib")
        theirs = loader.dynamically_load_library
        loader.dynamically_load_library = lambda _name: ctypes.CDLL(str(library))
        try:
            return importlib.import_module("c2pa.c2pa")
        finally:
            loader.dynamically_load_library = theirs


def _place() -> tuple[Path, Path]:
    """Return the folder of the binding, as the search path names it, and the library that it brings, without links."""
    spec = importlib.machinery.PathFinder.find_spec("c2pa")
    library = _LIBRARIES.get(sys.platform)
    if spec is None or not spec.submodule_search_locations or library is None:
        raise UnfitEngineError(
            "the C2PA engine is not available here",
            hint="provlabel runs on Linux (glibc) and macOS; see the platform table in the README",
        )
    folder = Path(spec.submodule_search_locations[0])
    return folder, folder.resolve() / "libs" / library


def _installed_version(folder: Path) -> str:
    """Return the version of the package that lies in ``folder``, by the name of what pip left beside it.

    The package itself does not know it, and asking ``importlib.metadata`` takes longer than all the rest of loading.
    """
    left = sorted(name for name in os.listdir(folder.parent) if name.startswith(_LEFT_BY_PIP))  # noqa: PTH208 - faster
    return " and ".join(name[len(_LEFT_BY_PIP) :].removesuffix(".dist-info") for name in left)


_LEFT_BY_PIP = "c2pa_python-"


_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?")


def _require_version(what: str, found: str, bounds: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    match = _VERSION.fullmatch(found)
    if match is None or not bounds[0] <= tuple(map(int, match.groups())) < bounds[1]:
        least, most = (".".join(map(str, bound)) for bound in bounds)
        floor, ceiling = (".".join(map(str, bound)) for bound in BINDINGS)
        raise UnfitEngineError(
            f"the C2PA engine cannot be relied on: {what} is of version {printable(found) or 'unknown'}, "
            f"needed is {least} or later, before {most}",
            hint=f"pip install 'c2pa-python>={floor},<{ceiling}'",
        )


def build() -> str:
    """Return what changes with every build of the engine, without loading it: place, size and times of its files.

    Inode and time of change are what the machine gave them, so nobody can foresee this and bring along what goes by it.

    Raises:
        UnfitEngineError: there is none.
    """
    folder, library = _place()
    try:
        files = [(path, path.stat()) for path in (folder / "c2pa.py", library)]
    except OSError as exc:
        raise UnfitEngineError(f"the C2PA engine is not whole: {exc}", hint="reinstall c2pa-python") from exc
    return "\n".join(f"{path}:{at.st_ino}:{at.st_size}:{at.st_mtime_ns}:{at.st_ctime_ns}" for path, at in files)


@contextlib.contextmanager
def _hollow_package(folder: Path) -> Iterator[None]:
    """Let ``c2pa.c2pa`` be imported without ``c2pa/__init__.py``; a later ``import c2pa`` still works."""
    if "c2pa" in sys.modules:
        yield
        return
    hollow = types.ModuleType("c2pa")
    hollow.__path__ = [str(folder)]
    sys.modules["c2pa"] = hollow
    try:
        yield
    finally:
        del sys.modules["c2pa"]


def version() -> str:
    """Return the version of the native engine, such as ``0.91.3``."""
    return str(binding().sdk_version())

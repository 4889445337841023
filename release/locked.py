"""The lock of development dependencies, read: what is in it, who wants it, and what of it provlabel itself needs.

The lock tells for each package by whom it is wanted (``# via``), on any platform and Python; so what provlabel needs
at run time is found without installing anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements-dev.txt"
WANTED = ROOT / "requirements-dev.in"
#: Who wants a package, as the lock says it, when it is pyproject.toml or the list of what development needs.
OURS, DEVELOPMENT = "provlabel (pyproject.toml)", "-r requirements-dev.in"
_PIN = re.compile(r"([a-z0-9-]+)(?:\[([a-z0-9,-]+)\])?==([^ ;]+)(?: ; ([^\\]+?))? \\")
_HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Pin(NamedTuple):
    """One package of one version, as the lock has it; several of a name differ by their markers."""

    name: str
    extras: frozenset[str]  #: pip before 23.1 refuses a lock in which somebody wants ``name[extra]`` and these lack
    version: str
    marker: str  #: for which Pythons and platforms; empty for all
    sha256: tuple[str, ...]  #: of every file that may be installed for it
    via: tuple[str, ...]  #: who wants it


def pins(text: str) -> tuple[Pin, ...]:
    """Return what a lock holds.

    Raises:
        ValueError: a line is neither a pin, one of its hashes, nor a remark of who wants it.
    """
    found: list[tuple[re.Match[str], list[str], list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := _PIN.fullmatch(line):
            found.append((match, [], []))
        elif found and (match := _HASH.fullmatch(line)):
            found[-1][1].append(match[1])
        elif found and line.startswith("    #"):
            found[-1][2].extend(_via(line))
        elif not line.startswith("#"):
            raise ValueError(f"line {number}: {line}")
    return tuple(_pin(*row) for row in found)


def _pin(line: re.Match[str], hashes: list[str], via: list[str]) -> Pin:
    name, extras, version, marker = line.groups(default="")
    return Pin(name, frozenset(filter(None, extras.split(","))), version, marker.strip(), tuple(hashes), tuple(via))


def _via(line: str) -> Iterator[str]:
    who = line.strip().lstrip("#").strip().removeprefix("via").strip()
    if who:
        yield who


def canonical(name: str) -> str:
    """Return the name of a package in the one form that registries compare (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirement: str) -> str:
    """Return the name in a requirement such as ``click>=8.1``."""
    match = _NAME.match(requirement)
    if match is None:
        raise ValueError(requirement)
    return canonical(match[0])


def requirements() -> dict[str, tuple[str, ...]]:
    """Return what pyproject.toml asks for: by extra, and under the empty name what everybody gets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"": tuple(project["dependencies"])} | {
        name: tuple(wanted) for name, wanted in sorted(project["optional-dependencies"].items())
    }


def development() -> tuple[str, ...]:
    """Return the requirements that development adds."""
    lines = (line.partition("#")[0].strip() for line in WANTED.read_text().splitlines())
    return tuple(filter(None, lines))


def closure(wanted: Iterable[str], lock: Iterable[Pin]) -> set[str]:
    """Return the names of what ``wanted`` packages bring along, themselves included, on any platform."""
    brings: dict[str, set[str]] = {}
    for pin in lock:
        for who in pin.via:
            brings.setdefault(canonical(who.partition("[")[0]), set()).add(pin.name)
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += brings.get(name, ())
    return seen


def at_run_time(lock: Iterable[Pin]) -> dict[str, set[str]]:
    """Return the names of all that provlabel may load: by extra, under the empty name what everybody gets."""
    lock = tuple(lock)
    return {extra: closure(map(named, wanted), lock) for extra, wanted in requirements().items()}

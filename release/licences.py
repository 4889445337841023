"""Write docs/licences.md: under which licence each dependency is, as its installed metadata say."""

from __future__ import annotations

import importlib.metadata as metadata
import re
from pathlib import Path

from locked import LOCK, ROOT, Pin, at_run_time, canonical, named, pins, requirements

PAGE = ROOT / "docs" / "licences.md"
#: What only some Pythons or platforms install, read in the package itself.
ELSEWHERE = {
    "appnope": "BSD-2-Clause",
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "decorator": "BSD-2-Clause",
    "exceptiongroup": "MIT",
    "tomli": "MIT",
}
#: How packages without an SPDX expression say it.
_WORDS = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
#: Packages whose metadata say nothing, or nothing clear; read in their own licence files.
_READ = {
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT AND MPL-2.0",  # the script of axe in it is under the second
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
}
STRONG = re.compile(r"(?<!L)GPL|SSPL|OSL|EUPL")
WEAK = re.compile(r"LGPL|MPL|EPL|CDDL")

HEAD = """# Licences of the dependencies

Written by `make licences` from the lock file and the metadata of the packages. provlabel itself is Apache-2.0. A test
checks that the page is complete and that **no run-time dependency is under the GPL, the AGPL or another licence that
extends to programs that use it**. Wheels contain libraries of others (the engine is Rust; cryptography contains
OpenSSL, Pillow contains libjpeg and more); their notices are in the packages. Versions and hashes: [ADR
19](adr/0019-supply-chain.md).
"""


def licence_of(name: str) -> str:
    """Return the licence of a package as an SPDX expression.

    Raises:
        LookupError: it is not installed here, or what it says is in no table of ours.
    """
    if name in _READ:
        return _READ[name]
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE[name]
    if expression := said.get("License-Expression"):
        return str(expression)
    classifiers = [text.rpartition(" :: ")[2] for text in said.get_all("Classifier") or [] if "License ::" in text]
    for text in (said.get("License") or "", *classifiers):
        if text in _WORDS:
            return _WORDS[text]
        if re.fullmatch(r"[A-Za-z0-9.+-]+-[0-9][A-Za-z0-9.+-]*|MIT|ISC|[A-Z0-9.-]+ OR [A-Za-z0-9.-]+", text):
            return text
    raise LookupError(f"{name}: says nothing about its licence that is known here; read it and add it to _READ")


def page(lock: tuple[Pin, ...]) -> str:
    """Return the page."""
    run_time = at_run_time(lock)
    direct = {extra: set(map(named, wanted)) for extra, wanted in requirements().items()}
    lines = [HEAD]
    for extra, names in run_time.items():
        title = f"The extra `{extra}`" if extra else "Always installed"
        more = names - run_time[""] if extra else names
        lines += [f"## {title}", "", "| package | licence | |", "|---|---|---|"]
        lines += [_row(name, "direct" if name in direct[extra] else "indirect") for name in sorted(more)]
        lines.append("")
    needed = set().union(*run_time.values())
    others = sorted({pin.name for pin in lock} - needed)
    lines += ["## Development and tests only", "", "None of these is installed with provlabel.", ""]
    lines += ["| package | licence | |", "|---|---|---|", *(_row(name, "") for name in others), ""]
    return "\n".join(lines)


def _row(name: str, how: str) -> str:
    licence = licence_of(name)
    note = "copyleft" if STRONG.search(licence) else "weak copyleft" if WEAK.search(licence) else ""
    return f"| {name} | {licence} | {'; '.join(filter(None, (how, note)))} |"


def installed_at_run_time(extra: str = "") -> set[str]:
    """Return what provlabel needs here by the metadata of what is installed: a second opinion on the lock."""
    from packaging.requirements import Requirement

    seen: set[str] = set()
    waiting = [("provlabel", extra)]
    asked = set(waiting)
    while waiting:
        name, wanted = waiting.pop()
        for text in metadata.requires(name) or ():
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": wanted}):
                seen.add(canonical(need.name))
                more = {(canonical(need.name), one) for one in ("", *need.extras)} - asked
                asked |= more
                waiting += more
    return seen


def main(place: Path = PAGE) -> None:
    """Write the page."""
    place.write_text(page(pins(LOCK.read_text())))


if __name__ == "__main__":
    main()

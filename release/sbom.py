"""Write the bill of materials of a release: CycloneDX 1.6 of what provlabel may load, with licences and hashes.

It comes from the lock, so it has every platform and every extra; ``scope`` says what only an extra brings.  The same
lock gives the same bytes, with ``SOURCE_DATE_EPOCH`` for the moment.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from licences import licence_of
from locked import LOCK, OURS, ROOT, Pin, at_run_time, canonical, pins

VERSION_FILE = ROOT / "src" / "provlabel" / "_version.py"


def version() -> str:
    """Return the version of provlabel in this checkout."""
    return VERSION_FILE.read_text().partition('__version__ = "')[2].partition('"')[0]


def bill(text: str, moment: dt.datetime) -> dict[str, Any]:
    """Return the document for a lock."""
    lock = pins(text)
    run_time = at_run_time(lock)
    wanted = [pin for pin in lock if any(pin.name in names for names in run_time.values())]
    own = {"type": "application", "name": "provlabel", "version": version()}
    root = _purl("provlabel", version())
    licence = [{"license": {"id": "Apache-2.0"}}]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.UUID(bytes=hashlib.sha256((root + text).encode()).digest()[:16], version=4).urn,
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**own, "bom-ref": root, "purl": root, "licenses": licence},
        },
        "components": [_component(pin, pin.name in run_time[""]) for pin in wanted],
        "dependencies": [
            {"ref": root, "dependsOn": _refs(pin for pin in wanted if OURS in pin.via)},
            *({"ref": _ref(pin), "dependsOn": _refs(one for one in wanted if _brings(pin, one))} for pin in wanted),
        ],
    }


def _component(pin: Pin, always: bool) -> dict[str, Any]:
    purl = _purl(pin.name, pin.version)
    return {
        "type": "library",
        "bom-ref": _ref(pin),
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if always else "optional",
        "licenses": [{"expression": licence_of(pin.name)}],
        "purl": purl,
        "externalReferences": [
            {
                "type": "distribution",
                "url": purl,
                "comment": "one of these files, by platform and Python",
                "hashes": [{"alg": "SHA-256", "content": one} for one in pin.sha256],
            }
        ],
        **({"properties": [{"name": "provlabel:marker", "value": pin.marker}]} if pin.marker else {}),
    }


def _brings(pin: Pin, other: Pin) -> bool:
    return pin.name in {canonical(who.partition("[")[0]) for who in other.via}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _ref(pin: Pin) -> str:
    return _purl(pin.name, pin.version)


def _refs(found: Iterable[Pin]) -> list[str]:
    return sorted(map(_ref, found))


def main() -> None:
    """Write it to ``dist/``, or where the first argument says."""
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / f"provlabel-{version()}.cdx.json"
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or dt.datetime.now(dt.timezone.utc).timestamp())
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(bill(LOCK.read_text(), moment), indent=1) + "\n")
    print(place)


if __name__ == "__main__":
    main()

"""What adapters are asked, and the process that asks one: ``python asking.py ADAPTER OUT ID…``.

An adapter is a Python file with ``answer(vector, folder)``, or a command in which ``{file}`` stands for the asset
(docs/vectors.md).  One line of JSON is printed for each vector, in their order.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

Answer = Callable[[dict[str, Any], Path], dict[str, Any]]
#: What a command can name, each an absolute path; and the rest of what it can name.
PATHS = ("file", "sidecar", "trust", "trust_leaf", "tsa_trust", "identity_trust")
OTHERS = ("at", "ekus", "id", "identity_issuer")
#: Seconds that a command may take for one vector.
SECONDS = 60
_FRESH = dt.timedelta(days=1)


def at_of(vector: dict[str, Any]) -> str | None:
    """Return the time as of which to judge; None where the clock says the same, because the build is of today."""
    at = dt.datetime.fromisoformat(vector["at"].replace("Z", "+00:00"))
    fresh = abs(dt.datetime.now(dt.timezone.utc) - at) < _FRESH
    return None if vector["clock"] and fresh else vector["at"]


def adapter(name: str) -> Answer:
    """Return how a vector is asked for.

    Raises:
        ValueError: it is neither a Python file nor a command that names ``{file}``.
    """
    if name.endswith(".py"):
        return load(Path(name)).answer
    unknown = set(re.findall(r"\{(\w*)\}", name)) - {*PATHS, *OTHERS}
    if "{file}" not in name or unknown:
        raise ValueError(f"{name}: {'{file} is not in it' if not unknown else f'no vector has {sorted(unknown)}'}")
    return partial(_by_command, name)


def load(path: Path) -> Any:
    """Import an adapter."""
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(template: str, vector: dict[str, Any], folder: Path) -> list[str]:
    """Return the words of a command; ``[…]`` is left out where the vector has not all that it names."""
    values = {name: str((folder / vector[name]).resolve()) for name in PATHS if name in vector}
    values |= {"id": vector["id"], "at": vector["at"], "ekus": ",".join(vector.get("ekus", ()))}
    values |= {name: vector[name] for name in ("identity_issuer",) if name in vector}

    def optional(found: re.Match[str]) -> str:
        return found[1] if all(values.get(name) for name in re.findall(r"\{(\w+)\}", found[1])) else ""

    words = shlex.split(re.sub(r"\[([^\[\]]*)\]", optional, template))
    return [re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], ""), word) for word in words]


def _by_command(template: str, vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command(template, vector, folder), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"said": f"no answer in {SECONDS} seconds"}
    except (OSError, ValueError) as exc:
        return {"said": f"no JSON: {exc}"[:200]}
    return said if isinstance(said, dict) else {"said": "an answer that is no object"}


def main() -> None:
    """Ask about each vector that is named."""
    name, out, *ids = sys.argv[1:]
    answer, folder = adapter(name), Path(out)
    vectors = {one["id"]: one for one in json.loads((folder / "vectors.json").read_bytes())["vectors"]}
    for one in ids:
        print(json.dumps(answer(vectors[one], folder)), flush=True)


if __name__ == "__main__":
    main()
